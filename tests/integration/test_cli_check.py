"""`dnsfleet check` as people call it, over manifests and master files."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from dnsfleet_cli.main import app
from support import pages
from support.signature_records import signed
from typer.testing import CliRunner, Result

ZONE = """\
apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata:
  name: example-com
spec:
  origin: example.com
  nameServers: [ns1.example.net]
  records:
    - name: www
      type: CNAME
      data: [app]
    - name: "@"
      type: MX
      data: [10 mail.example.com]
"""
RECORD_SET = """\
apiVersion: dnsfleet.io/v1alpha1
kind: RecordSet
metadata:
  name: app
spec:
  zoneRef:
    name: example-com
  records:
    - name: app
      type: A
      data: [192.0.2.1]
"""
FILE = """\
$ORIGIN example.org.
$TTL 300
@ SOA ns1.example.net. hostmaster 7 7200 900 1209600 300
@ NS ns1.example.net.
w CNAME gone
"""


def check(*arguments: str | Path) -> Result:
    """The command, run in this process."""
    return CliRunner().invoke(app, ["check", *(str(argument) for argument in arguments)])


def piped(text: str, *arguments: str) -> tuple[int, str]:
    """Exit status and output of the command in a process of its own, which is given a text."""
    ended = subprocess.run(
        [Path(sys.executable).parent / "dnsfleet", "check", *arguments],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stdout


def test_manifests_may_come_in_as_with_kubectl(folder: Path) -> None:
    zone = ZONE.replace("[10 mail", "[10 192.0.2.1, 10 mail")
    status, told = piped(zone, "-f", "-", "-f", str(folder / "app.yaml"))
    assert status == 0
    assert "-:14: spec.records[1].data[0]: warning:" in told
    assert told.endswith("1 good zone, 0 errors, 2 warnings\n")
    status, told = piped("kind: Zone\n", "-f", "-")
    assert (status, told.splitlines()[0][:4]) == (1, "-:1:")


def test_a_manifest_in_json_is_one(folder: Path) -> None:
    path = folder / "zone.json"
    path.write_text(json.dumps(yaml.safe_load(ZONE)))
    result = check("-f", path, "-f", folder / "app.yaml")
    assert result.exit_code == 0
    assert result.stdout.endswith("\n1 good zone, 0 errors, 1 warning\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "zone.yaml").write_text(ZONE)
    (tmp_path / "app.yaml").write_text(RECORD_SET)
    (tmp_path / "example.org.zone").write_text(FILE)
    return tmp_path


def test_warnings_of_manifests_and_master_files(folder: Path) -> None:
    manifest, file = folder / "zone.yaml", folder / "example.org.zone"
    result = check("-f", folder, "-f", file)
    assert (result.exit_code, result.stderr) == (0, "")
    first, second, last = result.stdout.splitlines()
    assert first.startswith(f"{file}:5: warning: w.example.org. CNAME leads to gone.example.org.,")
    assert first.endswith("[MissingTarget]")
    assert second.startswith(f"{manifest}:14: spec.records[1].data[0]: warning: example.com. MX ")
    assert second.endswith("[RelativeTarget]")
    assert last == "2 good zones, 0 errors, 2 warnings"


def test_a_record_set_is_needed_for_what_it_adds(folder: Path) -> None:
    result = check("-f", folder / "zone.yaml")
    assert "www.example.com. CNAME leads to app.example.com., which does not exist" in result.stdout


def test_errors_exit_with_1(folder: Path) -> None:
    (folder / "app.yaml").write_text(RECORD_SET.replace("192.0.2.1", "192.0.2.300"))
    (folder / "bad.yaml").write_text("kind: [")
    result = check("-f", folder)
    assert result.exit_code == 1
    assert f"{folder / 'app.yaml'}:11: spec.records[0].data[0]: " in result.stdout
    assert f"{folder / 'bad.yaml'}:2:1: bad YAML" in result.stdout
    assert result.stdout.endswith("1 good zone, 2 errors, 2 warnings\n")


def test_errors_of_a_master_file_exit_with_1(folder: Path) -> None:
    file = folder / "bad.zone"
    file.write_text(FILE + "x A 192.0.2.300\n")
    result = check("-f", file)
    assert result.exit_code == 1
    assert result.stdout.startswith(f"{file}:6: ")
    assert result.stdout.endswith("0 good zones, 1 error, 0 warnings\n")


def test_files_of_other_tools_in_a_folder_are_skipped_and_told(folder: Path) -> None:
    others = {
        "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
        "kustomization.yaml": "kind: Kustomization\nresources: [zone.yaml]\n",
        "templates/zone.yaml": "{{- if .Values.zone }}\nkind: Zone\n{{- end }}\n",
        "values.yaml": "zone: true\n",
    }
    (folder / "templates").mkdir()
    for name, text in others.items():
        (folder / name).write_text(text)
    result = check("-f", folder)
    assert result.exit_code == 0
    for name in others:
        assert f"{folder / name}: warning: skipped, as it " in result.stdout
    assert result.stdout.endswith("1 good zone, 0 errors, 5 warnings\n")
    assert check("-f", folder / "values.yaml").exit_code == 1
    (folder / "typo.yaml").write_text(ZONE.replace("kind: Zone", "kind: Zoen"))
    assert "[UnknownKind]" in check("-f", folder).stdout


def test_a_check_that_is_left_out(folder: Path) -> None:
    result = check("-f", folder, "--ignore", "RelativeTarget")
    assert (result.exit_code, result.stdout) == (0, "1 good zone, 0 errors, 0 warnings\n")


def test_a_check_that_there_is_not(folder: Path) -> None:
    result = check("-f", folder, "--ignore", "Relative")
    assert result.exit_code == 2
    assert "there is no check Relative; there are BadDkimKey, " in result.stderr


def test_an_annotation_silences_checks_of_a_zone_file(folder: Path) -> None:
    zone = ZONE[: ZONE.index("  nameServers")].replace("example.com", "example.org")
    zone += "  zoneFile:\n    path: example.org.zone\n"
    (folder / "zone.yaml").write_text(zone)
    (folder / "app.yaml").unlink()
    assert f"{folder / 'example.org.zone'}:5: warning: " in check("-f", folder).stdout
    annotation = "  annotations:\n    dnsfleet.io/ignore-checks: MissingTarget\nspec:"
    (folder / "zone.yaml").write_text(zone.replace("spec:", annotation))
    assert check("-f", folder).stdout == "1 good zone, 0 errors, 0 warnings\n"


def test_what_a_record_set_adds_is_not_missing_to_a_zone_file(folder: Path) -> None:
    zone = ZONE[: ZONE.index("  nameServers")].replace("example.com", "example.org")
    (folder / "zone.yaml").write_text(zone + "  zoneFile:\n    path: example.org.zone\n")
    assert f"{folder / 'example.org.zone'}:5: warning: " in check("-f", folder).stdout
    (folder / "app.yaml").write_text(
        RECORD_SET.replace("name: app\n      type", "name: gone\n      type")
    )
    assert check("-f", folder).stdout == "1 good zone, 0 errors, 0 warnings\n"


def test_a_zone_file_from_an_address_is_no_error(folder: Path) -> None:
    zone = ZONE[: ZONE.index("  nameServers")]
    zone += f"  zoneFile:\n    url: https://example.net/zone\n    sha256: {'a' * 64}\n"
    (folder / "zone.yaml").write_text(zone)
    result = check("-f", folder / "zone.yaml")
    assert result.exit_code == 0, result.stdout
    assert "is not looked at offline" in result.stdout
    assert result.stdout.endswith("0 good zones, 0 errors, 1 warning\n")


def test_signatures_that_have_ended_are_told(folder: Path) -> None:
    now = int(time.time())
    (folder / "signed.zone").write_text(signed(now - 200, now - 100).to_text())
    zone = ZONE[: ZONE.index("  nameServers")] + "  zoneFile:\n    path: signed.zone\n"
    (folder / "zone.yaml").write_text(zone)
    for given in ("zone.yaml", "signed.zone"):
        assert "[SignaturesExpired]" in check("-f", folder / given).stdout


def test_lint_says_where_manifests_are_checked(folder: Path) -> None:
    manifest = folder / "zone.yaml"
    for command in (["lint"], ["import"], ["diff", str(manifest)]):
        result = CliRunner().invoke(app, ["zone", *command, str(manifest)])
        assert result.exit_code == 2
        assert f"{manifest} is a manifest; check it by `dnsfleet check -f {manifest}`" in (
            result.stderr
        )


def test_a_file_that_is_not_there(folder: Path) -> None:
    for name in ("none.yaml", "none.zone", "none"):
        assert check("-f", folder / name).exit_code == 2


def test_the_files_of_the_page_on_tenancy(tmp_path: Path) -> None:
    pages.write_files("tenancy.md", tmp_path)
    for name in ("moved.yaml", "rights.yaml"):  # of a later moment, and of other kinds
        (tmp_path / name).unlink()
    result = check("-f", tmp_path)
    assert f"{tmp_path / 'web.yaml'}:13: spec.origin: ZoneClass teams decides" in result.stdout
    assert result.stdout.endswith("1 good zone, 1 error, 0 warnings\n")


def test_a_quota_is_counted_over_all_files(folder: Path) -> None:
    spec = "spec: {suffixes: [example.com], quota: {rrsets: 2}}"
    head = "apiVersion: dnsfleet.io/v1alpha1\nkind: ZoneClass\nmetadata: {name: small}\n"
    (folder / "class.yaml").write_text(head + spec)
    result = check("-f", folder)
    assert result.exit_code == 1
    assert f"{folder / 'app.yaml'}:5: spec: namespace default has more than" in result.stdout


KEYS = """\
apiVersion: dnsfleet.io/v1alpha1
kind: TsigKey
metadata:
  name: k1
spec:
  secretRef:
    name: s
  zones: [example.com]
  for: [transfer]
"""
SECRET = """\
---
apiVersion: v1
kind: Secret
metadata: {name: s}
stringData: {secret: VALUE}
"""


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("", "6: spec.secretRef: warning: there is no Secret default/s among"),
        (
            SECRET.replace("VALUE", "AAAA"),
            "6: spec.secretRef: key secret of Secret default/s has",
        ),
        (SECRET.replace("VALUE", "A" * 40), ""),
    ],
)
def test_keys_are_looked_at_with_their_secrets(tmp_path: Path, secret: str, said: str) -> None:
    file = tmp_path / "keys.yaml"
    file.write_text(KEYS + secret)
    result = check("-f", file)
    told = result.output.splitlines()
    assert len(told) == 1 + bool(said)
    assert told[0].startswith(f"{file}:{said}" if said else "0 good zones, 0 errors")
    assert result.exit_code == int("key secret" in said)

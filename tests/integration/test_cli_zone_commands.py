"""`dnsfleet zone …` and `crds` as people call them."""

import gzip
import time
from pathlib import Path

import pytest
from dnsfleet.crds import definitions
from dnsfleet_cli.main import app
from support.signature_records import signed
from typer.testing import CliRunner, Result

RELATIVE = """\
$ORIGIN example.com.
$TTL 1h
@    IN SOA ns1 hostmaster 7 7200 900 1209600 300
@       NS  ns1
        NS  ns2.example.net.
ns1     A   192.0.2.1
www  60 A   192.0.2.2
        TXT "one two" "three"
$INCLUDE part.inc
"""
PART = "mail MX 10 www ; included\n"
ABSOLUTE = """\
mail.example.com. 3600 IN MX 10 WWW.example.com.
example.com. 3600 IN NS ns2.example.net.
example.com. 3600 IN NS ns1.example.com.
www.example.com. 3600 IN TXT "one two" "three"
www.example.com. 60 IN A 192.0.2.2
ns1.example.com. 3600 IN A 192.0.2.1
example.com. 3600 IN SOA ns1.example.com. hostmaster.example.com. 7 7200 900 1209600 300
"""
OWN_TTL = ABSOLUTE.replace("example.com. 3600 IN NS", "example.com. 86400 IN NS")


def dnsfleet(*arguments: str | Path) -> Result:
    """A command, run in this process."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "relative.zone").write_text(RELATIVE)
    (tmp_path / "part.inc").write_text(PART)
    (tmp_path / "absolute.zone").write_text(ABSOLUTE.replace("WWW", "www"))
    (tmp_path / "own-ttl.zone").write_text(OWN_TTL)
    return tmp_path


def test_lint_accepts_what_is_right(folder: Path) -> None:
    file = folder / "relative.zone"
    result = dnsfleet("zone", "lint", file)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"{file}: example.com. serial 7, 7 records, no errors\n"


def test_lint_says_where_and_exits_with_1(folder: Path) -> None:
    file = folder / "bad.zone"
    file.write_text(RELATIVE + "host A 127.0.0.300\nwww CNAME ns1\n")
    result = dnsfleet("zone", "lint", file)
    assert (result.exit_code, result.stderr) == (1, "")
    first, second = result.stdout.splitlines()
    assert first.startswith(f"{file}:10: ") and first.endswith("[BadRdata]")
    assert "[CNAMEAndOtherData]" in second


@pytest.mark.parametrize(
    ("begins", "ends", "reason"),
    [
        (-9000, 90 * 3600, ""),
        (-9000, 3600, "SignaturesNearExpiry"),
        (-9000, -1, "SignaturesExpired"),
        (3600, 90 * 3600, "SignaturesNotYetValid"),
    ],
)
def test_lint_warns_of_signatures_and_accepts_the_zone(
    tmp_path: Path, begins: int, ends: int, reason: str
) -> None:
    now = int(time.time())
    file = tmp_path / "signed.zone"
    file.write_text(signed(now + begins, now + ends).to_text())
    result = dnsfleet("zone", "lint", file)
    *warnings, last = result.stdout.splitlines()
    assert (result.exit_code, result.stderr) == (0, "")
    assert last.endswith(", no errors")
    assert [line.rpartition(" ")[2] for line in warnings] == [f"[{reason}]"] * bool(reason)
    assert all(line.startswith(f"{file}: warning: the ") for line in warnings)


def test_trouble_is_one_line_and_exit_status_2(folder: Path) -> None:
    result = dnsfleet("zone", "lint", folder / "none.zone")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"dnsfleet: {folder}/none.zone: No such file or directory\n"


def test_an_include_reaches_only_into_the_folder_of_the_file(folder: Path) -> None:
    below = folder / "below"
    below.mkdir()
    (below / "sly").symlink_to(folder / "part.inc")
    for written in ("../part.inc", "sly", str(folder / "part.inc")):
        file = below / "bad.zone"
        file.write_text(RELATIVE.replace("part.inc", written))
        result = dnsfleet("zone", "lint", file)
        assert result.exit_code == 1
        assert result.stdout == (
            f"{file}:9: {written} is outside the zone file's folder; move it inside "
            "[IncludeOutsideFolder]\n"
        )


def test_an_include_that_is_missing_is_told(folder: Path) -> None:
    (folder / "part.inc").unlink()
    result = dnsfleet("zone", "lint", folder / "relative.zone")
    assert result.exit_code == 1
    assert result.stdout == (
        f"{folder}/relative.zone:9: part.inc: No such file or directory [IncludeFailed]\n"
    )


def test_relative_and_absolute_names_give_the_same_manifest(folder: Path) -> None:
    one = dnsfleet("zone", "import", folder / "relative.zone")
    two = dnsfleet("zone", "import", folder / "absolute.zone")
    assert one.exit_code == two.exit_code == 0
    assert one.stdout == two.stdout
    assert "- name: www\n" in one.stdout  # listed, not a whole file


@pytest.mark.parametrize("name", ["relative.zone", "own-ttl.zone"])
def test_import_then_export_is_byte_stable(folder: Path, name: str) -> None:
    file = folder / "manifest.yaml"
    file.write_text(dnsfleet("zone", "import", folder / name).stdout)
    exported = dnsfleet("zone", "export", "example.com", "-f", file)
    assert (exported.exit_code, exported.stderr) == (0, "")
    again = folder / "again.zone"
    again.write_text(exported.stdout)
    canonical = dnsfleet("zone", "import", again, "-o", "zone")
    assert canonical.stdout == exported.stdout
    file.write_text(dnsfleet("zone", "import", again).stdout)
    assert dnsfleet("zone", "export", "example.com", "-f", file).stdout == exported.stdout
    imported = dnsfleet("zone", "import", folder / name, "-o", "zone").stdout
    differing = {
        line.split()[2] for line in set(imported.splitlines()) ^ set(exported.stdout.splitlines())
    }
    assert differing <= {"SOA"}  # only the serial, which dnsfleet gives


def test_gzip_is_understood(folder: Path) -> None:
    file = folder / "packed.zone.gz"
    file.write_bytes(gzip.compress(ABSOLUTE.encode()))
    assert dnsfleet("zone", "lint", file).exit_code == 0


def test_export_of_a_zone_that_is_not_there(folder: Path) -> None:
    (folder / "empty.yaml").write_text("# nothing\n")
    result = dnsfleet("zone", "export", "example.org", "-f", folder / "empty.yaml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"dnsfleet: no good Zone with origin example.org in {folder}/empty.yaml\n"
    )


def test_diff_prints_what_differs(folder: Path) -> None:
    changed = folder / "changed.zone"
    changed.write_text(ABSOLUTE.replace("WWW", "www").replace("192.0.2.2", "192.0.2.3"))
    same = dnsfleet("zone", "diff", folder / "relative.zone", folder / "absolute.zone")
    assert (same.exit_code, same.stdout, same.stderr) == (0, "", "")
    differs = dnsfleet("zone", "diff", folder / "relative.zone", changed)
    assert (differs.exit_code, differs.stderr) == (1, "")
    assert differs.stdout == (
        "- www.example.com. 60 A 192.0.2.2\n+ www.example.com. 60 A 192.0.2.3\n"
    )
    broken = folder / "broken.zone"
    broken.write_text("nonsense")
    assert dnsfleet("zone", "diff", changed, broken).exit_code == 2


def test_crds_are_written_as_they_are_committed(tmp_path: Path) -> None:
    assert dnsfleet("crds", "--dir", tmp_path / "crds").exit_code == 0
    written = {path.name: path.read_text() for path in (tmp_path / "crds").iterdir()}
    assert written == definitions.render()


def test_every_command_explains_itself() -> None:
    for command in ([], ["up"], ["serve"], ["crds"], ["zone"], ["zone", "lint"], ["zone", "diff"]):
        result = dnsfleet(*command, "--help")
        assert result.exit_code == 0
        assert "Usage" in result.stdout

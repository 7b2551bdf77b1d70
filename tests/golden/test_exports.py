"""What people export elsewhere: what is said of it, and the zone that it is once they did so.

For each file in `exports` there is one in `exports/expected`: the findings of `zone import`, a line
`---`, and the canonical text of the zone after the changes that the findings ask for.
"""

from pathlib import Path

import pytest
from dnsfleet.violations import errors
from dnsfleet.zones import master_files
from dnsfleet_cli.main import app
from support import exports
from typer.testing import CliRunner

NAMES = sorted(exports.ADVICE)
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def expected(name: str) -> tuple[list[str], str]:
    """The findings, and the zone."""
    text = (exports.FOLDER / "expected" / f"{name}.txt").read_text()
    findings, _, zone = text.partition("---\n")
    return findings.splitlines(), zone


def test_every_file_has_a_test() -> None:
    files = {path.name for path in exports.FOLDER.iterdir() if path.is_file()}
    assert files - {"bind.inc"} == set(NAMES)


@pytest.mark.parametrize("mark", [b"", BYTE_ORDER_MARK], ids=["plain", "marked"])
@pytest.mark.parametrize("name", NAMES)
def test_findings_say_what_it_is_and_what_to_do(name: str, mark: bytes) -> None:
    zone, found = exports.load(name, mark + exports.text(name))
    findings, _ = expected(name)
    assert [str(violation) for violation in found] == findings
    assert (zone is None) == bool(errors(found))


@pytest.mark.parametrize(
    ("name", "line", "owner"), [("cloudflare.txt", 10, "example.com"), ("windows.dns", 9, "@")]
)
def test_a_file_that_does_not_say_its_origin(name: str, line: int, owner: str) -> None:
    zone, found = master_files.read(exports.text(name), name)
    assert zone is None
    assert str(found[1]) == (
        f'{name}:{line}: owner "{owner}": relative name without an origin, end it with a dot, set '
        "$ORIGIN or give --origin [BadName]"
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_advice_gives_the_zone(name: str) -> None:
    zone, found = exports.load(name, exports.corrected(name))
    assert zone is not None, found
    assert zone.to_text() == expected(name)[1]


@pytest.mark.parametrize("name", NAMES)
def test_import_and_export_keep_the_zone(name: str, tmp_path: Path) -> None:
    file, manifest = tmp_path / name, tmp_path / "manifest.yaml"
    file.write_bytes(exports.corrected(name))
    (tmp_path / "bind.inc").write_bytes(exports.text("bind.inc"))
    run = CliRunner().invoke
    imported = run(app, ["zone", "import", str(file), "--origin", "example.com"])
    assert imported.exit_code == 0, imported.stderr
    manifest.write_text(imported.stdout)
    exported = run(app, ["zone", "export", "example.com", "-f", str(manifest)])
    assert exported.exit_code == 0, exported.stderr
    # The serial is not kept: publishing gives it.
    assert _without_serial(exported.stdout) == _without_serial(expected(name)[1])


def _without_serial(zone: str) -> list[str]:
    soa, *others = zone.splitlines()
    fields = soa.split()
    return [" ".join([*fields[:5], *fields[6:]]), *others]

"""What other tools print is the same zone again, and they read what we export."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from dnsfleet.zones import master_files
from dnsfleet_engine import Zone
from support import exports, nameservers

SECONDS = 60
TOOLS = nameservers.SEARCHED


def run(program: str, *arguments: str | Path, cwd: Path) -> str:
    """What a program of a Debian package prints; a failure shows what it said."""
    found = shutil.which(program, path=TOOLS)
    assert found is not None, f"{program} is missing: see CONTRIBUTING.md"
    done = subprocess.run(
        [found, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, timeout=SECONDS
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def read_back(text: str) -> Zone:
    zone, violations = master_files.read(text.encode(), "printed", exports.ORIGIN)
    assert zone is not None, violations
    return zone


@pytest.fixture(params=sorted(exports.ADVICE))
def name(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The name of an export; it is in the folder, with the one that it includes."""
    name: str = request.param
    (tmp_path / name).write_bytes(exports.corrected(name))
    (tmp_path / "bind.inc").write_bytes(exports.text("bind.inc"))
    yield name


@pytest.fixture
def zone(name: str) -> Zone:
    zone, violations = exports.load(name, exports.corrected(name))
    assert zone is not None, violations
    return zone


@pytest.mark.parametrize("style", ["full", "relative"])
def test_named_compilezone(name: str, zone: Zone, style: str, tmp_path: Path) -> None:
    """BIND reads the export as we do, and we read what it prints."""
    options = ["-q", "-i", "none", "-k", "ignore", "-F", "text", "-s", style, "-o", "-"]
    printed = run("named-compilezone", *options, exports.ORIGIN, name, cwd=tmp_path)
    assert read_back(printed).digest == zone.digest


def test_tools_read_what_we_export(zone: Zone, tmp_path: Path) -> None:
    (tmp_path / "exported.zone").write_text(zone.to_text())
    options = ["-q", "-i", "none", "-k", "ignore", "-F", "text", "-o", "-"]
    printed = run("named-compilezone", *options, exports.ORIGIN, "exported.zone", cwd=tmp_path)
    assert read_back(printed).digest == zone.digest
    printed = run("nsd-checkzone", "-p", exports.ORIGIN, "exported.zone", cwd=tmp_path)
    assert read_back(printed).digest == zone.digest


def test_transfers(zone: Zone, tmp_path: Path) -> None:
    exported = tmp_path / "exported.zone"
    exported.write_text(zone.to_text())
    with nameservers.serving(nameservers.BIND, {exports.ORIGIN: exported}, tmp_path) as port:
        for client in ("dig", "kdig"):
            server = ["@127.0.0.1", "-p", str(port)]
            printed = run(client, *server, exports.ORIGIN, "AXFR", cwd=tmp_path)
            assert read_back(printed).digest == zone.digest, printed


def test_what_knot_writes(zone: Zone, tmp_path: Path) -> None:
    """By knotd: the kzonecheck of Debian 12 prints no zone, as that of Knot 3.4 does (`-p`)."""
    exported, written = tmp_path / "exported.zone", tmp_path / "written"
    exported.write_text(zone.to_text())
    written.mkdir()
    with nameservers.serving(nameservers.KNOT, {exports.ORIGIN: exported}, tmp_path):
        control = ["-s", tmp_path / "knot.sock", "-f", "-b"]
        run("knotc", *control, "zone-flush", exports.ORIGIN, "+outdir", written, cwd=tmp_path)
    (file,) = written.iterdir()
    assert read_back(file.read_text()).digest == zone.digest

"""Which zone files are read again, and how that is found out."""

import os
from pathlib import Path

import pytest
from dnsfleet.resources import Reference, documents
from dnsfleet_cli.whole_files import BeingWrittenError, Files
from dnsfleet_cli.zone_paths import ZonePaths
from dnsfleet_publisher.assembling import Assembler

ZONE = """\
apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata: {name: NAME}
spec: {origin: NAME.example, zoneFile: {path: zones/NAME.zone}}
"""
HEAD = "@ 300 SOA ns hostmaster 1 7200 900 1209600 300\n@ 300 NS ns1.example.net.\n"
NAMES = ("one", "two", "three")


class Zones:
    """Zones whose files all include one more."""

    def __init__(self, folder: Path, files: Files | None = None) -> None:
        self.folder = folder / "zones"
        self.folder.mkdir()
        self.shared = self.folder / "shared"
        self.shared.write_text("www 300 A 192.0.2.1\n")
        for name in NAMES:
            self.file(name).write_text(f"{HEAD}$INCLUDE shared\n")
        text = "---\n".join(ZONE.replace("NAME", name) for name in NAMES)
        self.documents, _ = documents.load(text, str(folder / "fleet.yaml"))
        self.paths = ZonePaths(files)
        self._assembler = Assembler(self.paths)
        self.assemble()

    def file(self, name: str) -> Path:
        return self.folder / f"{name}.zone"

    def assemble(self) -> None:
        self._assembler.replace(self.documents)
        self._assembler.assemble()
        assert all(zone.zone is not None for zone in self._assembler.zones.values())

    def look(self, *changed: Path) -> list[str]:
        return sorted(reference.name for reference in self.paths.look(set(changed)))

    def look_at_all(self) -> list[str]:
        return sorted(reference.name for reference in self.paths.look(None))


@pytest.fixture
def zones(tmp_path: Path) -> Zones:
    return Zones(tmp_path)


def test_a_changed_path_concerns_who_reads_or_includes_it(zones: Zones) -> None:
    assert zones.look(zones.file("two")) == ["two"]
    assert zones.look(zones.shared) == ["one", "three"]  # two is known already
    zones.assemble()
    assert zones.look(zones.shared, zones.folder / "other") == sorted(NAMES)


def test_a_look_at_changed_paths_asks_for_no_other_stamp(
    zones: Zones, monkeypatch: pytest.MonkeyPatch
) -> None:
    zones.look()
    monkeypatch.setattr("dnsfleet_cli.zone_files.stamp", None)
    assert zones.look(zones.file("two")) == ["two"]
    assert [zones.paths.unchanged(d.reference) for d in zones.documents] == [True, False, True]


def test_a_look_at_all_compares_stamps(zones: Zones) -> None:
    assert zones.look_at_all() == []
    os.utime(zones.file("three"), ns=(1, 1))
    assert zones.look_at_all() == ["three"]
    zones.file("one").unlink()
    assert zones.look_at_all() == ["one"]


def test_a_file_that_is_included_no_more_concerns_nobody(zones: Zones) -> None:
    zones.file("two").write_text(HEAD)
    assert zones.look(zones.file("two")) == ["two"]
    zones.assemble()
    assert zones.look(zones.shared) == ["one", "three"]


def test_the_file_of_a_zone_that_is_gone_is_let_go(zones: Zones) -> None:
    assert zones.paths.folders == {zones.folder}
    zones.paths.forget(Reference("Zone", "default", name) for name in NAMES)
    assert zones.look(zones.shared) == []
    assert zones.paths.folders == set()


class Written(Files):
    """Files of which some are half written."""

    def __init__(self) -> None:
        self.paths: set[Path] = set()

    def read(self, path: Path) -> bytes:
        if path in self.paths:
            raise BeingWrittenError(path)
        return path.read_bytes()

    def is_whole(self, path: Path) -> bool:
        return path not in self.paths


@pytest.mark.parametrize("part", ["two.zone", "shared"])
def test_a_zone_waits_while_a_file_of_it_is_written(tmp_path: Path, part: str) -> None:
    written = Written()
    zones = Zones(tmp_path, written)
    path = zones.folder / part
    concerned = ["two"] if part == "two.zone" else sorted(NAMES)
    written.paths.add(path)
    path.write_text(path.read_text().replace("192.0.2.1", "192.0.2.2"))
    assert zones.look(path) == []
    assert sorted(reference.name for reference in zones.paths.waiting) == concerned
    assert zones.look_at_all() == []
    written.paths.clear()
    assert zones.look() == concerned
    assert zones.paths.waiting == set()


@pytest.mark.parametrize("part", ["two.zone", "shared"])
def test_a_zone_that_was_read_while_a_file_of_it_was_written_is_read_again(
    tmp_path: Path, part: str
) -> None:
    written = Written()
    zones = Zones(tmp_path, written)
    path = zones.folder / part
    assert "two" in zones.look(zones.file("two"))
    written.paths.add(path)  # behind the look
    zones.assemble()
    assert [reference.name for reference in zones.paths.waiting] == ["two"]
    assert zones.look() == []
    written.paths.clear()
    assert zones.look() == ["two"]


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("round.zone", "Too many levels of symbolic links"),
        ("part.zone", "round.zone: Too many levels of symbolic links"),
        (r"a\0b", "embedded null byte"),
    ],
)
def test_a_path_that_leads_nowhere_costs_no_other_zone(
    tmp_path: Path, path: str, problem: str
) -> None:
    (tmp_path / "round.zone").symlink_to("round.zone")
    (tmp_path / "part.zone").write_text(f"{HEAD}$INCLUDE round.zone\n")
    (tmp_path / "good.zone").write_text(HEAD)
    text = "---\n".join(
        ZONE.replace("NAME", name).replace(f"zones/{name}.zone", f'"{file}"')
        for name, file in (("bad", path), ("good", "good.zone"))
    )
    found, _ = documents.load(text, str(tmp_path / "fleet.yaml"))
    paths = ZonePaths()
    assembler = Assembler(paths)
    assembler.replace(found)
    assembler.assemble()
    zones = {each.resource.reference.name: each for each in assembler.zones.values()}
    assert zones["good"].zone is not None
    assert zones["bad"].zone is None
    assert problem in " ".join(map(str, zones["bad"].violations))
    assert paths.look({tmp_path / "round.zone"}) <= {zones["bad"].resource.reference}

"""Whatever a crash or damage leaves on the disk is a complete set that was written, or is none."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from dnsfleet_edge.disk import Disk
from support.crashing_disks import CrashingDisk, put
from support.signed_zones import POP, PUBLISHER, sign, tombstone
from support.zones import make_zone

A, B, C = "a.example.", "b.example.", "c.example."
Set = dict[str, int | None]
"""The serial of each zone, None for one that was dropped."""


def disk_at(folder: Path) -> Disk:
    return Disk(folder, (PUBLISHER.public_key(),), POP)


def write(disk: Disk, origin: str, serial: int) -> None:
    signed = sign(make_zone(origin, serial=serial), serial)
    disk.write_zone(origin, signed.signed, signed.zone.encode())


def drop(disk: Disk, origin: str, serial: int) -> None:
    disk.write_dropped(origin, tombstone(sign(make_zone(origin, serial=serial), serial - 1)))


Step = tuple[Callable[[Disk], None], Set]
"""Something that an edge does, and the complete set that the disk has afterwards."""

LIFE: list[Step] = [
    (lambda disk: disk.prepare(), {}),
    (lambda disk: write(disk, A, 1), {}),
    (lambda disk: write(disk, B, 1), {}),
    (lambda disk: disk.write_index([A, B]), {A: 1, B: 1}),
    (lambda disk: write(disk, A, 2), {A: 2, B: 1}),
    (lambda disk: write(disk, C, 1), {A: 2, B: 1}),
    (lambda disk: disk.write_index([A, B, C]), {A: 2, B: 1, C: 1}),
    (lambda disk: drop(disk, B, 2), {A: 2, B: None, C: 1}),
    (lambda disk: write(disk, B, 3), {A: 2, B: 3, C: 1}),
]


def found(folder: Path) -> Set:
    """The complete set that an edge would start from; empty for none."""
    contents = disk_at(folder).read()
    if not contents.complete:
        return {}
    return {each.manifest.zone: each.zone and each.zone.serial for each in contents.zones}


def test_a_power_cut_at_any_step_leaves_a_set_as_it_was_written_last_or_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "disk"
    root.mkdir()
    cuts: list[tuple[int, list[dict[str, bytes]]]] = []
    with monkeypatch.context() as patched:
        crashing = CrashingDisk(root, patched)
        crashing.after_each = lambda: cuts.append((step, crashing.states()))
        disk = disk_at(root / "state")
        for step, (act, _) in enumerate(LIFE):
            act(disk)
            crashing.check()
            cuts.append((step + 1, crashing.states()))
    assert len(cuts) > 4 * len(LIFE)
    sets = [{}, *(after for _, after in LIFE)]
    for step, states in cuts:
        for state in states:
            put(tmp_path / "left", state)
            now = found(tmp_path / "left" / "state")
            assert now in sets[step : step + 2], (step, sorted(state))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A folder of an edge that went through some life: every file was written more than once."""
    folder = tmp_path / "state"
    disk = disk_at(folder)
    for act, _ in LIFE:
        act(disk)
    assert found(folder) == LIFE[-1][1]
    return folder


def damages(whole: bytes) -> list[bytes]:
    """The file with each octet wrong, in one bit and in all, and cut at each length."""
    wrong = [
        whole[:at] + bytes([whole[at] ^ mask]) + whole[at + 1 :]
        for at in range(len(whole))
        for mask in (1, 0x80, 0xFF)
    ]
    cut = [whole[:length] for length in range(len(whole))]
    return [*wrong, *cut, whole + b"\0", whole + whole, bytes(len(whole))]


def test_an_index_with_any_damage_is_an_empty_disk(state: Path) -> None:
    index = state / "index"
    for damaged in damages(index.read_bytes()):
        index.write_bytes(damaged)
        contents = disk_at(state).read()
        assert (contents.zones, contents.complete) == ([], False)


def test_a_zone_with_any_damage_is_missing_and_the_others_are_there(state: Path) -> None:
    (path,) = state.glob("zones/a.example-*")
    for damaged in damages(path.read_bytes()):
        path.write_bytes(damaged)
        contents = disk_at(state).read()
        assert [each.manifest.zone for each in contents.zones] == [B, C]
        assert not contents.complete
        assert contents.problems[0].startswith(f"{path}: ")


def test_the_older_generations_of_earlier_versions_stand_in_for_nothing(state: Path) -> None:
    """An index beside an older one, as the two renames of earlier versions left them."""
    older = json.dumps([A]).encode()
    shutil.copy(state / "index", state / "index.1")
    body = (state / "index.1").read_bytes()
    assert older not in body
    (state / "index").unlink()
    assert found(state) == {}
    (path,) = state.glob("zones/a.example-*")
    path.rename(f"{path}.1")
    shutil.copy(state / "index.1", state / "index")
    assert found(state) == {}
    disk_at(state).prepare()
    assert not [*state.glob("*.1"), *state.glob("zones/*.1")]


def test_an_index_that_names_a_zone_without_a_file_is_not_complete(state: Path) -> None:
    (path,) = state.glob("zones/c.example-*")
    path.unlink()
    contents = disk_at(state).read()
    assert [each.manifest.zone for each in contents.zones] == [A, B]
    assert contents.problems == [f"{path}: no such file"]

"""The disk gets the newest revisions, the index only a complete set, and failures are retried."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from dnsfleet_edge import disk_writing
from dnsfleet_edge.disk import Disk
from dnsfleet_edge.disk_writing import DiskWriter
from support.signed_zones import POP, PUBLISHER, SignedZone, sign, tombstone
from support.waiting import wait_for
from support.zones import make_zone

DEADLINE_SECONDS = 30.0
"""A write waits for the disk, which others may keep busy."""


class Kept:
    """A state folder, its writer, the number of failed writes, and the seconds of the others."""

    def __init__(self, folder: Path) -> None:
        self.disk = Disk(folder, (PUBLISHER.public_key(),), POP)
        self.failures = 0
        self.seconds: list[float] = []
        self.writer = DiskWriter(self.disk, self._count, self.seconds.append)

    def _count(self) -> None:
        self.failures += 1

    def save(self, signed: SignedZone) -> None:
        self.writer.save(signed.manifest.zone, signed.signed, signed.zone)

    def serials(self) -> dict[str, int | None]:
        """Of the complete set; empty where there is none."""
        contents = self.disk.read()
        if not contents.complete:
            return {}
        return {each.manifest.zone: each.zone and each.zone.serial for each in contents.zones}


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    kept = Kept(tmp_path / "state")
    yield kept
    kept.writer.stop()


def test_the_index_waits_for_the_whole_set(kept: Kept, tmp_path: Path) -> None:
    kept.writer.start([], complete=False)
    kept.save(sign(make_zone("a.example.", serial=1), 1))
    wait_for("the zone file", lambda: list(tmp_path.glob("state/zones/*.zone")), DEADLINE_SECONDS)
    assert kept.serials() == {}
    kept.save(sign(make_zone("b.example.", serial=1), 1))
    kept.writer.complete()
    wait_for(
        "the set", lambda: kept.serials() == {"a.example.": 1, "b.example.": 1}, DEADLINE_SECONDS
    )


def test_a_zone_that_was_damaged_is_listed_again_with_those_that_were_good(
    kept: Kept, tmp_path: Path
) -> None:
    for origin in ("a.example.", "b.example."):
        good = sign(make_zone(origin, serial=1), 1)
        kept.disk.write_zone(origin, good.signed, good.zone.encode())
    kept.disk.write_index(["a.example.", "b.example."])
    (damaged,) = tmp_path.glob("state/zones/b.example-*")
    damaged.write_bytes(b"")
    contents = kept.disk.read()
    kept.writer.start((each.manifest.zone for each in contents.zones), contents.complete)
    kept.save(sign(make_zone("b.example.", serial=2), 2))
    kept.save(sign(make_zone("c.example.", serial=1), 1))
    kept.writer.complete()
    whole = {"a.example.": 1, "b.example.": 2, "c.example.": 1}
    wait_for("the set", lambda: kept.serials() == whole, DEADLINE_SECONDS)


def test_a_zone_that_joins_is_listed(kept: Kept) -> None:
    kept.writer.start([], complete=True)
    kept.save(sign(make_zone("a.example.", serial=1), 1))
    wait_for("the first", lambda: kept.serials() == {"a.example.": 1}, DEADLINE_SECONDS)
    kept.save(sign(make_zone("b.example.", serial=1), 1))
    wait_for("both", lambda: kept.serials() == {"a.example.": 1, "b.example.": 1}, DEADLINE_SECONDS)


def test_a_dropped_zone_is_kept_as_dropped(kept: Kept) -> None:
    kept.writer.start([], complete=True)
    signed = sign(make_zone("a.example.", serial=1), 1)
    kept.save(signed)
    kept.writer.save("a.example.", tombstone(signed), None)
    wait_for("the tombstone", lambda: kept.serials() == {"a.example.": None}, DEADLINE_SECONDS)


def test_a_big_zone_is_not_written_for_every_change(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_writing, "BYTES_PER_SECOND", 1)  # every zone counts as big now
    kept.writer.start([], complete=True)
    kept.save(sign(make_zone("a.example.", serial=1), 1))
    wait_for("the first revision", lambda: kept.serials() == {"a.example.": 1}, DEADLINE_SECONDS)
    for serial in range(2, 50):
        kept.save(sign(make_zone("a.example.", serial=serial), serial))
    kept.save(sign(make_zone("b.example.", serial=1), 1))
    wait_for("another zone", lambda: "b.example." in kept.serials(), DEADLINE_SECONDS)
    assert kept.serials()["a.example."] == 1
    kept.writer.stop()  # the end of the process writes what waits
    assert kept.serials() == {"a.example.": 49, "b.example.": 1}


def test_the_disk_holds_everything_while_nothing_waits(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.writer.start([], complete=False)
    kept.save(sign(make_zone("a.example.", serial=1), 1))
    wait_for("the zone file", lambda: kept.seconds, DEADLINE_SECONDS)
    assert kept.writer.held_at() is None  # it is not known to be all
    kept.writer.complete()
    wait_for("the zone and the index", lambda: len(kept.seconds) == 2, DEADLINE_SECONDS)
    then = kept.writer.held_at()
    assert then is not None
    wait_for("it is still so", lambda: (kept.writer.held_at() or 0) > then, DEADLINE_SECONDS)

    monkeypatch.setattr(disk_writing, "RETRY_SECONDS", 3600.0)
    monkeypatch.setattr(Disk, "write_zone", _full)
    kept.save(sign(make_zone("a.example.", serial=2), 2))
    last = kept.writer.held_at()
    wait_for("the failure", lambda: kept.failures, DEADLINE_SECONDS)
    assert last is not None
    assert kept.writer.held_at() == last > then  # from here on it gets older
    assert len(kept.seconds) == 2  # what failed wrote nothing


def test_a_complete_disk_holds_everything_from_the_start(kept: Kept) -> None:
    kept.writer.start([], complete=True)
    wait_for("the disk is looked at", kept.writer.held_at, DEADLINE_SECONDS)
    assert kept.seconds == []


class Gate:
    """Holds every write of a zone until it is let through."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun: list[str] = []
        self._pass = threading.Semaphore(0)
        write_zone = Disk.write_zone

        def write(disk: Disk, origin: str, signed: bytes, encoded: bytes) -> None:
            self.begun.append(origin)
            self._pass.acquire(timeout=10)
            write_zone(disk, origin, signed, encoded)

        monkeypatch.setattr(Disk, "write_zone", write)

    def wait_for_write(self, count: int) -> None:
        wait_for("a write", lambda: len(self.begun) == count, DEADLINE_SECONDS)

    def let_through(self, count: int) -> None:
        self._pass.release(count)


def test_the_disk_is_as_old_as_the_oldest_change_that_is_not_on_it(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch)
    kept.writer.start([], complete=True)

    def save(origin: str, serial: int) -> tuple[float, float]:
        before = time.time()
        kept.save(sign(make_zone(origin, serial=serial), serial))
        return before, time.time()

    under_way = save("a.example.", 1)
    gate.wait_for_write(1)
    for count, origin in enumerate(["b.example.", "a.example."] * 3, 1):
        waits = save(origin, 2 * count)
        save(origin, 2 * count + 1)
        held = kept.writer.held_at()
        assert held is not None
        assert under_way[0] <= held <= under_way[1]
        gate.let_through(1)
        gate.wait_for_write(count + 1)  # so at no moment is everything on the disk
        under_way = waits
    gate.let_through(1)
    now = time.time()
    wait_for("everything", lambda: (kept.writer.held_at() or 0) > now, DEADLINE_SECONDS)
    assert kept.serials() == {"a.example.": 13, "b.example.": 11}


def test_a_first_write_that_hangs_makes_the_disk_old(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch)
    kept.writer.start([], complete=False)
    before = time.time()
    kept.save(sign(make_zone("a.example.", serial=1), 1))
    after = time.time()
    kept.writer.complete()
    gate.wait_for_write(1)
    held = kept.writer.held_at()
    assert held is not None
    assert before <= held <= after
    gate.let_through(1)
    wait_for("the set", lambda: (kept.writer.held_at() or 0) > after, DEADLINE_SECONDS)
    assert kept.serials() == {"a.example.": 1}


def _full(*_: object) -> None:
    raise OSError("no space left")


class Panic(BaseException):
    """As a panic of the engine appears in Python."""


@pytest.mark.parametrize("error", [RuntimeError("a defect"), Panic("a defect")])
def test_a_defect_costs_one_write(
    kept: Kept,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: BaseException,
) -> None:
    monkeypatch.setattr(disk_writing, "RETRY_SECONDS", 0.05)
    write_zone, broken = Disk.write_zone, True

    def write(disk: Disk, origin: str, signed: bytes, encoded: bytes) -> None:
        if origin == "a.example." and broken:
            raise error
        write_zone(disk, origin, signed, encoded)

    monkeypatch.setattr(Disk, "write_zone", write)
    kept.writer.start([], complete=True)
    kept.save(sign(make_zone("a.example.", serial=1), 1))
    wait_for("failures", lambda: kept.failures > 1, DEADLINE_SECONDS)
    kept.save(sign(make_zone("b.example.", serial=1), 1))
    wait_for("another zone", lambda: kept.serials() == {"b.example.": 1}, DEADLINE_SECONDS)
    broken = False
    wait_for("both", lambda: kept.serials() == {"a.example.": 1, "b.example.": 1}, DEADLINE_SECONDS)
    assert "event=disk_defect what=a.example." in caplog.text
    assert "a defect" in caplog.text
    assert kept.writer.worker.problem == ""


def test_an_unusable_disk_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_writing, "RETRY_SECONDS", 0.05)
    folder = tmp_path / "state"
    folder.write_text("a file where the folder should be")
    kept = Kept(folder)
    kept.writer.start([], complete=False)
    kept.save(sign(make_zone("a.example.", serial=1), 1))
    kept.writer.complete()
    wait_for("failures", lambda: kept.failures > 1, DEADLINE_SECONDS)
    folder.unlink()
    wait_for("the zone", lambda: kept.serials() == {"a.example.": 1}, DEADLINE_SECONDS)
    kept.writer.stop()

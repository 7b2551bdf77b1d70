"""Which files count as whole, by the kernel of this machine and by a clock of the test."""

import os
import threading
from pathlib import Path

import pytest
from dnsfleet_cli import whole_files
from dnsfleet_cli.whole_files import (
    LATE_SECONDS,
    OLD_SECONDS,
    QUIET_SECONDS,
    BeingWrittenError,
    PatientFiles,
    WholeFiles,
)
from support.clocks import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock(100.0)


@pytest.fixture
def files(clock: Clock) -> WholeFiles:
    return WholeFiles(clock)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.zone"
    path.write_bytes(b"before")
    return path


def test_a_file_is_whole_when_its_writer_closed_it(files: WholeFiles, path: Path) -> None:
    assert files.read(path) == b"before"
    with path.open("wb") as writer:
        writer.write(b"ha")
        writer.flush()
        assert not files.is_whole(path)
        with pytest.raises(BeingWrittenError, match="being written"):
            files.read(path)
        assert files.wait < 1
        writer.write(b"lf")
    files.look()
    assert files.wait == float("inf")
    assert files.read(path) == b"half"


def test_a_file_with_a_second_writer_is_not_whole(files: WholeFiles, path: Path) -> None:
    with path.open("ab") as one:
        with path.open("ab"):
            assert not files.is_whole(path)
        assert not files.is_whole(path)
        assert one.fileno() > 0
    assert files.is_whole(path)


def test_a_file_that_is_renamed_into_place_is_whole_at_once(files: WholeFiles, path: Path) -> None:
    with path.open("ab"):
        assert not files.is_whole(path)
        beside = path.with_name("beside")
        beside.write_bytes(b"after")
        beside.rename(path)
        assert files.read(path) == b"after"
    assert files.wait == float("inf")


def test_a_file_that_is_gone_is_no_longer_waited_for(files: WholeFiles, path: Path) -> None:
    with path.open("ab"):
        assert not files.is_whole(path)
        path.unlink()
        with pytest.raises(FileNotFoundError):
            files.read(path)
    assert files.wait == float("inf")


def test_a_writer_that_begins_while_the_file_is_read_is_noticed(
    files: WholeFiles, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The writer is there after the first look, and gone or there at the second."""
    has_writer = whole_files._has_writer

    def then_write(descriptor: int) -> bool | None:
        found = has_writer(descriptor)
        path.write_bytes(b"longer than before")
        return found

    monkeypatch.setattr(whole_files, "_has_writer", then_write)
    with pytest.raises(BeingWrittenError):
        files.read(path)
    monkeypatch.undo()
    assert files.read(path) == b"longer than before"


def test_a_pipe_is_read(files: WholeFiles, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert files.is_whole(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(b"all"))
    writer.start()
    assert files.read(pipe) == b"all"
    writer.join()


def test_who_opens_a_file_while_we_ask_is_neither_refused_nor_our_end(
    files: WholeFiles, path: Path
) -> None:
    """Openings break leases, and the kernel tells it by a signal."""
    done = threading.Event()

    def write() -> None:
        for _ in range(2000):
            with path.open("ab"):
                pass
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        files.is_whole(path)
    writer.join()
    assert files.is_whole(path)


def test_where_the_kernel_knows_no_writers_a_file_must_be_quiet(
    files: WholeFiles, path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole_files, "LOCAL", frozenset[str]())
    assert not files.is_whole(path)
    clock.now += QUIET_SECONDS - 0.01
    assert not files.is_whole(path)
    os.utime(path, ns=(1, 1))
    assert not files.is_whole(path)
    clock.now += QUIET_SECONDS
    assert files.is_whole(path)
    assert files.read(path) == b"before"


def test_a_file_that_is_written_for_long_is_late_and_looked_at_less_often(
    files: WholeFiles, path: Path, clock: Clock
) -> None:
    with path.open("ab"):
        files.look()
        assert files.is_whole(path) is False
        first = files.wait
        clock.now += LATE_SECONDS - 0.1
        assert (files.late, files.wait > first) == ([], True)
        clock.now += 0.2
        assert files.late == [path]
    files.look()
    assert files.late == []


def test_a_patient_reader_waits_for_the_writer_but_not_for_long(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = path.open("wb")
    waits = 0

    def wait(seconds: float) -> None:
        nonlocal waits
        waits += 1
        clock.now += seconds
        if waits == 3:
            writer.write(b"all")
            writer.close()

    monkeypatch.setattr(whole_files.time, "sleep", wait)
    assert PatientFiles(clock).read(path) == b"all"
    assert waits == 3
    before = clock.now
    with path.open("ab"), pytest.raises(BeingWrittenError):
        PatientFiles(clock).read(path)
    assert LATE_SECONDS <= clock.now - before < LATE_SECONDS + 1


def test_a_patient_reader_does_not_wait_for_what_is_old(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole_files, "LOCAL", frozenset[str]())
    monkeypatch.setattr(whole_files.time, "time_ns", lambda: 10**18)
    files = PatientFiles(clock)
    for age, whole in ((OLD_SECONDS + 1, True), (OLD_SECONDS - 1, False), (-3600, False)):
        changed = 10**18 - int(age * 10**9)
        os.utime(path, ns=(changed, changed))
        assert files.is_whole(path) is whole

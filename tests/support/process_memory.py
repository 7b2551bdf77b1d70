"""The memory of another process, in which tests damage what it keeps, as a broken machine does."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from support.waiting import wait_for

_PIECE = 1 << 20
"""Octets that are looked at together."""
STOP_SECONDS = 10.0
"""Until all threads of a process that is to stop have done so."""


def replace(pid: int, old: bytes, new: bytes) -> None:
    """Write `new` wherever a process has `old` in memory of its own; both have one length.

    The process stands still meanwhile. Else it could use a place that was found for something else,
    and more would be damaged than `old`. AssertionError where `old` is nowhere.
    """
    assert len(new) == len(old)
    with _stopped(pid), Path(f"/proc/{pid}/mem").open("r+b", buffering=0) as memory:
        found = [place for area in _areas(pid) for place in _places(memory, *area, old)]
        assert found
        for place in found:
            memory.seek(place)
            memory.write(new)


@contextlib.contextmanager
def _stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_for(f"process {pid} stands still", lambda: _stands_still(pid), STOP_SECONDS)
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _stands_still(pid: int) -> bool:
    """Whether all its threads are stopped by a signal (`T` in proc(5))."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    # The name, in brackets, may have spaces.
    return all((each / "stat").read_text().rpartition(")")[2].split()[0] == "T" for each in tasks)


def _areas(pid: int) -> Iterator[tuple[int, int]]:
    """First octet and end of each part that the process may write and shares with nobody."""
    for row in Path(f"/proc/{pid}/maps").read_text().splitlines():
        area, rights = row.split()[:2]
        if rights == "rw-p":
            begin, end = area.split("-")
            yield int(begin, 16), int(end, 16)


def _places(memory: BinaryIO, begin: int, end: int, wanted: bytes) -> Iterator[int]:
    """Where `wanted` begins in a part of the memory; pieces overlap, so that none is cut."""
    for start in range(begin, end, _PIECE):
        memory.seek(start)
        try:
            piece = memory.read(min(_PIECE + len(wanted) - 1, end - start))
        except OSError:
            continue  # the process has given it back meanwhile
        at = piece.find(wanted)
        while at >= 0:
            yield start + at
            at = piece.find(wanted, at + len(wanted))

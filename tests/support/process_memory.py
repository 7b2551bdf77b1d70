"""The memory of another process, in which tests damage what it keeps, as a broken machine does."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_PIECE = 1 << 20
"""Octets that are looked at together."""


def replace(pid: int, old: bytes, new: bytes) -> None:
    """Write `new` wherever a process has `old` in memory of its own; both have one length.

    AssertionError where that is nowhere.
    """
    assert len(new) == len(old)
    with Path(f"/proc/{pid}/mem").open("r+b", buffering=0) as memory:
        found = [place for area in _areas(pid) for place in _places(memory, *area, old)]
        assert found
        for place in found:
            memory.seek(place)
            memory.write(new)


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

"""Sums: one number for a whole set, so that two places can tell whether they have the same.

The *sum of announcements* at a position of the log covers the newest announcement of every zone up
to there, tombstones included. The writer knows it for each position that it wrote, an edge computes
it from the index and the log that its replica shows. Where both are equal, the edge was told all
that the writer published up to that position, and nothing else. So a replica that lost an entry,
shows an old index, or has one entry too many is found by one comparison of one number, however many
zones there are.

The *sum of names* covers the names of all live zones. The writer signs it in the head of the fleet;
revisions do not move it.

A sum adds a 128-bit hash of each element, modulo 2^128: the order does not matter, and a change
costs one subtraction and one addition. It finds faults; it is no proof against somebody who invents
thousands of entries to reach a sum, and need not be: what an edge serves is signed, and an invented
zone is one that it cannot load and names in its ack.
"""

import hashlib
from collections.abc import Iterable, Iterator

from dnsfleet.replication.announcements import Announcement

POSITIONS = 10_000
"""Positions whose sums a writer keeps: as many as the log has entries."""

_OCTETS = 16
MODULUS = 1 << (8 * _OCTETS)
"""Every sum is below it."""


class AnnouncementSum:
    """The sum over the newest announcement of each zone."""

    def __init__(self, announcements: Iterable[Announcement] = ()) -> None:
        self.total = 0
        self._terms: dict[str, int] = {}
        for announcement in announcements:
            self.put(announcement)

    def put(self, announcement: Announcement) -> None:
        """Take one that is newer than all of its zone before it."""
        self.total = self.total_with(announcement)
        self._terms[announcement.zone] = _term(announcement)

    def drop(self, zone: str) -> None:
        """Have none of a zone, as the index has none of it any more."""
        self.total = (self.total - self._terms.pop(zone, 0)) % MODULUS

    def total_with(self, announcement: Announcement) -> int:
        """The total once that one was taken."""
        before = self._terms.get(announcement.zone, 0)
        return (self.total + _term(announcement) - before) % MODULUS


class NameSum:
    """The number of names and their sum."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.total = 0
        self._names: set[str] = set()
        for name in names:
            self.put(name, True)

    @property
    def count(self) -> int:
        """How many names there are."""
        return len(self._names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def put(self, name: str, live: bool) -> None:
        """Have a name in the set, or not."""
        self.total = self.with_name(name, live)[1]
        self._names.add(name) if live else self._names.discard(name)

    def with_name(self, name: str, live: bool) -> tuple[int, int]:
        """Number and total once a name is in the set, or not."""
        step = live - (name in self._names)
        return self.count + step, (self.total + step * _hash(name)) % MODULUS


class Positions:
    """The sums of announcements at the newest POSITIONS positions that one writer knows."""

    def __init__(self) -> None:
        self._sums: dict[int, int] = {}

    def note(self, lsn: int, total: int) -> None:
        """The core was at this position with this sum."""
        self._sums[lsn] = total
        if len(self._sums) > POSITIONS:
            del self._sums[next(iter(self._sums))]

    def clear(self) -> None:
        """Forget all: the core is not what it was."""
        self._sums.clear()

    def has(self, lsn: int, total: int) -> bool:
        """Whether a reader that was told so much, with this sum, was told what was written."""
        return self._sums.get(lsn) == total

    def refutes(self, lsn: int, total: int) -> bool:
        """Whether a reader that was told so much, with this sum, was told what nobody wrote.

        False does not mean that it was told the truth: of positions of an earlier writer, and of
        those that are forgotten, nothing is known.
        """
        if not self._sums:
            return False
        known = self._sums.get(lsn)
        return lsn > next(reversed(self._sums)) if known is None else known != total


def _term(announcement: Announcement) -> int:
    return _hash(f"{announcement.zone} {announcement.lsn} {announcement.revision}")


def _hash(text: str) -> int:
    digest = hashlib.blake2b(text.encode(), digest_size=_OCTETS).digest()
    return int.from_bytes(digest, "big")

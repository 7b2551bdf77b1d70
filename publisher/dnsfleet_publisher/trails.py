"""The trail of one writer in the core's log: where the core must be, and what was announced there.

Nobody else writes, so the writer knows the position of the core's log exactly. One publication may
be in doubt, the one whose answer was lost: the core is where it was before, or where that one led.
Anywhere else it is not the core that we left: it lost what was written last, or went back to an
older copy, though its fence may still be ours.
"""

from collections.abc import Mapping
from typing import NamedTuple

from dnsfleet.replication import announcements
from dnsfleet.replication.announcements import Announcement
from dnsfleet.replication.sums import AnnouncementSum, Positions


class _Attempt(NamedTuple):
    """A publication that was sent."""

    lsn: int
    announcement: Announcement | None
    """None where it announces no zone."""
    ended: str
    """The zone whose entry leaves the index; empty for none."""


class Trail:
    """Begins with `read`."""

    def __init__(self) -> None:
        self.begun = False
        """Whether the core was read."""
        self.position = 0
        """Of the newest publication, as far as that is known."""
        self.positions = Positions()
        """The sums of announcements at the positions that the core had."""
        self.epoch = 0
        """The highest that the index announced when it was read."""
        self._sum = AnnouncementSum()
        self._newest = 0
        self._doubt: _Attempt | None = None
        self._earlier: _Attempt | None = None

    @property
    def allowed(self) -> tuple[int, int]:
        """Where the core may be."""
        return self.position, self.position if self._doubt is None else self._doubt.lsn

    @property
    def doubtful(self) -> set[str]:
        """The zones of publications of which nobody knows whether they are there."""
        attempts = [each for each in (self._doubt, self._earlier) if each is not None]
        announced = {each.announcement.zone for each in attempts if each.announcement is not None}
        return announced | {each.ended for each in attempts if each.ended}

    def read(self, index: Mapping[bytes, bytes], position: int) -> None:
        """Begin anew with an index that was read at a position.

        What edges say of that position proves nothing: they may have said it before the core went
        back to it. They prove what they answer by the next one.
        """
        self.begun = True
        announced = announcements.read_index(index)
        self._sum = AnnouncementSum(announced)
        self.epoch = max((each.revision.epoch for each in announced), default=0)
        self.position, self._doubt, self._earlier = position, None, None
        self._newest = max(self._newest, position)
        self.positions.clear()

    def next(self, now_ms: int) -> int:
        """A position that was never tried; close to Unix time in milliseconds."""
        self._newest = max(self._newest + 1, now_ms)
        return self._newest

    def total_with(self, announcement: Announcement | None) -> int:
        """The sum of announcements after one more."""
        return self._sum.total if announcement is None else self._sum.total_with(announcement)

    def attempt(self, lsn: int, announcement: Announcement | None = None, ended: str = "") -> None:
        """A publication is sent; until `done` it is in doubt.

        It announces a zone, or takes the entry of one out of the index, or is the fleet's head.
        """
        self._earlier, self._doubt = self._doubt, _Attempt(lsn, announcement, ended)

    def refused(self) -> None:
        """The publication that was sent changed nothing."""
        self._doubt, self._earlier = self._earlier, None

    def done(self, before: int) -> None:
        """The publication that was sent is the newest; it found the core at a position."""
        if self._earlier is not None and self._earlier.lsn == before:
            self._take(self._earlier)
        if self._doubt is not None:
            self._take(self._doubt)
        self._doubt = self._earlier = None

    def found(self, position: int) -> bool:
        """The core is at a position; whether that is one where we may have left it."""
        doubt = self._doubt
        if doubt is not None and self._earlier is None and position == doubt.lsn:
            self.done(self.position)
        return position == self.position

    def agrees(self, index: Mapping[bytes, bytes], position: int) -> bool:
        """Whether an index announces just what we know of, where it is as of our position."""
        if position != self.position or self._doubt is not None:
            return True  # not to be compared; `found` tells
        return AnnouncementSum(announcements.read_index(index)).total == self._sum.total

    def _take(self, attempt: _Attempt) -> None:
        if attempt.announcement is not None:
            self._sum.put(attempt.announcement)
        if attempt.ended:
            self._sum.drop(attempt.ended)
        self.position = attempt.lsn
        self.positions.note(attempt.lsn, self._sum.total)

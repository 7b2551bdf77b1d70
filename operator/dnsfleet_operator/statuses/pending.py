"""Which status is to be written next, and when. Pure but for the caller's clock.

For each object only the newest status counts, and no two writes of one object are under way at
once: they could arrive in the wrong order. A write that failed is tried again, unless a newer one
is there. Two kinds of failure are told apart. Where the API server is away or overloaded, any
other write would fail as well, so all of them wait. Where it refuses one object, that one waits.

A status with other conditions is urgent: somebody may wait for it. What only brings counts and
revisions up to date is written when nothing is urgent, as there may be one of it for every zone.
"""

from collections.abc import Sequence
from typing import NamedTuple

from dnsfleet.resources import Reference

from dnsfleet_operator.statuses.events import Notice
from dnsfleet_operator.work_queue import FIRST_BACKOFF_SECONDS, MAX_BACKOFF_SECONDS, WorkQueue

REFUSED_SECONDS = 60.0
"""The longest wait of one object: it may be refused until somebody upgrades the CRDs."""


class Write(NamedTuple):
    """One status."""

    uid: str
    """Of the object that it is for, and of no other object with its name."""
    status: bytes
    """See `packing`: while a large fleet comes up, a status of nearly every object waits."""
    notices: Sequence[Notice]
    """What becomes an Event once it is written."""
    urgent: bool
    """Whether other conditions are to be shown."""


class PendingWrites:
    """The writes that wait, and those under way. Not locked. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._waiting: dict[Reference, Write] = {}
        self._urgent: WorkQueue[Reference] = WorkQueue(REFUSED_SECONDS)
        self._others: WorkQueue[Reference] = WorkQueue(REFUSED_SECONDS)
        self._under_way: set[Reference] = set()
        self._dropped: set[Reference] = set()
        """Those of them that are not tried again when they fail."""
        self._pause = 0.0
        self._resume_at = 0.0

    def put(self, reference: Reference, write: Write, now: float) -> None:
        """Have a status written. It takes the place of one that waits, with the wait of that."""
        self._waiting[reference] = write
        if reference not in self._under_way:
            self._add(reference, now)

    def clear(self) -> None:
        """Drop what waits; what is under way is not tried again."""
        self._waiting.clear()
        self._urgent, self._others = WorkQueue(REFUSED_SECONDS), WorkQueue(REFUSED_SECONDS)
        self._dropped = set(self._under_way)

    def take(self, now: float) -> tuple[Reference, Write] | None:
        """A write to be carried out now; None where none is due. `end` or `fail` has to follow."""
        if now < self._resume_at:
            return None
        reference = self._urgent.take(now) or self._others.take(now)
        if reference is None:
            return None
        self._under_way.add(reference)
        return reference, self._waiting.pop(reference)

    def due(self) -> float | None:
        """When `take` gives the next one; None where none waits."""
        found = [due for each in (self._urgent, self._others) if (due := each.due()) is not None]
        return max(min(found), self._resume_at) if found else None

    def end(self, reference: Reference, now: float) -> None:
        """A write is done, or of no use any more: its object is gone."""
        self._pause = 0.0
        self._leave(reference)
        self._urgent.succeeded(reference)
        self._others.succeeded(reference)
        if reference in self._waiting:
            self._add(reference, now)

    def refuse(self, reference: Reference, write: Write, now: float) -> float | None:
        """The API server refused this write; the seconds until the next try, None for no other."""
        self._pause = 0.0
        self._keep(reference, write)
        if reference not in self._waiting:
            return None
        queue = self._urgent if self._waiting[reference].urgent else self._others
        return queue.failed(reference, now)

    def suspend(self, reference: Reference, write: Write, now: float, asked: float) -> float:
        """The API server is away or overloaded; the seconds until any write is tried again.

        `asked` are the seconds that it asked for, 0 for none.
        """
        if now >= self._resume_at:  # else it is the same trouble, met by another thread
            self._pause = min(max(2 * self._pause, FIRST_BACKOFF_SECONDS), MAX_BACKOFF_SECONDS)
        self._resume_at = max(self._resume_at, now + max(self._pause, asked))
        self._keep(reference, write)
        if reference in self._waiting:
            self._add(reference, now)
        return self._resume_at - now

    def _add(self, reference: Reference, now: float) -> None:
        if self._waiting[reference].urgent:
            self._others.discard(reference)
            self._urgent.add(reference, now)
        elif reference not in self._urgent:
            self._others.add(reference, now)

    def _keep(self, reference: Reference, write: Write) -> None:
        """Let a write that failed wait again, unless a newer one does, or it was dropped."""
        if reference not in self._dropped:
            self._waiting.setdefault(reference, write)
        self._leave(reference)

    def _leave(self, reference: Reference) -> None:
        self._under_way.discard(reference)
        self._dropped.discard(reference)

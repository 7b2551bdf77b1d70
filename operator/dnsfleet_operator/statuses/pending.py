"""Which status is to be written next, and when. Pure but for the caller's clock.

For each object only the newest status counts, and no two writes of one object are under way at
once: they could arrive in the wrong order. A write that failed is tried again, unless a newer one
is there. Two kinds of failure are told apart. Where the API server is away or overloaded, any
other write would fail as well, so all of them wait. Where it refuses one object, that one waits.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dnsfleet.resources import Reference

from dnsfleet_operator.statuses.events import Notice
from dnsfleet_operator.work_queue import FIRST_BACKOFF_SECONDS, MAX_BACKOFF_SECONDS, WorkQueue

REFUSED_SECONDS = 60.0
"""The longest wait of one object: it may be refused until somebody upgrades the CRDs."""


class Write(NamedTuple):
    """One status."""

    uid: str
    """Of the object that it is for, and of no other object with its name."""
    status: Mapping[str, Any]
    notices: Sequence[Notice]
    """What becomes an Event once it is written."""


class PendingWrites:
    """The writes that wait, and those under way. Not locked. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._waiting: dict[Reference, Write] = {}
        self._queue: WorkQueue[Reference] = WorkQueue(REFUSED_SECONDS)
        self._under_way: set[Reference] = set()
        self._dropped: set[Reference] = set()
        """Those of them that are not tried again when they fail."""
        self._pause = 0.0
        self._resume_at = 0.0

    def put(self, reference: Reference, write: Write, now: float) -> None:
        """Have a status written. It takes the place of one that waits, with the wait of that."""
        self._waiting[reference] = write
        if reference not in self._under_way:
            self._queue.add(reference, now)

    def clear(self) -> None:
        """Drop what waits; what is under way is not tried again."""
        self._waiting.clear()
        self._queue = WorkQueue(REFUSED_SECONDS)
        self._dropped = set(self._under_way)

    def take(self, now: float) -> tuple[Reference, Write] | None:
        """A write to be carried out now; None where none is due. `end` or `fail` has to follow."""
        reference = self._queue.take(now) if now >= self._resume_at else None
        if reference is None:
            return None
        self._under_way.add(reference)
        return reference, self._waiting.pop(reference)

    def due(self) -> float | None:
        """When `take` gives the next one; None where none waits."""
        due = self._queue.due()
        return None if due is None else max(due, self._resume_at)

    def end(self, reference: Reference, now: float) -> None:
        """A write is done, or of no use any more: its object is gone."""
        self._pause = 0.0
        self._leave(reference)
        self._queue.succeeded(reference)
        if reference in self._waiting:
            self._queue.add(reference, now)

    def refuse(self, reference: Reference, write: Write, now: float) -> float | None:
        """The API server refused this write; the seconds until the next try, None for no other."""
        self._pause = 0.0
        self._keep(reference, write)
        return self._queue.failed(reference, now) if reference in self._waiting else None

    def suspend(self, reference: Reference, write: Write, now: float, asked: float) -> float:
        """The API server is away or overloaded; the seconds until any write is tried again.

        `asked` are the seconds that it asked for, 0 for none.
        """
        if now >= self._resume_at:  # else it is the same trouble, met by another thread
            self._pause = min(max(2 * self._pause, FIRST_BACKOFF_SECONDS), MAX_BACKOFF_SECONDS)
        self._resume_at = max(self._resume_at, now + max(self._pause, asked))
        self._keep(reference, write)
        if reference in self._waiting:
            self._queue.add(reference, now)
        return self._resume_at - now

    def _keep(self, reference: Reference, write: Write) -> None:
        """Let a write that failed wait again, unless a newer one does, or it was dropped."""
        if reference not in self._dropped:
            self._waiting.setdefault(reference, write)
        self._leave(reference)

    def _leave(self, reference: Reference) -> None:
        self._under_way.discard(reference)
        self._dropped.discard(reference)

"""How fast one operator may write to the API server. Pure but for the caller's clock.

One token bucket holds for all writes: statuses, Events and the objects of Pops. The Lease and what
is only read are outside of it, so that no burst of statuses ends a leadership.
"""

WRITES_PER_SECOND = 500.0
"""etcd syncs its disk for each write, and does that a few thousand times a second where its disk is
as it should be: this leaves most of it to others. 10,000 Zones and 50,000 RecordSets get their
statuses in two minutes."""
BURST = 200.0
"""Writes that need not wait after a quiet time: a change of a small fleet is told at once."""
MAX_PAUSE_SECONDS = 30.0
"""The longest wait that the API server may ask for; it asks for some seconds, and an answer that is
wrong must not silence the operator."""


class WriteLimit:
    """A token bucket. Not locked: the caller does that. Times are monotonic seconds."""

    def __init__(self, now: float) -> None:
        self._free_at = now - BURST / WRITES_PER_SECOND
        """When the next write would be due, if no time could be saved up."""
        self._paused_until = now

    def paused(self, now: float) -> float:
        """For how long the API server wants no write; 0 for not at all."""
        return max(0.0, self._paused_until - now)

    def pause(self, now: float, seconds: float) -> None:
        """The API server asked to wait for so long."""
        until = now + min(seconds, MAX_PAUSE_SECONDS)
        self._paused_until = max(self._paused_until, until)

    def take(self, now: float) -> float:
        """Take the turn of one write; the seconds until it may be sent."""
        self._free_at = max(self._free_at, now - BURST / WRITES_PER_SECOND) + 1 / WRITES_PER_SECOND
        return max(0.0, self._free_at - now)

"""Edges that are heard and prove nothing, and for how long.

An edge proves nothing for a moment after the core got another writer, or while it reads an index.
One that goes on so was told something else than what was published: its replica lost entries, or
has some that nobody wrote. An edge of an older version proves nothing until it is replaced.
"""

from collections.abc import Iterable

from dnsfleet_operator.statuses.propagation import Fleet

DOUBT_SECONDS = 60.0
"""An edge compares itself with its replica once more within this time, which mends what can be."""


class Doubts:
    """Since when each edge proves nothing."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, str], float] = {}

    def look(self, fleet: Fleet, pops: Iterable[str], now: float) -> None:
        """Take what edges say now; `now` is in monotonic seconds."""
        doubtful = {(pop, edge) for pop in pops for edge in fleet.doubtful(pop)}
        self._since = {each: self._since.get(each, now) for each in doubtful}

    def of(self, pop: str, now: float) -> tuple[str, ...]:
        """The edges of a Pop that have proved nothing for DOUBT_SECONDS, sorted."""
        return tuple(
            sorted(
                edge
                for (own, edge), since in self._since.items()
                if own == pop and now - since >= DOUBT_SECONDS
            )
        )

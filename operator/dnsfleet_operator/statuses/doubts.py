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
    """Since when each edge proves nothing, and each replica differs."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, str], float] = {}
        self._differing: dict[str, float] = {}
        """Since when the replica of a Pop shows what nobody published."""

    def look(self, fleet: Fleet, pops: Iterable[str], now: float) -> None:
        """Take what edges say now; `now` is in monotonic seconds."""
        names = list(pops)
        doubtful = {(pop, edge) for pop in names for edge in fleet.doubtful(pop)}
        self._since = {each: self._since.get(each, now) for each in doubtful}
        differing = (pop for pop in names if fleet.differs(pop))
        self._differing = {pop: self._differing.get(pop, now) for pop in differing}

    def of(self, pop: str, now: float) -> tuple[str, ...]:
        """The edges of a Pop that have proved nothing for DOUBT_SECONDS, sorted."""
        return tuple(
            sorted(
                edge
                for (own, edge), since in self._since.items()
                if own == pop and now - since >= DOUBT_SECONDS
            )
        )

    def differing(self, now: float) -> list[str]:
        """The Pops whose replicas have differed for DOUBT_SECONDS, those for longest first."""
        late = ((since, pop) for pop, since in self._differing.items())
        return [pop for since, pop in sorted(late) if now - since >= DOUBT_SECONDS]

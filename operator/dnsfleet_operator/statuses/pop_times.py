"""How long each Pop took to answer what was published, told once for a revision and a Pop.

Only what this writer published counts, and only for Pops that were in service when it did, for as
long as they are: an edge that was restarted, a Pop that was drained for a day and a new leader look
like arrivals too, but no change was on its way for so long. So does a Pop that missed changes: it
was cut off, had no Ready edge, or followed a replica that hangs. The time is then that of the
fault, of which there is an alert. What is superseded before it arrived is not told.
"""

from collections.abc import Callable, Sequence

from dnsfleet.replication.manifests import Manifest


class PopTimes:
    """The revisions that are on their way, with the Pops that do not answer them yet."""

    def __init__(self, arrived: Callable[[str, float], None]) -> None:
        """`arrived` hears of a Pop, and how many seconds a revision took to it."""
        self._arrived = arrived
        self._awaited: dict[str, frozenset[str] | None] = {}
        """By origin; None where no look was made since it was published."""
        self._left: frozenset[str] = frozenset()
        """What was put there last: zones of one pass mostly wait for the same Pops and share it."""
        self._missing: frozenset[str] = frozenset()

    def missing(self, pops: frozenset[str]) -> None:
        """Take the Pops that miss changes now; nothing that is on its way is told of them."""
        if new := pops - self._missing:
            without = {origin: left and left - new for origin, left in self._awaited.items()}
            self._awaited = {each: left for each, left in without.items() if left != frozenset()}
        self._missing = pops

    def published(self, origin: str) -> None:
        """A revision of a zone was published just now."""
        self._awaited[origin] = None

    def forget(self, origin: str) -> None:
        """A zone is published no more."""
        self._awaited.pop(origin, None)

    def look(
        self,
        manifest: Manifest,
        active: Sequence[str],
        lacks: Callable[[str, str], bool],
        now: float,
    ) -> None:
        """Take which of the Pops in service lack the newest revision of a zone.

        `now` is Unix time in seconds.
        """
        origin = manifest.zone
        if origin not in self._awaited:
            return
        awaited = self._awaited[origin]
        if awaited is None:
            awaited = frozenset(filter(manifest.assigned, active)) - self._missing
        else:
            awaited = awaited.intersection(active)
        left = frozenset(pop for pop in awaited if lacks(pop, origin))
        for pop in awaited - left:
            self._arrived(pop, max(0.0, now - manifest.time_ms / 1000))
        if left != self._left:
            self._left = left
        self._awaited[origin] = self._left
        if not left:
            del self._awaited[origin]

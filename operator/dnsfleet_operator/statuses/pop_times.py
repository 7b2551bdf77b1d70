"""How long each Pop took to answer what was published, told once for a revision and a Pop.

Only what this writer published counts, and only for Pops that were in service when it did, for as
long as they are: an edge that was restarted, a Pop that was drained for a day and a new leader look
like arrivals too, but no change was on its way for so long. A Pop that is cut off is in service.
What is superseded before it arrived is not told.
"""

from collections.abc import Callable

from dnsfleet.replication.manifests import Manifest

from dnsfleet_operator.statuses.propagation import Fleet


class PopTimes:
    """The revisions that are on their way, with the Pops that do not answer them yet."""

    def __init__(self, arrived: Callable[[str, float], None]) -> None:
        """`arrived` hears of a Pop, and how many seconds a revision took to it."""
        self._arrived = arrived
        self._awaited: dict[str, set[str] | None] = {}
        """By origin; None where no look was made since it was published."""

    def published(self, origin: str) -> None:
        """A revision of a zone was published just now."""
        self._awaited[origin] = None

    def forget(self, origin: str) -> None:
        """A zone is published no more."""
        self._awaited.pop(origin, None)

    def look(self, fleet: Fleet, origin: str, manifest: Manifest, now: float) -> None:
        """Take what edges say of the newest revision of a zone. `now` is Unix time in seconds."""
        if origin not in self._awaited:
            return
        active = {pop for pop in fleet.active if manifest.assigned(pop)}
        awaited = self._awaited[origin]
        awaited = active if awaited is None else awaited & active
        arrived = {pop for pop in awaited if fleet.current(manifest, pop)}
        for pop in arrived:
            self._arrived(pop, max(0.0, now - manifest.time_ms / 1000))
        self._awaited[origin] = awaited - arrived
        if awaited == arrived:
            del self._awaited[origin]

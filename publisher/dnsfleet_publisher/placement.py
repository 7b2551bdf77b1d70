"""Which Pops serve a zone, and which did a short time ago."""

from collections.abc import Callable, Iterable, Set

from dnsfleet.resources import LabelSelector, Pop, Zone

LATELY_SECONDS = 600.0
"""What somebody does to many Pops, one after the other, is one change: a script, a sync of a GitOps
tool, a person with a list."""


def placement(
    zone: Zone, pops: Iterable[Pop], lingering: Set[str] = frozenset()
) -> tuple[str, ...] | None:
    """The Pops that a Zone selects, drained ones too, so that draining publishes nothing.

    None is every Pop, also one that comes later. `lingering` are Pops that serve the zone and do
    not say their labels any more; they go on. A catalog is at no Pop: who may ask
    it could list the names of all its zones (RFC 9432 section 7), and only gates transfer it.
    """
    if zone.is_catalog:
        return ()
    selector = zone.spec.placement.pop_selector
    if selector == LabelSelector():
        return None
    chosen = {pop.metadata.name for pop in pops if selector.matches(pop.metadata.labels)}
    return tuple(sorted(chosen | lingering))


class LatelyLost:
    """The Pops that each zone lost within the last ten minutes, as far as this process knows."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Take a clock of seconds that never goes back."""
        self._clock = clock
        self._times: dict[str, dict[str, float]] = {}

    def note(self, origin: str, lost: Set[str]) -> None:
        """A zone was taken from these Pops."""
        if lost:
            now = self._clock()
            self._times.setdefault(origin, {}).update(dict.fromkeys(lost, now))

    def of(self, origin: str, forever: bool) -> Set[str]:
        """The Pops that a zone lost lately; `forever` forgets none that was not forgotten yet.

        That is for a zone whose placement is held: time is no approval.
        """
        times = self._times.get(origin, {})
        if not forever:
            now = self._clock()
            for pop in [pop for pop, at in times.items() if now - at >= LATELY_SECONDS]:
                del times[pop]
            if not times:
                self._times.pop(origin, None)
        return frozenset(times)

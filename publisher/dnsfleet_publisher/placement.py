"""Which Pops serve a zone."""

from collections.abc import Iterable, Set

from dnsfleet.resources import LabelSelector, Pop, Zone


def placement(
    zone: Zone, pops: Iterable[Pop], lingering: Set[str] = frozenset()
) -> tuple[str, ...] | None:
    """The Pops that a Zone selects, drained ones too, so that draining publishes nothing.

    None is every Pop, also one that comes later. `lingering` are Pops that serve the zone and do
    not say their labels any more; they go on.
    """
    selector = zone.spec.placement.pop_selector
    if selector == LabelSelector():
        return None
    chosen = {pop.metadata.name for pop in pops if selector.matches(pop.metadata.labels)}
    return tuple(sorted(chosen | lingering))

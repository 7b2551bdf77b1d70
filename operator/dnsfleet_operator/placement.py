"""Which Pops serve a zone."""

from collections.abc import Iterable

from dnsfleet.resources import LabelSelector, Pop, Zone


def placement(zone: Zone, pops: Iterable[Pop]) -> tuple[str, ...] | None:
    """The Pops that a Zone selects, drained ones too, so that draining publishes nothing.

    None is every Pop, also one that comes later.
    """
    selector = zone.spec.placement.pop_selector
    if selector == LabelSelector():
        return None
    return tuple(sorted(pop.metadata.name for pop in pops if selector.matches(pop.metadata.labels)))

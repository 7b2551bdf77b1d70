"""Which Pops serve each zone, kept up to date for the price of what changed.

Many Zones have the same selector, mostly none. So Pops are matched with each selector once, and
only the origins of a selector that now chooses other Pops are looked at again.
"""

from collections.abc import Iterable, Iterator, Mapping, Set

from dnsfleet.resources import LabelSelector, Pop, Zone
from dnsfleet_publisher.placement import placement

Pops = tuple[str, ...] | None
"""Names of Pops, sorted; None is all."""


class Selections:
    """The selectors of Zones, and which Pops each chooses."""

    def __init__(self) -> None:
        self.pops: list[Pop] = []
        self._labels: Mapping[str, Mapping[str, str]] = {}
        self._lingering: Set[str] = frozenset()
        self._origins: dict[str, set[str]] = {}
        self._zones: dict[str, Zone] = {}
        self._chosen: dict[str, Pops] = {}

    def follow(self, pops: list[Pop], lingering: Set[str]) -> set[str]:
        """Take the Pops as they are; the origins of Zones for which that may be other Pops.

        `lingering` are Pops whose edges run and whose objects are gone or not understood.
        """
        labels = {pop.metadata.name: pop.metadata.labels for pop in pops}
        if (labels, lingering) == (self._labels, self._lingering):
            return set()
        changed = self._lingering != lingering
        self.pops, self._labels, self._lingering = pops, labels, frozenset(lingering)
        found = set()
        for selector, origins in self._origins.items():
            chosen = placement(self._zones[next(iter(origins))], pops)
            if changed or chosen != self._chosen[selector]:
                found |= origins
            self._chosen[selector] = chosen
        return found

    def choose(self, zone: Zone, served: Iterable[str]) -> Pops:
        """The Pops of a Zone; `served` are those that serve it now."""
        self.forget(zone.origin)
        if zone.is_catalog:
            return placement(zone, self.pops)
        selector = zone.spec.placement.pop_selector
        if selector == LabelSelector():
            return None
        key = selector.model_dump_json()
        self._origins.setdefault(key, set()).add(zone.origin)
        self._zones[zone.origin] = zone
        if key not in self._chosen:
            self._chosen[key] = placement(zone, self.pops)
        lingering = self._lingering & set(served)
        chosen = self._chosen[key]
        return tuple(sorted({*chosen, *lingering})) if chosen is not None else None

    def forget(self, origin: str) -> None:
        """A Zone is gone, or may have another selector."""
        zone = self._zones.pop(origin, None)
        if zone is None:
            return
        key = zone.spec.placement.pop_selector.model_dump_json()
        self._origins[key].discard(origin)
        if not self._origins[key]:
            del self._origins[key], self._chosen[key]


class Placements(Mapping[Pops, Set[str]]):
    """The origins of published zones, by the Pops that serve them."""

    def __init__(self) -> None:
        self._origins: dict[Pops, set[str]] = {}
        self._pops: dict[str, Pops] = {}

    def __getitem__(self, pops: Pops) -> Set[str]:
        return self._origins[pops]

    def __iter__(self) -> Iterator[Pops]:
        return iter(self._origins)

    def __len__(self) -> int:
        return len(self._origins)

    def put(self, origin: str, pops: Pops) -> None:
        """A zone is served by these Pops."""
        self.remove(origin)
        self._pops[origin] = pops
        self._origins.setdefault(pops, set()).add(origin)

    def remove(self, origin: str) -> None:
        """A zone is served no more."""
        if origin in self._pops:
            pops = self._pops.pop(origin)
            self._origins[pops].discard(origin)
            if not self._origins[pops]:
                del self._origins[pops]

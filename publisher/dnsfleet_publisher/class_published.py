"""What of a published zone is whose: classes leave to an object what it has published itself.

Somebody else's RRset of the same name and type is none of it: else whoever claims that would have
it, against the rules, as soon as its owner drops it.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from dnsfleet.resources import RecordSet, Zone
from dnsfleet.zones import class_rules
from dnsfleet.zones.ownership import Owned
from dnsfleet.zones.sharing import RRsetKey
from dnsfleet_engine import Zone as EngineZone

Published = Callable[[str, RecordSet], RecordSet | None]
"""Gets an origin and a RecordSet, and gives the same object as it was published in that zone."""
Live = Callable[[str], EngineZone | None]
"""Gets an origin and gives the zone as it is published."""


class Good(Protocol):
    """Gives the last good version of the same object, for the same zone, where there is one."""

    def __call__(self, item: Owned, /) -> Owned | None: ...


class OfObjects:
    """What single objects have published of a zone."""

    def __init__(
        self,
        zone: Zone,
        record_sets: Sequence[RecordSet],
        live: Live,
        good: Good,
        published: Published,
    ) -> None:
        self._zone = zone
        self._record_sets = record_sets
        self._live = live(zone.origin)
        self._good = good
        self._published = published
        self._of_all: set[RRsetKey] | None = None

    def of(self, item: Zone | RecordSet) -> class_rules.Published:
        """What one of its objects has."""
        if isinstance(item, RecordSet):
            known = self._of_record_set(item)
            return lambda name, rtype: known.get((name, rtype))
        return self._of_zone

    def _of_zone(self, name: str, rtype: str) -> tuple[int, Sequence[str]] | None:
        if self._live is None:
            return None
        if self._of_all is None:
            self._of_all = {key for each in self._record_sets for key in self._of_record_set(each)}
        return None if (name, rtype) in self._of_all else self._live.get(name, rtype)

    def _of_record_set(self, item: RecordSet) -> dict[RRsetKey, tuple[int, Sequence[str]]]:
        """By what was noted of it, or else by its last good version."""
        origin, live = self._zone.origin, self._live
        if live is None:
            return {}
        if (noted := self._published(origin, item)) is not None:
            return {
                (each.name, each.type): (each.ttl or 0, each.data) for each in noted.spec.rrsets
            }
        if (good := self._good(item)) is None:
            return {}
        found: dict[RRsetKey, tuple[int, Sequence[str]]] = {}
        for each in class_rules.of_record_set(good, self._zone):
            if (there := live.get(each.name, each.rtype)) is not None:
                own = set(class_rules.values(origin, each, None))
                found[each.name, each.rtype] = (there[0], [v for v in there[1] if v in own])
        return found

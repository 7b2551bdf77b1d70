"""What ZoneClasses say to the Zones and RecordSets of an assembler."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Protocol

from dnsfleet.resources import RecordSet, Reference, Zone, ZoneClass
from dnsfleet.violations import Violation
from dnsfleet.zones import class_rules, classes, ownership
from dnsfleet.zones.class_rules import NOTHING, Content, Demand, Use
from dnsfleet.zones.owners import Owners
from dnsfleet.zones.ownership import Owned
from dnsfleet_engine import Zone as EngineZone

from dnsfleet_publisher.class_quotas import ClassQuotas, Entry, Group
from dnsfleet_publisher.dependencies import RecordSets

Live = Callable[[str], EngineZone | None]
"""Gets an origin and gives the zone as it is published."""


class Good(Protocol):
    """Gives the last good version of the same object, for the same zone, where there is one."""

    def __call__(self, item: Owned, /) -> Owned | None: ...


class Classified:
    """Knows the class of each Zone, and which objects are beyond its quota."""

    def __init__(
        self,
        owners: Owners,
        record_sets: RecordSets,
        labels: Mapping[str, Mapping[str, str]],
        live: Live,
        good: Good,
    ) -> None:
        """`live` and `good` give what is published, and the last good version of an object."""
        self._owners = owners
        self._record_sets = record_sets
        self._labels = labels
        self._live = live
        self._good = good
        self._quotas = ClassQuotas(self._entry)
        self._later: set[str] = set()
        self._files: dict[Reference, tuple[EngineZone, list[Content]]] = {}
        """The RRsets of zone files, which take long to find."""

    def changed(self, references: Iterable[Reference]) -> None:
        """These Zones and RecordSets came, changed or went."""
        self._quotas.changed(references)

    def forget(self, zone: Reference) -> None:
        """A Zone is gone."""
        self._files.pop(zone, None)
        self._changed_with_record_sets(zone)

    def reclassify(self, suffixes: Set[str]) -> set[str]:
        """The classes with these suffixes are others; the origins of which they decide."""
        origins = self._owners.reclassify(suffixes)
        for origin in origins:
            if (owner := self._owners.owner(origin)) is not None:
                self._changed_with_record_sets(owner.reference)
        return origins

    def relabelled(self, namespace: str) -> list[Reference]:
        """A namespace has other labels; its Zones, of which the class may be another by that."""
        if not any(each.spec.namespaces for each in self._owners.classes):
            return []
        found = list(self._owners.in_namespace(namespace))
        for zone in found:
            self._changed_with_record_sets(zone)
        return found

    def settle(self, zones: Iterable[Reference]) -> set[str]:
        """Count the quotas; the origins of objects about which they say something else.

        `zones` are those that came to own their origin, or do not own it any more.
        """
        for zone in zones:
            self._changed_with_record_sets(zone)
        return self.take_later()

    def take_later(self) -> set[str]:
        """The origins of objects that fit no more, or again, since a zone file was read."""
        later, self._later = self._later | self._count(), set()
        return later

    def _count(self) -> set[str]:
        found = set()
        for reference in self._quotas.settle():
            zone_of = self._record_sets.zone_of(reference)
            owner = self._owners.get(reference if zone_of is None else zone_of)
            if owner is not None:
                found.add(owner.origin)
        return found

    def judge(
        self, zone: Zone, base: EngineZone | None, record_sets: Sequence[RecordSet]
    ) -> tuple[ZoneClass | None, tuple[Violation, ...]]:
        """The class of a Zone that is to be built, and what it says to it and its RecordSets."""
        zone_class = self._owners.classes.of(zone, self._labels)
        if zone_class is None:
            self._files.pop(zone.reference, None)
            return None, ()
        zone = classes.applied(zone, zone_class)
        live = self._live(zone.origin)
        contents = {zone.reference: self._of_zone(zone, base)} | {
            each.reference: class_rules.of_record_set(each, zone) for each in record_sets
        }
        found: list[Violation] = []
        for reference, own in contents.items():
            found += class_rules.judge(own, zone_class, live)
            if (exceeded := self._quotas.over.get(reference)) is not None:
                found.append(class_rules.over_quota(reference, own, exceeded, live))
        return zone_class, tuple(found)

    def warning(self, zone: Zone) -> Violation | None:
        """What is told to a Zone that owns its origin although no class takes it."""
        return self._owners.classes.refusal(zone, self._labels, served=True)

    def _of_zone(self, zone: Zone, base: EngineZone | None) -> list[Content]:
        """The RRsets of a Zone; what a zone file takes of a quota is known from then on."""
        if zone.spec.zone_file is None:
            self._files.pop(zone.reference, None)
            return class_rules.of_zone(zone, None)
        if base is None:  # its last good version goes on, and takes its room
            return []
        known = self._files.get(zone.reference)
        if known is None or known[0] is not base:
            known = self._files[zone.reference] = (base, class_rules.of_zone(zone, base))
            self._quotas.changed([zone.reference])
            self._later |= self._count()
        return known[1]

    def _changed_with_record_sets(self, zone: Reference) -> None:
        self._quotas.changed([zone, *self._record_sets.references(zone)])

    def _entry(self, reference: Reference) -> Entry | None:
        """What an object takes of the quota of its namespace now."""
        record_set = self._record_sets.get(reference)
        zone = self._owners.get(reference if record_set is None else record_set.zone_reference)
        if zone is None or not self._owners.owns(zone.reference):
            return None
        if ownership.is_gone(zone):
            return self._entry_of_gone(zone)
        zone_class = self._owners.classes.of(zone, self._labels)
        if zone_class is None or zone_class.spec.quota is None:
            return None
        if record_set is None:
            age = ownership.zone_age(zone, self._owners.registered.get(zone.origin))
            asked, served = self._use(zone, zone), self._use(self._good(zone), zone)
        else:
            age = ownership.age(record_set)
            asked, served = self._use(record_set, zone), self._use(self._good(record_set), zone)
        group = Group(zone_class.metadata.name, reference.namespace)
        return Entry(group, zone_class.spec.quota, Demand(age, asked, served))

    def _entry_of_gone(self, zone: Zone) -> Entry | None:
        """What a Zone that is gone takes: a place of whoever published it, while it is served."""
        known = self._owners.registered.get(zone.origin)
        if known is None or self._live(zone.origin) is None:
            return None
        age, namespace = ownership.zone_age(zone, known), known.giver or zone.reference.namespace
        metadata = zone.metadata.model_copy(update={"namespace": namespace})
        zone = zone.model_copy(update={"metadata": metadata})
        zone_class = self._owners.classes.of(zone, self._labels)
        if zone_class is None or zone_class.spec.quota is None:
            return None
        place = class_rules.use("Zone", ())
        demand = Demand(age, place, place, zone.origin)
        return Entry(Group(zone_class.metadata.name, namespace), zone_class.spec.quota, demand)

    def _use(self, item: Zone | RecordSet | None, zone: Zone) -> Use:
        """What a version of an object takes; all versions of a zone file count as the last read."""
        if item is None:
            return NOTHING
        if isinstance(item, RecordSet):
            contents = class_rules.of_record_set(item, zone)
        elif item.spec.zone_file is not None and item.reference in self._files:
            _, contents = self._files[item.reference]
        else:
            contents = class_rules.of_zone(item, None)
        return class_rules.use(item.reference.kind, contents)

"""What ZoneClasses say to the Zones and RecordSets of an assembler.

A class without rules costs nothing here for the RRsets of its zones. What rules have against an
object is found once for each version of it, and what of that is published is asked only then.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import NamedTuple

from dnsfleet.resources import RecordSet, Reference, Zone, ZoneClass
from dnsfleet.violations import Violation
from dnsfleet.zones import class_rules, classes, ownership
from dnsfleet.zones.class_rules import (
    NOTHING,
    Against,
    Content,
    Demand,
    Substitute,
    Substitutes,
    Use,
)
from dnsfleet.zones.owners import Owners
from dnsfleet.zones.sharing import RRsetKey
from dnsfleet_engine import Zone as EngineZone

from dnsfleet_publisher.class_published import Good, Live, OfObjects, Published
from dnsfleet_publisher.class_quotas import ClassQuotas, Entry, Group
from dnsfleet_publisher.dependencies import RecordSets


class _Checked(NamedTuple):
    """What the rules of a class have against an object, and what that was found from."""

    item: Zone | RecordSet
    base: EngineZone | None
    zone_class: ZoneClass
    ttl: int
    faults: list[Against]

    def is_of(
        self, item: Zone | RecordSet, base: EngineZone | None, zone_class: ZoneClass, ttl: int
    ) -> bool:
        """Whether it was found from these."""
        same = self.item is item and self.base is base and self.zone_class is zone_class
        return same and self.ttl == ttl


class Classified:
    """Knows the class of each Zone, and which objects are beyond its quota."""

    def __init__(
        self,
        owners: Owners,
        record_sets: RecordSets,
        labels: Mapping[str, Mapping[str, str]],
        live: Live,
        good: Good,
        published: Published,
    ) -> None:
        """`live` and `good` give what is published, and the last good version of an object."""
        self._owners = owners
        self._record_sets = record_sets
        self._labels = labels
        self._live = live
        self._good = good
        self._published = published
        self._quotas = ClassQuotas(self._entry)
        self._later: set[str] = set()
        self._files: dict[Reference, tuple[EngineZone, Use]] = {}
        """What zone files take of quotas, which takes long to find."""
        self._checked: dict[Reference, dict[Reference, _Checked]] = {}
        """By Zone, and by the objects that its zone is made of."""

    def changed(self, references: Iterable[Reference]) -> None:
        """These Zones and RecordSets came, changed or went."""
        self._quotas.changed(references)

    def forget(self, zone: Reference) -> None:
        """A Zone is gone."""
        self._files.pop(zone, None)
        self._checked.pop(zone, None)
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
    ) -> tuple[ZoneClass | None, tuple[Violation, ...], Substitutes]:
        """The class of a Zone that is to be built, and what it says to it and its RecordSets.

        Last is what takes the place of RRsets of dynamic ones that it refuses.
        """
        zone_class = self._owners.classes.of(zone, self._labels)
        before = self._checked.pop(zone.reference, {})
        self._count_file(zone, base, zone_class)
        if zone_class is None:
            return None, (), {}
        by_rules = zone_class.spec.types is not None or zone_class.spec.ttl is not None
        if not by_rules and not self._quotas.over:
            return zone_class, (), {}
        applied = classes.applied(zone, zone_class)
        own = OfObjects(applied, record_sets, self._live, self._good, self._published)
        found: list[Violation] = []
        substitutes: dict[tuple[Reference, RRsetKey], Substitute] = {}
        checked: dict[Reference, _Checked] = {}
        items: list[Zone | RecordSet] = [zone, *record_sets]
        for item in items:
            reference, file = item.reference, base if item is zone else None
            if by_rules:
                known = before.get(reference)
                if known is None or not known.is_of(item, file, zone_class, applied.spec.ttl):
                    faults = class_rules.against(_contents(item, applied, file), zone_class)
                    known = _Checked(item, file, zone_class, applied.spec.ttl, faults)
                checked[reference] = known
                if known.faults and isinstance(item, RecordSet) and item.spec.dynamic:
                    told, refused = class_rules.judge_each(known.faults, own.of(item))
                    found += told
                    substitutes |= {(reference, key): there for key, there in refused.items()}
                elif known.faults:
                    found += class_rules.judge(known.faults, own.of(item))
            if (exceeded := self._quotas.over.get(reference)) is not None:
                contents = _contents(item, applied, file)
                adds = class_rules.adds(zone.origin, contents, file, own.of(item))
                found.append(class_rules.over_quota(reference, exceeded, adds=adds))
        if checked:
            self._checked[zone.reference] = checked
        return zone_class, tuple(found), substitutes

    def warning(self, zone: Zone) -> Violation | None:
        """What is told to a Zone that owns its origin although no class takes it."""
        return self._owners.classes.refusal(zone, self._labels, served=True)

    def _count_file(
        self, zone: Zone, base: EngineZone | None, zone_class: ZoneClass | None
    ) -> None:
        """What a zone file takes of a quota is known from now on."""
        if not zone.spec.has_file or zone_class is None or zone_class.spec.quota is None:
            self._files.pop(zone.reference, None)
            return
        known = self._files.get(zone.reference)
        if base is None or (known is not None and known[0] is base):
            return  # where it cannot be read its last good version goes on, and takes its room
        self._files[zone.reference] = (
            base,
            class_rules.use("Zone", class_rules.of_zone(zone, base)),
        )
        self._quotas.changed([zone.reference])
        self._later |= self._count()

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
        if isinstance(item, Zone) and item.spec.has_file:
            known = self._files.get(item.reference)
            return class_rules.use("Zone", ()) if known is None else known[1]
        own = item if isinstance(item, Zone) else zone
        return class_rules.use(item.reference.kind, _contents(item, own, None))


def _contents(item: Zone | RecordSet, zone: Zone, base: EngineZone | None) -> list[Content]:
    """The RRsets of the Zone or of a RecordSet; `zone` has what its class gives."""
    if isinstance(item, RecordSet):
        return class_rules.of_record_set(item, zone)
    if zone.spec.has_file and base is None:
        return []  # its last good version goes on
    return class_rules.of_zone(zone, base)

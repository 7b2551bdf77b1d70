"""What a ZoneClass says to the records of a Zone and of the RecordSets that add to it.

A rule decides about what is new: an RRset that the same object has published already with its TTL,
and an object that adds nothing to what it has published, get a warning in the place of an error. So
a class that came or was narrowed stops nothing. An object with an error is not taken, and its last
good version stays (see `dnsfleet_publisher.last_good`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from dnsfleet_engine import Zone as EngineZone

from dnsfleet import rrtypes
from dnsfleet.resources import Record, RecordSet, Reference, Zone, ZoneClass
from dnsfleet.resources.zone_classes import Quota
from dnsfleet.violations import Severity, Violation
from dnsfleet.zones import shared_values
from dnsfleet.zones.classes import REASON
from dnsfleet.zones.ownership import Age
from dnsfleet.zones.sharing import RRsetKey

SIGNING = frozenset({"RRSIG", "NSEC", "NSEC3", "NSEC3PARAM", "DNSKEY"})
"""Types of a signed zone file that come from its signer, and not from whoever wrote records."""
MAX_TOLD = 10
"""RRsets of one object that are told of."""


class Content(NamedTuple):
    """One RRset of an object."""

    name: str
    rtype: str
    ttl: int
    octets: int
    """Of its data, as text."""
    where: str
    data: tuple[str, ...] = ()
    """As it is written; empty for a zone file."""


class Against(NamedTuple):
    """What a class has against one RRset, whether that is published or not."""

    content: Content
    message: str
    is_ttl: bool
    """Whether it is about the TTL only."""


Published = Callable[[str, str], tuple[int, Sequence[str]] | None]
"""Gets the name and the type of an RRset, and gives TTL and data as one object has it published."""


Substitute = tuple[int, tuple[str, ...]] | None
"""TTL and data of an RRset as its object has it published; None where it has nothing."""
Substitutes = Mapping[tuple[Reference, RRsetKey], Substitute]
"""What takes the place of RRsets of dynamic RecordSets that may not be as they are."""


class Use(NamedTuple):
    """What an object takes of the quota of its namespace."""

    zones: int
    record_sets: int
    rrsets: int
    octets: int

    def plus(self, other: "Use") -> "Use":
        """Both together."""
        return Use(*(a + b for a, b in zip(self, other, strict=True)))

    def minus(self, other: "Use") -> "Use":
        """This without the other."""
        return Use(*(a - b for a, b in zip(self, other, strict=True)))


NOTHING = Use(0, 0, 0, 0)


class Demand(NamedTuple):
    """What an object takes of a quota; the older ones go first."""

    age: Age
    asked: Use
    """By its present version."""
    served: Use
    """By its last good version."""
    reserved: str = ""
    """The origin, where its Zone is gone and its zone is served on."""

    @property
    def most(self) -> Use:
        """What it takes where its present version fits: that may be wrong for another reason."""
        return Use(*(max(a, b) for a, b in zip(self.asked, self.served, strict=True)))


class Exceeded(NamedTuple):
    """Why an object does not fit into the quota of its namespace."""

    zone_class: str
    field: str
    """Of `spec.quota`, as it is written."""
    limit: int
    reserved: str = ""
    """An origin whose Zone is gone, and that counts here."""


def of_record_set(record_set: RecordSet, zone: Zone) -> list[Content]:
    """The RRsets of a RecordSet; `zone` has the default TTL."""
    return list(_of_records(record_set.rrsets_place, record_set.spec.rrsets, zone))


def of_zone(zone: Zone, base: EngineZone | None) -> list[Content]:
    """The RRsets of a Zone without its SOA and name servers; `base` is that of its zone file."""
    if base is None or zone.is_catalog:  # nobody writes what a catalog lists
        return list(_of_records(f"{zone.reference}: spec.records", zone.spec.records or (), zone))
    found: dict[tuple[str, str], Content] = {}
    signing = SIGNING if base.signed else frozenset()
    for line in base.to_text().splitlines():
        name, ttl, rtype, data = line.split(" ", 3)
        if rtype == "SOA" or (name, rtype) == (base.origin, "NS") or rtype in signing:
            continue
        before = found.get((name, rtype))
        octets = len(data) + (0 if before is None else before.octets)
        where = f"{zone.reference}: spec.zoneFile"
        found[name, rtype] = Content(name, rtype, int(ttl), octets, where)
    return list(found.values())


def _of_records(place: str, records: Iterable[Record], zone: Zone) -> Iterator[Content]:
    for index, record in enumerate(records):
        try:
            name, rtype = record.key(zone.origin)
        except ValueError:
            continue  # building the zone refuses it
        ttl = zone.spec.ttl if record.ttl is None else record.ttl
        octets = sum(len(text.encode()) for text in record.data)
        where = f"{place}[{index}]"
        yield Content(name, rtype, ttl, octets, where, record.data)


def use(kind: str, contents: Sequence[Content]) -> Use:
    """What a Zone or RecordSet with these RRsets takes of a quota."""
    is_zone = kind == "Zone"
    octets = sum(each.octets for each in contents)
    return Use(int(is_zone), int(not is_zone), len(contents), octets)


def against(contents: Iterable[Content], zone_class: ZoneClass) -> list[Against]:
    """What a class has against types and TTLs."""
    spec, name = zone_class.spec, zone_class.metadata.name
    types = None if spec.types is None else {rrtypes.number(each) for each in spec.types}
    found: list[Against] = []
    if types is None and spec.ttl is None:
        return found
    for each in contents:
        if types is not None and rrtypes.number(each.rtype) not in types:
            message = f"ZoneClass {name} does not allow type {each.rtype}; its spec.types lists all"
            found.append(Against(each, message, is_ttl=False))
        elif spec.ttl is not None and not spec.ttl.minimum <= each.ttl <= spec.ttl.maximum:
            message = (
                f"{each.name} {each.rtype} has TTL {each.ttl}; ZoneClass {name} allows "
                f"{spec.ttl.minimum} to {spec.ttl.maximum}"
            )
            found.append(Against(each, message, is_ttl=True))
    return found


def judge(faults: Iterable[Against], published: Published) -> list[Violation]:
    """What is told to the object that has these RRsets: only warnings of what it has published."""
    found: list[Violation] = []
    for (name, rtype, ttl, _, where, _), message, is_ttl in faults:
        there = published(name, rtype)
        is_old = there is not None and (not is_ttl or there[0] == ttl)
        severity: Severity = "warning" if is_old else "error"
        told = f"{message}; what is served goes on" if is_old else message
        found.append(Violation(REASON, told, where, severity))
    found.sort(key=lambda violation: violation.severity)  # errors first, then in order
    return found[:MAX_TOLD]


def judge_each(
    faults: Iterable[Against], published: Published
) -> tuple[list[Violation], dict[RRsetKey, Substitute]]:
    """What is told of the RRsets of a dynamic RecordSet, each of which stands for itself.

    And what takes the place of each that may not be as it is.
    """
    found: list[Violation] = []
    substitutes: dict[RRsetKey, Substitute] = {}
    for (name, rtype, ttl, _, where, _), message, is_ttl in faults:
        there = published(name, rtype)
        if there is None or (is_ttl and there[0] != ttl):
            substitutes[name, rtype] = None if there is None else (there[0], tuple(there[1]))
        told = "this RRset is left out" if there is None else "what is served goes on"
        found.append(Violation(REASON, f"{message}; {told}", where, "warning"))
    return found[:MAX_TOLD], substitutes


def over_quota(reference: Reference, exceeded: Exceeded, *, adds: bool) -> Violation:
    """What is told to an object that does not fit; an error where it adds something."""
    label, field, limit, reserved = exceeded
    message = (
        f"namespace {reference.namespace} has more than the {limit} {field} that ZoneClass {label} "
        "allows, and older objects go first; remove some, or have its spec.quota raised"
    )
    if reserved:
        message += f"; {reserved} counts as long as it is served, although its Zone is gone"
    if not adds:
        message += "; what is served goes on"
        return Violation("QuotaExceeded", message, f"{reference}: spec", "warning")
    return Violation("QuotaExceeded", message, f"{reference}: spec")


def adds(
    origin: str, contents: Iterable[Content], base: EngineZone | None, published: Published
) -> bool:
    """Whether an object has data that it has not published; `base` is that of its zone file."""
    for each in contents:
        there = published(each.name, each.rtype)
        if there is None or not set(values(origin, each, base)) <= set(there[1]):
            return True
    return False


def values(origin: str, content: Content, base: EngineZone | None) -> Sequence[str]:
    """The data of an RRset as a zone has it, however it is spelled."""
    if base is None:
        return shared_values.values(origin, content.name, content.rtype, content.data)
    found = base.get(content.name, content.rtype)
    return () if found is None else found[1]


def _precedence(entry: tuple[Reference, Demand]) -> tuple[str, bool, Age]:
    reference, demand = entry
    return demand.age.created, reference.kind != "Zone", demand.age


_FIELDS = ("zones", "recordSets", "rrsets", "octets")


def _limits(quota: Quota) -> tuple[int | None, ...]:
    return quota.zones, quota.record_sets, quota.rrsets, quota.octets


def fits(total: Use, quota: Quota) -> bool:
    """Whether objects that take this much together are within a quota."""
    limits = _limits(quota)
    return all(limit is None or now <= limit for limit, now in zip(limits, total, strict=True))


def beyond(
    demands: Iterable[tuple[Reference, Demand]], quota: Quota, zone_class: str
) -> dict[Reference, Exceeded]:
    """Which objects of one namespace do not fit into its quota.

    The oldest go first, of the same age Zones before RecordSets. One that does not fit takes the
    room of what is served of it, and leaves the rest to those after it.
    """
    taken, found = NOTHING, {}
    in_order = sorted(demands, key=_precedence)
    reserved = next((demand.reserved for _, demand in in_order if demand.reserved), "")
    for reference, demand in in_order:
        total = taken.plus(demand.asked)
        over = next(
            (
                Exceeded(zone_class, field, limit, reserved if field == "zones" else "")
                for field, limit, now, more in zip(
                    _FIELDS, _limits(quota), total, demand.asked, strict=True
                )
                if limit is not None and more and now > limit
            ),
            None,
        )
        if over is not None:
            found[reference] = over
        taken = taken.plus(demand.most if over is None else demand.served)
    return found

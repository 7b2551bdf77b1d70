"""What a ZoneClass says to the records of a Zone and of the RecordSets that add to it.

A rule decides about what is new: an RRset that is published already with its TTL, and an object
that adds nothing to what is published, get a warning in the place of an error. So a class that came
or was narrowed stops nothing. An object with an error is not taken, and its last good version stays
(see `dnsfleet_publisher.last_good`).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from dnsfleet_engine import Zone as EngineZone

from dnsfleet import rrtypes
from dnsfleet.resources import Record, RecordSet, Reference, Zone, ZoneClass
from dnsfleet.resources.zone_classes import Quota
from dnsfleet.violations import Severity, Violation
from dnsfleet.zones.classes import REASON
from dnsfleet.zones.ownership import Age

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
    return list(_of_records(record_set.reference, record_set.spec.records, zone))


def of_zone(zone: Zone, base: EngineZone | None) -> list[Content]:
    """The RRsets of a Zone without its SOA and name servers; `base` is that of its zone file."""
    if base is None:
        return list(_of_records(zone.reference, zone.spec.records or (), zone))
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


def _of_records(reference: Reference, records: Iterable[Record], zone: Zone) -> Iterator[Content]:
    for index, record in enumerate(records):
        try:
            name, rtype = record.key(zone.origin)
        except ValueError:
            continue  # building the zone refuses it
        ttl = zone.spec.ttl if record.ttl is None else record.ttl
        octets = sum(len(text.encode()) for text in record.data)
        yield Content(name, rtype, ttl, octets, f"{reference}: spec.records[{index}]")


def use(kind: str, contents: Sequence[Content]) -> Use:
    """What a Zone or RecordSet with these RRsets takes of a quota."""
    is_zone = kind == "Zone"
    octets = sum(each.octets for each in contents)
    return Use(int(is_zone), int(not is_zone), len(contents), octets)


def judge(
    contents: Sequence[Content], zone_class: ZoneClass, live: EngineZone | None
) -> list[Violation]:
    """What a class says to types and TTLs; `live` is the zone as it is published."""
    spec, name = zone_class.spec, zone_class.metadata.name
    types = None if spec.types is None else {rrtypes.number(each) for each in spec.types}
    found: list[Violation] = []
    for each in contents:
        published = None if live is None else live.get(each.name, each.rtype)
        message = None
        if types is not None and rrtypes.number(each.rtype) not in types:
            message = f"ZoneClass {name} does not allow type {each.rtype}; its spec.types lists all"
            is_old = published is not None
        elif spec.ttl is not None and not spec.ttl.minimum <= each.ttl <= spec.ttl.maximum:
            message = (
                f"{each.name} {each.rtype} has TTL {each.ttl}; ZoneClass {name} allows "
                f"{spec.ttl.minimum} to {spec.ttl.maximum}"
            )
            is_old = published is not None and published[0] == each.ttl
        if message is not None:
            severity: Severity = "warning" if is_old else "error"
            told = f"{message}; what is served goes on" if is_old else message
            found.append(Violation(REASON, told, each.where, severity))
    found.sort(key=lambda violation: violation.severity)  # errors first, then in order
    return found[:MAX_TOLD]


def over_quota(
    reference: Reference,
    contents: Sequence[Content],
    exceeded: Exceeded,
    live: EngineZone | None,
) -> Violation:
    """What is told to an object that does not fit; an error where it adds something."""
    label, field, limit, reserved = exceeded
    message = (
        f"namespace {reference.namespace} has more than the {limit} {field} that ZoneClass {label} "
        "allows, and older objects go first; remove some, or have its spec.quota raised"
    )
    if reserved:
        message += f"; {reserved} counts as long as it is served, although its Zone is gone"
    if live is not None and all(_is_in(live, each) for each in contents):
        message += "; what is served goes on"
        return Violation("QuotaExceeded", message, f"{reference}: spec", "warning")
    return Violation("QuotaExceeded", message, f"{reference}: spec")


def _is_in(live: EngineZone, content: Content) -> bool:
    """Whether an RRset is published, with as much data."""
    published = live.get(content.name, content.rtype)
    return published is not None and content.octets <= sum(map(len, published[1]))


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

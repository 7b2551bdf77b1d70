"""Who may say what: one Zone for an origin, one object for each RRset of a zone.

The Zone and its file own their RRsets. Beyond that the oldest claim wins, so that nobody can take
over a name that is in use: RecordSets are looked at in order of age, and one that claims an RRset
which has an owner is refused as a whole, its other claims with it, unless the two may share the
RRset (see `sharing`). A zone cut or a DNAME decides about more names than its own, so it is refused
where it would hide data of an older owner (see `cuts`).

A dynamic RecordSet is not refused as a whole: each RRset of it is looked at by itself, in its place
in the order of age, and one that may not be is left out alone (see `claimants`). So a record that
the Zone gets at a name of a dynamic RecordSet takes that RRset from it, and no other.

Age is `creationTimestamp`; objects of the same second, and objects without one, as in files, are
ordered by namespace and name, so that every reader comes to the same result. A Zone that was
deleted and made anew keeps the age of what it published, and the Zone that published an origin
comes before all others for it, so that an older one which was refused until now does not take it
over (see `registrations`). Before all this a ZoneClass may refuse a Zone (see `classes`).
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import NamedTuple, TypeVar

from dnsfleet_engine import Zone as EngineZone

from dnsfleet import names
from dnsfleet.resources import RecordSet, Reference, Zone
from dnsfleet.violations import Violation, errors
from dnsfleet.zones import claimants, claims, registrations, sharing
from dnsfleet.zones.claimants import Claimant
from dnsfleet.zones.classes import Classes
from dnsfleet.zones.cuts import Cuts
from dnsfleet.zones.registrations import Registration, Registrations
from dnsfleet.zones.sharing import RRsetKey

Owned = TypeVar("Owned", Zone, RecordSet)

_GONE = ""
"""As the deletionTimestamp of a RecordSet: it stands for an object that is gone."""


class Admission(NamedTuple):
    """Which RecordSets add to a zone."""

    record_sets: tuple[RecordSet, ...]
    """Admitted, the oldest first; a dynamic one with those of its RRsets that are."""
    violations: list[Violation]
    """Why the others are not."""
    claimants: tuple[Claimant, ...] = ()
    """What of them is admitted, in the order in which it was looked at."""


class Age(NamedTuple):
    """Sorts objects, the oldest first; no two objects of a kind have the same."""

    created: str
    """The creationTimestamp: RFC 3339 of one form, so text order is time order."""
    is_behind: bool
    """Whether this is a Zone whose origin is registered for another one."""
    namespace: str
    name: str


def age(item: Owned) -> Age:
    """The age of an object."""
    reference = item.reference
    return Age(item.metadata.creation_timestamp, False, reference.namespace, reference.name)


def zone_age(zone: Zone, registration: Registration | None) -> Age:
    """The age of a Zone for its origin; `registration` is that of the origin.

    Where another Zone is registered, this one counts as younger than that.
    """
    own = age(zone)
    if registration is None:
        return own
    if registration.zone == zone.reference:
        return own._replace(created=min(own.created, registration.created))
    return own._replace(created=max(own.created, registration.created), is_behind=True)


def by_age(objects: Iterable[Owned]) -> list[Owned]:
    """Oldest first."""
    return sorted(objects, key=age)


def zones_by_origin(
    zones: Iterable[Zone],
    namespaces: Mapping[str, Mapping[str, str]],
    classes: Classes | None = None,
    registered: Registrations | None = None,
) -> tuple[dict[str, Zone], list[Violation]]:
    """The Zone that owns each origin, and why the other Zones own none.

    The oldest claim wins. A younger Zone above or below the origin of one of another namespace
    needs that Zone's consent. `namespaces` gives the labels of each namespace.
    """
    owners: dict[str, Zone] = {}
    violations = []
    for zone, refusal in judged(zones, namespaces, classes, registered):
        if refusal is None:
            owners[zone.origin] = zone
        else:
            violations.append(refusal)
    return owners, violations


def judged(
    zones: Iterable[Zone],
    namespaces: Mapping[str, Mapping[str, str]],
    classes: Classes | None = None,
    registered: Registrations | None = None,
) -> Iterator[tuple[Zone, Violation | None]]:
    """Each Zone in order of age, and why it does not own its origin; None where it does.

    This is the rule, written plainly. `owners.Owners` comes to the same verdicts at a cost that
    follows what changed.
    """
    owners: dict[str, Zone] = {}
    below: dict[str, list[Zone]] = {}
    classes, registered = classes or Classes(), registered or {}
    for zone in sorted(zones, key=lambda each: zone_age(each, registered.get(each.origin))):
        refusal = None
        if not is_registered(zone, registered):
            refusal = classes.refusal(zone, namespaces)
        refusal = refusal or _why_not_owner(zone, owners, below, namespaces, registered)
        if refusal is None:
            owners[zone.origin] = zone
            for ancestor in names.ancestors(zone.origin):
                below.setdefault(ancestor, []).append(zone)
        yield zone, refusal


def _why_not_owner(
    zone: Zone,
    owners: Mapping[str, Zone],
    below: Mapping[str, list[Zone]],
    namespaces: Mapping[str, Mapping[str, str]],
    registered: Registrations,
) -> Violation | None:
    """Why an older Zone keeps this one from owning its origin."""
    if (owner := owners.get(zone.origin)) is not None:
        return in_use(zone, owner)
    for other in below.get(zone.origin, ()):
        if not takes(other, zone, namespaces, registered):
            return not_allowed(zone, other, "above")
    nearest = next((owners[name] for name in names.ancestors(zone.origin) if name in owners), None)
    if nearest is not None and not takes(nearest, zone, namespaces, registered):
        return not_allowed(zone, nearest, "below")
    return None


def is_registered(zone: Zone, registered: Registrations) -> bool:
    """Whether a Zone is the one that owns its origin by a registration."""
    known = registered.get(zone.origin)
    return known is not None and known.zone == zone.reference


def is_gone(zone: Zone) -> bool:
    """Whether this is what holds the origin of a Zone that is gone."""
    return zone.metadata.deletion_timestamp is not None and not zone.metadata.uid


def in_place_of(record_set: RecordSet) -> RecordSet:
    """What stands for a RecordSet that is gone, while its records are served on."""
    metadata = record_set.metadata.model_copy(update={"deletion_timestamp": _GONE})
    return record_set.model_copy(update={"metadata": metadata})


def takes(
    zone: Zone,
    other: Zone,
    namespaces: Mapping[str, Mapping[str, str]],
    registered: Registrations,
) -> bool:
    """Whether a Zone takes another one above or below its origin.

    What holds the origin of a Zone that is gone knows no consent; it takes what is published.
    """
    if is_gone(zone) and is_registered(other, registered):
        return True
    return allows_nested(zone, other.reference.namespace, namespaces)


def allows_nested(zone: Zone, namespace: str, namespaces: Mapping[str, Mapping[str, str]]) -> bool:
    """Whether a Zone takes Zones of a namespace above or below its origin."""
    own, consent = zone.reference.namespace, zone.spec.nested_zones.namespaces
    return namespace == own or consent.allows(namespace, namespaces.get(namespace, {}), own)


def in_use(zone: Zone, owner: Zone) -> Violation:
    """The refusal of a Zone whose origin has an older owner, which may be gone for a short time."""
    if is_gone(owner):
        return _reserved(zone, owner)
    message = f"{zone.origin} is the origin of {owner.reference}; remove one of the two"
    return Violation("ZoneInUse", message, f"{zone.reference}: spec.origin")


def _reserved(zone: Zone, gone: Zone) -> Violation:
    """The refusal of a Zone at, above or below an origin that waits for its Zone."""
    message = (
        f"{gone.origin} stays with namespace {gone.reference.namespace} for a day by default, "
        f"as its Zone is gone since {gone.metadata.deletion_timestamp}; wait, or have that Zone "
        f"made anew with annotation {registrations.RELEASE_ANNOTATION}: "
        f"{zone.reference.namespace}, and deleted"
    )
    return Violation("ZoneReserved", message, f"{zone.reference}: spec.origin")


def not_allowed(zone: Zone, other: Zone, side: str) -> Violation:
    """The refusal of a Zone that is `above` or `below` an older one that does not take it."""
    if is_gone(other):
        return _reserved(zone, other)
    message = (
        f"{zone.origin} is {side} {other.origin} of {other.reference}, which takes no Zones "
        f"from namespace {zone.reference.namespace}; its spec.nestedZones.namespaces must allow it"
    )
    return Violation("NotAllowedByZone", message, f"{zone.reference}: spec.origin")


def record_sets_by_zone(
    zones: Iterable[Zone], record_sets: Iterable[RecordSet]
) -> tuple[dict[Reference, list[RecordSet]], list[Violation]]:
    """The RecordSets of each Zone; those that refer to no Zone are violations."""
    found: dict[Reference, list[RecordSet]] = {zone.reference: [] for zone in zones}
    violations = []
    for record_set in record_sets:
        if (own := found.get(record_set.zone_reference)) is not None:
            own.append(record_set)
        else:
            violations.append(without_zone(record_set))
    return found, violations


def without_zone(record_set: RecordSet) -> Violation:
    """The refusal of a RecordSet that refers to no Zone which owns its origin."""
    message = f"there is no {record_set.zone_reference}; make it, or correct the reference"
    return Violation("ZoneNotFound", message, f"{record_set.reference}: spec.zoneRef")


def admit(
    zone: Zone,
    record_sets: Iterable[RecordSet],
    namespaces: Mapping[str, Mapping[str, str]],
    base: EngineZone | None = None,
    kept: Set[Reference] = frozenset(),
    first: Set[Reference] = frozenset(),
    left_out: Set[tuple[Reference, RRsetKey]] = frozenset(),
) -> Admission:
    """Which of the RecordSets that refer to `zone` may add to it.

    `namespaces` gives the labels of each namespace, `base` is the zone of the Zone's file. Those in
    `kept` got the consent that they need before, and it is not checked again: their namespace may
    be gone, and its labels with it. Those in `first` come before all others, whatever their age.
    RRsets of dynamic ones in `left_out` are so by a class, which tells why. A zone that came signed
    takes none, as nobody could sign what they add, nor does a transferred one: what its primaries
    have is all of it.
    """
    if zone.spec.transfer is not None:
        return Admission((), [_transferred(zone, each) for each in by_age(record_sets)])
    if zone.is_catalog:
        return Admission((), [_catalog(zone, each) for each in by_age(record_sets)])
    if base is not None and base.signed:
        return Admission((), [_signed_elsewhere(zone, each) for each in by_age(record_sets)])
    owners: dict[RRsetKey, list[Reference]] = {}
    in_order = sorted(by_age(record_sets), key=lambda each: each.reference not in first)
    gone = {each.reference for each in in_order if each.metadata.deletion_timestamp == _GONE}
    refused = _refused_whole(zone, in_order, namespaces, kept)
    there = [each for each in in_order if each.reference not in refused]
    claimed = [(each, *claims.of(zone, each)) for each in claimants.of(there, first)]
    cuts = Cuts(zone, base, (claim for _, own, _ in claimed for claim in own))
    for record in zone.spec.records or ():
        try:
            key = record.key(zone.origin)
        except ValueError:
            continue  # building the zone refuses this record
        owners[key] = [zone.reference]
        cuts.add(key, zone.reference)
    admitted: list[Claimant] = []
    violations = [violation for own in refused.values() for violation in own]
    for claimant, own, found in claimed:
        record_set = claimant.record_set
        if claimant.position is not None and any(
            (record_set.reference, c) in left_out for c in own
        ):
            continue
        is_kept = record_set.reference in kept
        if not is_kept:
            found += _not_allowed_here(zone, claimant, own, namespaces)
        for (index, _), claim in zip(claimant.records, own, strict=False):
            before = owners.get(claim, [])
            if not before and base is not None and base.get(*claim) is not None:
                before = [zone.reference]
            if not before:
                is_named = is_kept or claims.is_named(zone, claim[0])
                found += cuts.judge(record_set, index, claim, is_named)
            elif is_kept and all(each in kept for each in before):
                continue  # they shared it when the Zone allowed that
            elif not sharing.may_join(zone, claim, before, record_set.reference):
                message = f"{claim[0]} {claim[1]} belongs to {_whose(before[0], gone)}"
                found.append(claims.refusal("NotOwner", message, record_set, index))
        if not is_kept and not record_set.spec.dynamic:
            found += _too_much_shared(zone, record_set)
        violations += claimants.told(claimant, found)
        if not errors(found):
            admitted.append(claimant)
            for claim in own:
                owners.setdefault(claim, []).append(record_set.reference)
                cuts.add(claim, record_set.reference)
    return Admission(claimants.taken(there, admitted), violations, tuple(admitted))


def _refused_whole(
    zone: Zone,
    record_sets: Iterable[RecordSet],
    namespaces: Mapping[str, Mapping[str, str]],
    kept: Set[Reference],
) -> dict[Reference, list[Violation]]:
    """The dynamic ones of which nothing may be in the zone, and why."""
    found = {}
    for each in record_sets:
        if each.spec.dynamic and each.reference not in kept:
            own = claims.from_elsewhere(zone, each, namespaces)
            if own := own or claims.too_many(zone, each) or _too_much_shared(zone, each):
                found[each.reference] = own
    return found


def _not_allowed_here(
    zone: Zone,
    claimant: Claimant,
    own: Iterable[RRsetKey],
    namespaces: Mapping[str, Mapping[str, str]],
) -> list[Violation]:
    """What the consent of the Zone does not allow of a claimant."""
    if claimant.position is None:
        elsewhere = claims.from_elsewhere(zone, claimant.record_set, namespaces)
        if elsewhere:
            return elsewhere
    return claims.without_consent(zone, claimant, own)


def _whose(owner: Reference, gone: Set[Reference]) -> str:
    """The owner of an RRset that somebody else claims, and what that one can do."""
    if owner not in gone:
        return f"{owner}; remove it here or there"
    return (
        f"{owner}, which is gone: what it added is served until its removal is approved "
        "(`kubectl dnsfleet held`) or its time as an orphan has passed; until then this one waits"
    )


def _catalog(zone: Zone, record_set: RecordSet) -> Violation:
    message = (
        f"{zone.reference} is a catalog, which lists Zones and nothing else; refer to another Zone"
    )
    return Violation("CatalogZone", message, f"{record_set.reference}: spec.zoneRef")


def _signed_elsewhere(zone: Zone, record_set: RecordSet) -> Violation:
    message = (
        f"the zone file of {zone.reference} is signed elsewhere, and what is added here would have "
        "no signatures; add the records where it is signed"
    )
    return Violation("SignedZone", message, f"{record_set.reference}: spec.zoneRef")


def _transferred(zone: Zone, record_set: RecordSet) -> Violation:
    message = (
        f"{zone.reference} is transferred from its primaries, and has what they have; add the "
        "records there"
    )
    return Violation("TransferredZone", message, f"{record_set.reference}: spec.zoneRef")


def _too_much_shared(zone: Zone, record_set: RecordSet) -> list[Violation]:
    if (size := sharing.octets(zone, record_set)) <= sharing.MAX_OCTETS:
        return []
    message = (
        f"{size} octets of data in RRsets that others may share, at most {sharing.MAX_OCTETS} are "
        "allowed; make several RecordSets"
    )
    return [Violation("TooMuchShared", message, record_set.rrsets_place)]

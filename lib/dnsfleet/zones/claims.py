"""What a RecordSet claims of a zone, and what the consent of the Zone says to it."""

from collections.abc import Iterable, Mapping

from dnsfleet import names, rrtypes
from dnsfleet.resources import RecordSet, Zone
from dnsfleet.violations import Violation
from dnsfleet.zones.claimants import Claimant
from dnsfleet.zones.sharing import RRsetKey

UNASKED = frozenset({"NS", "DNAME", "DS"})
"""Types that a consent has to list, because they decide about other names than their own."""

MAX_NOTED = 192 * 1024
"""Octets of the RRsets of a dynamic RecordSet as the core notes them. A claim contains those of two
versions beside data that is shared (`sharing.MAX_OCTETS`), and a value there has 1 MiB at most."""
NOTED_BESIDE = 32
"""Octets that are noted of an RRset beside its name and type: since when it is claimed, JSON."""


def of(zone: Zone, claimant: Claimant) -> tuple[list[RRsetKey], list[Violation]]:
    """(owner name, type) of each record, in order, and those that nobody may claim."""
    claims: list[RRsetKey] = []
    violations = []
    origin, record_set = zone.origin, claimant.record_set
    for index, record in claimant.records:
        try:
            claim = record.key(origin)
        except rrtypes.UnknownTypeError as error:
            violations.append(refusal("UnknownType", str(error), record_set, index))
            continue
        except ValueError as error:
            violations.append(refusal("BadName", str(error), record_set, index))
            continue
        claims.append(claim)
        if claim[1] == "SOA" or claim == (origin, "NS"):
            message = f"the {claim[1]} of the apex comes from {zone.reference}; remove it here"
            violations.append(refusal("ApexOwnedByZone", message, record_set, index))
    return ([] if violations else claims), violations


def from_elsewhere(
    zone: Zone, record_set: RecordSet, namespaces: Mapping[str, Mapping[str, str]]
) -> list[Violation]:
    """Whether a Zone takes no RecordSet of this namespace; `namespaces` has the labels of each."""
    namespace, own = record_set.reference.namespace, zone.reference.namespace
    if zone.spec.record_sets.namespaces.allows(namespace, namespaces.get(namespace, {}), own):
        return []
    message = (
        f"{zone.reference} takes no RecordSets from namespace {namespace}; "
        "its spec.recordSets.namespaces must allow it"
    )
    return [Violation("NotAllowedByZone", message, f"{record_set.reference}: spec.zoneRef")]


def without_consent(zone: Zone, claimant: Claimant, claims: Iterable[RRsetKey]) -> list[Violation]:
    """Why the names and types that are claimed may not be added."""
    consent, origin = zone.spec.record_sets, zone.origin
    types = None if consent.types is None else {rrtypes.number(each) for each in consent.types}
    violations = []
    for (index, _), (owner, rtype) in zip(claimant.records, claims, strict=False):
        field = None
        if rtype in UNASKED if types is None else rrtypes.number(rtype) not in types:
            field = "types"
        elif not any(_fits(owner, pattern, origin) for pattern in consent.names):
            field = "names"
        if field is not None:
            message = (
                f"{zone.reference} does not allow {owner} {rtype} in its spec.recordSets.{field}"
            )
            if types is None and field == "types":
                message += ", which has to list this type"
            violations.append(refusal("NotAllowedByZone", message, claimant.record_set, index))
    return violations


def too_many(zone: Zone, record_set: RecordSet) -> list[Violation]:
    """Whether the core could not note all names of a dynamic RecordSet."""
    size = 0
    for record in record_set.spec.rrsets:
        try:
            owner, rtype = record.key(zone.origin)
        except ValueError:
            continue  # it is left out
        size += len(owner) + owner.count("\\") + len(rtype) + NOTED_BESIDE
    if size <= MAX_NOTED:
        return []
    message = (
        f"its names take {size} octets where they are noted, at most {MAX_NOTED} are allowed; "
        "remove some, or use shorter ones"
    )
    return [Violation("TooManyNames", message, record_set.rrsets_place)]


def is_named(zone: Zone, owner: str) -> bool:
    """Whether a consent has just this name, and not a pattern that it fits."""
    single = (each for each in zone.spec.record_sets.names if not each.startswith("*"))
    return any(names.normalise(each, zone.origin) == owner for each in single)


def _fits(owner: str, pattern: str, origin: str) -> bool:
    if pattern == "*":
        return True
    if pattern.startswith("*."):
        ancestor = names.normalise(pattern.removeprefix("*."), origin)
        return owner != ancestor and names.is_at_or_below(owner, ancestor)
    return owner == names.normalise(pattern, origin)


def refusal(reason: str, message: str, record_set: RecordSet, index: int) -> Violation:
    """An error about one record of a RecordSet."""
    return Violation(reason, message, f"{record_set.rrsets_place}[{index}]")

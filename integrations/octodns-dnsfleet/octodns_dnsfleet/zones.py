"""What a Zone takes from RecordSets, as far as it can be seen before an apply.

The operator decides, and tells it on the RecordSet. Some of what it refuses is plain from the Zone
and from the RecordSets beside, and is told in the plan: types and names without the consent of the
Zone, and RRsets that somebody else has. Records of a zone file, the labels of a namespace, and what
a ZoneClass takes are not looked at here.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from octodns.idna import IdnaError, idna_encode  # type: ignore[import-untyped]

from octodns_dnsfleet import values
from octodns_dnsfleet.errors import DnsfleetError
from octodns_dnsfleet.values import Key, UnfitError

Object = dict[str, Any]

DEFAULT_TTL = 300
"""Seconds of a record where neither it, its Zone nor the ZoneClass has a TTL."""
TO_BE_LISTED = frozenset({"DNAME", "DS", "NS"})
"""Types that a Zone has to list in its consent, as they decide about other names than their own."""
CHALLENGE = "_acme-challenge."
"""Names at which RecordSets of one namespace may share a TXT."""


def origin(zone: Object) -> str:
    """The origin of a Zone as octoDNS names zones."""
    return str(idna_encode(zone["spec"]["origin"].rstrip("."))) + "."


def well_named(zones: Iterable[Object]) -> list[Object]:
    """Those whose origin is a name. The API server stores others as well; the operator refuses
    them, and they must not be in the way of their neighbours."""
    found = []
    for zone in zones:
        try:
            origin(zone)
        except IdnaError:
            continue
        found.append(zone)
    return found


def owner_of(name: str, zones: Iterable[Object], namespace: str) -> Object:
    """The one Zone that has an origin; DnsfleetError where there is none, or more."""
    found = [zone for zone in zones if origin(zone) == name]
    if not found:
        raise DnsfleetError(
            f"no Zone in namespace {namespace} has the origin {name[:-1]}; make it first, as the "
            "records of octoDNS are added to a Zone"
        )
    accepted = [zone for zone in found if condition(zone, "Accepted").get("status") == "True"]
    chosen = accepted if len(found) > 1 else found
    if len(chosen) != 1:
        names = ", ".join(sorted(zone["metadata"]["name"] for zone in found))
        raise DnsfleetError(
            f"several Zones in namespace {namespace} have the origin {name[:-1]}: {names}; remove "
            "all but one"
        )
    return chosen[0]


def default_ttl(zone: Object) -> int:
    """Seconds of the records that have no TTL."""
    given = zone.get("status", {}).get("zoneClass") or {}
    return int(zone["spec"].get("ttl") or given.get("ttl") or DEFAULT_TTL)


def label(kind: str, found: Object) -> str:
    """An object as messages name it."""
    return f"{kind} {found['metadata']['namespace']}/{found['metadata']['name']}"


def condition(found: Object, kind: str) -> Object:
    """A condition of an object; empty where it has none."""
    conditions = found.get("status", {}).get("conditions") or ()
    return next((each for each in conditions if each["type"] == kind), {})


def without_consent(zone: Object, key: Key, namespace: str) -> str | None:
    """Why a Zone does not take an RRset from RecordSets of a namespace; None where it may."""
    name, rtype = key
    consent = zone["spec"].get("recordSets") or {}
    whose = label("Zone", zone)
    foreign = namespace != zone["metadata"]["namespace"]
    if foreign and (consent.get("namespaces") or {}).get("from", "Same") == "Same":
        return (
            f"{whose} takes no RecordSets from namespace {namespace} (spec.recordSets.namespaces)"
        )
    types = consent.get("types")
    if rtype in TO_BE_LISTED if types is None else rtype not in types:
        return f"{whose} does not list {rtype} in its spec.recordSets.types"
    patterns = consent.get("names") or ["*"]
    if not any(_fits(name, pattern, origin(zone)) for pattern in patterns):
        return f"{whose} does not allow {name} in its spec.recordSets.names"
    return None


def taken(zone: Object, record_sets: Iterable[Object]) -> dict[Key, str]:
    """The RRsets that the Zone and RecordSets of others have, and whose they are.

    Refused RecordSets have none. A TXT that several may share is not in it.
    """
    apex = origin(zone)
    merged = (zone["spec"].get("recordSets") or {}).get("merge") or ()
    found = {
        key: label("RecordSet", other)
        for other in record_sets
        if refers_to(other, zone) and condition(other, "Accepted").get("status") != "False"
        for field in ("records", "dynamicRecords")
        for key in _keys(other["spec"].get(field) or (), apex)
        if key[1] not in merged and not (key[1] == "TXT" and key[0].startswith(CHALLENGE))
    }
    return found | dict.fromkeys(
        _keys(zone["spec"].get("records") or (), apex), label("Zone", zone)
    )


def refers_to(record_set: Object, zone: Object) -> bool:
    """Whether a RecordSet adds to a Zone."""
    reference, wanted = record_set["spec"]["zoneRef"], zone["metadata"]
    namespace = reference.get("namespace") or record_set["metadata"]["namespace"]
    return (reference["name"], namespace) == (wanted["name"], wanted["namespace"])


def _keys(items: Iterable[Mapping[str, Any]], apex: str) -> list[Key]:
    """The RRsets of items; what is no name is nobody's."""
    found = []
    for item in items:
        try:
            found.append(values.key_of(item, apex))
        except UnfitError:
            continue
    return found


def _fits(name: str, pattern: str, apex: str) -> bool:
    if pattern == "*":
        return True
    below = pattern.startswith("*.")
    return any(
        name.endswith(f".{wanted}") if below else name == wanted
        for wanted, _ in _keys([{"name": pattern.removeprefix("*."), "type": ""}], apex)
    )

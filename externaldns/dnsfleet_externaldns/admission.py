"""Whether an endpoint may be written: the checks of the operator, before anything is sent.

What is refused here is told and left out, so that it costs nobody else anything. The operator has
the last word: it knows other owners, zone cuts and quotas, and says so in the status of the
RecordSet.
"""

from typing import NamedTuple

from dnsfleet import names, resources, rrtypes
from dnsfleet.resources import RecordSet, Zone
from dnsfleet.violations import errors
from dnsfleet.zones import building, claims
from dnsfleet.zones.claimants import Claimant
from dnsfleet.zones.sharing import RRsetKey

from dnsfleet_externaldns import record_sets, targets
from dnsfleet_externaldns.endpoints import OWNED_RECORD, Endpoint
from dnsfleet_externaldns.record_sets import Part, Parts
from dnsfleet_externaldns.writable_zones import WritableZones

MAX_NOTES = 64 * 1024
"""Octets of the annotation: a quarter of what all annotations of an object may have."""
MOST_VERDICTS = 200_000
"""RRsets whose verdicts are remembered: some 100 MB, and more than one ExternalDNS has."""
OWN_PROPERTY = "dnsfleet/"
"""Begins settings that we add to an answer, and never keep."""
_ANY = "any"


class EndpointId(NamedTuple):
    """Which endpoint: those of one RRset have different set identifiers."""

    owner: str
    type: str
    set_identifier: str

    @property
    def key(self) -> RRsetKey:
        """The RRset."""
        return self.owner, self.type


class Refusal(NamedTuple):
    """Why an endpoint is not written."""

    reason: str
    """CamelCase word for programs."""
    message: str


def identify(endpoint: Endpoint) -> EndpointId | Refusal:
    """Which endpoint this is."""
    try:
        owner = names.normalise(endpoint.dns_name)
        rtype = rrtypes.normalise(endpoint.record_type)
    except rrtypes.UnknownTypeError as error:
        return Refusal("UnknownType", str(error))
    except ValueError as error:
        return Refusal("BadName", str(error))
    return EndpointId(owner, rtype, endpoint.set_identifier)


def group(endpoint: Endpoint) -> str:
    """What is written together or not at all: a name, and the TXT that tells its owner."""
    return _normal(endpoint.labels.get(OWNED_RECORD, endpoint.dns_name))


def part(endpoint: Endpoint, rtype: str) -> Part:
    """What an endpoint adds to its RRset."""
    properties = {
        each.name: each.value
        for each in endpoint.provider_specific
        if not each.name.startswith(OWN_PROPERTY)
    }
    found = targets.canonical(rtype, endpoint.targets)
    return Part(found, endpoint.record_ttl, properties)


def judge(endpoint: Endpoint, zones: WritableZones) -> tuple[EndpointId, Part | Refusal]:
    """Which endpoint this is, and what it adds to its RRset, or why it may not."""
    found = identify(endpoint)
    if isinstance(found, Refusal):
        return EndpointId(
            _normal(endpoint.dns_name), endpoint.record_type, endpoint.set_identifier
        ), found
    zone = zones.of(found.owner)
    if zone is None:
        return found, Refusal("NoZone", f"no Zone that may be written to has {found.owner}")
    if problem := zones.problem(found.owner):
        return found, Refusal("ZoneNotUnderstood", problem)
    if endpoint.record_ttl < 0:
        return found, Refusal("BadValue", f"a TTL of {endpoint.record_ttl} seconds is below 0")
    wanted = part(endpoint, found.type)
    if not wanted.targets:
        return found, Refusal("NoTargets", "the endpoint has no targets")
    refusal = fits(found.key, {found.set_identifier: wanted}, zone, zones)
    return found, refusal or wanted


def fits(key: RRsetKey, parts: Parts, zone: Zone, zones: WritableZones) -> Refusal | None:
    """Why a Zone may not have an RRset of these parts.

    ExternalDNS asks for all endpoints again every minute, so the answer is remembered.
    """
    asked = (
        key,
        tuple(
            (each, it.targets, it.ttl, tuple(sorted(it.properties.items())))
            for each, it in sorted(parts.items())
        ),
    )
    if asked not in zones.verdicts:
        if len(zones.verdicts) >= MOST_VERDICTS:
            zones.verdicts.clear()
        zones.verdicts[asked] = _refusal(key, parts, zone, zones)
    found: Refusal | None = zones.verdicts[asked]
    return found


def _refusal(key: RRsetKey, parts: Parts, zone: Zone, zones: WritableZones) -> Refusal | None:
    body = record_sets.body(_ANY, key, parts, zone.reference)
    notes = body["metadata"].get("annotations", {}).get(record_sets.SETS, "")
    if len(notes.encode()) > MAX_NOTES:
        message = f"its sets and settings take {len(notes.encode())} octets, {MAX_NOTES} at most"
        return Refusal("TooLarge", message)
    record_set, found = resources.parse(body, "")
    if isinstance(record_set, RecordSet):
        whole = Claimant(record_set)
        keys, found = claims.of(zone, whole)
        found = found or claims.from_elsewhere(zone, record_set, zones.labels)
        found = found or claims.without_consent(zone, whole, keys)
        found = found or building.from_resources(zone, [record_set], None)[1]
    first = next(iter(errors(found)), None)
    return None if first is None else Refusal(first.reason, first.message)


def _normal(name: str) -> str:
    """The normal spelling of a name; as it stands where it is none."""
    try:
        return names.normalise(name)
    except ValueError:
        return name

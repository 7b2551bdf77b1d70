"""RRsets to which several RecordSets may add values.

Mostly an RRset has one owner. Two kinds of TXT may have more, all of them RecordSets:

    at an _acme-challenge name                 those of one namespace, without anybody's word
    with spec.recordSets.merge, at any other   all that may add to the zone

Two certificates for one name are validated at once by two values (RFC 8555 section 8.4). Whoever
can write one proves to a CA that the name is theirs, so another namespace never may, whatever the
Zone allows. What the Zone itself or its file has stays its own.

A RecordSet owns its values (see `shared_values`). When it goes, those of others stay, and so does a
value that somebody else gives too. The RRset has the lowest TTL that one of them asks for, as it
can have only one (RFC 2181 section 5.2).
"""

from collections.abc import Iterable, Iterator

from dnsfleet import rrtypes
from dnsfleet.resources import Record, RecordSet, Reference, Zone

RRsetKey = tuple[str, str]
"""Owner name and type, each in normal spelling (`Record.key`)."""

CHALLENGE = "_acme-challenge."
"""What the names begin with at which a CA looks (RFC 8555 section 8.4)."""
TXT = rrtypes.number("TXT")
MAX_OCTETS = 64 * 1024
"""Octets of all data that one RecordSet has in RRsets that others may share. A claim contains that
of two versions, escaped up to fivefold, and a value in the core has 1 MiB at most."""


def may_be_shared(zone: Zone, key: RRsetKey) -> bool:
    """Whether several RecordSets may add values to an RRset."""
    return is_challenge(key) or key[1] in (zone.spec.record_sets.merge or ())


def octets(zone: Zone, record_set: RecordSet) -> int:
    """The octets of all data that a RecordSet has in RRsets that others may share."""
    return sum(
        len(text.encode()) for _, record in shareable(zone, record_set) for text in record.data
    )


def may_join(zone: Zone, key: RRsetKey, owners: Iterable[Reference], new: Reference) -> bool:
    """Whether a RecordSet may add values to an RRset of these older owners."""
    if not may_be_shared(zone, key):
        return False
    if any(owner.kind != "RecordSet" for owner in owners):
        return False
    return not is_challenge(key) or all(owner.namespace == new.namespace for owner in owners)


def lowest_ttls(zone: Zone, record_sets: Iterable[RecordSet]) -> dict[RRsetKey, int]:
    """The TTL in seconds of each RRset that several of these RecordSets add to."""
    asked: dict[RRsetKey, list[int]] = {}
    for record_set in record_sets:
        own: dict[RRsetKey, int] = {}
        for key, record in shareable(zone, record_set):
            own.setdefault(key, zone.spec.ttl if record.ttl is None else record.ttl)
        for key, ttl in own.items():
            asked.setdefault(key, []).append(ttl)
    return {key: min(ttls) for key, ttls in asked.items() if len(ttls) > 1}


def shareable(zone: Zone, record_set: RecordSet) -> Iterator[tuple[RRsetKey, Record]]:
    """The records of RRsets that several RecordSets may share, with their keys."""
    for record in record_set.spec.rrsets:
        if rrtypes.number(record.type) != TXT:
            continue
        try:
            key = record.key(zone.origin)
        except ValueError:
            continue  # admission refuses it
        if may_be_shared(zone, key):
            yield key, record


def is_challenge(key: RRsetKey) -> bool:
    """Whether a CA looks at an RRset to see whose a name is."""
    return key[1] == "TXT" and key[0].startswith(CHALLENGE)

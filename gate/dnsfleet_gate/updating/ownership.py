"""What a key may touch: the RRsets that it has, and those that nobody has.

A message that would change anything else is refused as a whole. A message that names an RRset of
others and changes nothing of it, as one that adds what is there, is none of these.

Several keys of one namespace may have values of one TXT at an `_acme-challenge` name, as two
certificates for it are validated at once (see `dnsfleet.zones.sharing`). Of such an RRset a key has
the values that it added, and may not remove those of others.
"""

import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.update
from dns.rdataset import Rdataset
from dns.rdatatype import RdataType
from dnsfleet import rrtypes
from dnsfleet.resources.record_sets import MAX_DYNAMIC_RECORDS, MAX_DYNAMIC_TEXT
from dnsfleet.tsig_keys import Updates
from dnsfleet.zones import plans, sharing
from dnsfleet.zones.sharing import RRsetKey

from dnsfleet_gate.updating import rrsets, stores
from dnsfleet_gate.updating.changes import UpdateError, is_of_zone
from dnsfleet_gate.updating.rrsets import Changes, Key, RRsets
from dnsfleet_gate.updating.stores import Claim, Claims

MAX_UNHELD = plans.MIN_REMOVED
"""RRsets that a message may change whatever that does to the zone: who takes away the last TXT of a
zone that has nothing else wants that. Larger ones are judged as other changes are."""


def text_key(key: Key) -> RRsetKey:
    """Owner name and type as claims have them."""
    return rrsets.text(key[0]), rrtypes.to_text(key[1])


def is_shared(key: Key) -> bool:
    """Whether several keys may have values of an RRset."""
    return sharing.is_challenge(text_key(key))


def check_rights(message: dns.update.UpdateMessage, changes: Changes, may: Updates) -> None:
    """UpdateError where the key is not for a name or type that the message names or changes."""
    origin = message.zone[0].name
    named = {(each.name, each.rdtype) for each in message.update if each.rdtype != RdataType.ANY}
    for key in sorted(named | changes.keys()):
        owner, rtype = text_key(key)
        if is_of_zone(key, origin):
            raise refused(f"the {rtype} of the apex comes from the Zone")
        if not may.allows(rrsets.text(origin), owner, rtype):
            raise refused(f"the key is not for {owner} {rtype}")
        if rtype != dns.rdatatype.to_text(key[1]):  # obsolete ones, as EID
            raise refused(f"{rtype} is not understood in updates; write it into a RecordSet")


def claimed(changes: Changes, zone: RRsets, before: Claims, now: str) -> Claims:
    """What a key has behind these changes; UpdateError where they touch what others have."""
    after = dict(before)
    for key, value in changes.items():
        named = text_key(key)
        own = _own(key, value, zone.get(key), before.get(named))
        if own is None:
            after.pop(named, None)
            continue
        data = tuple(sorted(rdata.to_text() for rdata in own))
        known = before.get(named)
        after[named] = Claim(own.ttl, data, now if known is None else known.since)
    if len(after) > MAX_DYNAMIC_RECORDS and len(after) > len(before):
        raise refused(f"a key may have {MAX_DYNAMIC_RECORDS} RRsets of a zone")
    grown = sum(_text(named, after) - _text(named, before) for named in map(text_key, changes))
    if grown > 0 and stores.text(after) > MAX_DYNAMIC_TEXT:
        raise refused(f"names and data of a key may have {MAX_DYNAMIC_TEXT} characters in a zone")
    return after


def _text(named: RRsetKey, claims: Claims) -> int:
    """Characters of one RRset."""
    return stores.text({named: claims[named]}) if named in claims else 0


def without_unseen(
    message: dns.update.UpdateMessage, changes: Changes, zone: RRsets, after: Claims
) -> Claims:
    """Claims without what a message deletes and the zone does not show.

    The operator left that out; it would come up as soon as what is in its way goes.
    """
    kept = dict(after)
    for each in message.update:
        if each.deleting is None:
            continue
        whole_name, owner = each.rdtype == RdataType.ANY, rrsets.text(each.name)
        named = [(owner, rrtypes.to_text(each.rdtype))]
        for claim in [key for key in kept if key[0] == owner] if whole_name else named:
            if claim in kept:
                key = each.name, RdataType.make(rrtypes.number(claim[1]) or 0)
                shown = changes[key] if key in changes else zone.get(key)
                left = _left_of(kept.pop(claim), each, key[1], shown)
                if left is not None:
                    kept[claim] = left
    return kept


def _left_of(
    claim: Claim, gone: dns.rrset.RRset, rtype: RdataType, shown: Rdataset | None
) -> Claim | None:
    if gone.deleting != dns.rdataclass.NONE:
        return None if shown is None else claim
    unseen = set(gone) - set(shown or ())
    held = rrsets.rdataset(rtype, claim.ttl, claim.data)
    if not unseen & set(held):
        return claim
    data = tuple(rdata.to_text() for rdata in held if rdata not in unseen)
    return claim._replace(data=data) if data else None


def _own(
    key: Key, value: Rdataset | None, found: Rdataset | None, known: Claim | None
) -> Rdataset | None:
    """The part of an RRset that is the key's where it becomes `value`; None where there is none."""
    had = None if known is None else rrsets.rdataset(key[1], known.ttl, known.data)
    others = set(found or ()) - set(had or ())
    if not others:
        return value
    if not is_shared(key) or not others <= set(value or ()):
        owner, rtype = text_key(key)
        raise refused(f"{owner} {rtype} belongs to the Zone or to another RecordSet")
    assert value is not None  # noqa: S101 - others have something in it
    own = Rdataset(value.rdclass, value.rdtype, value.covers, value.ttl)
    for rdata in value:
        if rdata not in others:
            own.add(rdata)
    return own if own else None


def check_size(changes: Changes, zone: RRsets, rrsets_before: int) -> None:
    """UpdateError where a message takes away so much that any other change would be held."""
    if len(changes) <= MAX_UNHELD:
        return
    removed = sum(value is None for value in changes.values())
    if not removed:
        return
    added = sum(value is not None and zone.get(key) is None for key, value in changes.items())
    left = rrsets_before - removed + added
    if plans.is_large(removed, rrsets_before) or left <= plans.APEX_RRSETS:
        raise refused(
            f"it removes {removed} of {rrsets_before} RRsets; send several messages of at most "
            f"{MAX_UNHELD} if that is meant"
        )


def refused(why: str) -> UpdateError:
    """What a message gets that may not be applied."""
    return UpdateError(dns.rcode.REFUSED, why)

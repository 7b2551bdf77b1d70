"""Whether a change is in the zone that a gate holds. Pure."""

from collections.abc import Collection, Iterable

from dnsfleet_engine import Zone

from dnsfleet_gate.updating import rrsets
from dnsfleet_gate.updating.ownership import is_shared, text_key
from dnsfleet_gate.updating.rrsets import Changes, Key, Published
from dnsfleet_gate.updating.stores import Claims


def missing(wanted: Changes, zone: Zone | None) -> frozenset[Key]:
    """Which RRsets are not as they are to be.

    The TTL of one that keys share is the lowest that one of them asks for.
    """
    if zone is None:
        return frozenset(wanted)
    held = Published(zone)
    found = set()
    for key, value in wanted.items():
        there = held.get(key)
        same_data = is_shared(key) and set(there or ()) == set(value or ())
        if not same_data and not rrsets.same(there, value):
            found.add(key)
    return frozenset(found)


def left_out(keys: Collection[Key], claims: Iterable[Claims], zone: Zone | None) -> frozenset[Key]:
    """Which of these RRsets lack something that is claimed.

    The others have what somebody else gives, too, and stays.
    """
    found = set()
    held = {} if zone is None else {key: Published(zone).get(key) for key in keys}
    for each in claims:
        for key in keys:
            claim = each.get(text_key(key))
            if claim is not None:
                own = rrsets.rdataset(key[1], claim.ttl, claim.data)
                if not set(own) <= set(held.get(key) or ()):
                    found.add(key)
    return frozenset(found)

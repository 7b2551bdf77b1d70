"""Delegations between two zones: what the DS records of the parent say about the keys of the child.

| DS in the parent, which is signed | the child | to resolvers that validate, the child is |
|---|---|---|
| none | not signed | insecure, as it is meant to be |
| none | signed | insecure, and its signatures are worth nothing |
| some, one of a key of the child | signed | secure |
| some, none of a key of the child | signed | bogus: SERVFAIL for all of its names |
| some | not signed | bogus |

DS records with a digest that validators do not know count for nothing, and below a parent that is
not signed nothing is secure, whatever DS records it has (RFC 4035 section 5.2). What is found is a
warning, and both zones are served: neither owner can do what the other one has to.
"""

from typing import cast

import dns.dnssec
import dns.name
import dns.rdata
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS
from dnsfleet_engine import Zone

from dnsfleet import names
from dnsfleet.violations import Violation

DIGESTS = {1, 2, 4}
"""SHA-1, SHA-256 and SHA-384."""


def judge(parent: Zone, child: Zone, where: str) -> Violation | None:
    """A warning about the child, if its parent delegates it and their DNSSEC does not fit."""
    origin = child.origin
    if not parent.signed or not _delegates(parent, origin):
        return None
    digests = [cast(DS, each) for each in _records(parent, origin, "DS")]
    if not digests:
        if not child.signed:
            return None
        message = (
            f"{origin} is signed, and insecure to resolvers: {parent.origin} has no DS for it; "
            "have the DS of its key added there"
        )
        return Violation("InsecureDelegation", message, where, "warning")
    known = [each for each in digests if each.digest_type in DIGESTS]
    keys = [cast(DNSKEY, each) for each in _records(child, origin, "DNSKEY")]
    if not known or (child.signed and _is_any_of(known, keys, origin)):
        return None
    fault = "is of none of its keys" if child.signed else "says that it is signed, and it is not"
    message = (
        f"{origin} is bogus to resolvers, which answer SERVFAIL for all of its names: the DS in "
        f"{parent.origin} {fault}"
    )
    return Violation("BogusDelegation", message, where, "warning")


def _delegates(parent: Zone, origin: str) -> bool:
    """Whether a zone delegates a name below it, and no name between."""
    above = names.ancestors(origin)
    between = above[: above.index(parent.origin)]
    is_cut = (parent.get(name, "NS") is not None for name in between)
    return parent.get(origin, "NS") is not None and not any(is_cut)


def _records(zone: Zone, owner: str, rtype: str) -> list[dns.rdata.Rdata]:
    _, texts = zone.get(owner, rtype) or (0, [])
    return [dns.rdata.from_text("IN", rtype, text) for text in texts]


def _is_any_of(digests: list[DS], keys: list[DNSKEY], origin: str) -> bool:
    """Whether one of these digests is of one of these keys."""
    owner = dns.name.from_text(origin)
    return any(
        dns.dnssec.key_id(key) == ds.key_tag
        and dns.dnssec.make_ds(owner, key, ds.digest_type, validating=True) == ds
        for ds in digests
        for key in keys
    )

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
    digests = _texts(parent, origin, "DS")
    if not digests:
        if not child.signed:
            return None
        message = (
            f"{origin} is signed, and insecure to resolvers: {parent.origin} has no DS for it; "
            "have the DS of its key added there"
        )
        return Violation("InsecureDelegation", message, where, "warning")
    known = [text for text in digests if int(text.split()[2]) in DIGESTS]
    keys = _texts(child, origin, "DNSKEY") if child.signed else []
    if not known or _is_any_of(known, keys, origin):
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


def _texts(zone: Zone, owner: str, rtype: str) -> list[str]:
    _, texts = zone.get(owner, rtype) or (0, [])
    return texts


def _is_any_of(digest_texts: list[str], key_texts: list[str], origin: str) -> bool:
    """Whether one of these digests, all of known types, is of one of these keys."""
    owner = dns.name.from_text(origin)
    digests = {cast(DS, dns.rdata.from_text("IN", "DS", text)) for text in digest_texts}
    types = {each.digest_type for each in digests}
    # Each key is hashed once for a type, however many digests have its tag.
    for text in key_texts:
        key = cast(DNSKEY, dns.rdata.from_text("IN", "DNSKEY", text))
        if any(dns.dnssec.make_ds(owner, key, each, validating=True) in digests for each in types):
            return True
    return False

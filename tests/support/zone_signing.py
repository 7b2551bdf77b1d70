"""Zones that dnspython signs by one key: with a chain of NSEC, or as they are.

A record of a chain that was changed has no valid signature, so any validator would refuse it for
that. Signed again as it is, only what the records say is left to judge.
"""

from collections.abc import Iterator, Sequence, Set

import dns.dnssec
import dns.name
import dns.rdataset
import dns.rdatatype
import dns.rrset
import dns.zone
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dns.rdatatype import DNAME, DS, NS, NSEC, NSEC3, RRSIG
from dns.rdtypes.ANY.DNSKEY import DNSKEY

KEY = Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32)
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes([8]) * 32)
SECURE_ENTRY_POINT = 257
DAY = 24 * 3600

Key = tuple[dns.name.Name, dns.rdatatype.RdataType]


def sign(text: str, origin: str, key: Ed25519PrivateKey = KEY) -> str:
    """The master file of a zone, signed with NSEC."""
    zone = dns.zone.from_text(text, origin, relativize=False)
    dnskey = dns.dnssec.make_dnskey(key.public_key(), "ED25519", SECURE_ENTRY_POINT)
    with zone.writer() as transaction:
        dns.dnssec.sign_zone(zone, transaction, [(key, dnskey)], lifetime=DAY)
    return zone.to_text(relativize=False)


def ds_record(origin: str, digest: str = "SHA256", key: Ed25519PrivateKey = KEY) -> str:
    """The rdata of a DS for a zone that a key signs."""
    dnskey = dns.dnssec.make_dnskey(key.public_key(), "ED25519", SECURE_ENTRY_POINT)
    return str(dns.dnssec.make_ds(dns.name.from_text(origin), dnskey, digest, validating=True))


def sign_again(
    zone: dns.zone.Zone, but: Set[Key] = frozenset(), beside: Sequence[DNSKEY] = ()
) -> None:
    """Put our key and signatures in place of all others; the RRsets of `but` get none.

    The keys of `beside` are in the zone too, and sign nothing.
    """
    origin = zone.origin
    assert origin is not None
    dnskey = dns.dnssec.make_dnskey(KEY.public_key(), "ED25519", SECURE_ENTRY_POINT)
    ttl = zone.find_rdataset(origin, dns.rdatatype.DNSKEY).ttl
    zone.replace_rdataset(origin, dns.rdataset.from_rdata(ttl, dnskey, *beside))
    for node in zone.nodes.values():
        node.rdatasets = [each for each in node.rdatasets if each.rdtype != RRSIG]
    for owner, rdataset in list(_signed(zone)):
        if (owner, rdataset.rdtype) in but:
            continue
        rrset = dns.rrset.from_rdata_list(owner, rdataset.ttl, list(rdataset))
        signature = dns.dnssec.sign(rrset, KEY, origin, dnskey, lifetime=DAY, verify=False)
        found = zone.find_rdataset(owner, RRSIG, rdataset.rdtype, create=True)
        found.update_ttl(rdataset.ttl)
        found.add(signature)


def _signed(zone: dns.zone.Zone) -> Iterator[tuple[dns.name.Name, dns.rdataset.Rdataset]]:
    """The RRsets that a signer signs: none below a cut, and at one only its DS and the chain."""
    for owner, node in zone.nodes.items():
        if any(_hides(zone, above) for above in _above(zone, owner)):
            continue
        is_cut = owner != zone.origin and node.get_rdataset(zone.rdclass, NS) is not None
        for rdataset in node.rdatasets:
            if not is_cut or rdataset.rdtype in (DS, NSEC, NSEC3):
                yield owner, rdataset


def _above(zone: dns.zone.Zone, owner: dns.name.Name) -> Iterator[dns.name.Name]:
    while owner != zone.origin:
        owner = owner.parent()
        yield owner


def _hides(zone: dns.zone.Zone, name: dns.name.Name) -> bool:
    is_cut = name != zone.origin and zone.get_rdataset(name, NS) is not None
    return is_cut or zone.get_rdataset(name, DNAME) is not None

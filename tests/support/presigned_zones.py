"""Zones signed in the process of the test, by dnspython: with NSEC and one key, fast."""

import dns.dnssec
import dns.zone
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dns.dnssectypes import Algorithm
from dnsfleet.zones import master_files
from dnsfleet_engine import Zone

KEY = Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32)
# Days of a past month: each gives other signatures.
INCEPTION = "202601{day:02}000000"
EXPIRATION = "20600101000000"


def signed(zone: Zone, day: int = 1) -> Zone:
    """The zone with DNSKEY, NSEC and RRSIG records; its serial stays."""
    built, found = master_files.read(signed_text(zone, day).encode(), "signed.zone", zone.origin)
    assert built is not None, found
    assert built.signed
    return built


def signed_text(zone: Zone, day: int = 1) -> str:
    """The same as a master file."""
    plain = dns.zone.from_text(zone.to_text(), zone.origin, relativize=False)
    dnskey = dns.dnssec.make_dnskey(KEY.public_key(), Algorithm.ED25519, flags=257)
    inception = INCEPTION.format(day=day)
    dns.dnssec.sign_zone(plain, keys=[(KEY, dnskey)], inception=inception, expiration=EXPIRATION)
    text = plain.to_text(relativize=False)
    assert isinstance(text, str)
    return text

"""Zones whose signatures say when they are valid, and are signatures of nothing: no part of the
fleet verifies them."""

from dnsfleet_engine import Zone

from support import encoded_zones

ORIGIN = "example.com."
ALGORITHM = 13
DNSKEY = f"256 3 {ALGORITHM} AQID"
"""The zone key of these zones."""
TAG = 256 + 0x030D + 0x0102 + 0x0300
"""The tag of it (RFC 4034 appendix B)."""


def rrsig(covered: str, begins: int, ends: int, tag: int = TAG, algorithm: int = ALGORITHM) -> str:
    """Type and rdata of a signature; times in Unix seconds, as 32 bits take them."""
    times = f"{ends % 2**32} {begins % 2**32}"
    return f"RRSIG {covered} {algorithm} 2 300 {times} {tag} {ORIGIN} AAAA"


def zone(*records: str, serial: int = 1) -> Zone:
    """A zone with an SOA, the key and these records, each a line with a relative owner.

    It is not checked: names and RRsets may lack the records that would prove them.
    """
    soa = f"@ SOA ns.example.net. hostmaster.example.net. {serial} 7200 900 1209600 300"
    lines = ("$TTL 300", soa, "@ NS ns.example.net.", f"@ DNSKEY {DNSKEY}", *records)
    return encoded_zones.unchecked("\n".join(lines), ORIGIN)


def signed(begins: int, ends: int, *records: str, serial: int = 1) -> Zone:
    """A zone whose RRsets at the apex are signed for this time, with NSEC."""
    covered = ("SOA", "NS", "DNSKEY", "NSEC")
    own = ["@ NSEC @ NS SOA RRSIG NSEC DNSKEY", *(f"@ {rrsig(c, begins, ends)}" for c in covered)]
    return zone(*own, *records, serial=serial)

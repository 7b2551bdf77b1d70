"""Zones for tests, from a few lines."""

from collections.abc import Iterable

from dnsfleet_engine import Zone, ZoneBuilder


def make_zone(
    origin: str, records: Iterable[tuple[str, str, str]] = (), serial: int = 0, minimum: int = 300
) -> Zone:
    """A zone with SOA, NS and (owner, type, data) records, TTL 300."""
    builder = ZoneBuilder(origin)
    soa = f"ns1.example.net. hostmaster.example.net. {serial} 7200 900 1209600 {minimum}"
    builder.add_record("@", "SOA", 300, soa, "test")
    builder.add_record("@", "NS", 300, "ns1.example.net.", "test")
    for owner, rtype, data in records:
        builder.add_record(owner, rtype, 300, data, "test")
    zone, found = builder.finish()
    assert zone is not None, found
    return zone


def hosts(count: int, **changed: str) -> list[tuple[str, str, str]]:
    """A records host0, host1, …; `host7="192.0.2.9"` changes one."""
    return [
        (f"host{n}", "A", changed.get(f"host{n}", f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}"))
        for n in range(count)
    ]

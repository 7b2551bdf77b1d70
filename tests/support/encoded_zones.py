"""Zones and deltas as they are encoded: what is in them, and such that nobody checks."""

import struct
from collections.abc import Iterator

import dns.name
import dns.zone
from dnsfleet_engine import Zone

WireRecord = tuple[bytes, int, int, bytes]
"""Owner in lower case wire form, type number, TTL, wire rdata."""


def wire_records(encoded: bytes) -> Iterator[WireRecord]:
    """The records of a `Zone.encode` result, format 1."""
    if encoded[0] != 1:
        raise ValueError(f"format {encoded[0]}, this test reads 1")
    at = 2 + encoded[1] + 4
    while at < len(encoded):
        owner = encoded[at + 1 : at + 1 + encoded[at]]
        at += 1 + len(owner)
        rtype, ttl, count = struct.unpack_from(">HIH", encoded, at)
        at += 8
        for _ in range(count):
            end = at + 2 + int.from_bytes(encoded[at : at + 2])
            yield owner, rtype, ttl, encoded[at + 2 : end]
            at = end


def folded_wire(name: dns.name.Name) -> bytes:
    """An owner name as the engine stores it."""
    return name.canonicalize().to_wire() or b""


def removal(origin: dns.name.Name, owner: dns.name.Name, rtype: int) -> bytes:
    """A delta, format 1, that takes one RRset away."""
    zone, gone = (bytes([len(wire)]) + wire for wire in map(folded_wire, (origin, owner)))
    return b"\1" + zone + struct.pack(">I", 1) + gone + struct.pack(">HI", rtype, 0)


def unchecked(text: str, origin: str) -> Zone:
    """The zone of a master file, whose rules nobody checks; each RRset has the lowest TTL."""
    parsed = dns.zone.from_text(text, origin, relativize=False, check_origin=False)
    rrsets: dict[tuple[dns.name.Name, int], tuple[list[int], set[bytes]]] = {}
    for owner, ttl, rdata in parsed.iterate_rdatas():
        ttls, rdatas = rrsets.setdefault((owner, int(rdata.rdtype)), ([], set()))
        ttls.append(ttl)
        rdatas.add(rdata.to_wire() or b"")
    apex = folded_wire(dns.name.from_text(origin))
    encoded = b"\1" + bytes([len(apex)]) + apex + struct.pack(">I", len(rrsets))
    for (owner, rtype), (ttls, rdatas) in sorted(rrsets.items()):
        wire = folded_wire(owner)
        encoded += bytes([len(wire)]) + wire
        encoded += struct.pack(">HIH", rtype, min(ttls), len(rdatas))
        encoded += b"".join(struct.pack(">H", len(each)) + each for each in sorted(rdatas))
    return Zone.decode(encoded)

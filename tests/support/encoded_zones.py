"""The records in an encoded zone, owner names as it has them, and deltas that nobody checks."""

import struct
from collections.abc import Iterator

import dns.name

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

"""Queries and replies as octets: built and compared without a DNS library, for speed."""

import struct
from typing import NamedTuple

HEADER = 12
POINTER = 0xC0
AUTHORITATIVE = 0x0400
TRUNCATED = 0x0200
RECURSION_DESIRED = 0x0100
AUTHENTIC_DATA = 0x0020
CHECKING_DISABLED = 0x0010
RCODE = 0x000F
OPT, RRSIG = 41, 46
# Types whose rdata has names: octets before the first, and how many. NS, CNAME, SOA, PTR and MX may
# have compressed ones (RFC 3597 section 4), SRV, DNAME, SVCB and HTTPS have names whose letter case
# is free.
NAMES_IN_RDATA = {2: (0, 1), 5: (0, 1), 6: (0, 2), 12: (0, 1), 15: (2, 1), 33: (6, 1), 39: (0, 1)}
NAMES_IN_RDATA |= {64: (2, 1), 65: (2, 1)}


# By the offset of a name: the name, and the offset where it ends.
Names = dict[int, tuple[bytes, int]]


class Edns(NamedTuple):
    """The contents of the OPT record of a query."""

    payload: int
    dnssec_ok: bool


class Record(NamedTuple):
    """One record, its names uncompressed and in lower case."""

    owner: bytes
    rtype: int
    rdclass: int
    ttl: int
    rdata: bytes

    @property
    def covered(self) -> int:
        """The type that it is about: of an RRSIG, the one that it signs (RFC 4034 section 3.1)."""
        return int.from_bytes(self.rdata[:2]) if self.rtype == RRSIG else self.rtype


class Reply(NamedTuple):
    """A reply as sets of records, so that neither order nor compression makes a difference."""

    flags: int
    question: bytes
    answer: frozenset[Record]
    authority: frozenset[Record]
    additional: frozenset[Record]
    repeated: int
    """How many records occur more than once in their section."""

    @property
    def truncated(self) -> bool:
        """Whether records are missing."""
        return bool(self.flags & TRUNCATED)

    @property
    def rcode(self) -> int:
        """The response code, without what EDNS adds to it."""
        return self.flags & RCODE

    def with_rcode(self, rcode: int) -> "Reply":
        """The same with another response code."""
        return self._replace(flags=self.flags & ~RCODE | rcode)

    @property
    def qname(self) -> bytes:
        """The folded name that was asked for."""
        return self.question[:-4].lower()


def query(
    ident: int, qname: bytes, qtype: int, edns: Edns | None, flags: int = RECURSION_DESIRED
) -> bytes:
    """A query for a name in wire form."""
    header = struct.pack("!6H", ident, flags, 1, 0, 0, 1 if edns else 0)
    wire = header + qname + struct.pack("!HH", qtype, 1)
    if edns:
        wire += struct.pack("!BHHIH", 0, OPT, edns.payload, 0x8000 * edns.dnssec_ok, 0)
    return wire


def is_at_or_below(name: bytes, other: bytes) -> bool:
    """Whether a folded name equals another or lies below it."""
    while len(name) > len(other):
        name = name[name[0] + 1 :]
    return name == other


def read(reply: bytes) -> Reply:
    """Parse a reply; IndexError, struct.error or AssertionError where it is malformed."""
    _, flags, questions, *counts = struct.unpack_from("!6H", reply)
    names: Names = {}
    at = HEADER
    for _ in range(questions):
        at = _name(reply, at, names)[1] + 4
    question = reply[HEADER:at]
    sections = []
    repeated = 0
    for count in counts:
        records = set()
        for _ in range(count):
            record, at = _record(reply, at, names)
            records.add(record)
        repeated += count - len(records)
        sections.append(frozenset(records))
    assert at == len(reply), "octets behind the last record"
    answer, authority, additional = sections
    return Reply(flags, question, answer, authority, additional, repeated)


def _record(reply: bytes, at: int, names: Names) -> tuple[Record, int]:
    owner, at = _name(reply, at, names)
    rtype, rdclass, ttl, length = struct.unpack_from("!HHIH", reply, at)
    start = at + 10
    end = start + length
    before, count = NAMES_IN_RDATA.get(rtype, (0, 0))
    parts = [reply[start : start + before]]
    start += before
    for _ in range(count):
        name, start = _name(reply, start, names)
        parts.append(name)
    parts.append(reply[start:end])
    return Record(owner, rtype, rdclass, ttl, b"".join(parts)), end


def _name(reply: bytes, at: int, names: Names) -> tuple[bytes, int]:
    """The folded name at `at` and where it ends; pointers must lead backwards."""
    if at in names:
        return names[at]
    start = at
    while 0 < (length := reply[at]) < POINTER:
        at += length + 1
    if length == 0:
        found = reply[start : at + 1].lower(), at + 1
    else:
        target = (length & ~POINTER) << 8 | reply[at + 1]
        assert target < start, "a pointer that leads forward"
        found = reply[start:at].lower() + _name(reply, target, names)[0], at + 2
    names[start] = found
    return found

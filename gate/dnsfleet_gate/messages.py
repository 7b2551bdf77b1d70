"""Requests as far as a gate reads them, and the frames of its replies (RFC 1035, 5936, 6891).

A request is read once and in place: header, question, the SOA of an IXFR request, OPT and TSIG. All
other records are skipped. Replies repeat the question as it was asked, in its letter case.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import dns.exception
import dns.flags
import dns.name
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.wire
from dns.rdtypes.ANY.SOA import SOA
from dns.rdtypes.ANY.TSIG import TSIG

HEADER = 12
"""Octets before the question."""
MAX_MESSAGE = 65535
"""Octets of a message over TCP, where its length has two."""
PLAIN_DATAGRAM = 512
"""Octets of a reply over UDP to who says nothing else by EDNS."""
EDNS_DATAGRAM = 1232
"""Octets of a datagram that we take, and send at most: it is never fragmented."""
OPT_OCTETS = 11
"""Of an OPT record without options."""
BADVERS = 16
MAX_WHY = 200
"""Octets of a text for people: the reply fits into a datagram with its signature."""
_HEAD = struct.Struct("!HHHHHH")
_OPTION = struct.Struct("!HHH")
_OPTION_HEAD = 4
"""Octets of an option before its data: code and length."""
_EXTENDED_ERROR = 15
_WHY: dict[int, int] = {dns.rcode.REFUSED: 18, dns.rcode.SERVFAIL: 14}
"""The codes of extended errors: Prohibited, Not Ready; and 0, Other (RFC 8914 section 4)."""
_RECORD = struct.Struct("!HHIH")
_AUTHORITY, _ADDITIONAL = 1, 2
"""Sections, counted from the answer."""
_DNSSEC_OK = 0x8000
_VERSION_SHIFT = 16
_POINTER, _MAX_LABEL = 0xC0, 63
"""Of the octet in front of a label (RFC 1035 section 4.1.4)."""


class FormError(Exception):
    """The message is not well formed; as much of it as can be repeated was read."""

    def __init__(self, request: "Request") -> None:
        super().__init__("not a well-formed message")
        self.request = request


class Record(NamedTuple):
    """A record of a message, whose owner and rdata were not read."""

    section: int
    """0 is the answer, 1 authority, 2 additional."""
    start: int
    """Where its owner begins."""
    rtype: int
    rclass: int
    ttl: int
    at: int
    """Where its rdata begins."""
    length: int
    """Octets of that."""
    last: bool
    """Whether it is the last one of the additional section."""


class Signed(NamedTuple):
    """The TSIG record of a request."""

    key: dns.name.Name
    rdata: TSIG
    content: bytes
    """The message without that record, as it was signed but for its ID."""


class Request(NamedTuple):
    """What somebody asks for."""

    id: int
    opcode: int
    flags: int
    question: bytes = b""
    """As it is in the message; empty where there is none that can be read."""
    name: dns.name.Name = dns.name.root
    rtype: int = 0
    rclass: int = 0
    serial: int | None = None
    """That the client has, in a request for IXFR."""
    edns: tuple[int, int] | None = None
    """Octets that the client takes over UDP, and the TTL field of its OPT record."""
    signed: Signed | None = None

    @property
    def head(self) -> bytes:
        """Header and question of a query that asks this."""
        return _HEAD.pack(self.id, self.flags, bool(self.question), 0, 0, 0) + self.question

    @property
    def takes(self) -> int:
        """Octets that a datagram to the client may have."""
        if self.edns is None:
            return PLAIN_DATAGRAM
        return min(max(self.edns[0], PLAIN_DATAGRAM), EDNS_DATAGRAM)

    @property
    def bad_version(self) -> bool:
        """Whether it speaks a later EDNS than 0."""
        return self.edns is not None and bool(self.edns[1] >> _VERSION_SHIFT & 0xFF)


def read(wire: bytes) -> Request | None:
    """A request; None where nothing may be said to it, FormError where that is FORMERR."""
    if len(wire) < HEADER:
        return None
    message_id, flags, questions, *counts = _HEAD.unpack_from(wire)
    if flags & dns.flags.QR:
        return None
    request = Request(message_id, flags >> 11 & 0xF, flags)
    parser = dns.wire.Parser(wire, HEADER)
    try:
        if questions != 1:
            raise FormError(request)
        name = _read_name(wire, parser)
        rtype, rclass = parser.get_struct("!HH")
        question = wire[HEADER : parser.current]
        request = request._replace(question=question, name=name, rtype=rtype, rclass=rclass)
        for record in records(parser, counts):
            request = _read_record(request, wire, record)
        if parser.remaining():
            raise FormError(request)
    except (dns.exception.DNSException, ValueError):
        raise FormError(request) from None
    return request


def _read_name(wire: bytes, parser: dns.wire.Parser) -> dns.name.Name:
    """The name that comes next, which may be compressed."""
    name, octets = dns.name.from_wire(wire, parser.current)
    parser.get_bytes(octets)
    return name


def skip_name(parser: dns.wire.Parser) -> None:
    """Go behind the name that comes next, without what it points to.

    A short message may point to a name of 127 labels thousands of times.
    """
    while length := parser.get_uint8():
        if length >= _POINTER:
            parser.get_bytes(1)
            return
        if length > _MAX_LABEL:
            raise ValueError(length)
        parser.get_bytes(length)


def records(parser: dns.wire.Parser, counts: Sequence[int]) -> Iterator[Record]:
    """The records behind the question, by how many each section has.

    ValueError or a DNSException where they are not well formed.
    """
    for section, count in enumerate(counts):
        for left in range(count, 0, -1):
            start = parser.current
            skip_name(parser)
            rtype, rclass, ttl, length = parser.get_struct(_RECORD.format)
            at = parser.current
            parser.get_bytes(length)
            last = section == _ADDITIONAL and left == 1
            yield Record(section, start, rtype, rclass, ttl, at, length, last)


def read_tsig(wire: bytes, record: Record) -> tuple[dns.name.Name, TSIG]:
    """The key and the rdata of a TSIG record; ValueError where it may not be there."""
    tsig, at = dns.rdatatype.TSIG, record.at
    rdata = dns.rdata.from_wire(dns.rdataclass.ANY, tsig, wire, at, record.length)
    if not record.last or record.rclass != dns.rdataclass.ANY or not isinstance(rdata, TSIG):
        raise ValueError(record)
    return dns.name.from_wire(wire, record.start)[0], rdata


def _read_record(request: Request, wire: bytes, record: Record) -> Request:
    """The request with what one record of its sections adds."""
    section, start, rtype, at = record.section, record.start, record.rtype, record.at
    asks = section == _AUTHORITY and request.opcode == dns.opcode.QUERY and request.serial is None
    if rtype == dns.rdatatype.SOA and asks:
        rdata = dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.SOA, wire, at, record.length)
        return request._replace(serial=rdata.serial) if isinstance(rdata, SOA) else request
    if rtype == dns.rdatatype.OPT:
        if section != _ADDITIONAL or request.edns is not None or wire[start]:
            raise FormError(request)
        request = request._replace(edns=(record.rclass, record.ttl))
        # Another version may mean other options, so the version is judged first.
        if not request.bad_version and not _are_options(wire[at : at + record.length]):
            raise FormError(request)
        return request
    if rtype == dns.rdatatype.TSIG:
        owner, tsig = read_tsig(wire, record)
        count = struct.pack("!H", int.from_bytes(wire[10:12]) - 1)
        return request._replace(signed=Signed(owner, tsig, wire[:10] + count + wire[12:start]))
    return request


def _are_options(rdata: bytes) -> bool:
    """Whether the rdata of an OPT record is a list of options (RFC 6891 section 6.1.2)."""
    at = 0
    while len(rdata) >= at + _OPTION_HEAD:
        at += _OPTION_HEAD + int.from_bytes(rdata[at + 2 : at + _OPTION_HEAD])
    return at == len(rdata)


def reply(
    request: Request, rcode: int, answer: bytes = b"", flags: int = 0, why: str = ""
) -> bytes:
    """A reply with at most one record as the answer, and OPT where the request has it.

    `why` is for people: an extended error with this text (RFC 8914).
    """
    kept = request.opcode << 11 | request.flags & dns.flags.RD
    flags |= dns.flags.QR | kept | rcode & 0xF
    counts = bool(request.question), bool(answer), 0, 0
    wire = _HEAD.pack(request.id, flags, *counts) + request.question + answer
    return with_opt(wire, request, rcode, _extended_error(rcode, why) if why else b"")


def _extended_error(rcode: int, why: str) -> bytes:
    """The option with a text of at most `MAX_WHY` octets, cut between characters."""
    text = why.encode()[:MAX_WHY].decode(errors="ignore").encode()
    return _OPTION.pack(_EXTENDED_ERROR, 2 + len(text), _WHY.get(rcode, 0)) + text


def record_head(rtype: int, rclass: int, ttl: int, length: int) -> bytes:
    """What is between the owner and the rdata of a record."""
    return _RECORD.pack(rtype, rclass, ttl, length)


def octets(what: dns.name.Name | dns.rdata.Rdata) -> bytes:
    """A name or rdata on the wire, without pointers."""
    wire = what.to_wire()
    assert wire is not None  # noqa: S101 - there is none only where it goes into a file
    return wire


def with_opt(wire: bytes, request: Request, rcode: int = 0, option: bytes = b"") -> bytes:
    """A reply with an OPT record where the request has one (RFC 6891 section 6.1.1)."""
    if request.edns is None:
        return wire
    ttl = rcode >> 4 << 24 | request.edns[1] & _DNSSEC_OK
    opt = b"\0" + record_head(dns.rdatatype.OPT, EDNS_DATAGRAM, ttl, len(option)) + option
    return with_additional(wire, opt)


def with_additional(wire: bytes, record: bytes) -> bytes:
    """A message with one more record at its end, counted as additional."""
    count = struct.pack("!H", int.from_bytes(wire[10:12]) + 1)
    return wire[:10] + count + wire[12:] + record

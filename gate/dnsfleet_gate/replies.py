"""Replies of secondaries, read as far as a gate needs them.

They are read in the thread that transfers and answers, also those that somebody forged. dnspython
takes half a second for 1232 octets that are full of long compressed names, and one secondary is
asked twenty times a second. So the names of other records are not read: what counts is the code,
the SOA, and the signature, which covers all octets, whatever they mean.
"""

import time
from typing import NamedTuple

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.tsig
import dns.wire
from dns.rdtypes.ANY.SOA import SOA
from dns.rdtypes.ANY.TSIG import TSIG

from dnsfleet_gate import messages
from dnsfleet_gate.messages import Record

_ANSWER, _ADDITIONAL = 0, 2
"""Sections, counted from the answer."""


class UnsignedError(dns.exception.DNSException):
    """The reply is not signed, and the question was."""


class Reply(NamedTuple):
    """What a secondary says."""

    rcode: int
    flags: int
    serials: tuple[int, ...]
    """Of the SOA records of the name that was asked for, in the answer."""


class _Records(NamedTuple):
    serials: tuple[int, ...] = ()
    extended: int = 0
    """The upper bits of the code, of OPT."""
    signed: tuple[int, dns.name.Name, TSIG] | None = None
    """Where the TSIG record begins, its key, and its rdata."""


def read(wire: bytes, query: dns.message.Message) -> Reply:
    """The reply to a query that was sent.

    DNSException where it is none, or is not signed although the query is.
    """
    if int.from_bytes(wire[4:6]) > 1:
        raise form_error("it has several questions")
    head = dns.message.from_wire(wire, question_only=True)
    if not query.is_response(head):
        raise form_error("it is no reply to what was asked")
    records = _read(wire, len(head.question), query.question[0].name)
    if query.keyring is not None:
        _check(wire, query, records)
    rcode = head.rcode() | records.extended << 4
    return Reply(rcode, int(head.flags), records.serials)


def _check(wire: bytes, query: dns.message.Message, records: _Records) -> None:
    if records.signed is None:
        raise UnsignedError("its answer is not signed")  # type: ignore[no-untyped-call]
    at, owner, rdata = records.signed
    dns.tsig.validate(  # type: ignore[no-untyped-call]
        wire, query.keyring, owner, rdata, int(time.time()), query.mac, at
    )


def _read(wire: bytes, questions: int, asked: dns.name.Name) -> _Records:
    """What the records of a message say; FormError where they are not well formed."""
    found = _Records()
    parser = dns.wire.Parser(wire, messages.HEADER)
    try:
        for _ in range(questions):
            messages.skip_name(parser)
            parser.get_struct("!HH")
        counts = [int.from_bytes(wire[at : at + 2]) for at in (6, 8, 10)]
        for record in messages.records(parser, counts):
            found = _read_record(found, wire, record, asked)
    except ValueError:
        raise form_error("it is not well formed") from None
    if parser.remaining():
        raise form_error("octets follow it")
    return found


def _read_record(found: _Records, wire: bytes, record: Record, asked: dns.name.Name) -> _Records:
    section, start, rtype, rclass = record.section, record.start, record.rtype, record.rclass
    if section == _ANSWER and (rtype, rclass) == (dns.rdatatype.SOA, dns.rdataclass.IN):
        if dns.name.from_wire(wire, start)[0] != asked:
            return found
        soa, at = dns.rdatatype.SOA, record.at
        rdata = dns.rdata.from_wire(dns.rdataclass.IN, soa, wire, at, record.length)
        assert isinstance(rdata, SOA)  # noqa: S101 - of this type
        return found._replace(serials=(*found.serials, rdata.serial))
    if section == _ADDITIONAL and rtype == dns.rdatatype.OPT:
        return found._replace(extended=record.ttl >> 24)
    if rtype == dns.rdatatype.TSIG:
        return found._replace(signed=(start, *messages.read_tsig(wire, record)))
    return found


def form_error(problem: str) -> dns.exception.FormError:
    """What is wrong with a reply."""
    return dns.exception.FormError(problem)  # type: ignore[no-untyped-call]

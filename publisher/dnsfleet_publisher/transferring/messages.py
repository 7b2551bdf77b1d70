"""Messages of a zone transfer as dnspython has them, with the rdata of most types as octets.

dnspython reads the rdata of all types that it knows, and refuses a message for one record that is
not as it would be written today: a TLSA record with a digest of another length, a DS record of a
digest type that is reserved. Name servers serve such records, and one of them must not keep a zone
away. So only the types are read whose names a server may compress, as they have to be; all others
stay as they came, and the checks of every zone file look at them.

Each record is an RRset of its own. Their order counts in a transfer, and a second CNAME of one
owner is to be told, and not to take the place of the first.
"""

import time
from typing import Any

import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.tsig
import dns.wire
from dns.rdatatype import RdataType

COMPRESSED = frozenset(
    RdataType.make(each)
    for each in (
        *("NS", "MD", "MF", "CNAME", "SOA", "MB", "MG", "MR", "PTR", "MINFO", "MX"),
        *("RP", "AFSDB", "RT", "SIG", "PX", "NXT", "NAPTR", "SRV"),
    )
)
"""Types whose rdata may have compressed names: those of RFC 1035, and those that came before that
was forbidden (RFC 3597 section 4)."""
MAX_TTL = 2**31 - 1
"""Seconds. A larger TTL counts as 0 (RFC 2181 section 8)."""
_TSIG_CLASS = dns.rdataclass.ANY


def read(
    wire: bytes, key: dns.tsig.Key | None, request_mac: bytes, context: Any
) -> dns.message.Message:
    """A message with its header, question and answer, and its MAC checked where it has one.

    `context` is the `tsig_ctx` of the message before it; None for the first one. A DNSException
    where it is not well-formed, or the MAC is wrong; UnknownTSIGKey without a key for it.
    """
    message = dns.message.from_wire(wire, question_only=True)
    message.request_mac = request_mac
    parser = dns.wire.Parser(wire)
    _, _, questions, answers, authorities, additional = parser.get_struct("!HHHHHH")
    for _ in range(questions):
        parser.get_name(decompress=True)
        parser.get_struct("!HH")
    for _ in range(answers):
        message.answer.append(_record(parser))
    for left in range(authorities + additional, 0, -1):
        start = parser.current
        owner = parser.get_name(decompress=True)
        rtype, rclass, _, size = parser.get_struct("!HHIH")
        if rtype != RdataType.TSIG:
            parser.get_bytes(size)
            continue
        if left != 1 or not additional or rclass != _TSIG_CLASS:
            raise dns.message.BadTSIG
        with parser.restrict_to(size):
            tsig = dns.rdata.from_wire_parser(_TSIG_CLASS, RdataType.TSIG, parser)
        if key is None:
            raise dns.message.UnknownTSIGKey(owner)  # type: ignore[no-untyped-call]
        context = dns.tsig.validate(  # type: ignore[no-untyped-call]
            wire, key, owner, tsig, int(time.time()), request_mac, start, context, multi=True
        )
        message.tsig = dns.rrset.from_rdata(owner, 0, tsig)
    if parser.remaining():
        raise dns.message.TrailingJunk
    if context is not None and not message.had_tsig:
        context.update(wire)  # the next MAC covers it
    message.tsig_ctx = context
    return message


def rdata(rclass: int, rtype: int, parser: dns.wire.Parser, size: int) -> dns.rdata.Rdata:
    """Read the rdata of a record; FormError where it is none of its type."""
    if rtype not in COMPRESSED:
        return dns.rdata.GenericRdata(
            dns.rdataclass.RdataClass.make(rclass), RdataType.make(rtype), parser.get_bytes(size)
        )
    with parser.restrict_to(size):
        return dns.rdata.from_wire_parser(
            dns.rdataclass.RdataClass.make(rclass), RdataType.make(rtype), parser
        )


def _record(parser: dns.wire.Parser) -> dns.rrset.RRset:
    owner = parser.get_name(decompress=True)
    rtype, rclass, ttl, size = parser.get_struct("!HHIH")
    found = rdata(rclass, rtype, parser, size)
    return dns.rrset.from_rdata(owner, 0 if ttl > MAX_TTL else ttl, found)

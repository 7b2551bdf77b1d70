"""Replies as a few lines, to be read and compared: response code and flags, records, OPT."""

import struct

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dnsfleet_engine import Engine

from support import wire
from support.names import to_wire

SECTIONS = ("an", "ns", "ar")
EXTENDED_ERROR = 15
PAYLOAD = 1232
RD, RA, AD, CD = 0x0100, 0x0080, 0x0020, 0x0010
FLAGS = {"rd": RD, "ra": RA, "ad": AD, "cd": CD}


def ask(engine: Engine, asked: str) -> list[str]:
    """The reply to "NAME [CLASS] TYPE [+option…]", the name without escapes.

    Options: +tcp; +rd, +ra, +ad, +cd; +edns, and with a value +version, +flags, +option (CODE:HEX);
    +do. Each of the last four implies EDNS.
    """
    words = [word for word in asked.split() if not word.startswith("+")]
    options = dict(word[1:].partition("=")[::2] for word in asked.split() if word.startswith("+"))
    name, *rdclass, rtype = words
    octets = engine.respond(
        _query(name, "".join(rdclass) or "IN", rtype, options),
        transport="tcp" if "tcp" in options else "udp",
    )
    assert octets is not None
    wire.read(octets)
    return _lines(dns.message.from_wire(octets))


def _query(name: str, rdclass: str, rtype: str, options: dict[str, str]) -> bytes:
    flags = sum(bit for option, bit in FLAGS.items() if option in options)
    has_opt = bool({"edns", "do", "version", "flags", "option"} & options.keys())
    qname = to_wire(tuple(label.encode() for label in name.split(".") if label))
    query = struct.pack("!6H", 1, flags, 1, 0, 0, has_opt) + qname
    query += struct.pack("!2H", dns.rdatatype.from_text(rtype), dns.rdataclass.from_text(rdclass))
    if has_opt:
        version = int(options.get("version", "0"))
        edns_flags = int(options.get("flags", "0x8000" if "do" in options else "0"), 16)
        option = _option(options["option"]) if "option" in options else b""
        fixed = struct.pack("!BHHBBHH", 0, wire.OPT, PAYLOAD, 0, version, edns_flags, len(option))
        query += fixed + option
    return query


def _option(text: str) -> bytes:
    code, _, value = text.partition(":")
    octets = bytes.fromhex(value)
    return struct.pack("!HH", int(code), len(octets)) + octets


def _lines(reply: dns.message.Message) -> list[str]:
    flags = dns.flags.to_text(reply.flags & ~dns.flags.QR).lower()
    lines = [f"{dns.rcode.to_text(reply.rcode())} {flags}".rstrip()]
    for section, rrsets in zip(
        SECTIONS, (reply.answer, reply.authority, reply.additional), strict=True
    ):
        lines += [f"{section} {line}" for rrset in rrsets for line in _records(rrset)]
    if reply.opt is not None:
        words = ["opt", str(reply.payload)]
        words += ["do"] if reply.ednsflags & dns.flags.DO else []
        words += [_to_text(option.otype, option.to_wire() or b"") for option in reply.options]
        lines.append(" ".join(words))
    return lines


def _records(rrset: dns.rrset.RRset) -> list[str]:
    rtype = dns.rdatatype.to_text(rrset.rdtype)
    return [f"{rrset.name} {rrset.ttl} {rtype} {rdata}" for rdata in rrset]


def _to_text(code: int, value: bytes) -> str:
    if code == EXTENDED_ERROR:
        return f"ede={int.from_bytes(value[:2])}"
    return f"option={code}:{value.hex()}"

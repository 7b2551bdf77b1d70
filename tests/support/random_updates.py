"""UPDATE messages by chance: well formed ones about few names, and such as nobody should send."""

import random

import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.update
from dns.rdataclass import RdataClass
from dns.rdatatype import RdataType

NAMES = ("a", "b", "A", "c.a", "*.b", "d", "@", "_acme-challenge")
DATA = {
    "A": ("192.0.2.1", "192.0.2.2", "192.0.2.3"),
    "AAAA": ("2001:db8::1", "2001:DB8:0::1", "2001:db8::2"),
    "TXT": ('"x"', '"x" "y"', '"X"', '""'),
    "MX": ("10 mail.example.org.", "10 MAIL.example.org.", "20 mail.example.org."),
    "CNAME": ("a.example.org.", "b.example.org."),
    "SRV": ("1 2 53 ns.example.org.", "1 2 54 ns.example.org."),
    "CAA": ('0 issue "ca.example.net"', '128 issue ";"'),
    "TYPE65280": (r"\# 2 abcd", r"\# 0"),
}
MOST_CHANGES = 6
"""In a message."""
_WRONG = 0.04
"""The share of messages that are not well formed."""


def message(chance: random.Random, origin: dns.name.Name) -> dns.update.UpdateMessage:
    """The next message."""
    made = dns.update.UpdateMessage(origin)
    for _ in range(chance.choice((0, 0, 0, 1, 1, 2, 3))):
        wanted = _prerequisite(chance, origin)
        # BIND compares lists where the RFC has sets: a record that is named twice is never there.
        if not any(wanted == each and wanted[:] == each[:] for each in made.prerequisite):
            made.prerequisite.append(wanted)
    for _ in range(chance.randrange(MOST_CHANGES)):
        made.update.append(_change(chance, origin))
    whole = [each for each in made.update if each.rdtype == RdataType.ANY]
    if whole:  # as it is, or alone: changes of more than ten RRsets have a rule of their own
        made.update[:] = whole[:1]
    if chance.random() < _WRONG:
        _spoil(made, chance)
    return made


def _name(chance: random.Random, origin: dns.name.Name) -> dns.name.Name:
    return dns.name.from_text(chance.choice(NAMES), origin)


def _prerequisite(chance: random.Random, origin: dns.name.Name) -> dns.rrset.RRset:
    """Sections 2.4.1 to 2.4.5 of RFC 2136."""
    owner, rtype = _name(chance, origin), chance.choice([*DATA])
    asked = chance.choice((None, dns.rdataclass.ANY, dns.rdataclass.NONE))
    if asked is not None:
        if chance.random() < 0.4:
            rtype = "ANY"
        return _rrset(owner, dns.rdatatype.from_text(rtype), asked)
    return _with_data(owner, rtype, chance.choice(DATA[rtype]), 0)


def _change(chance: random.Random, origin: dns.name.Name) -> dns.rrset.RRset:
    """Sections 2.5.1 to 2.5.4 of RFC 2136."""
    owner, rtype = _name(chance, origin), chance.choice([*DATA])
    text = chance.choice(DATA[rtype])
    match chance.choice(("add", "add", "add", "rrset", "name", "record", "record")):
        case "add":
            return _with_data(owner, rtype, text, chance.choice((0, 60, 300)))
        case "rrset":
            return _rrset(owner, dns.rdatatype.from_text(rtype), dns.rdataclass.ANY)
        case "name":
            return _rrset(owner, RdataType.ANY, dns.rdataclass.ANY)
    return _with_data(owner, rtype, text, 0, dns.rdataclass.NONE)


def _rrset(owner: dns.name.Name, rtype: RdataType, asked: RdataClass) -> dns.rrset.RRset:
    """One without data."""
    return dns.rrset.RRset(owner, dns.rdataclass.IN, rtype, deleting=asked)


def _with_data(
    owner: dns.name.Name, rtype: str, text: str, ttl: int, deleting: RdataClass | None = None
) -> dns.rrset.RRset:
    made = dns.rrset.from_text(owner, ttl, dns.rdataclass.IN, rtype, text)
    made.deleting = deleting
    return made


def _spoil(made: dns.update.UpdateMessage, chance: random.Random) -> None:
    """Break one rule of the RFC."""
    outside = dns.name.from_text("elsewhere.example.net.")
    match chance.randrange(5):
        case 0:
            made.update.insert(0, _with_data(outside, "A", "192.0.2.1", 60))
        case 1:
            made.prerequisite.insert(0, _rrset(outside, RdataType.ANY, dns.rdataclass.ANY))
        case 2:
            made.prerequisite.insert(0, _with_data(made.zone[0].name, "TXT", '"x"', 60))
        case 3:
            wrong = _rrset(made.zone[0].name, RdataType.AXFR, dns.rdataclass.ANY)
            made.update.append(wrong)
        case 4:
            wrong = _with_data(made.zone[0].name, "TXT", '"x"', 60, dns.rdataclass.NONE)
            made.update.append(wrong)

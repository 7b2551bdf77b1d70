"""What the engine answers, as tables: zones, queries and the replies to them.

`answers/decisions.txt` has the decisions of an authoritative server in their order, `lines.txt` has
rules of one line each, `reports.txt` has public reports about other servers. An entry is

    == REFERENCE: what it is about
    www A 192.0.2.1                     records, in the zone test. or the one that `zone NAME` began
    ? www.test. A +edns                 a query (`support.answers`), and all lines of the reply:
    NOERROR aa
    an www.test. 300 A 192.0.2.1
    opt 1232

`withheld NAME` is a zone that should be served and has no data.
SOA stands for the SOA record of test. in a negative reply. An entry that another test proves says
`see FILE TEST`. `later …` is not built yet, and `outside …` is what dnsfleet does not do.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import dns.dnssec
import dns.dnssectypes
import dns.message
import dns.name
import dns.rdatatype
import dns.rrset
import dns.zone
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet.zones import master_files
from dnsfleet_engine import Engine
from support.answers import ask
from support.data import ROOT
from support.zones import make_zone

TABLES = Path(__file__).parent / "answers"
APEX = {
    "SOA": "@ 300 SOA ns1.example.net. host.example.net. 1 7200 900 1209600 60",
    "NS": "@ 300 NS ns1.example.net.",
}
NEGATIVE = "test. 60 SOA ns1.example.net. host.example.net. 1 7200 900 1209600 60"
# The references of all entries: none may disappear from a table unnoticed.
REFERENCES = {
    "decisions": {"choice"} | {f"step {n}" for n in (0, 1, 2, 3, "4a", "4b", 5, 6, 7, 8, 9, 10)},
    "lines": {f"line {n}" for n in range(1, 12)},
    "reports": {f"report {n}" for n in range(1, 23) if n not in (6, 13, 15, 20)},
}


class Entry(NamedTuple):
    reference: str
    zones: dict[str, list[str]]
    withheld: list[str]
    queries: list[tuple[str, list[str]]]
    proved_by: list[tuple[str, str]]
    is_left_out: bool


def _entries(table: str) -> Iterator[Entry]:
    entry = None
    origin = "test."
    for line in (TABLES / f"{table}.txt").read_text().splitlines():
        word, _, rest = line.partition(" ")
        if word == "==":
            if entry:
                yield entry
            origin = "test."
            entry = Entry(rest.partition(":")[0], {}, [], [], [], False)
        elif not line or word == "#":
            continue
        elif entry is None:
            raise ValueError(f"{table}: {line!r} stands before the first entry")
        elif word in ("later", "outside"):
            entry = entry._replace(is_left_out=True)
        elif word == "see":
            path, test = rest.split()
            entry.proved_by.append((path, test))
        elif word == "?":
            entry.queries.append((rest, []))
        elif word == "withheld":
            entry.withheld.append(rest)
        elif entry.queries:
            entry.queries[-1][1].append(f"ns {NEGATIVE}" if line == "ns SOA" else line)
        elif word == "zone":
            origin = rest
            entry.zones[origin] = []
        else:
            entry.zones.setdefault(origin, []).append(line)
    if entry:
        yield entry


ENTRIES = [entry for table in REFERENCES for entry in _entries(table)]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.reference.replace(" ", "-"))
def test_entries(entry: Entry) -> None:
    engine = Engine()
    for origin, lines in (entry.zones or {"test.": []}).items():
        head = [text for rtype, text in APEX.items() if not _has_at_apex(lines, rtype)]
        text = "\n".join(["$TTL 300", *head, *lines, ""])
        zone, found = master_files.read(text.encode(), origin, origin)
        assert zone is not None, found
        engine.load(zone)
    for origin in entry.withheld:
        engine.withhold(origin)
    for query, expected in entry.queries:
        assert ask(engine, query) == expected, query
    for path, test in entry.proved_by:
        assert re.search(rf"^ *(fn|def) {test}\(", (ROOT / path).read_text(), re.MULTILINE), path
    assert entry.queries or entry.proved_by or entry.is_left_out


def _has_at_apex(lines: list[str], rtype: str) -> bool:
    return any(line.startswith("@ ") and f" {rtype} " in line for line in lines)


@pytest.mark.parametrize("table", REFERENCES)
def test_nothing_is_missing(table: str) -> None:
    assert {entry.reference for entry in _entries(table)} == REFERENCES[table]


def test_a_ttl_has_31_bits() -> None:
    for ttl, is_loaded in ((2**31 - 1, True), (2**31, False), (2**32 - 1, False)):
        text = "\n".join([*APEX.values(), f"www {ttl} A 192.0.2.1", ""])
        zone, found = master_files.read(text.encode(), "zone", "test.")
        assert (zone is not None) == is_loaded, found
        assert is_loaded or [violation.reason for violation in found] == ["BadTTL"]


def test_only_names_of_old_types_are_compressed() -> None:
    engine = Engine()
    engine.load(
        make_zone(
            "test",
            [
                ("mx", "MX", "10 www"),
                ("srv", "SRV", "1 2 3 www"),
                ("naptr", "NAPTR", '1 2 "u" "s" "" www'),
                ("old", "DNAME", "new"),
                ("www", "TXT", "t"),
            ],
        )
    )
    whole = b"\x03www\x04test\x00"
    for owner, qtype, expected in (("mx", "MX", 0), ("srv", "SRV", 1), ("naptr", "NAPTR", 1)):
        reply = engine.respond(dns.message.make_query(f"{owner}.test.", qtype).to_wire())
        assert reply is not None
        assert reply.count(whole) == expected, qtype
    reply = engine.respond(dns.message.make_query("www.old.test.", "TXT").to_wire())
    assert reply is not None
    assert reply.count(b"\x03new\x04test\x00") == 1


def test_signatures_are_over_names_that_the_zone_has() -> None:
    """The signature is valid whatever the letter case of the question (RFC 4034 section 6)."""
    origin = dns.name.from_text("test.")
    text = "\n".join(["$TTL 300", *APEX.values(), "z-yyy A 192.0.2.1", "*.w TXT t", ""])
    zone = dns.zone.from_text(text, origin, relativize=False)
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    dnskey = dns.dnssec.make_dnskey(key.public_key(), dns.dnssectypes.Algorithm.ED25519, flags=257)
    with zone.writer() as writer:
        dns.dnssec.sign_zone(zone, writer, keys=[(key, dnskey)], add_dnskey=True, lifetime=3600)
    ours, found = master_files.read(zone.to_text(relativize=False).encode(), "signed", "test.")
    assert ours is not None, found
    engine = Engine()
    engine.load(ours)
    keys = {origin: dns.rrset.from_rdata(origin, 300, dnskey)}
    for asked, rtype in (("Z-yyy.TEST.", "A"), ("Z-yyy.TEST.", "TXT"), ("x.W.Test.", "TXT")):
        query = dns.message.make_query(asked, rtype, want_dnssec=True)
        octets = engine.respond(query.to_wire())
        assert octets is not None
        reply = dns.message.from_wire(octets)
        records = [*reply.answer, *reply.authority]
        signed = [rrset for rrset in records if rrset.rdtype != dns.rdatatype.RRSIG]
        assert signed
        for rrset in signed:
            [signatures] = [
                other
                for other in records
                if (other.name, other.covers) == (rrset.name, rrset.rdtype)
            ]
            dns.dnssec.validate(rrset, signatures, keys)

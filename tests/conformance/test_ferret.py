"""The Ferret cases (dns-groot/FerretDataset): small zones, one query each, and what servers answer.

Every name of case N gets the suffix `tN.`, so that all zones are disjoint and one engine serves
them all. A case passes when response code, flags, answer and additional equal those of a group of
servers, and the authority too where the answer is empty.
"""

import gzip
import json
import textwrap
from collections.abc import Iterator
from typing import Any, NamedTuple

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
from dnsfleet.zones import master_files
from dnsfleet_engine import Engine
from support import data

# Where servers disagree, our answer need not be one of theirs.
LEAST_SCORE = 0.998
# How many of the cases that fail are printed, and how much of each reply.
SHOWN = 5
SHOWN_WIDTH = 300
# Types with names in their rdata, and how many come first.
NAMES_IN_RDATA = {"NS": 1, "CNAME": 1, "DNAME": 1, "SOA": 2}

Records = frozenset[str]


class Reply(NamedTuple):
    rcode: str
    flags: frozenset[str]
    answer: Records
    additional: Records
    authority: Records


class Case(NamedTuple):
    number: int
    zone: str
    qname: str
    qtype: str
    groups: list[Reply]


def test_cases() -> None:
    engine = Engine()
    cases = list(_cases())
    for case in cases:
        origin = case.zone.split(maxsplit=1)[0]
        zone, found = master_files.read(case.zone.encode(), f"case {case.number}", origin)
        assert zone is not None, (case, found)
        engine.load(zone)
    failed = [(case, reply) for case in cases if (reply := _ask(engine, case)) not in case.groups]
    unanimous = [case for case in cases if len(case.groups) == 1]
    score = 1 - len(failed) / len(cases)
    lost = [case for case, _ in failed if len(case.groups) == 1]
    print(
        f"\nferret: {len(cases) - len(failed)} of {len(cases)} cases pass ({score:.2%}),"
        f" {len(unanimous) - len(lost)} of {len(unanimous)} unanimous ones"
    )
    for case, reply in failed[:SHOWN]:
        print(f"case {case.number}: {case.qname} {case.qtype}")
        print(f"  got      {textwrap.shorten(str(reply), SHOWN_WIDTH)}")
        for group in case.groups:
            print(f"  expected {textwrap.shorten(str(group), SHOWN_WIDTH)}")
    assert not lost
    assert score >= LEAST_SCORE


def _ask(engine: Engine, case: Case) -> Reply:
    query = dns.message.make_query(case.qname, case.qtype, use_edns=False, flags=0)
    wire = engine.respond(query.to_wire())
    assert wire is not None
    reply = dns.message.from_wire(wire)
    answer = _texts(reply.answer)
    return Reply(
        dns.rcode.to_text(reply.rcode()),
        frozenset(dns.flags.to_text(reply.flags).split()),
        answer,
        _texts(reply.additional),
        frozenset() if answer else _texts(reply.authority),
    )


def _texts(section: list[dns.rrset.RRset]) -> Records:
    return frozenset(line.lower() for rrset in section for line in rrset.to_text().splitlines())


def _cases() -> Iterator[Case]:
    with gzip.open(data.folder() / "ferret" / "cases.jsonl.gz", "rt") as lines:
        for line in lines:
            row = json.loads(line)
            number = row["id"]
            suffix = f"t{number}."
            zone = "".join(f"{_moved(record, suffix)}\n" for record in row["zone"].splitlines())
            groups = [_group(group, suffix) for group in row["expected"]]
            yield Case(number, zone, _below(row["qname"], suffix), row["qtype"], groups)


def _group(group: dict[str, Any], suffix: str) -> Reply:
    def section(name: str) -> Records:
        return frozenset(_moved(record, suffix).lower() for record in group[name])

    answer = section("answer")
    return Reply(
        group["rcode"],
        frozenset(group["flags"]),
        answer,
        section("additional"),
        frozenset() if answer else section("authority"),
    )


def _moved(record: str, suffix: str) -> str:
    """A record in presentation form, with all of its names put below `suffix`."""
    owner, ttl, rdclass, rtype, rdata = record.split(maxsplit=4)
    names = NAMES_IN_RDATA.get(rtype, 0)
    fields = rdata.split() if names else [rdata]
    fields[:names] = [_below(name, suffix) for name in fields[:names]]
    return " ".join([_below(owner, suffix), ttl, rdclass, rtype, *fields])


def _below(name: str, suffix: str) -> str:
    return suffix if name == "." else name + suffix

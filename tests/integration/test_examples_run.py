"""Every example as its readers use it: it is started, and each `dig` of its comments is asked."""

import re
from pathlib import Path
from typing import NamedTuple

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest
from support.fleet import Fleet

FOLDER = Path(__file__).parents[2] / "examples"
READY_SECONDS = 60
POPS = {"quickstart": 3, "big-zone": 2, "recordsets": 1, "delegation": 1, "wildcard-dname": 1}
_DIG = re.compile(r"#\s+dig @127\.0\.0\.1 -p (53\d\d) (?:\+(tcp|norec) )?(\S+) ([A-Z]+)")
_FIRST_PORT = 5301


class Reply(NamedTuple):
    """The expected part of a reply."""

    rcode: str
    authoritative: bool
    answer: tuple[str, ...]
    """Rdata, sorted; types of aliases stand before theirs."""
    additional: tuple[str, ...] = ()


EXPECTED = {
    "quickstart": {
        "www.example.com A": Reply("NOERROR", True, ("192.0.2.10", "192.0.2.11")),
        "example.com MX": Reply("NOERROR", True, ("10 mail.example.com.",), ("192.0.2.25",)),
        "nothing.example.com A": Reply("NXDOMAIN", True, ()),
        "_imaps._tcp.example.org SRV": Reply("NOERROR", True, ("0 1 993 mail.example.com.",)),
    },
    "big-zone": {
        "host-4711.example.net A": Reply("NOERROR", True, ("192.0.2.1",)),
        "host-65535.b.example.net A": Reply("NOERROR", True, ("198.51.100.1",)),
        "release.example.net TXT": Reply("NOERROR", True, ('"revision 1"',)),
    },
    "recordsets": {
        "api.shop.example.com A": Reply("NOERROR", True, ("198.51.100.20", "198.51.100.21")),
        "docs.example.com CNAME": Reply("NOERROR", True, ("pages.example.org.",)),
        "_acme-challenge.api.shop.example.com TXT": Reply(
            "NOERROR", True, ('"a challenge of the day"', '"another challenge"')
        ),
    },
    "delegation": {
        "www.lab.example.com A": Reply(
            "NOERROR", False, (), ("198.51.100.1", "198.51.100.2", "2001:db8:1::2")
        ),
        "www.sales.example.com A": Reply(
            "NOERROR", False, (), ("198.51.100.1", "198.51.100.2", "2001:db8:1::2")
        ),
        "www.apps.example.com A": Reply("NOERROR", False, ()),
        "lab.example.com DS": Reply(
            "NOERROR",
            True,
            ("12345 13 2 3b4d0e7c7a2f5a1e6d9b8c7f0a1b2c3d4e5f60718293a4b5c6d7e8f901234567",),
        ),
    },
    "wildcard-dname": {
        "anything.example.com A": Reply("NOERROR", True, ("192.0.2.80",)),
        "a.b.example.com A": Reply("NOERROR", True, ("192.0.2.80",)),
        "anything.office.example.com A": Reply("NXDOMAIN", True, ()),
        "site.example.com A": Reply("NOERROR", True, ()),
        "www.old.example.com A": Reply(
            "NOERROR", True, ("192.0.2.10", "CNAME www.new.example.com.", "DNAME new.example.com.")
        ),
        "old.example.com A": Reply("NOERROR", True, ("192.0.2.7",)),
    },
}


def ask(port: int, name: str, rtype: str, tcp: bool) -> Reply:
    """The reply of one Pop."""
    query = dns.message.make_query(name, rtype, flags=0)
    send = dns.query.tcp if tcp else dns.query.udp
    reply = send(query, "127.0.0.1", timeout=5, port=port)
    answer = []
    for rrset in reply.answer:
        alias = "" if rrset.rdtype == query.question[0].rdtype else f"{rrset.rdtype.name} "
        answer += [alias + rdata.to_text() for rdata in rrset]
    return Reply(
        dns.rcode.to_text(reply.rcode()),
        bool(reply.flags & dns.flags.AA),
        tuple(sorted(answer)),
        tuple(sorted(rdata.to_text() for rrset in reply.additional for rdata in rrset)),
    )


@pytest.mark.parametrize("example", sorted(path.name for path in FOLDER.iterdir()))
def test_an_example_answers_as_its_comments_say(example: str, tmp_path: Path) -> None:
    lines = [
        match.groups()
        for path in sorted((FOLDER / example).glob("*.yaml"))
        for match in _DIG.finditer(path.read_text())
    ]
    with Fleet(FOLDER / example, tmp_path / "state", POPS[example]) as fleet:
        fleet.wait("ready", READY_SECONDS)
        got = {
            f"{name} {rtype}": ask(
                fleet.dns_port + int(port) - _FIRST_PORT, name, rtype, option == "tcp"
            )
            for port, option, name, rtype in lines
        }
    assert got == EXPECTED[example]

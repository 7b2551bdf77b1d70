"""What an edge is asked about a zone, and whether its reply is the right one.

`dnsfleet verify` asks every edge so, and probers ask every Pop so. The RRsets of a zone are sampled
by chance; who asks brings the chance, so that a run can be repeated. What a right reply to such a
question has depends on where the name is (RFC 1034 section 4.3.2):

    at a zone cut, or below one      a referral: the NS RRset of the cut, in the authority section;
                                     but DS at the cut is answered (RFC 4035 section 3.1.4.1)
    below a DNAME                    the DNAME RRset, in the answer section (RFC 6672 section 3.2)
    anywhere else                    the RRset, in the answer section; a wildcard is asked for as
                                     the name that it has, a CNAME as a CNAME

The cut or the DNAME nearest to the apex counts. Names in another zone of the fleet are not asked
about: an edge that has both answers from that one. Nor is what belongs to another RRset (RRSIG,
NSEC, NSEC3), and what this version of dnspython cannot read.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from typing import NamedTuple

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from dnsfleet_engine import Zone

from dnsfleet import names

QUERIES_PER_ZONE = 8
"""For each edge: the SOA and seven RRsets. A query costs this program 0.3 ms, so 2,000 zones at two
edges take it 10 s; each run samples others."""
LISTED_RRSETS = 200
"""A zone with so many is read as a whole; of a larger one only the sampled lines are."""
TRIES = 10
"""Lines of a large zone that are tried for each question: RRsets of many records, and names that
are not asked about, come up again and again."""
MOST_OCTETS = 60_000
"""Of rdata in one RRset: the reply must fit into one message of 65,535 octets."""
_NOT_ASKED = ("SOA", "RRSIG", "NSEC", "NSEC3")
_AT_APEX = ("NS", "A", "AAAA", "MX", "TXT", "CAA", "HTTPS", "DNSKEY")
_ORDERS = 1 << 32

Below = Callable[[int], int]
"""A number by chance, from 0 up to and without the one given: `random.Random(seed).randrange`."""


class Question(NamedTuple):
    """A question, and the RRset that the right reply has."""

    name: str
    rtype: str
    owner: str
    """Of the RRset."""
    kind: str
    """Type of the RRset."""
    ttl: int
    rdata: frozenset[bytes]
    """Each record in canonical form (RFC 4034 section 6.2)."""
    referral: bool = False
    """Whether it is in the authority section, and not in the answer."""

    def __str__(self) -> str:
        return f"{self.name} {self.rtype}"


def choose(zone: Zone, inner: Set[str], below: Below) -> list[Question]:
    """At most QUERIES_PER_ZONE - 1 questions; `inner` are the zones of the fleet below this one."""
    return list(itertools.islice(drawn(zone, inner, below), QUERIES_PER_ZONE - 1))


def drawn(zone: Zone, inner: Set[str], below: Below) -> Iterator[Question]:
    """Questions by chance, each once. The first one reads the whole zone: 1 s for 1 M records."""
    seen: set[tuple[str, str]] = set()
    for owner, rtype in _sampled(zone, below):
        if rtype in _NOT_ASKED or (owner, rtype) in seen:
            continue
        if owner in inner or not inner.isdisjoint(names.ancestors(owner)):
            continue
        if (question := _question(zone, owner, rtype)) is not None:
            seen.add((owner, rtype))
            yield question


def at_apex(zone: Zone, below: Below) -> Iterator[Question]:
    """Questions about the apex, in an order by chance; they take no time in a zone of any size."""
    for rtype in sorted(_AT_APEX, key=lambda _: below(_ORDERS)):
        if (question := _question(zone, zone.origin, rtype)) is not None:
            yield question


def inner_zones(origins: Iterable[str]) -> dict[str, set[str]]:
    """For each name the zones of `origins` that are below it, where there are some."""
    found: dict[str, set[str]] = {}
    for origin in origins:
        for above in names.ancestors(origin):
            found.setdefault(above, set()).add(origin)
    return found


def query(name: str, rtype: str) -> dns.message.Message:
    """The query to send."""
    return dns.message.make_query(name, rtype, flags=0)


def serial(origin: str, reply: dns.message.Message) -> int | None:
    """The serial that a reply for the SOA of a zone has; None where it is not from that zone."""
    apex = dns.name.from_text(origin)
    if not reply.flags & dns.flags.AA:
        return None
    for rrset in reply.answer:
        if rrset.name == apex and rrset.rdtype == dns.rdatatype.SOA:
            return int(rrset[0].serial)
    return None


def wrong(question: Question, reply: dns.message.Message) -> str:
    """How a reply differs from the right one; empty where it does not."""
    section = reply.authority if question.referral else reply.answer
    owner, kind = dns.name.from_text(question.owner), dns.rdatatype.from_text(question.kind)
    found = [each for each in section if (each.name, each.rdtype) == (owner, kind)]
    what = f"{question.owner} {question.kind}"
    if not found:
        return f"{question}: {dns.rcode.to_text(reply.rcode())} without {what}"
    rrset = found[0]
    if frozenset(each.to_digestable() for each in rrset) != question.rdata:
        said = ", ".join(sorted(each.to_text() for each in rrset))
        return f"{question}: {what} is {said}"
    if rrset.ttl != question.ttl:
        return f"{question}: {what} has TTL {rrset.ttl}, not {question.ttl}"
    return ""


def _sampled(zone: Zone, below: Below) -> Iterator[tuple[str, str]]:
    """Owner and type of RRsets, by chance; some may come twice."""
    text = zone.to_text()
    if zone.rrsets <= LISTED_RRSETS:
        listed = list(dict.fromkeys(map(_key, text.splitlines())))
        yield from sorted(listed, key=lambda _: below(_ORDERS))
        return
    for _ in range(TRIES * QUERIES_PER_ZONE):
        at = below(len(text) - 1)
        yield _key(text[text.rfind("\n", 0, at) + 1 : text.find("\n", at)])


def _key(line: str) -> tuple[str, str]:
    owner, _, rtype, *_ = line.split(" ", 3)
    return owner, rtype


def _question(zone: Zone, owner: str, rtype: str) -> Question | None:
    """None where the RRset in the right reply cannot be compared."""
    at, kind, referral = _place(zone, owner, rtype)
    found = zone.get(at, kind)
    if found is None or zone.rdata_size(at, kind) > MOST_OCTETS:
        return None
    ttl, texts = found
    rdata = _canonical(kind, texts)
    return None if rdata is None else Question(owner, rtype, at, kind, ttl, rdata, referral)


def _place(zone: Zone, owner: str, rtype: str) -> tuple[str, str, bool]:
    """Owner and type of the RRset in the right reply, and whether that is a referral."""
    below = [each for each in [owner, *names.ancestors(owner)] if each != zone.origin]
    below = [each for each in below if names.is_at_or_below(each, zone.origin)]
    if owner != zone.origin and zone.get(zone.origin, "DNAME") is not None:
        return zone.origin, "DNAME", False
    for name in reversed(below):
        if zone.get(name, "NS") is not None and (name, rtype) != (owner, "DS"):
            return name, "NS", True
        if name != owner and zone.get(name, "DNAME") is not None:
            return name, "DNAME", False
    return owner, rtype, False


def _canonical(rtype: str, texts: Sequence[str]) -> frozenset[bytes] | None:
    """Records in canonical form; None where dnspython cannot read them."""
    kind = dns.rdatatype.from_text(rtype)
    try:
        return frozenset(
            dns.rdata.from_text(dns.rdataclass.IN, kind, text, dns.name.root, False).to_digestable()
            for text in texts
        )
    except (dns.exception.DNSException, ValueError):
        return None

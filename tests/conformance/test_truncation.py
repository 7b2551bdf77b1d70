"""Truncation at each size from 512 to 1232 octets, with the same TC bit as Knot DNS.

A reply has TC exactly when what must be in it does not fit (RFC 2181 section 9, RFC 9471 section
3.1): it never exceeds what the client accepts, each RRset is whole or absent, OPT stays, and over
TCP all of it is sent.
"""

from collections.abc import Iterator

import pytest
from dnsfleet.zones import master_files
from dnsfleet_engine import Engine
from support import exchanges, nameservers, wire
from support.comparisons import Address, Query
from support.names import to_wire
from support.wire import OPT, Edns, Record

ORIGIN = "test."
A, MX, TXT = 1, 15, 16
SIZES = range(512, 1233)
# Whole replies are a little smaller and larger than the sizes that clients accept.
MADE = range(SIZES.start - 30, SIZES.stop + 3)
# About how many octets a reply with a CNAME is larger than the one for its target.
ALIAS_SIZE = 24
# Numbers of servers and mail hosts for replies from below the smallest size to above the largest.
COUNTS = range(4, 40, 3)
HEADER, TYPE_AND_CLASS, OPT_SIZE = 12, 4, 11
# A pointer, type, class, TTL, length.
RECORD = 12
STRING = 255


def _text(octets: int) -> str:
    """TXT rdata of that many octets on the wire."""
    strings = []
    while octets > 0:
        length = min(octets - 1, STRING)
        strings.append(f'"{"x" * length}"')
        octets -= length + 1
    return " ".join(strings)


def _name(label: str) -> bytes:
    return to_wire((label.encode(), b"test"))


def _records() -> Iterator[str]:
    yield "@ 300 SOA ns1.example.net. h.example.net. 1 7200 900 1209600 60"
    yield "@ 300 NS ns1.example.net."
    for size in MADE:
        # The whole reply to `tSIZE TXT` with OPT has that many octets.
        fixed = HEADER + len(_name(f"t{size}")) + TYPE_AND_CLASS + RECORD + OPT_SIZE
        yield f"t{size} 300 TXT {_text(size - fixed)}"
        yield f"alias{size} 300 CNAME t{size}"
    for count in COUNTS:
        for number in range(count):
            yield f"cut{count} 300 NS n{number}.cut{count}"
            yield f"n{number}.cut{count} 300 AAAA 2001:db8::{number:x}"
            yield f"sibling{count} 300 NS n{number}.cut{count}"
            yield f"mx{count} 300 MX 10 host{number}"
    yield from (f"host{number} 300 A 192.0.2.{number}" for number in range(COUNTS.stop))


# What is asked at each size: names that start so, their type, and whether all that the reply has
# over TCP must be in it.
KINDS = {
    "t": (TXT, True),
    "alias": (TXT, True),
    "cut": (A, True),
    "sibling": (A, False),
    "mx": (MX, False),
}


def _queries(kind: str) -> Iterator[Query]:
    qtype, _ = KINDS[kind]
    for size in SIZES:
        near = size - ALIAS_SIZE if kind == "alias" else size
        for number in range(near - 3, near + 3) if kind in ("t", "alias") else COUNTS:
            yield Query(_name(f"{kind}{number}"), qtype, Edns(size, False))
            # Without EDNS, and where the server's own limit counts.
            if size == SIZES.start:
                yield Query(_name(f"{kind}{number}"), qtype, None)
                yield Query(_name(f"{kind}{number}"), qtype, Edns(0, False))
            if size == SIZES[-1]:
                yield Query(_name(f"{kind}{number}"), qtype, Edns(4096, True))


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Address, Address]]:
    """The engine, and Knot with the same zone."""
    folder = tmp_path_factory.mktemp("knot")
    file = folder / "zone"
    file.write_text("".join(f"{line}\n" for line in _records()))
    zone, found = master_files.read(file.read_bytes(), file.name, ORIGIN)
    assert zone is not None, found
    engine = Engine()
    engine.load(zone)
    with nameservers.serving(nameservers.KNOT, {ORIGIN: file}, folder) as port:
        yield engine.start([("127.0.0.1", 0)], 1)[0], ("127.0.0.1", port)
        engine.stop()


@pytest.mark.parametrize("kind", KINDS)
def test_every_size(addresses: tuple[Address, Address], kind: str) -> None:
    queries = list(_queries(kind))
    octets = [query.to_wire(number) for number, query in enumerate(queries)]
    ours, knot = addresses
    replies, whole = exchanges.over_udp(ours, octets), exchanges.over_tcp(ours, octets)
    theirs, theirs_whole = exchanges.over_udp(knot, octets), exchanges.over_tcp(knot, octets)
    truncated = 0
    for number, query in enumerate(queries):
        is_truncated = _check(query, replies[number], whole[number], KINDS[kind][1])
        # Knot points back to fewer names, so its referrals may be larger than ours.
        if len(whole[number]) <= query.limit() < len(theirs_whole[number]):
            continue
        assert is_truncated == wire.read(theirs[number]).truncated, query
        truncated += is_truncated
    assert 0 < truncated < len(queries)


def _check(query: Query, small: bytes, large: bytes, all_is_needed: bool) -> bool:
    limit = query.limit()
    reply, whole = wire.read(small), wire.read(large)
    assert len(small) <= limit, query
    assert not whole.truncated
    for some, every in (
        (reply.answer, whole.answer),
        (reply.authority, whole.authority),
        (reply.additional, whole.additional),
    ):
        assert _rrsets(some).items() <= _rrsets(every).items(), query
    has_opt = any(record.rtype == OPT for record in reply.additional)
    assert has_opt == (query.edns is not None), query
    if all_is_needed:
        assert reply.truncated == (len(large) > limit), query
    if not reply.truncated:
        assert (reply.answer, reply.authority) == (whole.answer, whole.authority), query
    return reply.truncated


def _rrsets(records: frozenset[Record]) -> dict[tuple[bytes, int], frozenset[Record]]:
    keys = {(record.owner, record.rtype) for record in records}
    return {
        (owner, rtype): frozenset(r for r in records if (r.owner, r.rtype) == (owner, rtype))
        for owner, rtype in keys
    }

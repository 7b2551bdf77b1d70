"""The rules that explain differences between servers never explain a wrong reply of ours."""

from collections.abc import Iterator

import pytest
from dnsfleet_engine import Engine
from support import differences, wire
from support.differences import Difference, Pair
from support.names import to_wire
from support.wire import AUTHORITATIVE, Record, Reply
from support.zones import make_zone

SERVERS = ("knotd", "nsd", "named")
A, CNAME, MX, TXT, NSEC = 1, 5, 15, 16, 47
# The type bitmaps of RFC 4034 section 4.1.2 with one type.
TYPES_OF_A, TYPES_OF_TXT = b"\0\1\x40", b"\0\3\0\0\x80"

RECORDS = [
    ("www", "A", "192.0.2.1"),
    ("www", "A", "192.0.2.2"),
    ("alias", "CNAME", "www"),
    ("old", "DNAME", "new"),
    ("host.new", "A", "192.0.2.3"),
    ("*.wild", "TXT", "one"),
    ("mx", "MX", "10 www"),
    ("sub", "NS", "ns.sub"),
    ("ns.sub", "A", "192.0.2.4"),
]
ASKED = [
    (b"www", A),
    (b"www", TXT),
    (b"absent", A),
    (b"alias", A),
    (b"host.old", A),
    (b"other.old", A),
    (b"x.wild", TXT),
    (b"mx", MX),
    (b"host.sub", A),
]


def _reply(name: bytes, qtype: int) -> tuple[Reply, int]:
    engine = Engine()
    engine.load(make_zone("test", RECORDS))
    qname = to_wire((*name.split(b"."), b"test"))
    octets = engine.respond(wire.query(1, qname, qtype, None))
    assert octets is not None
    return wire.read(octets), len(octets)


def _wrong(right: Reply) -> Iterator[Reply]:
    """The reply with one thing wrong."""
    yield right._replace(flags=right.flags ^ AUTHORITATIVE)
    yield from (right.with_rcode(rcode) for rcode in range(7) if rcode != right.rcode)
    for record in right.answer:
        yield right._replace(answer=right.answer - {record})
        yield right._replace(answer=right.answer - {record} | {record._replace(ttl=1)})
        yield right._replace(answer=right.answer - {record} | {record._replace(rdata=b"\1x\0")})
        yield right._replace(answer=right.answer | {record._replace(owner=b"\1x\0")})
    for record in right.authority:
        yield right._replace(authority=right.authority - {record})
        yield right._replace(authority=right.authority - {record} | {record._replace(ttl=1)})
    for record in right.additional:
        yield right._replace(additional=right.additional - {record})
        yield right._replace(additional=right.additional | {record._replace(rdata=b"\1\1\1\1")})
    yield right._replace(authority=right.authority | {Record(b"\0", 2, 1, 60, b"\0")})
    yield right._replace(additional=right.additional | {Record(b"\1x\0", 1, 1, 60, b"\1\1\1\1")})
    yield right._replace(repeated=1)
    yield right._replace(question=right.question.upper())


@pytest.mark.parametrize(("name", "qtype"), ASKED)
@pytest.mark.parametrize("server", SERVERS)
def test_no_rule_explains_a_wrong_reply(name: bytes, qtype: int, server: str) -> None:
    right, size = _reply(name, qtype)
    for wrong in _wrong(right):
        pair = Pair(wrong, right, size, size)
        # All other servers answer as this one does, so none answers as we do.
        difference = Difference(server, qtype, 512, False, pair, pair)
        assert differences.explain(difference) == [], wrong


def test_no_rule_explains_another_type_bitmap_or_next_name() -> None:
    right, size = _reply(b"absent", A)
    covering = to_wire((b"a", b"test"))
    next_name = to_wire((b"b", b"test"))
    proof = Record(covering, NSEC, 1, 60, next_name + TYPES_OF_A)
    right = right._replace(authority=right.authority | {proof})
    others = (next_name + TYPES_OF_TXT, to_wire((b"c", b"test")) + TYPES_OF_A)
    for rdata in others:
        changed = right.authority - {proof} | {proof._replace(rdata=rdata)}
        pair = Pair(right._replace(authority=changed), right, size, size)
        for server in SERVERS:
            agreed = Difference(server, A, 1232, False, pair, pair, agreeing=2)
            assert differences.explain(agreed) == []
    # A record that one server has and another one has not is no such change.
    pair = Pair(right, right._replace(authority=right.authority - {proof}), size, size)
    assert differences.explain(Difference("nsd", A, 1232, False, pair, pair, agreeing=2))

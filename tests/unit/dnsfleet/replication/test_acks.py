"""Acks on the wire, and what they prove."""

import base64
import json
from typing import Any

import pytest
from dnsfleet.replication import acks
from dnsfleet.replication.acks import Ack, Load
from dnsfleet.replication.revisions import Revision
from dnsfleet.replication.sums import Positions

A, B = "a.example.", "b.example."
UNREADABLE = b'{"lsn":1,"failing":{},"failingCount":0,"time":2,"reads":"2"}'
NO_SUM = b'{"lsn":1,"failing":{},"failingCount":0,"time":2,"total":"x"}'
NO_PROOF = b'{"lsn":1,"failing":{},"failingCount":0,"time":2,"ahead":{"a.":"?"},"aheadCount":1}'
NO_KEYS = b'{"lsn":1,"failing":{},"failingCount":0,"time":2,"keys":1}'
TOTAL = 2**127 + 5
GOOD = Ack(8, {}, 0, 9, told=8, total=TOTAL)


def test_round_trip() -> None:
    ack = Ack(
        7, {B: "why", A: "x" * 500}, 2, 9, 3, 8, TOTAL, {A: b"\x00\xff"}, 4, 6, ("0123", "45")
    )
    expected = ack._replace(failing={A: "x" * 200, B: "why"})
    assert acks.decode(acks.encode(ack)) == expected


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (["192.0.2.1", "2001:DB8::1"], ("192.0.2.1", "2001:db8::1")),
        (["192.0.2.1", "\x1b[2J"], ()),
        ("192.0.2.1", ()),
        (7, ()),
        (["192.0.2.1"] * 99, ("192.0.2.1",) * 16),
    ],
)
def test_addresses_are_no_part_of_the_proof(said: object, read: tuple[str, ...]) -> None:
    wire = json.loads(acks.encode(GOOD)) | {"addresses": said}
    assert acks.decode(json.dumps(wire).encode()) == GOOD._replace(addresses=read)


@pytest.mark.parametrize(
    ("ack", "shown"),
    [
        (GOOD, True),
        (GOOD._replace(lsn=7), True),
        (GOOD._replace(lsn=6), False),
        (GOOD._replace(failing={A: "why"}, failing_count=1), False),
        (GOOD._replace(failing={B: "why"}, failing_count=1), True),
        (GOOD._replace(failing={B: "why"}, failing_count=2), False),
        (GOOD._replace(ahead={A: b"proof"}, ahead_count=1), False),
        (GOOD._replace(ahead={B: b"proof"}, ahead_count=1), True),
        (GOOD._replace(ahead={B: b"proof"}, ahead_count=2), False),
        (GOOD._replace(total=TOTAL - 1), False),
        (GOOD._replace(total=None), False),
        (GOOD._replace(told=7), False),
        (GOOD._replace(lsn=9), True),
        (GOOD._replace(lsn=2**60, told=9), False),
    ],
)
def test_what_an_ack_shows(ack: Ack, shown: bool) -> None:
    positions = Positions()
    positions.note(7, 1)
    positions.note(8, TOTAL)
    assert acks.shows(ack, positions, A, 7) is shown


def test_an_ack_claims_no_more_than_the_edge_was_told() -> None:
    positions = Positions()
    positions.note(8, TOTAL)
    assert acks.answered(GOOD._replace(lsn=9), positions) == 8


def test_an_edge_of_an_older_version_reads_the_first_format_and_proves_nothing() -> None:
    ack = acks.decode(b'{"lsn":1,"failing":{},"failingCount":0,"time":2}')
    assert ack == Ack(1, {}, 0, 2, 1)
    positions = Positions()
    positions.note(0, 0)
    positions.note(1, 0)
    assert acks.answered(ack, positions) == -1


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b'{"lsn":1,"failing":[]}', UNREADABLE, NO_SUM, NO_PROOF, NO_KEYS, b"\xff"],
)
def test_what_cannot_be_read_is_no_ack(data: bytes) -> None:
    assert acks.decode(data) is None


def said(**more: Any) -> bytes:
    """An ack as an edge writes it that was taken over."""
    return json.dumps(json.loads(acks.encode(GOOD)) | more).encode()


def test_what_an_ack_claims_is_bounded_where_it_is_read() -> None:
    signed = base64.b64encode(bytes(1000)).decode()
    ack = acks.decode(
        said(
            failing={f"{number}.example.": "x" * 40_000 for number in range(3000)},
            failingCount=2,
            ahead={f"{number}.example.": signed for number in range(3000)},
            aheadCount=2,
            keys=["k" * 1000] * 1000,
        )
    )
    assert ack is not None
    assert len(ack.failing) == acks.MAX_FAILING
    assert {len(reason) for reason in ack.failing.values()} == {acks.MAX_REASON}
    assert sum(map(len, ack.ahead.values())) <= acks.AHEAD_OCTETS
    assert (ack.failing_count, ack.ahead_count) == (3000, 3000), "what is left out may be any zone"
    assert sum(map(len, ack.keys)) < 1000
    empty = acks.decode(said(ahead=dict.fromkeys(map(str, range(10_000)), ""), aheadCount=10_000))
    assert empty is not None
    assert len(empty.ahead) <= acks.MAX_AHEAD


def test_a_text_of_an_ack_stays_in_its_line() -> None:
    reason = "no\x1b[2J\nThe Pop is \u202e well \ud800"
    ack = acks.decode(said(failing={"a.\r\n": reason}, failingCount=1))
    assert ack is not None
    for text in (*ack.failing, *ack.failing.values()):
        assert text.isprintable()
        assert text.encode()
    assert ack.failing["a.\\r\\n"].startswith("no\\x1b[2J\\nThe Pop is")
    assert acks.decode(acks.encode(ack)) == ack, "it is cleaned once"


@pytest.mark.parametrize(
    "field", ["lsn", "failingCount", "time", "reads", "told", "started", "aheadCount"]
)
@pytest.mark.parametrize(
    "value", [2**53 + 1, 10**300, -1, True, 1.0], ids=["large", "vast", "negative", "bool", "float"]
)
def test_a_number_that_not_every_reader_has_is_no_number(field: str, value: object) -> None:
    assert acks.decode(said(**{field: 2**53})) is not None
    assert acks.decode(said(**{field: value})) is None


def test_a_sum_has_128_bits() -> None:
    assert acks.decode(said(total=f"{2**128 - 1:x}")) is not None
    assert acks.decode(said(total=f"{2**128:x}")) is None
    assert acks.decode(said(total="f" * 100_000)) is None
    assert acks.decode(said(total="-1")) is None


def test_what_a_newer_edge_says_in_another_way_spoils_no_proof() -> None:
    assert acks.decode(said(load=[1, 2, 3, 4])) == GOOD._replace(load=Load(1, 2, 3))
    assert acks.decode(said(refreshed="7.2")) == GOOD._replace(refreshed=Revision(7, 2))
    for refreshed in ({"epoch": 7}, "7.2.1", 7, None):
        assert acks.decode(said(refreshed=refreshed)) == GOOD

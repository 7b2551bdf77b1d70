"""Acks on the wire, and what they prove."""

import pytest
from dnsfleet.replication import acks
from dnsfleet.replication.acks import Ack
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

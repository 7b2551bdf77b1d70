"""Acks on the wire."""

import pytest
from dnsfleet.replication import acks
from dnsfleet.replication.acks import Ack

UNREADABLE = (
    b'{"lsn":1,"failing":{},"failingCount":0,"time":2,"reads":"2"}',
    b'{"lsn":1,"failing":{},"failingCount":0,"time":2,"keys":1}',
)


def test_round_trip() -> None:
    ack = Ack(7, {"b.example.": "why", "a.example.": "x" * 500}, 2, 9, 3, ("0123", "4567"))
    expected = ack._replace(failing={"a.example.": "x" * 200, "b.example.": "why"})
    assert acks.decode(acks.encode(ack)) == expected


@pytest.mark.parametrize(
    ("ack", "shown"),
    [
        (Ack(7, {}, 0, 9), True),
        (Ack(6, {}, 0, 9), False),
        (Ack(8, {"a.example.": "why"}, 1, 9), False),
        (Ack(8, {"b.example.": "why"}, 1, 9), True),
        (Ack(8, {"b.example.": "why"}, 2, 9), False),
    ],
)
def test_what_an_ack_shows(ack: Ack, shown: bool) -> None:
    assert acks.shows(ack, "a.example.", 7) is shown


def test_an_edge_that_says_less_reads_the_first_format_and_names_no_key() -> None:
    ack = acks.decode(b'{"lsn":1,"failing":{},"failingCount":0,"time":2}')
    assert ack == Ack(1, {}, 0, 2, 1, ())


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b'{"lsn":1,"failing":[]}', *UNREADABLE, b"\xff"]
)
def test_what_cannot_be_read_is_no_ack(data: bytes) -> None:
    assert acks.decode(data) is None

"""Acks on the wire."""

import pytest
from dnsfleet import acks
from dnsfleet.acks import Ack


def test_round_trip() -> None:
    data = acks.encode(7, {"b.example.": "why", "a.example.": "x" * 500}, 9)
    assert acks.decode(data) == Ack(7, {"a.example.": "x" * 200, "b.example.": "why"}, 2, 9)


def test_an_ack_stays_small_however_much_fails() -> None:
    failing = {f"{number:06}.example.": "r" * 500 for number in range(100_000)}
    ack = acks.decode(data := acks.encode(7, failing, 9))
    assert ack is not None
    assert (len(ack.failing), ack.failing_count) == (acks.MAX_FAILING, 100_000)
    assert len(data) < 16_384


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"lsn":1,"failing":[]}', b"\xff"])
def test_what_cannot_be_read_is_no_ack(data: bytes) -> None:
    assert acks.decode(data) is None

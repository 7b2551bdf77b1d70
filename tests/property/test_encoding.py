"""A payload that was cut into chunks can be put together, and damage is always noticed."""

import pytest
from dnsfleet.replication import encoding
from dnsfleet.replication.encoding import CHUNK_SIZE, PayloadError
from dnsfleet.replication.revisions import Revision
from hypothesis import given
from hypothesis import strategies as st

AT = Revision(1, 1)
SIZES = [0, 1, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1, 3 * CHUNK_SIZE]


@pytest.mark.parametrize("size", SIZES)
def test_round_trip(size: int) -> None:
    data = bytes(at % 251 for at in range(size))
    chunks = encoding.split(data)
    payload = encoding.describe(AT, data)
    assert len(chunks) == payload.chunks >= 1
    assert all(len(chunk) <= CHUNK_SIZE for chunk in chunks)
    assert encoding.join(chunks, payload) == data


def test_each_damage_has_its_message() -> None:
    data = bytes(2 * CHUNK_SIZE)
    chunks: list[bytes | None] = list(encoding.split(data))
    payload = encoding.describe(AT, data)
    for damaged, message in (
        ([chunks[0], None], "1 of 2 chunks are missing"),
        ([chunks[0]], "61440 octets in 1 chunks, not 122880 octets in 2 chunks"),
        ([chunks[0], bytes([1]) * CHUNK_SIZE], "the SHA-256 of the chunks is not the one"),
    ):
        with pytest.raises(PayloadError, match=message):
            encoding.join(damaged, payload)


@given(st.lists(st.binary(max_size=40), max_size=6), st.integers(0, 6))
def test_a_chain_hash_can_be_taken_up_anywhere(deltas: list[bytes], at: int) -> None:
    whole = encoding.chain_hash(bytes(32), deltas)
    assert encoding.chain_hash(encoding.chain_hash(bytes(32), deltas[:at]), deltas[at:]) == whole


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=6), st.data())
def test_a_chain_hash_shows_what_is_lost_or_moved(deltas: list[bytes], data: st.DataObject) -> None:
    other = data.draw(st.permutations(deltas)) if len(set(deltas)) > 1 else deltas[1:]
    if list(other) != deltas:
        assert encoding.chain_hash(bytes(32), other) != encoding.chain_hash(bytes(32), deltas)

"""What is true of the ring function for every name."""

from dnsfleet import rings
from hypothesis import given
from hypothesis import strategies as st

labels = st.binary(min_size=1, max_size=63).filter(lambda label: 0 not in label)
names = st.lists(labels, max_size=4).map(
    lambda parts: b"".join(bytes([len(part)]) + part for part in parts) + b"\0"
)
counts = st.integers(1, rings.MAX_SHARDS)


@given(names, counts)
def test_letter_case_and_what_follows_the_name_change_nothing(name: bytes, shards: int) -> None:
    owner = rings.owner(name, shards)
    assert 0 <= owner < shards
    assert rings.owner(name.upper(), shards) == owner
    assert rings.owner(name + b"\x00\x01\x00\x01", shards) == owner


@given(names, st.integers(2, rings.MAX_SHARDS))
def test_a_name_moves_to_the_new_shard_or_not_at_all(name: bytes, shards: int) -> None:
    assert rings.owner(name, shards) in {rings.owner(name, shards - 1), shards - 1}


@given(names, st.binary(max_size=20))
def test_octets_past_the_limit_are_not_hashed(name: bytes, tail: bytes) -> None:
    head = (name * 65).replace(b"\0", b"\1")[: rings.NAME_OCTETS]
    assert rings.name_hash(head + tail) == rings.name_hash(head)

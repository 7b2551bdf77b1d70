"""The ring function: shared vectors, even shares, and few names that move with a new shard."""

import itertools
import json
from collections import Counter
from pathlib import Path

import pytest
from dnsfleet import rings

VECTORS = json.loads((Path(__file__).parents[2] / "golden" / "rings.json").read_text())
NAMES = 100_000
PATTERNS = ("host-{}.example.com", "www.customer{}.net", "{:x}.some.deep.zone.example.org")


def wire(text: str) -> bytes:
    labels = text.encode().split(b".")
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


@pytest.mark.parametrize(("name", "value", "owners"), VECTORS, ids=[row[0] for row in VECTORS])
def test_the_shared_vectors_hold(name: str, value: int, owners: list[int]) -> None:
    octets = bytes.fromhex(name)
    assert rings.name_hash(octets) == value
    assert [rings.owner(octets, shards) for shards in range(1, 9)] == owners


def test_shares_are_even_and_a_new_shard_takes_only_what_it_wins() -> None:
    patterns = itertools.cycle(PATTERNS)
    names = [wire(next(patterns).format(number)) for number in range(NAMES)]
    before = [rings.owner(name, 1) for name in names]
    for shards in range(2, 9):
        after = [rings.owner(name, shards) for name in names]
        shares = Counter(after)
        assert len(shares) == shards
        for shard, share in shares.items():
            assert share == pytest.approx(NAMES / shards, rel=0.05), (shards, shard)
        moved = [new for old, new in zip(before, after, strict=True) if old != new]
        assert len(moved) <= 1.3 / shards * NAMES
        assert set(moved) == {shards - 1}
        before = after


@pytest.mark.parametrize("shards", [0, -1, rings.MAX_SHARDS + 1])
def test_a_count_of_shards_out_of_range_is_refused(shards: int) -> None:
    with pytest.raises(ValueError, match=rf"^{shards} shards: use 1 to {rings.MAX_SHARDS}$"):
        rings.owner(b"\0", shards)

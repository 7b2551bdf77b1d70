"""Which slot an edge takes, and what a slot says."""

import fnmatch
import itertools

import pytest
from dnsfleet.replication import ack_slots
from dnsfleet.replication.ack_slots import GONE_MS, SLOTS, Word
from dnsfleet.replication.acks import Ack
from dnsfleet.resources.pops import MAX_REPLICAS

NOW = 10 * GONE_MS
EDGE = "ams/ams-0"


def held(edge: str, seconds_ago: float = 0) -> bytes:
    return ack_slots.encode(edge, Ack(1, {}, 0, NOW - int(seconds_ago * 1000)))


GONE = GONE_MS / 1000 + 1


@pytest.mark.parametrize(
    ("beginnings", "chosen"),
    [
        ([b"", b""], 0),
        ([held("ams/ams-1"), b"", b""], 1),
        ([b"", held(EDGE)], 1),
        ([held("ams/ams-1", GONE), b""], 1),
        ([held("ams/ams-1", GONE), held("ams/ams-2", GONE + 1)], 1),
        ([held("ams/ams-1", GONE), held("ams/ams-2")], 0),
        ([held("ams/ams-1"), b"rubbish"], 1),
        ([held("ams/ams-1"), held("ams/ams-2", GONE - 2)], None),
        ([held(EDGE + "0"), b""], 1),
    ],
    ids=["empty", "next", "own", "empty-before-gone", "silent-longest", "gone", "rubbish", "full",
         "longer-name"],
)  # fmt: skip
def test_the_slot_that_an_edge_takes(beginnings: list[bytes], chosen: int | None) -> None:
    assert ack_slots.choose(EDGE, range(len(beginnings)), beginnings, NOW) == chosen


def test_the_beginning_of_a_slot_says_whose_it_is() -> None:
    edge = f"{'p' * 253}/{'e' * 253}"
    ack = Ack(5, {f"{n}.example.": "x" * 200 for n in range(50)}, 50, NOW)
    value = ack_slots.encode(edge, ack)
    assert len(value) < ack_slots.MAX_OCTETS / 2
    assert ack_slots.decode(value) == Word(edge, NOW, ack)
    beginning = ack_slots.decode(value[: ack_slots.HEADER_OCTETS])
    assert beginning == Word(edge, NOW, None)


@pytest.mark.parametrize(
    "value", [b"", b"\n", b"ams/0\n{}", b"ams/0 x\n{}", b"ams/0 \xb2\n", b"{}"]
)
def test_a_slot_that_does_not_say_whose_it_is(value: bytes) -> None:
    assert ack_slots.decode(value) is None


def test_an_edge_looks_at_every_slot_from_its_own_place_on() -> None:
    orders = [ack_slots.order(f"ams/ams-{n}") for n in range(100)]
    assert all(sorted(order) == list(range(SLOTS)) for order in orders)
    assert len({order[0] for order in orders}) > 80


def test_the_pattern_matches_the_slots_and_nothing_else() -> None:
    digits = "0123456789abcdefg"
    names = {ack_slots.KEY_PREFIX + "".join(name) for name in itertools.product(digits, repeat=3)}
    found = {name for name in names if fnmatch.fnmatchcase(name, ack_slots.PATTERN)}
    assert found == {ack_slots.key(slot) for slot in range(SLOTS)}


def test_there_are_slots_for_pops_of_the_largest_size_while_all_their_edges_are_replaced() -> None:
    assert SLOTS >= 5 * 2 * MAX_REPLICAS

"""When zones leave a fleet, and when they wait for an approval."""

from collections.abc import Iterable, Mapping

import pytest
from dnsfleet.zones import removals
from dnsfleet.zones.removals import (
    LATELY_SECONDS,
    MIN_REMOVED,
    SETTLING_SECONDS,
    Decision,
    Removal,
    Stage,
    decide,
)
from hypothesis import given
from hypothesis import strategies as st

NOW = 1_000_000.0


def zones(count: int, begin: int = 0) -> set[str]:
    return {f"z{number:03}.example." for number in range(begin, begin + count)}


class Fleet:
    """A fleet whose zones leave when `decide` says so."""

    def __init__(self, size: int) -> None:
        self.live = zones(size)
        self.named = set(self.live)
        self.known: Mapping[str, Removal] = {}
        self.now = NOW
        self.approvals: set[str] = set()

    def look(self, asked: Iterable[str] = (), later: float = 0.0) -> Decision:
        """The objects of `asked` end, and time goes on by `later`."""
        self.now += later
        self.named -= set(asked)
        found = decide(self.known, asked, self.live, self.named, self.approvals, self.now)
        self.known = found.removals
        self.live -= found.remove
        return found


@pytest.mark.parametrize(
    ("removed", "of", "large"),
    [(10, 10, False), (11, 11, True), (11, 109, True), (11, 110, False), (100, 1000, False)],
)
def test_more_than_ten_and_more_than_a_tenth_are_too_many(
    removed: int, of: int, large: bool
) -> None:
    assert removals.is_large(removed, of) is large


def test_few_zones_leave_when_they_have_settled() -> None:
    fleet = Fleet(42)
    gone = zones(3)
    found = fleet.look(gone)
    assert (found.remove, found.wait_seconds) == (frozenset(), SETTLING_SECONDS)
    found = fleet.look(later=SETTLING_SECONDS - 1)
    assert (found.remove, found.wait_seconds) == (frozenset(), 1.0)
    found = fleet.look(later=1)
    assert (found.remove, found.hold, found.wait_seconds) == (gone, None, None)


@pytest.mark.parametrize("back", [0.5, 3600.0])
def test_a_clock_that_goes_back_makes_nothing_leave_earlier_or_wait_for_long(back: float) -> None:
    fleet = Fleet(42)
    fleet.look(zones(3))
    found = fleet.look(later=-back)
    assert (found.remove, found.wait_seconds) == (frozenset(), SETTLING_SECONDS)
    assert fleet.look(later=SETTLING_SECONDS).remove == zones(3)


def test_a_fleet_that_cannot_lose_too_many_does_not_wait() -> None:
    fleet = Fleet(MIN_REMOVED)
    assert fleet.look(zones(MIN_REMOVED)).remove == zones(MIN_REMOVED)


def test_a_mass_deletion_one_after_the_other_takes_nothing() -> None:
    fleet = Fleet(42)
    for number in range(30):
        assert not fleet.look(zones(1, number), later=0.2).remove
    hold = fleet.look(later=100 * LATELY_SECONDS).hold
    assert hold is not None
    assert hold.origins == tuple(sorted(zones(30)))
    assert hold.text == "the removal takes 30 of 42 zones from the fleet"
    assert fleet.live == zones(42)


def test_a_slow_trickle_stops_at_the_eleventh_and_time_is_no_approval() -> None:
    fleet = Fleet(42)
    for number in range(20):
        fleet.look(zones(1, number), later=SETTLING_SECONDS)
        fleet.look(later=SETTLING_SECONDS)
    assert fleet.live == zones(32, 10)
    hold = fleet.look(later=2 * LATELY_SECONDS).hold
    assert hold is not None
    assert hold.origins == tuple(sorted(zones(10, 10)))
    assert fleet.live == zones(32, 10)


def test_what_left_is_counted_for_ten_minutes_only() -> None:
    fleet = Fleet(42)
    fleet.look(zones(MIN_REMOVED))
    fleet.look(later=SETTLING_SECONDS)
    fleet.look(zones(1, MIN_REMOVED), later=LATELY_SECONDS)
    assert fleet.look(later=SETTLING_SECONDS).remove == zones(1, MIN_REMOVED)


def test_an_approval_is_of_this_set_and_of_no_larger_one() -> None:
    fleet = Fleet(42)
    hold = fleet.look(zones(30)).hold
    assert hold is not None
    fleet.approvals = {hold.hash}
    larger = fleet.look(zones(1, 30)).hold
    assert larger is not None
    assert larger.hash != hold.hash
    assert fleet.live == zones(42)
    fleet.approvals = {larger.hash}
    assert fleet.look().remove == zones(31)
    assert fleet.look(later=1).hold is None


def test_what_was_approved_is_not_counted_afterwards() -> None:
    fleet = Fleet(42)
    hold = fleet.look(zones(30)).hold
    assert hold is not None
    fleet.approvals = {hold.hash}
    fleet.look()
    fleet.look(zones(1, 30))
    assert fleet.look(later=SETTLING_SECONDS).remove == zones(1, 30)


def test_an_approval_that_stays_written_does_not_approve_the_same_set_again() -> None:
    fleet = Fleet(42)
    first = fleet.look(zones(30)).hold
    assert first is not None
    fleet.approvals = {first.hash}
    fleet.look()
    fleet.look()  # by the pass that publishes them anew
    fleet.live, fleet.named = zones(42), zones(42)
    again = fleet.look(zones(30), later=60).hold
    assert again is not None
    assert again.origins == first.origins


def test_objects_that_come_back_one_by_one_keep_the_rest_from_leaving() -> None:
    fleet = Fleet(42)
    fleet.look(zones(30))
    for left in range(29, 0, -1):
        fleet.named |= {f"z{left:03}.example."}
        hold = fleet.look(later=60).hold
        assert hold is not None
        assert hold.origins == tuple(sorted(zones(left)))
    fleet.named |= zones(1)
    found = fleet.look()
    assert (found.hold, found.removals, fleet.live) == (None, {}, zones(42))


def test_a_removal_that_was_begun_goes_on() -> None:
    for stage in (Stage.APPROVED, Stage.LEFT):
        known = {"z000.example.": Removal(stage, NOW)}
        found = decide(known, (), zones(42), set(), set(), NOW)
        assert found.remove == {"z000.example."}
        assert not decide(known, (), zones(42), zones(1), set(), NOW).remove


@given(st.sampled_from(Stage), st.integers(0, 2**40))
def test_a_note_says_what_was_noted(stage: Stage, since: int) -> None:
    removal = Removal(stage, float(since))
    assert removals.decode(removals.encode(removal)) == removal


@pytest.mark.parametrize("value", [b"", b"held", b"held x", b"other 5", b"held 1e9", b"\xff 5"])
def test_a_note_of_anything_else_is_none(value: bytes) -> None:
    assert removals.decode(value) is None


_STEPS = st.lists(
    st.tuples(
        st.sets(st.integers(0, 39), max_size=15),
        st.sets(st.integers(0, 39), max_size=5),
        st.sampled_from([0.0, 1.0, 30.0, 200.0, 700.0]),
        st.booleans(),
    ),
    max_size=25,
)


@given(_STEPS)
def test_never_more_than_a_few_leave_within_ten_minutes_unless_approved(
    steps: list[tuple[set[int], set[int], float, bool]],
) -> None:
    fleet = Fleet(40)
    left: dict[str, float] = {}
    for gone, back, later, restart in steps:
        fleet.now += later
        fleet.named |= {f"z{number:03}.example." for number in back} & fleet.live
        if restart:  # a new leader knows what the core has
            coded = {each: removals.encode(known) for each, known in fleet.known.items()}
            decoded = {each: removals.decode(value) for each, value in coded.items()}
            fleet.known = {each: known for each, known in decoded.items() if known is not None}
        asked = {f"z{number:03}.example." for number in gone} & fleet.live
        named = fleet.named - asked
        found = fleet.look(asked)
        assert not found.remove & named
        left |= dict.fromkeys(found.remove, fleet.now)
        recent = {each for each, at in left.items() if fleet.now - at < LATELY_SECONDS}
        assert len(recent) <= MIN_REMOVED
        if found.hold is not None:
            assert not found.remove
            assert set(found.hold.origins) <= fleet.live - fleet.named

"""Who asks whom: every Pop is asked by enough others, and a change moves no more than it has to."""

from collections.abc import Mapping

from dnsfleet import rings
from dnsfleet.probing import division
from dnsfleet.probing.division import EVERYWHERE, PROBERS
from dnsfleet.probing.lists import ProbedPop
from hypothesis import given
from hypothesis import strategies as st

NAMES = st.from_regex(r"\A[a-z]([a-z0-9-]{0,38}[a-z0-9])?\Z")
FLEETS = st.lists(NAMES, min_size=1, max_size=12, unique=True)
KEYS = st.text(st.characters(codec="ascii", min_codepoint=33), min_size=1, max_size=40)


def targets(pops: list[str]) -> Mapping[str, set[str]]:
    """What each prober asks."""
    given = [ProbedPop(name, ()) for name in pops]
    return {place: {pop.name for pop in division.targets(place, given)} for place in pops}


@given(FLEETS)
def test_every_pop_is_asked_by_enough_others_and_by_itself_only_when_alone(pops: list[str]) -> None:
    asked = targets(pops)
    for pop in pops:
        by = {place for place, theirs in asked.items() if pop in theirs}
        assert len(by) == min(PROBERS, max(1, len(pops) - 1))
        assert pop not in by or len(pops) == 1


@given(FLEETS.filter(lambda pops: len(pops) > 2), st.data())
def test_a_prober_that_is_lost_moves_its_own_targets_alone(
    pops: list[str], data: st.DataObject
) -> None:
    lost = data.draw(st.sampled_from(pops))
    left = [pop for pop in pops if pop != lost]
    before, after = targets(pops), targets(left)
    for pop in left:
        asked_before = {place for place in pops if pop in before[place]}
        asked_after = {place for place in left if pop in after[place]}
        assert asked_before - {lost} <= asked_after
        if lost not in asked_before:
            assert asked_after == asked_before


@given(FLEETS)
def test_the_order_of_the_list_changes_nothing(pops: list[str]) -> None:
    assert targets(pops) == targets(sorted(pops, reverse=True))


@given(FLEETS, st.sets(st.integers(0, 11)))
def test_who_is_no_pop_asks_all_that_are_in_service(pops: list[str], drained: set[int]) -> None:
    given = [ProbedPop(name, (), number in drained) for number, name in enumerate(pops)]
    asked = {pop.name for pop in division.targets(EVERYWHERE, given)}
    assert asked == {pop.name for pop in given if not pop.drained}
    for place in pops:
        assert not any(pop.drained for pop in division.targets(place, given))


@given(KEYS, FLEETS, st.integers(1, 5))
def test_owners_are_the_first_of_one_order(key: str, members: list[str], count: int) -> None:
    order = rings.owners(key, members, len(members))
    assert sorted(order) == sorted(members)
    assert rings.owners(key, members, count) == order[:count]
    assert rings.owners(key, members[1:], len(members)) == [
        each for each in order if each != members[0]
    ]

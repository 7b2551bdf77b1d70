"""Whatever is wanted of a placement: while it is held, no Pop loses the zone, and it stays held."""

from dnsfleet.zones import placements
from dnsfleet.zones.placements import Fleet, Pops
from hypothesis import given
from hypothesis import strategies as st

SETS = st.frozensets(st.sampled_from("abcdefg"))
POPS = st.one_of(st.none(), SETS.map(lambda names: tuple(sorted(names))))
NOTHING: frozenset[str] = frozenset()


def serving(pops: Pops, fleet: Fleet) -> frozenset[str]:
    return frozenset(fleet.running if pops is None else fleet.running & set(pops))


@given(POPS, POPS, SETS, SETS, SETS)
def test_what_is_held_takes_no_pop_away_and_stays_held(
    before: Pops,
    wanted: Pops,
    running: frozenset[str],
    ready: frozenset[str],
    lately: frozenset[str],
) -> None:
    fleet = Fleet(running, running & ready)
    found = placements.decide(before, wanted, fleet, NOTHING, lately)
    if found.hold is None:
        assert found.pops == wanted
        lost = serving(before, fleet) - serving(wanted, fleet)
        assert not lost or 2 * len(lost) <= len(serving(before, fleet))
        return
    assert serving(before, fleet) <= serving(found.pops, fleet)
    again = placements.decide(found.pops, wanted, fleet, NOTHING, lately)
    assert again.hold is not None
    assert (again.pops, again.hold.hash) == (found.pops, found.hold.hash)
    approved = placements.decide(found.pops, wanted, fleet, frozenset({again.hold.hash}))
    assert approved == (wanted, None)


@given(SETS, st.lists(st.sampled_from("abcdefg")))
def test_pops_that_go_one_by_one_take_no_more_than_half_with_them(
    start: frozenset[str], steps: list[str]
) -> None:
    fleet = Fleet(frozenset("abcdefg"))
    pops: Pops = tuple(sorted(start))
    lost: set[str] = set()
    wanted = start
    for name in steps:
        wanted -= {name}
        found = placements.decide(pops, tuple(sorted(wanted)), fleet, NOTHING, lost)
        lost |= placements.lost(pops, found.pops, fleet)
        pops = found.pops
    assert 2 * len(serving(pops, fleet)) >= len(start)

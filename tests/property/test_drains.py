"""Whatever people want to stop at the same time: each zone that is answered stays answered."""

from dnsfleet.resources import Pop
from dnsfleet_operator.pops import drains
from dnsfleet_operator.zones.placements import Placements
from hypothesis import given
from hypothesis import strategies as st
from support import yaml_resources

NAMES = ("ams", "fra", "iad", "sin")
SETS = st.frozensets(st.sampled_from(NAMES))
PLACES = st.one_of(st.none(), SETS.map(lambda names: tuple(sorted(names))))
SPECS = {
    "active": "{}",
    "drained": "{state: Drained}",
    "without edges": "{edge: {replicas: 0}}",
    "of another cluster": "{cluster: agent}",
}
WISHES = st.fixed_dictionaries(
    {name: st.sampled_from([*SPECS, "gone", "unknown"]) for name in NAMES}
)


@given(WISHES, st.lists(PLACES, max_size=5), SETS)
def test_a_zone_that_is_answered_stays_answered(
    wishes: dict[str, str], places: list[tuple[str, ...] | None], ready: frozenset[str]
) -> None:
    pops: list[Pop] = [
        yaml_resources.pop(SPECS[wish], name=name) for name, wish in wishes.items() if wish in SPECS
    ]
    gone = {name: "2026-01-01T00:00:00Z" for name, wish in wishes.items() if wish == "gone"}
    ready = frozenset(name for name in ready if wishes[name] != "unknown")
    zones = Placements()
    for number, place in enumerate(places):
        zones.put(f"z{number}.", place)

    found = drains.decide(pops, gone, zones, set(), ready)
    for place in zones:
        answered = ready if place is None else ready & set(place)
        assert not answered or answered - found.out
    assert not found.out & found.refused.keys()
    again = drains.decide(pops, gone, zones, found.out, ready - found.out)
    assert (again.out, again.refused.keys()) == (found.out, found.refused.keys())

"""A shared RRset is what its RecordSets say together, whichever of them come and go."""

import yaml
from dnsfleet.resources import RecordSet
from dnsfleet.zones import building, ownership, shared_values
from hypothesis import given, settings
from hypothesis import strategies as st
from support import yaml_resources

NAME, KEY = "_acme-challenge", ("_acme-challenge.example.com.", "TXT")
VALUES = st.sets(st.sampled_from(["a", "b", "c", "d"]), min_size=1)
SETS = st.lists(st.tuples(VALUES, st.integers(0, 600)), min_size=1, max_size=5)
UNHURRIED = settings(deadline=None)
"""A machine that has other work takes its time for an example."""


def record_sets(found: list[tuple[set[str], int]]) -> list[RecordSet]:
    return [
        yaml_resources.record_set(
            yaml.safe_dump([{"name": NAME, "type": "TXT", "ttl": ttl, "data": sorted(values)}]),
            f"set-{number}",
        )
        for number, (values, ttl) in enumerate(found)
    ]


@UNHURRIED
@given(SETS, st.randoms())
def test_it_has_all_values_and_the_lowest_ttl_in_any_order(
    found: list[tuple[set[str], int]], random: object
) -> None:
    zone, sets = yaml_resources.zone(), record_sets(found)
    random.shuffle(sets)  # type: ignore[attr-defined]
    admission = ownership.admit(zone, sets, {})
    assert admission.violations == []
    built, _ = building.from_resources(zone, admission.record_sets, None)
    assert built is not None
    union = sorted({f'"{value}"' for values, _ in found for value in values})
    assert built.get(*KEY) == (min(ttl for _, ttl in found), union)


@UNHURRIED
@given(SETS)
def test_every_value_is_of_those_that_give_it(found: list[tuple[set[str], int]]) -> None:
    sets = record_sets(found)
    shared = shared_values.shared(yaml_resources.zone(), sets)
    assert len(shared) == (len(sets) > 1)
    for rrset in shared:
        whose = {value: [each.name for each in owners] for value, owners in rrset.values}
        for value, owners in whose.items():
            given_by = [n for n, (values, _) in enumerate(found) if value.strip('"') in values]
            assert owners == [f"set-{number}" for number in given_by]
        assert len(whose) == len({value for values, _ in found for value in values})

"""A Pop goes out of service only where another one answers for its zones."""

import pytest
from dnsfleet.resources import Pop
from dnsfleet_operator.pops import drains
from dnsfleet_operator.zones.placements import Placements, Pops
from support import yaml_resources

EVERYWHERE = {"example.com.": None}
ONLY_FRA = {"example.com.": None, "example.org.": ("fra",)}


def pop(name: str, state: str = "Active", forced: str = "") -> Pop:
    annotations = {drains.FORCE_ANNOTATION: forced} if forced else {}
    return yaml_resources.pop(f"state: {state}", name=name, annotations=annotations)


def grouped(placements: dict[str, Pops]) -> Placements:
    found = Placements()
    for origin, pops in placements.items():
        found.put(origin, pops)
    return found


CASES = [
    # Pops with state and annotation, placements, out already, out now, refused
    ([("fra", "Active", ""), ("iad", "Active", "")], EVERYWHERE, set(), set(), set()),
    ([("fra", "Drained", ""), ("iad", "Active", "")], EVERYWHERE, set(), {"fra"}, set()),
    ([("fra", "Drained", "")], EVERYWHERE, set(), set(), {"fra"}),
    ([("fra", "Drained", "")], {}, set(), {"fra"}, set()),
    ([("fra", "Drained", "true")], EVERYWHERE, set(), {"fra"}, set()),
    ([("fra", "Drained", "yes")], EVERYWHERE, set(), set(), {"fra"}),
    ([("fra", "Drained", ""), ("iad", "Active", "")], ONLY_FRA, set(), set(), {"fra"}),
    ([("fra", "Drained", ""), ("iad", "Drained", "")], EVERYWHERE, set(), {"fra"}, {"iad"}),
    ([("fra", "Drained", ""), ("iad", "Drained", "")], EVERYWHERE, {"iad"}, {"iad"}, {"fra"}),
    ([("fra", "Drained", "")], EVERYWHERE, {"fra"}, {"fra"}, set()),
    ([("fra", "Active", "")], EVERYWHERE, {"fra"}, set(), set()),
    ([("fra", "Drained", ""), ("iad", "Active", "")], {"a.": ("gone",)}, set(), {"fra"}, set()),
    ([("fra", "Drained", ""), ("iad", "Active", "")], None, set(), set(), {"fra"}),
    ([("fra", "Drained", "true")], None, set(), {"fra"}, set()),
    ([("fra", "Drained", ""), ("iad", "Active", "")], None, {"fra", "iad"}, {"fra"}, set()),
]


@pytest.mark.parametrize(("pops", "placements", "already", "drained", "refused"), CASES)
def test_drains(
    pops: list[tuple[str, str, str]],
    placements: dict[str, tuple[str, ...] | None] | None,
    already: set[str],
    drained: set[str],
    refused: set[str],
) -> None:
    by_pops = None if placements is None else grouped(placements)
    found = drains.decide([pop(*each) for each in pops], by_pops, already)
    assert (found.drained, set(found.refused)) == (drained, refused)


def test_a_refusal_says_which_zones_and_what_to_do() -> None:
    zones: dict[str, Pops] = {f"{letter}.example.": None for letter in "edcba"}
    assert drains.decide([pop("fra", "Drained")], grouped(zones), set()).refused["fra"].message == (
        "no other Active Pop serves a.example., b.example., c.example. and 2 more; activate "
        'another, or annotate fra with dnsfleet.io/force-drain: "true"'
    )

"""A Pop stops to answer only where another one answers for its zones."""

import pytest
from dnsfleet.resources import Pop
from dnsfleet.resources.pops import DRAIN_ANNOTATION
from dnsfleet_operator.pops import drains
from dnsfleet_operator.zones.placements import Placements, Pops
from support import yaml_resources

EVERYWHERE = {"example.com.": None}
ONLY_FRA = {"example.com.": None, "example.org.": ("fra",)}


def pop(name: str, state: str = "Active", forced: str = "") -> Pop:
    annotations = {drains.FORCE_ANNOTATION: forced} if forced else {}
    return yaml_resources.pop(f"state: {state}", name=name, annotations=annotations)


@pytest.mark.parametrize(
    ("state", "annotation", "drained"),
    [("Active", "true", True), ("Active", "false", False), ("Drained", "false", True)],
)
def test_an_annotation_drains_on_top_of_the_spec(
    state: str, annotation: str, drained: bool
) -> None:
    asked = yaml_resources.pop(
        f"state: {state}", name="fra", annotations={DRAIN_ANNOTATION: annotation}
    )
    zones, both = grouped({"a.": None}), {"fra", "iad"}
    found = drains.decide([asked, pop("iad")], {}, zones, set(), both)
    assert found.drained == ({"fra"} if drained else set())
    refused = drains.decide([asked], {}, zones, set(), {"fra"}).refused
    assert set(refused) == ({"fra"} if drained else set())


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
    everybody = {name for name, _, _ in pops}
    found = drains.decide([pop(*each) for each in pops], {}, by_pops, already, everybody)
    assert (found.drained, set(found.refused)) == (drained, refused)


def test_a_refusal_says_which_zones_and_what_to_do() -> None:
    zones: dict[str, Pops] = {f"{letter}.example.": None for letter in "edcba"}
    found = drains.decide([pop("fra", "Drained")], {}, grouped(zones), set(), {"fra"})
    assert found.refused["fra"].message == (
        "no other Active Pop with a Ready edge serves a.example., b.example., c.example. and 2 "
        'more; activate another, or annotate fra with dnsfleet.io/force-drain: "true"'
    )


@pytest.mark.parametrize(
    ("ready", "drained"),
    [({"fra", "iad"}, {"fra"}), ({"fra"}, set()), ({"iad"}, {"fra"}), (set(), set())],
)
def test_only_pops_that_answer_count(ready: set[str], drained: set[str]) -> None:
    pops = [pop("fra", "Drained"), pop("iad")]
    assert drains.decide(pops, {}, grouped({"a.": None}), set(), ready).drained == drained


def without_edges(name: str, forced: str = "") -> Pop:
    annotations = {drains.FORCE_ANNOTATION: forced} if forced else {}
    return yaml_resources.pop("edge: {replicas: 0}", name=name, annotations=annotations)


def test_the_last_pop_is_not_scaled_to_nothing() -> None:
    zones, both = grouped({"a.": None}), {"fra", "iad"}
    pops = [without_edges("fra"), pop("iad")]
    assert drains.decide(pops, {}, zones, set(), both).stopped == {"fra"}
    pops = [without_edges("fra"), without_edges("iad")]
    found = drains.decide(pops, {}, zones, set(), both)
    assert (found.stopped, set(found.refused)) == ({"fra"}, {"iad"})
    pops = [without_edges("fra"), pop("iad", "Drained")]
    found = drains.decide(pops, {}, zones, set(), both)
    assert (found.out, set(found.refused)) == ({"fra"}, {"iad"})
    forced = [without_edges("fra", "true")]
    assert drains.decide(forced, {}, zones, set(), {"fra"}).stopped == {"fra"}


def test_a_pop_of_another_cluster_is_decided_about_as_any_other() -> None:
    zones = grouped({"a.": None})
    elsewhere = yaml_resources.pop("{cluster: agent, state: Drained}", name="sin")
    found = drains.decide([elsewhere, pop("fra", "Drained")], {}, zones, set(), {"fra"})
    assert (found.out, set(found.refused)) == ({"sin"}, {"fra"}), "sin has no Ready edge"
    found = drains.decide([elsewhere, pop("fra", "Drained")], {}, zones, set(), {"fra", "sin"})
    assert (found.out, set(found.refused)) == ({"fra"}, {"sin"}), "the first by name"


def test_the_last_pop_that_is_deleted_runs_on_until_that_is_approved() -> None:
    zones, created = grouped({"a.": None}), "2026-01-01T00:00:00Z"

    def decide(
        gone: dict[str, str], *pops: Pop, approvals: frozenset[str] = frozenset()
    ) -> drains.Drains:
        return drains.decide(pops, gone, zones, set(), {"fra", "iad"}, approvals)

    assert decide({"fra": created}, pop("iad")).ended == {"fra"}
    found = decide({"fra": created, "iad": created})
    assert found.ended == {"fra"}
    refusal = found.refused["iad"]
    assert refusal.message == (
        "no other Active Pop with a Ready edge serves a.; make the Pop again, or annotate the "
        f"Fleet with dnsfleet.io/approve: {refusal.hash}"
    )
    both = {"fra": created, "iad": created}
    assert decide(both, approvals=frozenset({refusal.hash})).ended == {"fra", "iad"}
    later = {"fra": created, "iad": "2027-01-01T00:00:00Z"}
    assert decide(later, approvals=frozenset({refusal.hash})).ended == {"fra"}
    assert decide({"fra": created}, pop("iad", "Drained")).refused.keys() == {"iad"}

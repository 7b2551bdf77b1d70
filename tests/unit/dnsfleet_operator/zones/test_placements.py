"""Which Pops serve a zone, looked at again only where other Pops are chosen."""

from dnsfleet.replication.manifests import Manifest
from dnsfleet.replication.revisions import Revision
from dnsfleet.resources import Pop, Zone
from dnsfleet_operator.zones.placements import Placements, Selections
from dnsfleet_operator.zones.results import Results
from dnsfleet_publisher.publishing import Outcome, State
from support import yaml_resources

EU = "{popSelector: {matchLabels: {region: eu}}}"


def zone(origin: str, placement: str = "{}") -> Zone:
    return yaml_resources.zone(f"{{origin: {origin}, placement: {placement}}}")


def pop(name: str, region: str) -> Pop:
    return yaml_resources.pop(name=name, labels={"region": region})


def test_only_zones_whose_selector_chooses_others_are_named() -> None:
    selections = Selections()
    selections.follow([pop("fra", "eu"), pop("iad", "us")], frozenset())
    assert selections.choose(zone("a"), ()) is None
    assert selections.choose(zone("b", EU), ()) == ("fra",)
    assert selections.choose(zone("c", EU), ()) == ("fra",)
    us = "{popSelector: {matchLabels: {region: us}}}"
    assert selections.choose(zone("d", us), ()) == ("iad",)
    both = [pop("ams", "eu"), pop("fra", "eu"), pop("iad", "us")]
    assert selections.follow(both, frozenset()) == {"b.", "c."}
    assert selections.follow(both, frozenset()) == set()
    assert selections.choose(zone("b", EU), ()) == ("ams", "fra")


def test_pops_that_linger_go_on_with_what_they_serve() -> None:
    selections = Selections()
    selections.follow([pop("fra", "eu")], frozenset())
    selections.choose(zone("b", EU), ())
    assert selections.follow([pop("fra", "eu")], frozenset({"ams"})) == {"b."}
    assert selections.choose(zone("b", EU), ("ams", "fra", "old")) == ("ams", "fra")
    assert selections.choose(zone("b", EU), ("fra",)) == ("fra",)


def test_nothing_is_kept_of_zones_that_are_gone() -> None:
    selections, placements = Selections(), Placements()
    selections.choose(zone("b", EU), ())
    selections.forget("b.")
    assert not selections._origins
    assert not selections._zones
    assert not selections._chosen
    placements.put("b.", ("fra",))
    placements.put("b.", None)
    assert dict(placements.items()) == {None: {"b."}}
    placements.remove("b.")
    assert not placements


def test_of_a_zone_that_failed_only_pops_count_that_surely_serve_it() -> None:
    cases = [
        (("fra", "iad"), ("ams", "fra"), ("fra",)),
        (None, ("fra",), ("fra",)),
        (("fra",), None, ("fra",)),
        (("fra",), (), ()),
        (None, None, None),
    ]
    for published, wanted, sure in cases:
        made = Manifest("a.", Revision(1, 1), None, 1, 1, b"", 1, 1, 0, pops=published)
        results = Results()
        results.note("a.", Outcome(State.FAILED, made, "PublishFailed", "no"), wanted)
        assert dict(results.placements.items()) == {sure: {"a."}}
        results.note("a.", Outcome(State.UNCHANGED, made), wanted)
        assert dict(results.placements.items()) == {published: {"a."}}

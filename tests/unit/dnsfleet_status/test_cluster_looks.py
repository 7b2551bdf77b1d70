"""What a look at a cluster has of objects and core."""

from typing import Any

import pytest
from dnsfleet.replication.manifests import Manifest
from dnsfleet.replication.revisions import Revision
from dnsfleet_status.cluster_looks import ClusterLooks
from dnsfleet_status.core_reader import CoreReader, Said
from dnsfleet_status.looks import Look
from dnsfleet_status.watched_objects import slim
from support.cluster_objects import condition, pop, zone

ORIGIN = "example.com."
READY = condition("Ready", "True", "", "")


class Known:
    """Stands in for objects that are watched."""

    def __init__(self, *objects: dict[str, Any], problem: str = "") -> None:
        self.problem = problem
        self._objects = [slim(each) for each in objects]

    def all(self) -> list[Any]:
        return self._objects


def manifest(
    origin: str, seq: int = 2, lsn: int = 5, pops: tuple[str, ...] | None = None
) -> Manifest:
    return Manifest(
        origin, Revision(7, seq), None, lsn, 99, b"", 3, 4, 1_700_000_000_000, pops=pops
    )


def look(
    *zones: dict[str, Any],
    published: tuple[Manifest, ...] = (),
    pops: Known | None = None,
    fleets: Known | None = None,
    unreadable: dict[str, str] | None = None,
    said: dict[str, Any] | None = None,
) -> Look:
    core = CoreReader()
    core.published = {each.zone: each for each in published}
    core.unreadable = unreadable or {}
    core.said = said or {}
    known = [Known(*zones), pops or Known(), fleets or Known()]
    return ClusterLooks("dnsfleet", *known, core, lambda: "the core is away")()  # type: ignore[arg-type]


def test_what_is_published_is_what_the_core_has() -> None:
    found = look(
        zone("example-com", status={"serial": 1, "conditions": [READY]}),
        published=(manifest(ORIGIN, pops=("fra",)),),
    ).zones[ORIGIN]
    assert (found.name, found.serial, found.revision) == ("default/example-com", 99, "7.2")
    assert (found.lsn, found.records, found.pops) == (5, 4, frozenset(["fra"]))
    assert found.message == ""


def test_zones_say_what_stands_in_their_way() -> None:
    refused = condition("Ready", "False", "NotAccepted", "two of them")
    zones = look(
        zone("example-com", status={"conditions": [refused]}),
        zone("example-org", status={"conditions": []}),
        published=(manifest("orphan.example."),),
        unreadable={"example.org.": "the head is no JSON"},
    ).zones
    assert {origin: each.message for origin, each in zones.items()} == {
        ORIGIN: "two of them",
        "example.org.": "what the core has of it cannot be read: the head is no JSON",
        "orphan.example.": "it has no Zone object",
    }
    assert [origin for origin, each in zones.items() if each.revision] == ["orphan.example."]


def test_of_zones_with_one_origin_the_accepted_one_is_shown() -> None:
    accepted = condition("Accepted", "True", "", "")
    first = zone("example-com", status={"conditions": [accepted, READY]})
    second = zone("example-com", status={"conditions": []})
    second["metadata"] = {**second["metadata"], "name": "second"}
    for zones in ((first, second), (second, first)):
        assert look(*zones).zones[ORIGIN].name == "default/example-com"


def test_a_time_is_that_of_the_revision_that_is_shown() -> None:
    status = {
        "revision": {"epoch": 7, "seq": 2},
        "propagation": {"pops": 1, "current": 1, "text": "1/1", "seconds": 0.25},
        "conditions": [READY],
    }
    known = zone("example-com", status=status)
    (change,) = look(known, published=(manifest(ORIGIN),)).changes
    assert (change.revision, change.seconds) == ("7.2", 0.25)
    assert change.time == "2023-11-14T22:13:20+00:00"
    (newer,) = look(known, published=(manifest(ORIGIN, seq=3),)).changes
    assert (newer.revision, newer.seconds) == ("7.3", None)


def test_changes_are_the_newest_first() -> None:
    published = tuple(manifest(f"z{lsn}.example.", lsn=lsn) for lsn in (3, 9, 5))
    assert [each.origin[:2] for each in look(published=published).changes] == ["z9", "z5", "z3"]


def test_pops_are_as_their_objects_say() -> None:
    status = {
        "edges": {"ready": 1, "desired": 2},
        "zones": {"current": 3, "assigned": 4},
        "lagSeconds": 1.5,
        "version": "0.1.0",
        "conditions": [condition("Ready", "False", "EdgesNotReady", "1 of 2 edges")],
    }
    good = {"conditions": [condition("Ready", "True", "Drained")]}
    drained = pop("iad", status=good, state="Drained", location={"region": "eu"})
    found = look(pops=Known(pop("fra", status=status), drained, pop("new")))
    fra, iad, new = found.pops
    assert (fra.ready, fra.message) == (False, "1 of 2 edges")
    assert (fra.edges_ready, fra.edges_desired) == (1, 2)
    assert (fra.zones_current, fra.zones_assigned, fra.lag_seconds) == (3, 4, 1.5)
    assert (iad.state, iad.region, iad.ready) == ("Drained", "eu", True)
    assert (new.ready, new.edges_desired, new.queries_per_second) == (None, 2, None)


def test_a_pop_whose_drain_is_refused_is_in_service() -> None:
    refused = [
        condition("Ready", "False", "EdgesNotReady", "0 of 2 edges"),
        condition("Drained", "False", "LastPop", "nobody else serves example.com."),
    ]
    (fra,) = look(pops=Known(pop("fra", status={"conditions": refused}, state="Drained"))).pops
    assert fra.state == "Active"
    assert fra.message == "0 of 2 edges; nobody else serves example.com."


@pytest.mark.parametrize(
    ("reason", "state"), [("EdgesReady", "Active"), ("Draining", "Drained"), ("Drained", "Drained")]
)
def test_a_pop_is_out_of_service_when_the_operator_says_so(reason: str, state: str) -> None:
    status = {"conditions": [condition("Ready", "True", reason)]}
    (fra,) = look(pops=Known(pop("fra", status=status, state="Drained"))).pops
    assert (fra.state, fra.message) == (state, "")


def test_edges_without_a_word_are_silent() -> None:
    words = look(pops=Known(pop("fra")), said={"fra": [Said("fra-0", 2, None)]}).words
    assert [(each.edge, each.edges, each.silent) for each in words["fra"]] == [
        ("edge fra-0", 2, True)
    ]


def test_what_is_wrong_with_the_whole_fleet_is_told() -> None:
    def fleet(name: str) -> dict[str, Any]:
        lost = condition("KeysReady", "False", "SecretLost", f"{name} lost its keys")
        status = {"orphanCount": 2, "conditions": [lost]}
        return {"kind": "Fleet", "metadata": {"name": name, "generation": 1}, "status": status}

    found = look(
        pops=Known(problem="pops may be old"), fleets=Known(fleet("dnsfleet"), fleet("other"))
    )
    assert found.problems == (
        "pops may be old",
        "the core is away",
        "dnsfleet lost its keys [SecretLost]",
        "2 published zones have no Zone object",
    )


def test_records_are_not_kept() -> None:
    full = zone("example-com", records=[1], zoneFile={})
    full["metadata"]["managedFields"] = [{}]
    kept = slim(full)
    assert kept["spec"] == {"origin": "example.com"}
    assert "managedFields" not in kept["metadata"]

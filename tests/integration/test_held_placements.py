"""Mistakes with Pops, on the controller and a real core: what served goes on until it is approved.

Each test begins with a zone at both Pops of one region, and looks at what the core has the edges
do, at the Deployments of the Pops, and at the Fleet object.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dnsfleet_operator.leading import terms
from support.controlled_fleets import DEADLINE_SECONDS, NAMESPACE, ControlledFleet, edge_pod
from support.core_servers import PUBLISHER_USER
from support.valkey import Valkey
from support.waiting import wait_for

A = "a.example."
EU = {"region": "eu"}
BOTH = ("ams", "fra")
FLEET = "dnsfleet"
Object = dict[str, Any]


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Valkey]:
    core = Valkey(tmp_path, users=[PUBLISHER_USER])
    core.start()
    yield core
    core.kill()


@pytest.fixture
def fleet(core: Valkey, monkeypatch: pytest.MonkeyPatch) -> Iterator[ControlledFleet]:
    monkeypatch.setattr(terms, "FLEET_SECONDS", 0.1)
    with ControlledFleet(core) as fleet:
        for name in BOTH:
            fleet.put(pop(name))
            fleet.put(edge_pod(name))
        fleet.put(zone())
        wait_for("the zone is at both Pops", lambda: placed(fleet) == BOTH, DEADLINE_SECONDS)
        for name in BOTH:
            wait_for(f"{name} runs", lambda name=name: fleet.edges(name) == 1, DEADLINE_SECONDS)
            fleet.put(deployment(fleet, name))
        yield fleet


def item(kind: str, name: str, spec: Object, **metadata: Any) -> Object:
    api_version = "dnsfleet.io/v1alpha1"
    found = {"name": name, **metadata}
    return {"apiVersion": api_version, "kind": kind, "metadata": found, "spec": spec}


def pop(name: str, labels: Object = EU, **spec: Any) -> Object:
    return item("Pop", name, {"edge": {"replicas": 1}} | spec, labels=labels)


def zone(address: str = "192.0.2.1", name: str = "a", **metadata: Any) -> Object:
    spec = {
        "origin": f"{name}.example",
        "nameServers": ["ns1.example.net"],
        "records": [{"name": "www", "type": "A", "data": [address]}],
        "placement": {"popSelector": {"matchLabels": EU}},
    }
    return item("Zone", name, spec, namespace="dns", **metadata)


def deployment(fleet: ControlledFleet, name: str) -> Object:
    """The edges of a Pop, as the API server has them."""
    found = fleet.cluster.get("Deployment", f"pop-{name}-edge", NAMESPACE)
    assert found is not None
    return found


def placed(fleet: ControlledFleet, origin: str = A) -> tuple[str, ...] | None:
    """The Pops that the core tells to serve the zone."""
    manifest = fleet.manifest(origin)
    return manifest.pops if manifest is not None else ()


def held(fleet: ControlledFleet) -> list[Object]:
    """What the Fleet says that waits."""
    found = fleet.cluster.get("Fleet", FLEET) or {}
    return list(found.get("status", {}).get("held", ()))


def wait_until_held(fleet: ControlledFleet, kind: str, zones: int) -> Object:
    """Wait until the Fleet has one entry of this kind, for so many zones."""

    def find() -> list[Object]:
        found = [each for each in held(fleet) if each["kind"] == kind]
        return found if [each["zoneCount"] for each in found] == [zones] else []

    return wait_for(f"one {kind} of {zones} zones", find, DEADLINE_SECONDS)[0]


def approve(fleet: ControlledFleet, *hashes: str) -> None:
    """Annotate the Fleet, as people do."""
    annotations = {"dnsfleet.io/approve": ",".join(hashes)}
    fleet.cluster.put({"kind": "Fleet", "metadata": {"name": FLEET, "annotations": annotations}})


def test_pops_that_are_relabelled_go_on_until_one_approval_for_all_zones(
    fleet: ControlledFleet,
) -> None:
    fleet.put(zone(name="b"))
    wait_for("b is placed", lambda: placed(fleet, "b.example.") == BOTH, DEADLINE_SECONDS)
    for name in BOTH:
        fleet.put(pop(name, {"region": "typo"}))
    fleet.wait_for_condition("Zone", "a", "Accepted", "UnsafePlacement")
    fleet.wait_for_condition("Zone", "b", "Programmed", "Published")
    entry = wait_until_held(fleet, "Placement", 2)
    assert entry["zones"] == [A, "b.example."]
    assert fleet.metrics.registry.get_sample_value("dnsfleet_zones_held") == 2

    def told() -> set[str]:
        events = fleet.cluster.objects("Event")
        return {each["regarding"]["kind"] for each in events if "Unsafe" in each["reason"]}

    wait_for("the Fleet tells it", told, DEADLINE_SECONDS)
    assert told() == {"Fleet"}
    before = placed(fleet)
    assert before is not None
    assert before, "no name is taken away"

    fleet.put(zone("192.0.2.2"))
    fleet.wait_until_served(A, "www.a.example.", "192.0.2.2")
    assert placed(fleet) == before

    approve(fleet, "another", entry["hash"])
    for origin in (A, "b.example."):
        wait_for(f"{origin} is nowhere", lambda o=origin: placed(fleet, o) == (), DEADLINE_SECONDS)
    fleet.wait_for_condition("Zone", "a", "Accepted", "Accepted")
    fleet.wait_for_condition("Fleet", FLEET, "Held", "NothingHeld")
    assert fleet.metrics.registry.get_sample_value("dnsfleet_zones_held") == 0


def test_a_selector_with_a_typing_error_is_approved_on_its_zone(fleet: ControlledFleet) -> None:
    wrong = zone()
    wrong["spec"]["placement"] = {"popSelector": {"matchLabels": {"region": "ue"}}}
    fleet.put(wrong)
    fleet.wait_for_condition("Zone", "a", "Accepted", "UnsafePlacement")
    assert placed(fleet) == BOTH
    entry = wait_until_held(fleet, "Placement", 1)
    assert entry["diff"] == list(BOTH)
    assert entry["message"] == "the change takes 2 of 2 Pops from the zone: ams, fra"
    wrong["metadata"]["annotations"] = {"dnsfleet.io/approve": entry["hash"]}
    fleet.put(wrong)
    wait_for("the zone is nowhere", lambda: placed(fleet) == (), DEADLINE_SECONDS)


def test_a_selector_that_is_corrected_ends_the_hold(fleet: ControlledFleet) -> None:
    wrong = zone()
    wrong["spec"]["placement"] = {"popSelector": {"matchLabels": {"region": "ue"}}}
    fleet.put(wrong)
    fleet.wait_for_condition("Zone", "a", "Accepted", "UnsafePlacement")
    fleet.put(zone())
    fleet.wait_for_condition("Zone", "a", "Accepted", "Accepted")
    assert placed(fleet) == BOTH


def test_a_pop_that_is_lost_waits_while_no_other_has_a_ready_edge(fleet: ControlledFleet) -> None:
    fleet.put(edge_pod("fra", ready=False))
    fleet.wait_for_condition("Pop", "fra", "Ready", "EdgesNotReady")
    fleet.put(pop("ams", {"region": "typo"}))
    fleet.wait_for_condition("Zone", "a", "Accepted", "UnsafePlacement")
    assert placed(fleet) == BOTH
    fleet.put(edge_pod("fra"))
    wait_for("fra answers alone", lambda: placed(fleet) == ("fra",), DEADLINE_SECONDS)


def test_the_last_pop_is_neither_drained_nor_scaled_to_nothing(fleet: ControlledFleet) -> None:
    fleet.put(edge_pod("fra", ready=False))
    fleet.wait_for_condition("Pop", "fra", "Ready", "EdgesNotReady")
    fleet.put(pop("ams", state="Drained"))
    fleet.wait_for_condition("Pop", "ams", "Drained", "LastActivePop")
    fleet.put(pop("ams", edge={"replicas": 0}))
    fleet.wait_for_condition("Pop", "ams", "Progressing", "LastActivePop")
    assert fleet.edges("ams") == 1
    fleet.put(edge_pod("fra"))
    wait_for("ams has no edges", lambda: fleet.edges("ams") == 0, DEADLINE_SECONDS)
    assert fleet.edges("fra") == 1


def test_a_last_pop_that_is_deleted_runs_on_until_that_is_approved(fleet: ControlledFleet) -> None:
    fleet.delete(pop("ams"))
    wait_for("ams ends", lambda: fleet.edges("ams") == -1, DEADLINE_SECONDS)
    fleet.delete(edge_pod("ams"))
    fleet.controller.sync()  # its other objects are gone too
    wait_for("the zone is at fra", lambda: placed(fleet) == ("fra",), DEADLINE_SECONDS)
    fleet.delete(pop("fra"))
    entry = wait_until_held(fleet, "PopDeletion", 1)
    assert (entry["object"], entry["zones"]) == ("fra", [A])
    assert (fleet.edges("fra"), placed(fleet)) == (1, ("fra",))
    approve(fleet, entry["hash"])
    wait_for("fra ends", lambda: fleet.edges("fra") == -1, DEADLINE_SECONDS)


def test_a_fleet_that_is_deleted_is_there_again_with_all_that_is_held(
    fleet: ControlledFleet,
) -> None:
    for name in BOTH:
        fleet.put(pop(name, {"region": "typo"}))
    entry = wait_until_held(fleet, "Placement", 1)
    found = fleet.cluster.get("Fleet", FLEET)
    assert found is not None
    fleet.cluster.delete(found)
    again = wait_until_held(fleet, "Placement", 1)
    assert again["hash"] == entry["hash"]
    assert (fleet.cluster.get("Fleet", FLEET) or {})["metadata"]["uid"] != found["metadata"]["uid"]


def test_another_leader_comes_to_the_same_hold(fleet: ControlledFleet, core: Valkey) -> None:
    for name in BOTH:
        fleet.put(pop(name, {"region": "typo"}))
    entry, before = wait_until_held(fleet, "Placement", 1), placed(fleet)
    fleet.controller.stop()
    with ControlledFleet(core, before=fleet) as anew:
        wait_for("everything is proved", lambda: anew.passes("Proof") > 0, DEADLINE_SECONDS)
        anew.wait_for_passes("Fleet", more=3)
        (again,) = held(anew)
        assert (again["hash"], again["since"]) == (entry["hash"], entry["since"])
        assert placed(anew) == before
        approve(anew, entry["hash"])
        wait_for("the zone is nowhere", lambda: placed(anew) == (), DEADLINE_SECONDS)


def test_the_status_is_written_when_it_changes_and_not_otherwise(fleet: ControlledFleet) -> None:
    fleet.wait_for_condition("Fleet", FLEET, "CoreAvailable", "CoreAvailable")
    fleet.wait_for_condition("Fleet", FLEET, "KeysReady", "Stored")
    fleet.wait_for_passes("Fleet", more=3)
    before = fleet.status_writes("Fleet")
    fleet.put(zone("192.0.2.2"))
    fleet.wait_until_served(A, "www.a.example.", "192.0.2.2")
    fleet.wait_for_passes("Fleet", more=3)
    assert fleet.status_writes("Fleet") == before

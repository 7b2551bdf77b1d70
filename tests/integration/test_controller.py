"""The controller on a real core: what events, outages and defects make of the fleet."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from dnsfleet.replication import acks, formats, keys
from dnsfleet.replication.acks import Ack
from dnsfleet_operator.cluster import ClusterError
from dnsfleet_publisher import publishing
from support.controlled_fleets import DEADLINE_SECONDS, NAMESPACE, ControlledFleet, edge_pod
from support.signature_records import signed
from support.valkey import Valkey
from support.waiting import wait_for

A = "a.example."


@pytest.fixture
def fleet(core: Valkey) -> Iterator[ControlledFleet]:
    with ControlledFleet(core) as fleet:
        yield fleet


def zone(name: str, address: str = "192.0.2.1", **spec: Any) -> dict[str, Any]:
    """A Zone whose www has an address."""
    records = [{"name": "www", "type": "A", "data": [address]}]
    usual = {"origin": f"{name}.example", "nameServers": ["ns1.example.net"]}
    usual |= spec if "zoneFile" in spec else {"records": records} | spec
    return item("Zone", name, usual, "dns")


def pop(name: str, **spec: Any) -> dict[str, Any]:
    """A Pop that waits for no load balancer."""
    return item("Pop", name, {"service": {"type": "NodePort"}} | spec)


def item(kind: str, name: str, spec: dict[str, Any], namespace: str = "") -> dict[str, Any]:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    api_version = "dnsfleet.io/v1alpha1"
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}


def test_a_zone_is_published_and_told_so(fleet: ControlledFleet) -> None:
    fleet.put(zone("a"))
    fleet.wait_until_served(A, "www.a.example.", "192.0.2.1")
    fleet.wait_for_condition("Zone", "a", "Programmed", "Published")


def test_a_zone_tells_whose_the_values_of_a_shared_rrset_are(fleet: ControlledFleet) -> None:
    fleet.put(zone("a"))
    for name in ("one", "two"):
        records = [{"name": "_acme-challenge", "type": "TXT", "data": [f"of {name}"]}]
        fleet.put(item("RecordSet", name, {"zoneRef": {"name": "a"}, "records": records}, "dns"))
    values = [
        {"data": '"of one"', "recordSets": ["dns/one"]},
        {"data": '"of two"', "recordSets": ["dns/two"]},
    ]
    shared = [{"name": "_acme-challenge.a.example.", "type": "TXT", "values": values}]

    def told() -> object:
        return (fleet.cluster.get("Zone", "a", "dns") or {}).get("status", {}).get("shared")

    wait_for("both are told", lambda: told() == shared, DEADLINE_SECONDS)
    fleet.delete(item("RecordSet", "one", {}, "dns"))
    wait_for("nothing is shared", lambda: told() is None, DEADLINE_SECONDS)


def test_a_zone_that_may_not_say_what_is_meant_is_served_and_told_so(
    fleet: ControlledFleet,
) -> None:
    """The annotation is no part of the spec, and still turns the check off."""
    records = [{"name": "www", "type": "A", "data": ["192.0.2.1"]}]
    records.append({"name": "@", "type": "MX", "data": ["10 mail.a.example"]})
    wanted = zone("a", records=records)
    fleet.put(wanted)
    fleet.wait_for_condition("Zone", "a", "Accepted", "AcceptedWithWarnings")
    fleet.wait_until_served(A, "www.a.example.", "192.0.2.1")

    def told() -> bool:
        events = fleet.cluster.objects("Event")
        return any(each["reason"] == "AcceptedWithWarnings" for each in events)

    wait_for("an Event", told, DEADLINE_SECONDS)
    wanted["metadata"]["annotations"] = {"dnsfleet.io/ignore-checks": "RelativeTarget"}
    fleet.put(wanted)
    fleet.wait_for_condition("Zone", "a", "Accepted", "Accepted")


def test_what_changes_made_is_proved_after_each_list(fleet: ControlledFleet) -> None:
    fleet.put(zone("a"))
    fleet.wait_for_passes("Proof")
    fleet.wait_until_served(A, "www.a.example.", "192.0.2.1")
    fleet.controller.sync()
    fleet.wait_for_passes("Proof")
    name = "dnsfleet_operator_resync_corrections_total"
    assert fleet.metrics.registry.get_sample_value(name) == 0


def test_no_pop_is_drained_while_it_is_not_known_what_is_published(
    fleet: ControlledFleet, core: Valkey
) -> None:
    fleet.put(pop("fra", edge={"replicas": 1}))
    fleet.put(zone("a"))
    fleet.wait_until_served(A, "www.a.example.", "192.0.2.1")
    core.kill()
    fleet.put(pop("fra", state="Drained", edge={"replicas": 1}))
    fleet.wait_for_passes("Zone", "error", more=2)  # what the first decides is done by then
    assert fleet.edges("fra") == 1
    core.start()
    fleet.wait_for_condition("Pop", "fra", "Drained", "LastActivePop")
    assert fleet.edges("fra") == 1
    fleet.put(pop("iad"))
    fleet.put(edge_pod("iad", ready=True))
    wait_for("fra is out of service", lambda: fleet.edges("fra") == 0, DEADLINE_SECONDS)


def test_the_format_follows_what_the_edges_read(
    core: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "READS", (1, 2))
    monkeypatch.setattr(publishing, "REWRITTEN_AT_ONCE", 1)

    def says(edge: str, reads: int) -> None:
        ack = Ack(1, {}, 0, time.time_ns() // 1_000_000, reads)
        with core.client() as client:
            client.hset(keys.ACKS, edge, acks.encode(ack))

    with ControlledFleet(core) as fleet:
        for name in ("a", "b"):
            fleet.put(zone(name))
            fleet.wait_until_served(f"{name}.example.", f"www.{name}.example.", "192.0.2.1")
        assert [fleet.written_format(origin) for origin in (A, "b.example.")] == [1, 1]
        for edge, reads, written in (("fra/new", 2, 2), ("fra/old", 1, 1)):
            says(edge, reads)
            for origin in (A, "b.example."):
                wait_for(
                    f"{origin} is in format {written}",
                    lambda origin=origin, written=written: fleet.written_format(origin) == written,
                    DEADLINE_SECONDS,
                )
        fleet.wait_for_condition("Zone", "a", "Programmed", "Published")


def config_map(name: str, address: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "dns"}
    text = f"www 60 A {address}\n"
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"zone": text}}


def from_config_map(name: str) -> dict[str, Any]:
    return zone("a", soa={}, zoneFile={"configMaps": [{"name": name, "key": "zone"}]})


def test_a_config_map_that_changed_while_no_zone_referred_to_it(fleet: ControlledFleet) -> None:
    fleet.put(config_map("one", "192.0.2.1"))
    fleet.put(config_map("two", "192.0.2.2"))
    fleet.put(from_config_map("one"))
    fleet.wait_until_served(A, "www.a.example.", "192.0.2.1")
    fleet.put(from_config_map("two"))
    fleet.wait_until_served(A, "www.a.example.", "192.0.2.2")
    fleet.put(config_map("one", "192.0.2.3"))
    fleet.put(from_config_map("one"))
    fleet.wait_until_served(A, "www.a.example.", "192.0.2.3")


def test_a_config_map_that_is_changed_made_or_deleted_is_noticed(fleet: ControlledFleet) -> None:
    """Nobody watches it: the operator may not list ConfigMaps, and asks for those it was named."""
    fleet.put(from_config_map("one"))
    fleet.wait_for_condition("Zone", "a", "Accepted", "ZoneFileUnavailable")
    for address in ("192.0.2.1", "192.0.2.2"):
        fleet.put(config_map("one", address))
        fleet.wait_until_served(A, "www.a.example.", address)
    fleet.cluster.delete(config_map("one", ""))
    fleet.wait_for_condition("Zone", "a", "Accepted", "ZoneFileUnavailable")
    fleet.wait_until_served(A, "www.a.example.", "192.0.2.2")


def test_a_config_map_whose_deletion_nobody_saw(fleet: ControlledFleet) -> None:
    fleet.put(config_map("one", "192.0.2.1"))
    fleet.put(from_config_map("one"))
    fleet.wait_until_served(A, "www.a.example.", "192.0.2.1")
    fleet.cluster.delete(config_map("one", ""))
    fleet.controller.sync()
    fleet.wait_for_condition("Zone", "a", "Accepted", "ZoneFileUnavailable")
    fleet.wait_until_served(A, "www.a.example.", "192.0.2.1")


def test_a_config_map_that_is_refused_costs_no_other_zone(fleet: ControlledFleet) -> None:
    fleet.cluster.faults["ConfigMap"] = ClusterError("get ConfigMap dns/one: forbidden (403)", 403)
    fleet.put(from_config_map("one"))
    fleet.wait_for_condition("Zone", "a", "Accepted", "ZoneFileUnavailable")
    fleet.put(zone("b"))
    fleet.wait_until_served("b.example.", "www.b.example.", "192.0.2.1")
    fleet.cluster.faults.clear()
    fleet.put(config_map("one", "192.0.2.1"))
    fleet.wait_until_served(A, "www.a.example.", "192.0.2.1")


def test_all_is_listed_once_while_the_core_is_away(core: Valkey) -> None:
    core.kill()
    with ControlledFleet(core) as fleet:
        fleet.put(pop("fra", edge={"replicas": 1}))
        fleet.wait_for_passes("Sweep", "error", more=2)
        assert (fleet.passes("Sync"), fleet.passes("Sync", "error")) == (1, 0)
        assert fleet.edges("fra") == 1
        core.start()
        fleet.wait_for_passes("Sweep")
        assert fleet.passes("Sync") == 1


def test_a_defect_costs_what_it_met_and_nothing_else(fleet: ControlledFleet) -> None:
    wait_for("a complete list", lambda: fleet.passes("Sync"), DEADLINE_SECONDS)
    fleet.cluster.faults["Deployment"] = RuntimeError("a defect")
    fleet.put(pop("fra", edge={"replicas": 1}))
    fleet.controller.event("Zone", {"metadata": {}}, deleted=False)
    fleet.wait_for_passes("Pop", "error", more=2)
    fleet.put(zone("a"))
    fleet.wait_until_served(A, "www.a.example.", "192.0.2.1")
    fleet.cluster.faults.clear()
    wait_for("the Pop's edges", lambda: fleet.edges("fra") == 1, DEADLINE_SECONDS)
    assert fleet.controller.problem() == ""


def test_statuses_tell_what_is_so_while_the_core_is_away(
    fleet: ControlledFleet, core: Valkey
) -> None:
    fleet.put(pop("fra", edge={"replicas": 1}))
    fleet.put(edge_pod("fra", ready=True))
    fleet.put(zone("a"))
    fleet.wait_for_condition("Zone", "a", "Programmed", "Published")
    fleet.wait_for_condition("Pop", "fra", "Ready", "EdgesReady")
    core.kill()
    fleet.put(zone("a", "192.0.2.2"))
    fleet.put(edge_pod("fra", ready=False))
    fleet.wait_for_condition("Zone", "a", "Programmed", "StoreUnavailable")
    fleet.wait_for_condition("Pop", "fra", "Ready", "EdgesNotReady")
    found = fleet.cluster.get("Pop", "fra")
    assert found is not None
    assert found["status"]["zones"]["assigned"] == 1


def test_what_is_so_again_is_shown_although_something_else_was_to_be_written(
    fleet: ControlledFleet,
) -> None:
    fleet.put(zone("a"))
    fleet.wait_for_condition("Zone", "a", "Propagated", "NoActivePop")
    fleet.cluster.faults["Zone"] = ClusterError("it stops", 503)
    fleet.put(pop("fra"))
    wait_for("a status that is refused", lambda: fleet.cluster.raised, DEADLINE_SECONDS)
    fleet.delete(pop("fra"))
    fleet.wait_for_passes("Propagation", more=2)
    written = fleet.status_writes("Zone")
    fleet.cluster.faults.clear()
    wait_for("the status", lambda: fleet.status_writes("Zone") > written, DEADLINE_SECONDS)
    fleet.wait_for_passes("Propagation", more=2)
    found = fleet.cluster.get("Zone", "a", "dns")
    assert found is not None
    reasons = {each["type"]: each["reason"] for each in found["status"]["conditions"]}
    assert reasons["Propagated"] == "NoActivePop"


def test_a_change_that_the_write_of_a_status_tells_of_first_is_made(
    fleet: ControlledFleet,
) -> None:
    fleet.put(pop("fra", edge={"replicas": 1}))
    fleet.put(zone("a"))
    fleet.wait_for_condition("Zone", "a", "Propagated", "NoReadyEdge")
    made = fleet.cluster.put(zone("a", "192.0.2.2"))
    written = fleet.status_writes("Zone")
    fleet.put(edge_pod("fra", ready=True))
    wait_for("the status", lambda: fleet.status_writes("Zone") > written, DEADLINE_SECONDS)
    fleet.controller.event("Zone", made, deleted=False)  # no news by now
    fleet.wait_until_served(A, "www.a.example.", "192.0.2.2")


def test_a_zone_that_cannot_be_published_costs_no_other_and_keeps_no_pop_from_its_drain(
    fleet: ControlledFleet, core: Valkey
) -> None:
    for name in ("fra", "iad"):
        fleet.put(pop(name, edge={"replicas": 1}))
    fleet.put(zone("a"))
    fleet.put(zone("b"))
    fleet.wait_until_served(A, "www.a.example.", "192.0.2.1")
    with core.client() as client:
        client.hset("dnsfleet:1:zones", A, f"1 {10**12}.1")  # as if written by who knows whom
    fleet.put(zone("a", "192.0.2.2"))
    fleet.wait_for_condition("Zone", "a", "Programmed", "PublishFailed")
    assert fleet.metrics.registry.get_sample_value("dnsfleet_operator_core_up") == 1
    fleet.put(zone("b", "192.0.2.2"))
    fleet.wait_until_served("b.example.", "www.b.example.", "192.0.2.2")
    fleet.put(edge_pod("iad", ready=True))
    fleet.put(pop("fra", state="Drained", edge={"replicas": 1}))
    wait_for("fra is out of service", lambda: fleet.edges("fra") == 0, DEADLINE_SECONDS)


def test_a_secret_that_is_deleted_is_there_again_and_the_fleet_tells_it(
    fleet: ControlledFleet,
) -> None:
    fleet.wait_for_condition("Fleet", "dnsfleet", "KeysReady", "Stored")
    secret = fleet.cluster.get("Secret", "dnsfleet-keys", NAMESPACE)
    assert secret is not None
    fleet.cluster.delete(secret)
    fleet.wait_for_condition("Fleet", "dnsfleet", "KeysReady", "SecretWrittenAgain")
    again = fleet.cluster.get("Secret", "dnsfleet-keys", NAMESPACE)
    assert again is not None
    assert again["data"] == secret["data"]
    (event,) = wait_for("an Event", lambda: fleet.cluster.objects("Event"), DEADLINE_SECONDS)
    assert (event["type"], event["reason"]) == ("Warning", "SecretWrittenAgain")
    assert event["regarding"]["kind"] == "Fleet"


def test_signatures_that_have_ended_are_told_of_and_the_zone_is_published(
    fleet: ControlledFleet,
) -> None:
    def signed_for(days: int, serial: int) -> dict[str, Any]:
        now = int(time.time())
        text = signed(now - 9 * 86_400, now + days * 86_400, serial=serial).to_text()
        spec = {"origin": "example.com", "zoneFile": {"inline": text}}
        return item("Zone", "s", spec, "dns")

    def told() -> list[tuple[str, str]]:
        events = fleet.cluster.objects("Event")
        return [(each["type"], each["reason"]) for each in events]

    def end() -> float | None:
        name = "dnsfleet_zone_signature_expiry_timestamp_seconds"
        return fleet.metrics.registry.get_sample_value(name, {"zone": "example.com."})

    fleet.put(signed_for(-1, serial=1))
    fleet.wait_for_condition("Zone", "s", "SignaturesValid", "Expired")
    fleet.wait_for_condition("Zone", "s", "Programmed", "Published")
    expired = end()
    assert expired is not None and expired < time.time()
    wait_for("it is told", lambda: told() == [("Warning", "Expired")], DEADLINE_SECONDS)
    fleet.put(signed_for(5, serial=2))
    fleet.wait_for_condition("Zone", "s", "SignaturesValid", "Valid")
    wait_for("it is told", lambda: ("Normal", "Valid") in told(), DEADLINE_SECONDS)
    assert len(told()) == 2
    assert end() == pytest.approx(expired + 6 * 86_400, abs=DEADLINE_SECONDS)
    fleet.delete(signed_for(5, serial=2))
    wait_for("the metric is gone", lambda: end() is None, DEADLINE_SECONDS)

"""What the clusters of Pops say, when a leader begins and when one of them says nothing more."""

import json
import time
import zlib
from typing import Any

import pytest
from dnsfleet.replication import pop_reports, pop_slots
from dnsfleet.replication.pop_reports import EdgeWord, Report
from dnsfleet_operator.cluster import Object
from dnsfleet_publisher.remote_pops import PopWish, RemotePops
from support.controlled_fleets import DEADLINE_SECONDS, ControlledFleet
from support.valkey import Valkey
from support.waiting import wait_for


def say(core: Valkey, pop: str, edges: int, at_ms: int | None = None) -> None:
    """What the cluster of a Pop reports with so many Ready edges, now if not at another time."""
    now_ms = time.time_ns() // 1_000_000
    words = (EdgeWord("e", edges, None),) if edges else ()
    said = Report(
        now_ms if at_ms is None else at_ms,
        *("1", None, 1),
        wanted=edges,
        ready=edges,
        pods=edges,
        words=words,
    )
    with core.client() as client:
        client.set(pop_slots.key(pop, 0), pop_reports.encode(said))


def item(kind: str, name: str, spec: Object, namespace: str = "") -> Object:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    api_version = "dnsfleet.io/v1alpha1"
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}


def pop(name: str, **spec: Any) -> Object:
    return item("Pop", name, {"cluster": "agent", **spec})


def zone(address: str = "192.0.2.1") -> Object:
    records = [{"name": "www", "type": "A", "data": [address]}]
    spec = {"origin": "a.example", "nameServers": ["ns1.example.net"], "records": records}
    return item("Zone", "a", spec, "dns")


def test_a_new_leader_goes_on_with_a_drain(core: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    publish = RemotePops.publish

    def telling(self: RemotePops, name: str, wish: PopWish, key: Any) -> None:
        if name == "fra":
            told.append(wish.spec.get("state"))
        publish(self, name, wish, key)

    monkeypatch.setattr(RemotePops, "publish", telling)
    say(core, "fra", 1)
    say(core, "ams", 1)
    with ControlledFleet(core) as first:
        for each in (zone(), pop("ams"), pop("fra", state="Drained")):
            first.put(each)
        wait_for("a drain", lambda: "Drained" in told, DEADLINE_SECONDS)
        say(core, "fra", 0)
    told.clear()
    with ControlledFleet(core, first) as second:
        wait_for("it is told again", lambda: told, DEADLINE_SECONDS)
        second.put(zone("192.0.2.2"))
        second.wait_until_served("a.example.", "www.a.example.", "192.0.2.2")
    assert set(told) == {"Drained"}


def test_a_pop_that_says_nothing_any_more_does_not_count_as_one_that_serves(core: Valkey) -> None:
    say(core, "dead", 1, at_ms=0)
    say(core, "fra", 1)
    with ControlledFleet(core) as fleet:
        for each in (zone(), pop("dead"), pop("fra")):
            fleet.put(each)
        fleet.wait_for_condition("Zone", "a", "Programmed", "Published")
        fleet.put(pop("fra", state="Drained"))
        fleet.wait_for_condition("Pop", "fra", "Drained", "LastActivePop")


def test_what_a_newer_operator_reports_beside_is_told_once(
    core: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    told = "version 9, has fields that are ignored here: later, more"

    def say_more() -> bool:
        packed = pop_reports.encode(Report(time.time_ns() // 1_000_000, "9", None, 1))
        report = json.loads(zlib.decompress(packed)) | {"later": 1, "more": {}}
        with core.client() as client:
            client.set(pop_slots.key("fra", 0), zlib.compress(json.dumps(report).encode()))
        return told in caplog.text

    with ControlledFleet(core) as fleet:
        fleet.put(pop("fra"))
        wait_for("it is told", say_more, DEADLINE_SECONDS)
        fleet.wait_for_condition("Pop", "fra", "SpecApplied", "Pending")
        for _ in range(3):
            say_more()
            fleet.wait_for_passes("Propagation")
    assert caplog.text.count(told) == 1

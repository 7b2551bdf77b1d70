"""An outage of the core is told once for the fleet, and by each object whose change waits."""

import logging
import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from dnsfleet.replication import edge_words, keys
from dnsfleet_operator.cluster import Object
from dnsfleet_operator.statuses import updates
from dnsfleet_operator.work_queue import MAX_BACKOFF_SECONDS, Key
from dnsfleet_operator.zones.passes import MOST_ORIGINS
from support.answering_edges import AnsweringEdges
from support.controlled_fleets import DEADLINE_SECONDS, ControlledFleet, edge_pod
from support.valkey import Valkey
from support.waiting import wait_for

ZONES = int(os.environ.get("OUTAGE_ZONES", "200"))
START_SECONDS = 60.0 + ZONES / 50
AWAY_SECONDS = 8.0
"""Long enough for the longest backoff."""
LIVE_SECONDS = 2.0
"""From when the core is back until what waited is published, and from when the edges follow again
until that is reported."""
EXPECTED = {"Accepted": "True", "Programmed": "True", "Propagated": "True", "Ready": "True"}
API = "dnsfleet.io/v1alpha1"


def item(kind: str, name: str, spec: Mapping[str, Any], namespace: str = "dns") -> Object:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": API, "kind": kind, "metadata": metadata, "spec": spec}


def zone(name: str, address: str = "192.0.2.1") -> Object:
    records = [{"name": "www", "type": "A", "data": [address]}]
    spec = {"origin": f"{name}.example", "nameServers": ["ns1.example.net"], "records": records}
    return item("Zone", name, spec)


def record_set(name: str, address: str = "192.0.2.1") -> Object:
    records = [{"name": name, "type": "A", "data": [address]}]
    return item("RecordSet", name, {"zoneRef": {"name": "z0"}, "records": records})


def conditions(found: Object) -> dict[str, str]:
    return {each["type"]: each["status"] for each in found.get("status", {}).get("conditions", ())}


class Fleet:
    """A Pop whose edge answers all that the core has, and many zones."""

    def __init__(self, core: Valkey, controlled: ControlledFleet) -> None:
        self.core = core
        self.controlled = controlled
        self.cluster = controlled.cluster
        controlled.put(item("Pop", "fra", {"edge": {"replicas": 1}}, namespace=""))
        controlled.put(edge_pod("fra"))
        for number in range(ZONES):
            controlled.put(zone(f"z{number}"))
        for name in ("shop", "mail"):
            controlled.put(record_set(name))
        wait_for("all is live", self.is_all_live, START_SECONDS)

    def is_all_live(self) -> bool:
        """Whether every object shows that it is answered everywhere."""
        if self.cluster.writes["Zone"] < ZONES:
            return False  # costs less than to look at each of them

        def live(kind: str) -> int:
            return self.cluster.count(kind, lambda found: conditions(found) == EXPECTED)

        return live("Zone") == ZONES and live("RecordSet") == 2

    def objects(self) -> list[Object]:
        return [*self.cluster.objects("Zone"), *self.cluster.objects("RecordSet")]

    def shown(self) -> list[tuple[str, object]]:
        """What each Zone, RecordSet and Pop shows."""
        found = [*self.objects(), *self.cluster.objects("Pop")]
        return [(each["metadata"]["name"], each["status"]) for each in found]

    def versions(self) -> dict[str, str]:
        """The resourceVersion of each object: every write raises it."""
        found = [*self.objects(), *self.events()]
        return {each["metadata"]["name"]: each["metadata"]["resourceVersion"] for each in found}

    def events(self) -> list[Object]:
        """All but those of the Fleet, which tells of the core itself."""
        found = self.cluster.objects("Event")
        return [each for each in found if each["regarding"]["kind"] != "Fleet"]

    def changed_since(self, before: Mapping[str, str]) -> set[str]:
        """Names of objects that were written since; Events have the name of their object."""
        now = self.versions()
        return {name.partition(".")[0] for name in now if before.get(name) != now[name]}

    def waited_is_live(self) -> bool:
        return self.is_live("Zone", "z7") and self.is_live("RecordSet", "shop")

    def is_live(self, kind: str, name: str) -> bool:
        found = self.cluster.get(kind, name, "dns")
        assert found is not None
        same = found["status"]["observedGeneration"] == found["metadata"]["generation"]
        return same and conditions(found) == EXPECTED


@pytest.mark.parametrize("lost", ["nothing", "acks"])
def test_an_outage_is_told_by_the_fleet_and_by_what_waits(
    core: Valkey, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge_words, "SILENT_MS", 2_000)
    # A machine that is busy has edges take longer than half a second: the status on the way to the
    # last one is none of those that are counted here.
    monkeypatch.setattr(updates, "PATIENCE_SECONDS", LIVE_SECONDS)
    assert AWAY_SECONDS > MAX_BACKOFF_SECONDS
    with AnsweringEdges(core) as edge, ControlledFleet(core) as controlled:
        fleet = Fleet(core, controlled)
        controlled.wait_for_passes("Propagation", more=3)
        before, told = fleet.versions(), fleet.events()
        with core.client() as client:
            if lost == "acks":
                client.delete(keys.ACKS)
            client.save()  # which a start reads
        edge.follows.clear()
        core.kill()
        away = time.monotonic()
        controlled.put(zone("z7", "192.0.2.9"))
        controlled.put(record_set("shop", "192.0.2.9"))
        controlled.wait_for_condition("Zone", "z7", "Programmed", "StoreUnavailable")
        controlled.wait_for_condition("RecordSet", "shop", "Programmed", "StoreUnavailable")
        controlled.wait_for_condition("Fleet", "dnsfleet", "CoreAvailable", "CoreUnavailable")
        wait_for("backoffs", lambda: time.monotonic() - away > AWAY_SECONDS, 2 * AWAY_SECONDS)
        assert fleet.changed_since(before) == {"z7", "shop"}
        passes = controlled.passes("Zone")
        core.start()
        wait_for("a pass", lambda: controlled.passes("Zone") > passes, LIVE_SECONDS)
        controlled.wait_for_passes("Propagation", more=3)
        edge.follow()
        wait_for("what waited is live", fleet.waited_is_live, LIVE_SECONDS)
        controlled.wait_for_condition("Pop", "fra", "Synced", "Current")
        controlled.wait_for_condition("Pop", "fra", "Connected", "Heard")
        controlled.wait_for_condition("Fleet", "dnsfleet", "CoreAvailable", "CoreAvailable")
        controlled.wait_for_passes("Propagation", more=3)
        assert fleet.changed_since(before) == {"z7", "shop", "z0"}, "z0 has another revision"
        assert fleet.events() == told


def test_an_outage_while_all_zones_change_costs_each_a_status_and_the_fleet_an_event(
    core: Valkey,
) -> None:
    with AnsweringEdges(core), ControlledFleet(core) as controlled:
        fleet = Fleet(core, controlled)
        controlled.wait_for_passes("Propagation", more=3)
        told, writes = fleet.events(), controlled.status_writes("Zone")
        core.kill()
        for number in range(ZONES):
            controlled.put(zone(f"z{number}", "192.0.2.9"))
        for number in range(ZONES):
            controlled.wait_for_condition("Zone", f"z{number}", "Programmed", "StoreUnavailable")
        controlled.wait_for_condition("Fleet", "dnsfleet", "CoreAvailable", "CoreUnavailable")
        controlled.wait_for_passes("Zone", "error", more=2)
        assert controlled.status_writes("Zone") - writes == ZONES
        core.start()
        wait_for("all is live", fleet.is_all_live, START_SECONDS)
        assert fleet.events() == told
        of_the_fleet = [
            each["reason"]
            for each in fleet.cluster.objects("Event")
            if each["regarding"]["kind"] == "Fleet"
        ]
        assert of_the_fleet.count("CoreUnavailable") == 1


def test_a_core_that_is_filled_again_costs_each_zone_its_new_revision_and_no_condition(
    core: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(updates, "PATIENCE_SECONDS", 0.0)
    shown: list[tuple[str, dict[str, str]]] = []
    with AnsweringEdges(core) as edge, ControlledFleet(core) as controlled:
        fleet = Fleet(core, controlled)
        controlled.wait_for_passes("Propagation", more=3)
        revisions = {each["metadata"]["name"]: each["status"] for each in fleet.objects()}
        apply = fleet.cluster.apply

        def noted(wanted: Object, subresource: str = "") -> Object | None:
            if subresource == "status" and wanted["kind"] not in ("Fleet", "Pop"):
                shown.append((wanted["metadata"]["name"], conditions(wanted)))
            return apply(wanted, subresource)

        fleet.cluster.apply = noted  # type: ignore[method-assign]
        edge.follows.clear()
        core.kill()
        controlled.put(zone("z7", "192.0.2.9"))
        controlled.wait_for_condition("Zone", "z7", "Programmed", "StoreUnavailable")
        core.start()
        controlled.wait_for_passes("Zone")
        controlled.wait_for_passes("Propagation", more=3)
        edge.follow()
        wait_for("what waited is live", lambda: fleet.is_live("Zone", "z7"), DEADLINE_SECONDS)

        def renewed() -> bool:
            return all(
                each["status"]["revision"] != revisions[each["metadata"]["name"]]["revision"]
                for each in fleet.cluster.objects("Zone")
            )

        wait_for("all show their new revision", renewed, DEADLINE_SECONDS)
        others = [(name, told) for name, told in shown if name != "z7"]
        assert [told for _, told in others if told != EXPECTED] == []
        assert len(others) == len({name for name, _ in others}) == ZONES - 1
        assert fleet.events() == []


@contextmanager
def led_anew(controlled: ControlledFleet, core: Valkey, anew: bool) -> Iterator[ControlledFleet]:
    """The same fleet, under another operator where that is wanted."""
    if not anew:
        yield controlled
        return
    controlled.controller.stop()
    with ControlledFleet(core, before=controlled) as other:
        other.wait_for_passes("Propagation", "error", more=3)
        yield other


@pytest.mark.parametrize("anew", [False, True], ids=["one leader", "another leader begins in it"])
def test_an_outage_costs_a_write_and_an_event_however_many_zones_there_are(
    core: Valkey, anew: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(edge_words, "SILENT_MS", 5_000)
    with AnsweringEdges(core) as edge, ControlledFleet(core) as controlled:
        fleet = Fleet(core, controlled)
        controlled.wait_for_passes("Propagation", more=3)
        with core.client() as client:
            client.save()  # which a start reads
        before, shown = Counter(fleet.cluster.writes), fleet.shown()
        caplog.clear()
        edge.follows.clear()
        core.kill()
        controlled.wait_for_condition("Fleet", "dnsfleet", "CoreAvailable", "CoreUnavailable")
        controlled.wait_for_passes("Propagation", "error", more=6)  # the edge is silent by then
        with led_anew(controlled, core, anew) as leading:
            core.start()
            leading.wait_for_passes("Propagation")
            edge.follow()
            leading.wait_for_condition("Fleet", "dnsfleet", "CoreAvailable", "CoreAvailable")
            passes = ZONES // MOST_ORIGINS if anew else 0
            wait_for("all zones", lambda: leading.passes("Zone") > passes, START_SECONDS)
            leading.wait_for_passes("Propagation", more=3)
        writes = fleet.cluster.writes - before
        told = [each["reason"] for each in fleet.cluster.objects("Event")]
        assert told == ["CoreUnavailable", "CoreAvailable"]
        assert writes.pop("Fleet") <= 4, "away, back, and its position and fence"
        assert writes == {"Event": 2}
        assert fleet.shown() == shown
        warnings = [each for each in caplog.records if each.levelno >= logging.WARNING]
        assert len(warnings) <= 4, "of each leader what it met, which may differ as it begins"


def test_zones_that_are_due_in_an_outage_wait_for_the_one_pass_that_is_tried_again(
    core: Valkey,
) -> None:
    with ControlledFleet(core) as controlled:
        controlled.put(zone("z0"))
        controlled.wait_until_served("z0.example.", "www.z0.example.", "192.0.2.1")
        core.kill()
        controlled.put(zone("z0", "192.0.2.9"))
        controlled.wait_for_passes("Zone", "error")
        before = controlled.passes("Zone", "error")
        controlled.have_due([Key("Zone", f"z{number}.example.") for number in range(ZONES)])
        controlled.wait_for_passes("Zone", "error", more=2)
        assert controlled.passes("Zone", "error") - before <= 3

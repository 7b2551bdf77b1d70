"""A replica whose data is spoilt is restarted by the operator, and its edge proves again what it
answers: an operator on an API server in memory, with a real core, replica and edge.

The kubelet is played by the test: where the pod is deleted, it ends the process and starts another.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from dnsfleet.replication import keys
from dnsfleet_operator.cluster import Object
from dnsfleet_operator.objects import COMPONENT_LABEL, MANAGED_BY, POP_LABEL
from dnsfleet_operator.pops.replica_restarts import RUN_SECONDS
from dnsfleet_operator.statuses import doubts
from support.controlled_fleets import DEADLINE_SECONDS, NAMESPACE, ControlledFleet
from support.core_servers import PUBLISHER_USER
from support.edges import EdgeProcess
from support.valkey import Valkey
from support.waiting import wait_for

EDGE = "fra-0"
OLD, NEW = "192.0.2.1", "192.0.2.2"
REPLICA = "pop-fra-replica-1"
SOON = "from dnsfleet_following import link; link.RESYNC_SECONDS = 0.5"
"""An edge reads the index again twice a second, in place of once a minute."""
DOUBT_SECONDS = 3.0
"""Several readings of the index."""


def item(kind: str, name: str, spec: Object, **metadata: str) -> Object:
    api_version = "dnsfleet.io/v1alpha1"
    metadata = {"name": name, **metadata}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}


def zone(name: str, address: str) -> Object:
    records = [{"name": "www", "type": "A", "data": [address]}]
    spec = {"origin": f"{name}.example", "nameServers": ["ns1.example.net"], "records": records}
    return item("Zone", name, spec, namespace="dns")


def pod(name: str, component: str, age: float) -> Object:
    """A pod that has been Ready for so many seconds."""
    labels = {POP_LABEL: "fra", COMPONENT_LABEL: component}
    labels["app.kubernetes.io/managed-by"] = MANAGED_BY
    started = datetime.fromtimestamp(time.time() - age, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    running = {"name": component, "state": {"running": {"startedAt": started}}}
    conditions = [{"type": "Ready", "status": "True"}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels},
        "status": {"conditions": conditions, "containerStatuses": [running]},
    }


class Place:
    """One Pop: its replica, its edge, and their pods."""

    def __init__(self, folder: Path, core: Valkey, fleet: ControlledFleet) -> None:
        self.fleet = fleet
        self.replica = Valkey(folder / "replica", core)
        self.edge = EdgeProcess(
            folder / "edge",
            fleet.keys.private.public_key(),
            replica_url=self.replica.url,
            core_url=core.url,
        )
        self.edge.before = SOON

    def start(self, age: float) -> None:
        """Two zones, answered by the edge; the replica has run for `age` seconds."""
        self.replica.start()
        self.edge.launch()
        self.fleet.put(item("Pop", "fra", {"edge": {"replicas": 1}}))
        for name in ("a", "b"):
            self.fleet.put(zone(name, OLD))
            self.fleet.wait_until_served(f"{name}.example.", f"www.{name}.example.", OLD)
        wait_for("the edge is ready", self.edge.is_ready, DEADLINE_SECONDS)
        self.fleet.put(pod(EDGE, "edge", DEADLINE_SECONDS * 2))
        self.fleet.put(pod(REPLICA, "replica", age))
        self.fleet.wait_for_condition("Pop", "fra", "Synced", "Current")

    def spoil(self) -> None:
        """The replica loses an entry of the index."""
        with self.replica.client() as client:
            client.config_set("replica-read-only", "no")
            client.hdel(keys.ZONES, "b.example.")

    def restarted(self) -> None:
        """What the kubelet and the Deployment do once the pod is deleted."""
        gone = self.fleet.cluster.get("Pod", REPLICA, NAMESPACE)
        assert gone is not None
        wait_for(
            "the pod is deleted",
            lambda: self.fleet.cluster.get("Pod", REPLICA, NAMESPACE) is None,
            DEADLINE_SECONDS,
        )
        self.fleet.controller.event("Pod", gone, deleted=True)
        self.replica.kill()
        self.replica.start()
        self.fleet.put(pod(f"{REPLICA}-next", "replica", 0))

    def answers(self) -> list[str | None]:
        return [self.edge.address(f"www.{name}.example.") for name in ("a", "b")]

    def is_propagated(self, name: str) -> bool:
        """Whether a Zone says so of what was asked for last."""
        found = self.fleet.cluster.get("Zone", name, "dns")
        assert found is not None
        told = {each["type"]: each for each in found["status"]["conditions"]}["Propagated"]
        newest = found["metadata"]["generation"]
        return told["status"] == "True" and told["observedGeneration"] == newest

    def reasons(self) -> set[str]:
        """The reasons of all Events."""
        return {each["reason"] for each in self.fleet.cluster.objects("Event")}

    def close(self) -> None:
        self.edge.kill()
        self.replica.kill()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setattr(doubts, "DOUBT_SECONDS", DOUBT_SECONDS)
    users = [PUBLISHER_USER]
    core = Valkey(tmp_path / "core", users=users)
    core.start()
    with ControlledFleet(core) as fleet:
        place = Place(tmp_path, core, fleet)
        yield place
        place.close()
    core.kill()


def test_a_spoilt_replica_is_restarted_and_its_edge_proves_again(place: Place) -> None:
    place.start(RUN_SECONDS + 60)
    place.spoil()
    place.restarted()
    wait_for("it is told", lambda: "ReplicaRestarted" in place.reasons(), DEADLINE_SECONDS)
    assert place.answers() == [OLD, OLD]
    place.fleet.put(zone("b", NEW))
    wait_for("a change is propagated", lambda: place.is_propagated("b"), DEADLINE_SECONDS)
    assert place.answers() == [OLD, NEW]
    place.fleet.wait_for_condition("Pop", "fra", "Synced", "Current")


def test_a_replica_that_was_just_started_is_not(place: Place) -> None:
    place.start(0)
    place.spoil()
    place.fleet.wait_for_condition("Pop", "fra", "Synced", "UnverifiedEdge")
    place.fleet.wait_for_passes("Propagation", more=5)
    assert place.fleet.cluster.get("Pod", REPLICA, NAMESPACE) is not None
    assert place.fleet.passes("Replica") == 0
    assert place.answers() == [OLD, OLD]

"""Which replica is restarted, and when."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from dnsfleet_operator.cluster import ClusterError, Object
from dnsfleet_operator.objects import COMPONENT_LABEL, POP_LABEL
from dnsfleet_operator.observed.workloads import Workloads
from dnsfleet_operator.pops import replica_restarts
from dnsfleet_operator.pops.replica_restarts import RUN_SECONDS, ReplicaRestarts
from support.installations import CONFIGURATION
from support.memory_clusters import MemoryCluster

OLD = RUN_SECONDS + 60
YOUNG = RUN_SECONDS - 60


def replica(pop: str, age: float = OLD, ready: str = "True", **metadata: Any) -> Object:
    """The replica pod of a Pop, whose container started `age` seconds ago."""
    labels = {POP_LABEL: pop, COMPONENT_LABEL: "replica"}
    started = datetime.fromtimestamp(time.time() - age, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    running = {"name": "replica", "state": {"running": {"startedAt": started}}}
    name = {"name": f"pop-{pop}-replica-1", "namespace": CONFIGURATION.namespace}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {**name, "labels": labels, **metadata},
        "status": {
            "conditions": [{"type": "Ready", "status": ready}],
            "containerStatuses": [running],
        },
    }


class Fleet:
    """Pods in a cluster, and the restarts of them."""

    def __init__(self, *pods: Object) -> None:
        self.cluster = MemoryCluster()
        self._workloads = Workloads()
        self._workloads.replace("Pod", [self.cluster.put(each) for each in pods])
        self.restarts = ReplicaRestarts(self.cluster, self._workloads)

    def due(self, *differing: str) -> str | None:
        found = self.restarts.due(differing)
        return None if found is None else found.pop

    def restart(self, *differing: str) -> str:
        found = self.restarts.due(differing)
        assert found is not None
        return self.restarts.restart(found)

    def pods(self) -> list[str]:
        return [each["metadata"]["name"] for each in self.cluster.objects("Pod")]


def edge(pop: str) -> Object:
    found = replica(pop)
    found["metadata"]["name"] = f"pop-{pop}-edge-1"
    found["metadata"]["labels"][COMPONENT_LABEL] = "edge"
    return found


def test_the_pod_of_the_replica_is_deleted_and_nothing_else() -> None:
    fleet = Fleet(replica("fra"), edge("fra"), replica("iad"))
    assert "pop-fra-replica-1" in fleet.restart("fra")
    assert fleet.pods() == ["pop-fra-edge-1", "pop-iad-replica-1"]


def without_container() -> Object:
    return {**replica("fra"), "status": {"conditions": [{"type": "Ready", "status": "True"}]}}


# Each is made when its test begins, as its age counts from then.
@pytest.mark.parametrize(
    "pod",
    [
        lambda: replica("fra", YOUNG),
        lambda: replica("fra", ready="False"),
        lambda: replica("fra", deletionTimestamp="2026-01-01T00:00:00Z"),
        without_container,
        lambda: edge("fra"),
        lambda: replica("iad"),
    ],
)
def test_it_must_have_run_for_a_while_and_run_now(pod: Callable[[], Object]) -> None:
    assert Fleet(pod()).due("fra") is None


def test_one_that_may_not_be_restarted_does_not_hold_up_others() -> None:
    assert Fleet(replica("fra", YOUNG), replica("iad")).due("fra", "iad") == "iad"


def test_what_does_not_differ_is_left_alone() -> None:
    assert Fleet(replica("fra")).due() is None


def test_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = Fleet(replica("fra"), replica("iad"))
    assert fleet.due("iad", "fra") == "iad"
    fleet.restart("iad")
    assert fleet.due("fra") is None
    monkeypatch.setattr(replica_restarts, "SPACING_SECONDS", 0.0)
    assert fleet.due("fra") == "fra"


def test_a_restart_that_the_api_server_refuses_has_not_happened() -> None:
    fleet = Fleet(replica("fra"))
    fleet.cluster.faults["Pod"] = ClusterError("delete Pod dns/pop-fra-replica-1: no (403)", 403)
    with pytest.raises(ClusterError):
        fleet.restart("fra")
    assert fleet.due("fra") == "fra"

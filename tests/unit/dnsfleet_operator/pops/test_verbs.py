"""What a Pop can be told to do once: which pod it is about, and when it is done."""

import time
from datetime import UTC, datetime

import pytest
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.command_words import Begun
from dnsfleet.replication.pop_commands import FORGET_EDGE, RESTART_REPLICA, SNAPSHOT, Request
from dnsfleet.replication.revisions import Revision
from dnsfleet_operator.objects import COMPONENT_LABEL, POP_LABEL, Object
from dnsfleet_operator.pops import verbs
from dnsfleet_operator.pops.carrying_out import NotYet, Refused
from support.memory_clusters import MemoryCluster

NUMBER = Revision(3, 7)


def pod(name: str, component: str, pop: str = "fra", ready: bool = False) -> Object:
    labels = {POP_LABEL: pop, COMPONENT_LABEL: component}
    status = {"conditions": [{"type": "Ready", "status": str(ready)}]}
    metadata = {"name": name, "namespace": "dns", "labels": labels}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": status}


class Place:
    """A Pop, what its edges said, and what was forgotten."""

    def __init__(self) -> None:
        self.cluster = MemoryCluster()
        self.said: dict[str, Ack] = {}
        self.forgotten: list[str] = []
        self.has_core = True
        self.verbs = verbs.of_pop(
            self.cluster,
            "dns",
            "fra",
            self.forgotten.extend,
            lambda: self.said,
            lambda: self.has_core,
        )

    def begin(self, verb: str, argument: str = "") -> Begun:
        """A command of which the target is chosen."""
        begun = Begun(Request("r", verb, argument, 0, 1), NUMBER)
        return begun._replace(target=self.verbs[verb].choose(begun))

    def finish(self, begun: Begun) -> str:
        return self.verbs[begun.request.verb].carry_out(begun)

    def pods(self) -> set[str]:
        return {each["metadata"]["name"] for each in self.cluster.objects("Pod")}


@pytest.fixture
def place() -> Place:
    return Place()


def test_a_restart_deletes_the_pod_that_was_chosen_and_no_later_one(place: Place) -> None:
    place.cluster.put(pod("other", "replica", pop="iad"))
    with pytest.raises(NotYet, match="no replica pod"):
        place.begin(RESTART_REPLICA)
    place.cluster.put(pod("one", "replica"))
    begun = place.begin(RESTART_REPLICA)
    assert "deleted pod one" in place.finish(begun)
    place.cluster.put(pod("two", "replica"))
    assert "deleted the pod that ran then" in place.finish(begun)
    assert place.pods() == {"other", "two"}


def test_the_only_copy_of_a_cluster_is_not_deleted_while_the_core_is_away(place: Place) -> None:
    place.cluster.put(pod("one", "replica"))
    begun = place.begin(RESTART_REPLICA)
    place.has_core = False
    with pytest.raises(NotYet, match="core cannot be reached"):
        place.finish(begun)
    place.has_core = True
    assert "deleted pod one" in place.finish(begun)


def test_a_replica_that_has_just_copied_the_core_is_not_restarted(place: Place) -> None:
    young = pod("one", "replica")
    young["metadata"]["creationTimestamp"] = datetime.now(UTC).isoformat()
    place.cluster.put(young)
    with pytest.raises(NotYet, match="began less than 60 s ago"):
        place.begin(RESTART_REPLICA)


def test_a_pod_that_is_going_is_not_chosen(place: Place) -> None:
    going = pod("one", "replica")
    going["metadata"]["deletionTimestamp"] = "2026-05-01T10:00:00Z"
    place.cluster.put(going)
    with pytest.raises(NotYet):
        place.begin(RESTART_REPLICA)


def test_an_edge_that_is_not_ready_is_forgotten(place: Place) -> None:
    place.cluster.put(pod("e1", "edge", ready=True))
    place.cluster.put(pod("e2", "edge"))
    with pytest.raises(Refused, match="e1 is Ready"):
        place.begin(FORGET_EDGE, "e1")
    with pytest.raises(Refused, match="names no edge"):
        place.begin(FORGET_EDGE)
    for edge in ("e2", "e3"):
        assert edge in place.finish(place.begin(FORGET_EDGE, edge))
    assert place.forgotten == ["fra/e2", "fra/e3"]


def test_a_snapshot_waits_for_every_ready_edge(place: Place) -> None:
    begun = place.begin(SNAPSHOT)
    with pytest.raises(NotYet, match="no Ready edge"):
        place.finish(begun)
    for name in ("e1", "e2"):
        place.cluster.put(pod(name, "edge", ready=True))
    now_ms = time.time_ns() // 1_000_000
    place.said["fra/e1"] = Ack(0, {}, 0, now_ms, started_ms=now_ms, refreshed=Revision(4, 1))
    place.said["fra/e2"] = Ack(0, {}, 0, now_ms, started_ms=now_ms, refreshed=Revision(3, 6))
    with pytest.raises(NotYet, match="1 of 2 edges have not done it: e2"):
        place.finish(begun)
    place.said["fra/e2"] = place.said["fra/e2"]._replace(refreshed=NUMBER)
    assert place.finish(begun).startswith("2 edges loaded all zones")

"""The operator's threads outlive a defect: what they do is tried again."""

import queue
import threading
import time
from collections.abc import Iterator

import pytest
from dnsfleet.resources import Reference
from dnsfleet_kubernetes.leadership import Leadership
from dnsfleet_operator.cluster import ClusterError, Object
from dnsfleet_operator.leading.lease_object import LeaseObject
from dnsfleet_operator.observed.workloads import KINDS
from dnsfleet_operator.statuses.writing import THREADS, StatusWriter
from dnsfleet_operator.watching.record_set_watch import RecordSetWatch
from dnsfleet_operator.watching.threads import RETRY_SECONDS
from dnsfleet_operator.watching.workload_watches import WorkloadWatches
from support.controlled_fleets import NAMESPACE
from support.memory_clusters import MemoryCluster
from support.waiting import wait_for

DEFECT = RuntimeError("a defect")


@pytest.fixture
def cluster() -> MemoryCluster:
    return MemoryCluster()


def test_statuses_are_written_after_more_defects_than_threads(cluster: MemoryCluster) -> None:
    written: queue.SimpleQueue[Object] = queue.SimpleQueue()
    writer = StatusWriter(cluster, "operator-1", lambda made, _: written.put(made))
    references = [Reference("Pop", "", f"p{number}") for number in range(THREADS + 1)]
    uids = {
        reference: cluster.put({"kind": "Pop", "metadata": {"name": reference.name}, "spec": {}})
        for reference in references
    }
    cluster.faults["Pop"] = DEFECT
    raised = cluster.raised
    writer.start()
    for reference in references:
        writer.put(reference, uids[reference]["metadata"]["uid"], {"zones": {}}, [], urgent=True)
    # Each try raises two: the write, and the question whether the object is gone.
    wait_for("a try of each", lambda: cluster.raised >= raised + 2 * len(references), 10)
    cluster.faults.clear()
    names = {written.get(timeout=10)["metadata"]["name"] for _ in references}
    assert names == {reference.name for reference in references}
    writer.stop()


def test_the_lease_is_taken_after_a_defect(cluster: MemoryCluster) -> None:
    changes: queue.SimpleQueue[bool] = queue.SimpleQueue()
    cluster.faults["Lease"] = DEFECT
    lease = LeaseObject(cluster, "dnsfleet-operator", NAMESPACE)
    leadership = Leadership(lease, "operator-1", lambda: changes.put(True))
    raised = cluster.raised
    leadership.start()
    wait_for("a try", lambda: cluster.raised > raised, 10)
    assert not leadership.leads
    wait_for("the reason", lambda: leadership.problem == str(DEFECT), 10)
    cluster.faults.clear()
    changes.get(timeout=10)
    assert leadership.leads
    assert leadership.problem == ""
    leadership.stop()


class SlowLease:
    """A Lease whose write takes until `go`."""

    name, namespace, failures = "dnsfleet-operator", NAMESPACE, ClusterError

    def __init__(self) -> None:
        self.asked, self.go = threading.Event(), threading.Event()

    def read(self) -> Object | None:
        """There is none."""
        return None

    def create(self, lease: Object) -> bool:
        """Make it, at length."""
        self.asked.set()
        return self.go.wait(10)

    def replace(self, lease: Object) -> bool:
        """Write it."""
        return True


def test_who_stops_while_the_lease_is_renewed_does_not_lead() -> None:
    lease = SlowLease()
    leadership = Leadership(lease, "operator-1", lambda: None)
    leadership.start()
    assert lease.asked.wait(10)
    stopping = threading.Thread(target=leadership.stop)
    stopping.start()
    wait_for("the stop", leadership._stopping.is_set, 10)
    lease.go.set()
    stopping.join(10)
    assert not leadership.leads


class WatchedCluster(MemoryCluster):
    """Lists of it can be watched; a watch sees nothing and ends at once."""

    def objects_at(self, kind: str, namespace: str, labels: str) -> tuple[list[Object], int]:
        return self.objects(kind, namespace, labels), 1

    def watch(
        self, kind: str, namespace: str, labels: str, since: int
    ) -> Iterator[tuple[str, Object]]:
        return iter(())


def test_workloads_are_listed_again_after_a_defect_and_not_in_haste() -> None:
    cluster = WatchedCluster()
    listed: queue.SimpleQueue[tuple[str, float]] = queue.SimpleQueue()
    watches = WorkloadWatches(
        cluster,
        NAMESPACE,
        lambda kind, _: listed.put((kind, time.monotonic())),
        lambda *_: None,
    )
    cluster.faults["Pod"] = DEFECT
    raised = cluster.raised
    watches.start()
    wait_for("a try", lambda: cluster.raised > raised, 10)
    cluster.faults.clear()
    times: dict[str, list[float]] = {kind: [] for kind in KINDS}
    while min(map(len, times.values())) < 2:
        kind, at = listed.get(timeout=10)
        times[kind].append(at)
    watches.stop()
    for first, second, *_ in times.values():
        assert second - first > RETRY_SECONDS / 2


class ChangingCluster(WatchedCluster):
    """Each watch gives the next of some answers, and then fails."""

    def __init__(self, *answers: list[tuple[str, Object]]) -> None:
        super().__init__()
        self.answers = list(answers)
        self.watched: queue.SimpleQueue[int] = queue.SimpleQueue()

    def watch(
        self, kind: str, namespace: str, labels: str, since: int
    ) -> Iterator[tuple[str, Object]]:
        self.watched.put(since)
        if not self.answers:
            raise ClusterError("410 Gone", 410)
        return iter(self.answers.pop(0))


def record_set(version: int) -> Object:
    metadata = {"name": "web", "namespace": "dns", "resourceVersion": str(version)}
    return {"kind": "RecordSet", "metadata": metadata}


def test_record_sets_are_watched_on_from_where_the_last_watch_ended() -> None:
    cluster = ChangingCluster(
        [("ADDED", record_set(7)), ("BOOKMARK", record_set(9))], [("DELETED", record_set(11))]
    )
    events: queue.SimpleQueue[tuple[str, Object, bool]] = queue.SimpleQueue()
    missed: queue.SimpleQueue[bool] = queue.SimpleQueue()
    watch = RecordSetWatch(
        cluster, lambda *event: events.put(event), missed=lambda: missed.put(True)
    )
    watch.start()
    assert events.get(timeout=10) == ("RecordSet", record_set(7), False)
    assert events.get(timeout=10) == ("RecordSet", record_set(11), True)
    first = cluster.watched.get(timeout=10)
    assert [cluster.watched.get(timeout=10) for _ in range(2)] == [9, 11]
    missed.get(timeout=10)
    assert cluster.watched.get(timeout=10) > first, "it begins anew where a list ends now"
    missed.get(timeout=10)
    watch.stop()
    assert events.empty()

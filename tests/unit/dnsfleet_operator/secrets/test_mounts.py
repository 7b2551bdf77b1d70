"""What has the kubelet bring a changed Secret to the tunnel at once."""

import logging

import pytest
from dnsfleet_operator.cluster import ClusterError, Object
from dnsfleet_operator.secrets.mounts import APART_SECONDS, TIMES, Mounts
from support.clocks import Clock
from support.installations import CONFIGURATION
from support.memory_clusters import MemoryCluster

NAMESPACE, NAME = CONFIGURATION.namespace, "dnsfleet-pops"
KEY = f"mounted.dnsfleet.io/{NAME}"


@pytest.fixture
def cluster() -> MemoryCluster:
    found = MemoryCluster()
    for name, release, component in (
        ("tunnel-1", CONFIGURATION.release, "tunnel"),
        ("tunnel-2", CONFIGURATION.release, "tunnel"),
        ("edge", CONFIGURATION.release, "edge"),
        ("other", "other", "tunnel"),
    ):
        labels = {"app.kubernetes.io/instance": release, "app.kubernetes.io/component": component}
        metadata = {"name": name, "namespace": NAMESPACE, "labels": labels}
        found.put({"kind": "Pod", "metadata": metadata, "spec": {"nodeName": "node"}})
    return found


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def mounts(cluster: MemoryCluster, clock: Clock) -> Mounts:
    return Mounts(cluster, CONFIGURATION, "tunnel", clock)


def look(mounts: Mounts, clock: Clock, *secrets: Object) -> None:
    """One look; the next one comes when it is due."""
    for each in secrets:
        mounts.bring(each)
    clock.now += APART_SECONDS


def secret(version: str, name: str = NAME) -> Object:
    return {"kind": "Secret", "metadata": {"name": name, "resourceVersion": version}}


def annotations(cluster: MemoryCluster) -> dict[str, dict[str, str]]:
    """Of each pod that has any."""
    return {
        each["metadata"]["name"]: each["metadata"]["annotations"]
        for each in cluster.objects("Pod", NAMESPACE)
        if "annotations" in each["metadata"]
    }


def test_the_pods_of_the_tunnel_change_when_the_secret_does_and_once_more(
    cluster: MemoryCluster, mounts: Mounts, clock: Clock
) -> None:
    seen = []
    for version in ("7", "8"):
        for _ in range(TIMES):
            look(mounts, clock, secret(version))
            found = annotations(cluster)
            assert found.keys() == {"tunnel-1", "tunnel-2"}
            assert found["tunnel-1"] == found["tunnel-2"]
            seen.append(found["tunnel-1"][KEY])
    assert len(set(seen)) == 2 * TIMES


def test_the_second_time_is_no_sooner_however_often_somebody_looks(
    cluster: MemoryCluster, mounts: Mounts, clock: Clock
) -> None:
    """As where three Pops are made by one command: each of them has the Secret looked at."""
    for _ in range(5):
        mounts.bring(secret("7"))
    assert annotations(cluster)["tunnel-1"] == {KEY: "7.0"}
    mounts.bring(secret("8"))
    assert annotations(cluster)["tunnel-1"] == {KEY: "8.0"}, "what is new waits for nothing"
    clock.now += APART_SECONDS
    mounts.bring(secret("8"))
    assert annotations(cluster)["tunnel-1"] == {KEY: "8.1"}


def test_a_secret_that_stays_as_it_is_costs_nothing(
    cluster: MemoryCluster, mounts: Mounts, clock: Clock
) -> None:
    for _ in range(TIMES):
        look(mounts, clock, secret("7"))
    cluster.faults["Pod"] = ClusterError("it is asked for pods", 500)
    mounts.bring(secret("7"))
    assert cluster.raised == 0
    assert cluster.writes["Pod"] == 2 * TIMES


def test_secrets_are_told_apart(cluster: MemoryCluster, mounts: Mounts, clock: Clock) -> None:
    for _ in range(TIMES):
        look(mounts, clock, secret("7"), secret("9", "dnsfleet-core-tls"))
    found = annotations(cluster)["tunnel-1"]
    assert found == {
        KEY: f"7.{TIMES - 1}",
        "mounted.dnsfleet.io/dnsfleet-core-tls": f"9.{TIMES - 1}",
    }
    assert cluster.writes["Pod"] == 2 * 2 * TIMES


def test_a_failure_is_told_once_and_tried_again(
    cluster: MemoryCluster, mounts: Mounts, caplog: pytest.LogCaptureFixture
) -> None:
    cluster.faults["Pod"] = ClusterError("forbidden (403)", 403)
    with caplog.at_level(logging.WARNING):
        mounts.bring(secret("7"))
        mounts.bring(secret("7"))
    (told,) = caplog.messages
    assert told == f"the tunnel gets Secret {NAME} a minute or two later: forbidden (403)"
    del cluster.faults["Pod"]
    mounts.bring(secret("7"))
    assert annotations(cluster)["tunnel-1"] == {KEY: "7.0"}


def test_a_pod_runs_on_what_it_ran(cluster: MemoryCluster, mounts: Mounts) -> None:
    """As RBAC has it: the operator may write the status of a pod, and not its spec."""
    mounts.bring(secret("7"))
    found = cluster.get("Pod", "tunnel-1", NAMESPACE)
    assert found is not None
    assert found["spec"] == {"nodeName": "node"}

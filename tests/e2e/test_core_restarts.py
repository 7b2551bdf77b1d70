"""A core that was restarted is followed again at once, whatever became of its old address."""

import time
from collections.abc import Iterator

import pytest
import redis
from cluster.access import Access, Object
from cluster.namespaces import Node
from support import probe_fleets, redis_pods
from support.probe_fleets import CORE, POPS
from support.releases import NAMESPACE, READY_SECONDS
from support.waiting import wait_for

RESTARTS = 10
FOLLOW_SECONDS = 5.0
KEY = "dnsfleet:1:test"


class Servers:
    """The core and the replicas, asked from beside the node by the address of the pod."""

    def __init__(self, cluster: Access, node: Node) -> None:
        self._cluster = cluster
        self._node = node
        users = ("publisher", "edge")
        self._passwords = {user: redis_pods.password(cluster, user) for user in users}
        self._replicas = {pop: self._connect(self._replica(pop), "edge") for pop in POPS}

    def write(self, value: str) -> None:
        """Write to the core as the publisher does."""
        pod = self._cluster.get("pod", CORE, "-n", NAMESPACE)
        with self._node.on_client(), self._connect(pod, "publisher") as client:
            client.set(KEY, value)

    def late(self, value: str) -> set[str]:
        """The Pops whose replica does not have this value."""
        return {pop for pop in POPS if self._read(pop) != value.encode()}

    def _read(self, pop: str) -> bytes | None:
        try:
            with self._node.on_client():
                return self._replicas[pop].get(KEY)  # type: ignore[return-value]
        except redis.RedisError:
            return None

    def _replica(self, pop: str) -> Object:
        selector = f"dnsfleet.io/pop={pop},app.kubernetes.io/component=replica"
        (pod,) = self._cluster.items("pods", "-n", NAMESPACE, "-l", selector)
        return pod

    def _connect(self, pod: Object, user: str) -> redis.Redis:
        return redis_pods.client(pod, user, self._passwords[user])


@pytest.fixture(scope="module")
def servers(release: Access, node: Node) -> Iterator[Servers]:
    probe_fleets.start(release)
    yield Servers(release, node)


@pytest.mark.timeout(900)
def test_a_restarted_core_is_followed_within_seconds(release: Access, servers: Servers) -> None:
    took = []
    for number in range(RESTARTS):
        before = probe_fleets.core_uid(release)
        # Every second one ends at once, so that its address is gone before the Service knows.
        at_once = ("--force", "--grace-period=0") if number % 2 else ()
        release.kubectl("delete", "pod", CORE, "-n", NAMESPACE, "--wait=false", *at_once)
        wait_for(
            "another core is Ready",
            lambda before=before: probe_fleets.core_uid(release) not in (None, before),
            READY_SECONDS,
        )
        began = time.monotonic()
        servers.write(str(number))
        wait_for(
            f"every Pop follows after restart {number}",
            lambda number=number: not servers.late(str(number)),
            READY_SECONDS,
        )
        took.append(time.monotonic() - began)
    print(f"followed after {' '.join(f'{seconds:.1f}' for seconds in took)} s")
    assert max(took) <= FOLLOW_SECONDS

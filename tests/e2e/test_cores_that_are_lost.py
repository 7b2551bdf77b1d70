"""A core cluster that is lost for good: another one takes its place, at another address.

It takes minutes, so `make e2e` leaves it out; `make e2e-clusters` runs it.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cluster import images
from cluster.access import Access
from cluster.clusters import Cluster
from support import probe_fleets, two_clusters
from support.kubectl_plugin import dnsfleet
from support.releases import NAMESPACE, READY_SECONDS
from support.two_clusters import REMOTE_ADDRESS, TwoClusters
from support.waiting import wait_for

pytestmark = pytest.mark.skipif(
    "CLUSTERS" not in os.environ, reason="it takes minutes: make e2e-clusters"
)
RATE = 1_000
"""Queries a second."""
OTHER_CORE_ADDRESS = "198.18.1.1"


@pytest.fixture
def doomed(own_cluster: Cluster) -> Iterator[TwoClusters]:
    """A fleet whose core is in a cluster of its own."""
    with cluster_beside(own_cluster, 1) as place, cluster_beside(own_cluster, 2) as core:
        fleet = TwoClusters(core, place)
        fleet.start()
        yield fleet


@contextmanager
def cluster_beside(neighbour: Cluster, number: int) -> Iterator[Cluster]:
    """Another cluster, gone afterwards where it is not yet."""
    cluster = Cluster(number, neighbour)
    try:
        cluster.up(images.archives())
        yield cluster
    finally:
        cluster.down()


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("keys", ["kept", "lost too"])
def test_a_core_is_lost_for_good_and_built_again_at_another_address(
    doomed: TwoClusters, own_cluster: Cluster, tmp_path: Path, keys: str
) -> None:
    backup = tmp_path / "keys.yaml"
    if keys == "kept":
        saved = dnsfleet(doomed.core.access, "keys", "backup", str(backup))
        assert saved.returncode == 0, saved.stdout + saved.stderr
    servers = [(REMOTE_ADDRESS, 53)]
    with probe_fleets.watching(own_cluster.node, servers, RATE, retries=1) as oracle:
        wait_for("the first answers", lambda: oracle.seen_everywhere(0), READY_SECONDS)
        doomed.core.down()
        with cluster_beside(own_cluster, 3) as built:
            again = TwoClusters(built, doomed.place)
            if keys == "kept":
                restore_keys(built.access, backup)
            two_clusters.start_core(built, OTHER_CORE_ADDRESS)
            oracle.publishing(1)
            again.publish(1)
            began = time.monotonic()
            again.rejoin()
            wait_for("news", lambda: oracle.seen_everywhere(1), READY_SECONDS)
            print(f"follows the other core {time.monotonic() - began:.0f} s after the command")
    print(f"{oracle.asked} queries meanwhile")
    assert oracle.faults == []


def restore_keys(core: Access, backup: Path) -> None:
    """Bring the keys of the fleet into a cluster before the release makes others."""
    core.kubectl("create", "namespace", NAMESPACE)
    restored = dnsfleet(core, "keys", "restore", str(backup))
    assert restored.returncode == 0, restored.stdout + restored.stderr

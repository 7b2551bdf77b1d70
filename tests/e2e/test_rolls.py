"""Two nodes behind a load balancer: nothing is lost while edges are replaced, or after a node."""

import contextlib
import os
from collections.abc import Iterator

import pytest
from cluster import images
from cluster.access import Access, Object
from cluster.clusters import Cluster
from support import balancers, probe_fleets, two_nodes
from support.releases import NAMESPACE
from support.two_nodes import PopOnNodes
from support.waiting import wait_for

pytestmark = pytest.mark.skipif("ROLLS" not in os.environ, reason="it takes long: make e2e-rolls")
FULL = os.environ.get("ROLLS") == "full"
RATE = 500 if FULL else 300
"""Queries a second on fixed ports, and as many on new ones."""
QUERIES = 100_000 if FULL else 10_000
"""The fewest on fixed ports during a roll, and on new ones."""
CHECK_SECONDS = balancers.CHECK_SECONDS if FULL else 2.0
EDGE: Object = {"replicas": 2} if FULL else {"replicas": 2, "drainSeconds": 12}
"""Six checks; by default it is four. A busy machine takes longer to notice."""
ADDRESS = "198.18.0.9"
"""Of the load balancer, from the range for tests (RFC 2544)."""
ROLL_SECONDS = 300.0
ROLE = "dnsfleet.io/role"
"""A label of nodes that answer DNS themselves."""


@pytest.fixture(scope="module")
def two(own_cluster: Cluster | None) -> Iterator[Cluster]:
    """The cluster of this machine while it has a second node."""
    if own_cluster is None:
        pytest.skip("this test needs two nodes of this machine: unset KUBECONFIG")
    own_cluster.add_worker(images.archives())
    yield own_cluster
    own_cluster.remove_worker()
    own_cluster.access.kubectl("label", "node", own_cluster.node.name, f"{ROLE}-")


@pytest.fixture(scope="module")
def pop(two: Cluster, release: Access) -> PopOnNodes:
    probe_fleets.publish(release, 0)
    pop = PopOnNodes(two, "ams")
    pop.apply(EDGE)
    return pop


@pytest.mark.timeout(600)
def test_after_a_power_cut_the_other_node_goes_on(pop: PopOnNodes) -> None:
    """Who is sent to the dead node is lost until the balancer notices; nobody else is, ever."""
    node, worker = pop.nodes
    with (
        pop.balanced(ADDRESS, CHECK_SECONDS) as balancer,
        two_nodes.asking(node, [(node.network.node, pop.node_port())], RATE) as of_other,
        powered(pop.cluster),
    ):
        worker.cut_power()
        wait_for("the node is out", lambda: balancer.nodes == {node.name}, ROLL_SECONDS)
        with two_nodes.asking(node, [(ADDRESS, 53)], RATE) as clients:
            pop.cluster.add_worker([])
            both = {node.name, worker.name}
            wait_for("the node is in", lambda: balancer.nodes == both, ROLL_SECONDS)
            before = balancer.steered()[worker.name]
            wait_for(
                "it gets clients again",
                lambda: balancer.steered()[worker.name] > before,
                ROLL_SECONDS,
            )
    assert not (faults := two_nodes.faults([*of_other, *clients])), faults


@pytest.mark.timeout(600)
def test_a_node_that_is_emptied_loses_nothing(pop: PopOnNodes) -> None:
    access, (node, worker) = pop.cluster.access, pop.nodes
    pop.wait_until_spread(ROLL_SECONDS)
    leaving = next(
        pod["metadata"]["name"] for pod in pop.edges() if pod["spec"]["nodeName"] == worker.name
    )
    with (
        pop.balanced(ADDRESS, CHECK_SECONDS) as balancer,
        two_nodes.asking(node, [(ADDRESS, 53)], RATE) as clients,
    ):
        access.kubectl("cordon", worker.name)
        try:
            access.kubectl("delete", "pod", leaving, "-n", NAMESPACE, "--wait=false")
            wait_for("the node is out", lambda: balancer.nodes == {node.name}, ROLL_SECONDS)
            wait_for(
                "the edge has ended",
                lambda: leaving not in {pod["metadata"]["name"] for pod in pop.edges()},
                ROLL_SECONDS,
            )
        finally:
            access.kubectl("uncordon", worker.name)
    assert not (faults := two_nodes.faults(clients)), faults


@pytest.mark.timeout(600)
def test_a_roll_behind_a_balancer_loses_nothing(pop: PopOnNodes) -> None:
    pop.apply({**EDGE, "spread": "Required"})
    with (
        pop.balanced(ADDRESS, CHECK_SECONDS) as balancer,
        two_nodes.asking(pop.cluster.node, [(ADDRESS, 53)], RATE) as clients,
    ):
        before = balancer.steered()
        pop.roll("101m", ROLL_SECONDS)
        udp = clients[:2]
        wait_for("enough queries", lambda: min(o.asked for o in udp) >= QUERIES, ROLL_SECONDS)
        pop.wait_until_spread(0)
        steered = balancer.steered()
    assert all(steered[name] > before[name] for name in steered), (before, steered)
    assert not (faults := two_nodes.faults(clients)), faults


@pytest.mark.timeout(600)
def test_a_roll_on_port_53_of_nodes_loses_nothing(two: Cluster, release: Access) -> None:
    pop = PopOnNodes(two, "gru")
    probe_fleets.publish(release, 0)
    for node in pop.nodes:
        release.kubectl("label", "node", node.name, f"{ROLE}=edge", "--overwrite")
    pop.apply({**EDGE, "exposure": "HostNetwork", "nodeSelector": {ROLE: "edge"}})
    servers = [(node.network.node, 53) for node in pop.nodes]
    with two_nodes.asking(two.node, servers, RATE) as clients:
        pop.roll("101m", ROLL_SECONDS)
        udp = clients[:2]
        wait_for("enough queries", lambda: min(o.asked for o in udp) >= QUERIES, ROLL_SECONDS)
    assert not (faults := two_nodes.faults(clients)), faults


@contextlib.contextmanager
def powered(cluster: Cluster) -> Iterator[None]:
    """Afterwards the second node runs, whatever happened: what is on it can be removed."""
    try:
        yield
    finally:
        if cluster.worker.pid is None:
            cluster.add_worker([])

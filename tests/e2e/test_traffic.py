"""A fleet in a cluster under load: nothing is lost or wrong, whatever is restarted or stopped."""

import contextlib
import signal
import time
from collections.abc import Iterator

import pytest
from cluster.access import Access, CommandError
from cluster.namespaces import Node
from support import probe_fleets, releases
from support.probe_fleets import POPS
from support.waiting import wait_for

RATE = 1_000
"""Queries a second through fixed ports, and as many through a new port each."""
STOPPED_SECONDS = 60.0
LIVE_SECONDS = 10.0
"""The longest until changes are live everywhere once the API server is back."""
ROLL_SECONDS = 120


@pytest.fixture(scope="module")
def fleet(release: Access) -> Access:
    probe_fleets.start(release)
    return release


@pytest.mark.timeout(600)
def test_a_rolling_restart_and_a_scale_in_lose_nothing(fleet: Access, node: Node) -> None:
    probe_fleets.scale(fleet, 2)
    deployments = [f"deployment/pop-{pop}-edge" for pop in POPS]
    servers = probe_fleets.services(fleet)
    # One keeps its ports, one takes a new port for every query; both may ask once more.
    with (
        probe_fleets.watching(node, servers, RATE, retries=1) as fixed,
        probe_fleets.watching(node, servers, RATE, retries=1, new_ports=True) as changing,
    ):
        asking = [fixed, changing]
        wait_for("the first answers", lambda: all(o.seen_everywhere(0) for o in asking), 10)
        fleet.kubectl("rollout", "restart", "-n", releases.NAMESPACE, *deployments)
        for deployment in deployments:
            fleet.kubectl(
                *("rollout", "status", "-n", releases.NAMESPACE, deployment),
                f"--timeout={ROLL_SECONDS}s",
            )
        probe_fleets.scale(fleet, 1)
    verdicts = [verdict for oracle in asking for verdict in oracle.verdicts.values()]
    asked, retried = sum(v.asked for v in verdicts), sum(v.retried for v in verdicts)
    print(f"roll and scale-in: {asked} queries, {retried} of them asked again")
    assert not (faults := [fault for oracle in asking for fault in oracle.faults]), faults


@pytest.mark.timeout(600)
def test_edges_answer_while_the_api_server_is_stopped(fleet: Access, node: Node) -> None:
    servers = probe_fleets.edge_servers(fleet)
    assert len(servers) == len(POPS)
    with probe_fleets.watching(node, servers, RATE) as oracle:
        oracle.publishing(1)
        probe_fleets.publish(fleet, 1)  # it may be anywhere on its way when the API server stops
        with stopped_api_server(fleet, node):
            resume = time.monotonic() + STOPPED_SECONDS
            wait_for("the minute is over", lambda: time.monotonic() > resume, STOPPED_SECONDS + 1)
        back = time.monotonic()
        wait_for("the API server answers", lambda: answers(fleet), LIVE_SECONDS)
        oracle.publishing(2)
        probe_fleets.publish(fleet, 2)
        wait_for("2 everywhere", lambda: oracle.seen_everywhere(2), LIVE_SECONDS)
        print(f"live everywhere {time.monotonic() - back:.1f} s after the API server's return")
    assert oracle.faults == []
    fleet.wait("condition=Propagated", LIVE_SECONDS, "zones", "--all")


@contextlib.contextmanager
def stopped_api_server(cluster: Access, node: Node) -> Iterator[None]:
    """It accepts connections and never answers, which is worse than a closed port."""
    node.signal("kube-apiserver", signal.SIGSTOP)
    try:
        assert not answers(cluster)
        yield
    finally:
        node.signal("kube-apiserver", signal.SIGCONT)


def answers(cluster: Access) -> bool:
    try:
        return cluster.kubectl("get", "--raw", "/readyz", "--request-timeout=1s") == "ok"
    except CommandError:
        return False

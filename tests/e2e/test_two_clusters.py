"""Two clusters: the core in one, a Pop in the other, which joined by the printed commands alone."""

import json
import statistics
import time
from collections.abc import Iterator

import dns.message
import dns.query
import pytest
from cluster.clusters import Cluster
from dnsfleet_operator.configuration import VERSION
from kubernetes import client, config
from support import probe_fleets, status_claims
from support.probe_fleets import ORIGIN, ZONE
from support.releases import NAMESPACE, READY_SECONDS
from support.two_clusters import (
    CORE_ADDRESS,
    LOCAL,
    LOCAL_ADDRESS,
    REMOTE,
    REMOTE_ADDRESS,
    TwoClusters,
)
from support.waiting import wait_for

SERVERS = [(LOCAL_ADDRESS, 53), (REMOTE_ADDRESS, 53)]
CHANGES = 200
RATE = 1_000
"""Queries a second, over both Pops."""
REVERT_SECONDS = 30.0


@pytest.fixture(scope="module")
def fleet(own_cluster: Cluster, pop_cluster: Cluster) -> Iterator[TwoClusters]:
    """One Pop in each cluster, and the zone with its probe at 0 at both."""
    fleet = TwoClusters(own_cluster, pop_cluster)
    fleet.start()
    yield fleet
    fleet.remove()


@pytest.fixture
def api(fleet: TwoClusters) -> Iterator[client.CustomObjectsApi]:
    with config.new_client_from_config(str(fleet.core.kubeconfig)) as connection:
        yield client.CustomObjectsApi(connection)


def test_a_pop_of_another_cluster_is_shown_like_any_other(fleet: TwoClusters) -> None:
    shown = [line.split() for line in fleet.core.access.kubectl("get", "pops").splitlines()]
    assert {line[0]: line[1:7] for line in shown[1:]} == {
        name: ["Active", "1/1", "1/1", "0", "True", VERSION] for name in (LOCAL, REMOTE)
    }
    addresses = {
        pop["metadata"]["name"]: pop["status"]["addresses"]
        for pop in fleet.core.access.items("pops")
    }
    assert addresses == {LOCAL: [LOCAL_ADDRESS], REMOTE: [REMOTE_ADDRESS]}


def test_the_mirrored_pop_says_where_it_comes_from_and_edits_are_reverted(
    fleet: TwoClusters,
) -> None:
    place = fleet.place.access
    assert f"from the core at {CORE_ADDRESS}:6390; edits here are reverted" in place.kubectl(
        "describe", "pops"
    )
    spec = place.get("pop", REMOTE)["spec"]
    edit = json.dumps({"spec": {"edge": {"replicas": 0}}})
    place.kubectl("patch", "pop", REMOTE, "--type=merge", "--patch", edit)
    wait_for("it is reverted", lambda: place.get("pop", REMOTE)["spec"] == spec, REVERT_SECONDS)
    ready = "jsonpath={.status.readyReplicas}=1"
    place.wait(ready, READY_SECONDS, "deployment", f"pop-{REMOTE}-edge", "-n", NAMESPACE)


@pytest.mark.timeout(600)
def test_a_zone_of_the_core_is_live_in_the_other_cluster_when_propagated_says_so(
    fleet: TwoClusters, api: client.CustomObjectsApi
) -> None:
    applied: list[float] = []
    with probe_fleets.watching(fleet.core.node, SERVERS, RATE) as oracle:
        wait_for("the first answers", lambda: oracle.seen_everywhere(0), READY_SECONDS)
        for counter in range(1, CHANGES + 1):
            oracle.publishing(counter)
            applied.append(time.monotonic())
            status_claims.change(api, ZONE, probe_fleets.zone(counter)["spec"])
            with fleet.core.node.on_client():
                answers = {server: status_claims.ask(server, ORIGIN) for server in SERVERS}
            late = {server: found for server, found in answers.items() if found != counter}
            assert not late, f"change {counter}, Propagated is true, but answered: {late}"
    assert oracle.faults == []
    for where, server in zip(("local", "remote"), SERVERS, strict=True):
        first = oracle.verdicts[server].first_seen
        spans = [first[n] - began for n, began in enumerate(applied, start=1)]
        centiles = statistics.quantiles(spans, n=100)
        print(f"{where} Pop: median {centiles[49]:.3f} s, p99 {centiles[98]:.3f} s after the apply")
    question = dns.message.make_query(f"probe.{ORIGIN}.", "TXT")
    with fleet.core.node.on_client():
        reply = dns.query.tcp(question, REMOTE_ADDRESS, timeout=status_claims.ANSWER_SECONDS)
    assert reply.answer[0][0].strings == (str(CHANGES).encode(),)

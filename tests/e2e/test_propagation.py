"""`Propagated` is what CI and ACME clients wait for, so it may never be true too early."""

import os
import random
import statistics
import time
from collections.abc import Iterator

import pytest
from cluster.access import Access
from cluster.namespaces import Node
from kubernetes import client, config
from support import probe_fleets, status_claims
from support.probe_fleets import ORIGIN, POPS, ZONE

CHANGES = int(os.environ.get("PROPAGATION_CHANGES") or 250)
RATE = 1_500
"""Queries a second over all edges: each is looked at every 2 ms."""
HOSTS = 20


@pytest.fixture(scope="module")
def fleet(release: Access) -> Access:
    probe_fleets.start(release)
    return release


@pytest.fixture
def api(fleet: Access) -> Iterator[client.CustomObjectsApi]:
    with config.new_client_from_config(str(fleet.kubeconfig)) as connection:
        yield client.CustomObjectsApi(connection)


@pytest.mark.timeout(1200)
def test_propagated_is_never_true_before_every_edge_answers(
    fleet: Access, node: Node, api: client.CustomObjectsApi
) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    choose = random.Random(seed)
    servers = probe_fleets.edge_servers(fleet)
    assert len(servers) == len(POPS)
    hosts = {f"host{n}": f"192.0.2.{n + 1}" for n in range(HOSTS)}
    applied: list[float] = []
    with probe_fleets.watching(node, servers, RATE) as oracle:
        for counter in range(1, CHANGES + 1):
            hosts[choose.choice(list(hosts))] = f"198.51.100.{choose.randrange(1, 255)}"
            oracle.publishing(counter)
            applied.append(time.monotonic())
            others = [{"name": name, "type": "A", "data": [data]} for name, data in hosts.items()]
            status_claims.change(api, ZONE, probe_fleets.zone(counter, others)["spec"])
            with node.on_client():
                answers = {server: status_claims.ask(server, ORIGIN) for server in servers}
            late = {server: found for server, found in answers.items() if found != counter}
            assert not late, f"change {counter}, Propagated is true, but answered: {late}"
    assert oracle.faults == []
    spans = [
        max(verdict.first_seen[counter] for verdict in oracle.verdicts.values()) - began
        for counter, began in enumerate(applied, start=1)
    ]
    centiles = statistics.quantiles(spans, n=100)
    print(f"from apply to every edge: median {centiles[49]:.3f} s, p99 {centiles[98]:.3f} s")

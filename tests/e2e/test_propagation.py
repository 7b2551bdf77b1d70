"""`Propagated` is what CI and ACME clients wait for, so it may never be true too early."""

import random
import statistics
import time
from collections.abc import Iterator
from typing import Any

import dns.message
import dns.query
import pytest
from cluster.access import Access
from cluster.namespaces import Node
from kubernetes import client, config, watch
from support import probe_fleets
from support.probe_fleets import POPS, PROBE, ZONE, Server

CHANGES = 1_000
RATE = 1_500
"""Queries a second over all edges: each is looked at every 2 ms."""
CHANGE_SECONDS = 30
HOSTS = 20
_ZONES = {"group": "dnsfleet.io", "version": "v1alpha1", "namespace": "default", "plural": "zones"}


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
            apply_and_wait(api, counter, hosts)
            with node.on_client():
                late = {server: now for server in servers if (now := ask(server)) != counter}
            assert not late, f"change {counter}, Propagated is true, but answered: {late}"
    assert oracle.faults == []
    spans = [
        max(verdict.first_seen[counter] for verdict in oracle.verdicts.values()) - began
        for counter, began in enumerate(applied, start=1)
    ]
    centiles = statistics.quantiles(spans, n=100)
    print(f"from apply to every edge: median {centiles[49]:.3f} s, p99 {centiles[98]:.3f} s")


def apply_and_wait(api: client.CustomObjectsApi, counter: int, hosts: dict[str, str]) -> None:
    """Replace the zone's spec, and return as soon as it is Propagated at the API server."""
    others = [{"name": name, "type": "A", "data": [data]} for name, data in hosts.items()]
    body = {"spec": probe_fleets.zone(counter, others)["spec"]}
    changed = api.patch_namespaced_custom_object(**_ZONES, name=ZONE, body=body)
    generation = changed["metadata"]["generation"]
    events = watch.Watch().stream(
        api.list_namespaced_custom_object,
        **_ZONES,
        resource_version=changed["metadata"]["resourceVersion"],
        timeout_seconds=CHANGE_SECONDS,
    )
    for event in events:
        if is_propagated(event["object"], generation):
            return
    raise AssertionError(f"change {counter} not propagated within {CHANGE_SECONDS} s")


def is_propagated(zone: dict[str, Any], generation: int) -> bool:
    return any(
        condition["type"] == "Propagated"
        and condition["status"] == "True"
        and condition["observedGeneration"] == generation
        for condition in zone.get("status", {}).get("conditions", [])
    )


def ask(server: Server) -> int:
    """The counter that an edge answers now."""
    address, port = server
    reply = dns.query.udp(dns.message.make_query(PROBE, "TXT"), address, port=port, timeout=5)
    return int(reply.answer[0][0].strings[0])

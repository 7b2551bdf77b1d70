"""Many Zones, each with five RecordSets: how long, how much, and what an idle fleet costs.

Figures are printed. What must hold is asserted: an idle operator writes nothing, and a change is
live as fast as in a small fleet.
"""

import os
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cluster.access import Access
from cluster.namespaces import Node
from kubernetes import client, config
from support import probe_fleets
from support.waiting import wait_for

ZONES = int(os.environ.get("SCALE_ZONES") or 200)
RECORD_SETS_PER_ZONE = 5
CLIENTS = 8
ALL_SECONDS = 600.0
IDLE_SECONDS = 15.0
CHANGE_SECONDS = 3.0
PATIENCE_SECONDS = 120.0
"""A node and the Fleet say how they are now and then, so not every span is idle."""
_NAMESPACE = "scale"
_WRITES = ("POST", "PUT", "PATCH", "APPLY", "DELETE")
_BUSY_ANYHOW = ("coordination.k8s.io", "events.k8s.io", "authentication.k8s.io")
"""What every daemon of a cluster writes all the time: renewals of Leases, and tokens."""


@pytest.fixture(scope="module")
def fleet(release: Access) -> Iterator[Access]:
    probe_fleets.start(release)
    release.kubectl("create", "namespace", _NAMESPACE)
    yield release
    release.kubectl("delete", "namespace", _NAMESPACE)


@pytest.fixture
def api(fleet: Access) -> Iterator[client.CustomObjectsApi]:
    with config.new_client_from_config(str(fleet.kubeconfig)) as connection:
        connection.configuration.connection_pool_maxsize = CLIENTS
        yield client.CustomObjectsApi(connection)


@pytest.mark.timeout(1500)
def test_many_zones(fleet: Access, node: Node, api: client.CustomObjectsApi) -> None:
    began = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda number: create(api, number), range(ZONES)))
    created = time.monotonic()
    wait_for("all propagated", lambda: propagated(api) == ZONES, ALL_SECONDS)
    print(
        f"{ZONES} zones, {ZONES * RECORD_SETS_PER_ZONE} record sets: created in "
        f"{created - began:.0f} s, all propagated {time.monotonic() - created:.0f} s later, "
        f"operator {resident_mebibytes(node)} MiB"
    )

    wait_for_quiet(fleet)
    with probe_fleets.watching(node, probe_fleets.edge_servers(fleet), rate=300) as oracle:
        oracle.publishing(1)
        applied = time.monotonic()
        probe_fleets.publish(fleet, 1)
        wait_for("the change", lambda: oracle.seen_everywhere(1), CHANGE_SECONDS)
        print(f"one change among them is live after {time.monotonic() - applied:.2f} s")
    assert oracle.faults == []


def create(api: client.CustomObjectsApi, number: int) -> None:
    name = f"zone-{number:04}"
    zone = {
        "origin": f"{name}.example",
        "nameServers": ["ns1.example.net"],
        "records": [{"name": "www", "type": "A", "data": ["192.0.2.1"]}],
        "recordSets": {"namespaces": {"from": "Same"}},
    }
    post(api, "Zone", name, zone)
    for index in range(RECORD_SETS_PER_ZONE):
        records = [{"name": f"host{index}", "type": "A", "data": [f"198.51.100.{index + 1}"]}]
        record_set = {"zoneRef": {"name": name}, "records": records}
        post(api, "RecordSet", f"{name}-{index}", record_set)


def post(api: client.CustomObjectsApi, kind: str, name: str, spec: dict[str, Any]) -> None:
    body = {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": spec,
    }
    plural = f"{kind.lower()}s"
    api.create_namespaced_custom_object("dnsfleet.io", "v1alpha1", _NAMESPACE, plural, body)


def propagated(api: client.CustomObjectsApi) -> int:
    """How many zones are Propagated in their current generation."""
    zones = api.list_namespaced_custom_object("dnsfleet.io", "v1alpha1", _NAMESPACE, "zones")
    return sum(
        any(
            condition["type"] == "Propagated"
            and condition["status"] == "True"
            and condition["observedGeneration"] == zone["metadata"]["generation"]
            for condition in zone.get("status", {}).get("conditions", [])
        )
        for zone in zones["items"]
    )


def resident_mebibytes(node: Node) -> int:
    """Memory of the operator's process."""
    pids = node.run("pgrep", "-f", "bin/dnsfleet-operator").split()
    return sum(int(node.run("ps", "-o", "rss=", "-p", pid)) for pid in pids) // 1024


def wait_for_quiet(cluster: Access) -> None:
    """Wait until nothing has been written for a while."""
    before, since = writes(cluster), time.monotonic()

    def quiet() -> bool:
        nonlocal before, since
        after = writes(cluster)
        if busy := {
            what: n - before.get(what, 0) for what, n in after.items() if n != before.get(what)
        }:
            print(f"written after {time.monotonic() - since:.0f} idle seconds: {busy}")
            before, since = after, time.monotonic()
        return time.monotonic() - since > IDLE_SECONDS

    wait_for(f"nothing is written for {IDLE_SECONDS:.0f} s", quiet, PATIENCE_SECONDS)


def writes(cluster: Access) -> dict[str, int]:
    """Writes that the API server has accepted so far, by kind of object."""
    counts: dict[str, int] = {}
    for line in cluster.kubectl("get", "--raw", "/metrics").splitlines():
        if not line.startswith("apiserver_request_total{"):
            continue
        labels = dict(re.findall(r'(\w+)="([^"]*)"', line))
        if labels["verb"] in _WRITES and labels["group"] not in _BUSY_ANYHOW:
            what = f"{labels['verb']} {labels['group']} {labels['resource']}"
            counts[what] = counts.get(what, 0) + int(float(line.rsplit(" ", 1)[1]))
    return counts

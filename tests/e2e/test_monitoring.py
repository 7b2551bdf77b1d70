"""The shipped rules and a running fleet: each fault is told by the alert that names it alone.

The alerts come to a receiver behind Alertmanager, as they come to people, and end after the fault.
Windows and ranges of the rules are seconds here where they are minutes and hours in a fleet.
Probers ask, and the core has its end of the tunnel, so that all roles are scraped.
ALERTS=full (`make e2e-alerts`) holds each alert to the minute, and looks at ten minutes of ordinary
load and at a rolling restart, in which none may fire.
"""

import itertools
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import dns.message
import dns.query
import pytest
import yaml
from cluster.access import Access
from cluster.namespaces import Node
from support import dashboards, fleet_faults, presigned_zones, probe_fleets, zones
from support.monitoring import Monitoring, monitoring
from support.releases import CHART, NAMESPACE, READY_SECONDS, REPOSITORY, install, remove
from support.waiting import wait_for

FULL = os.environ.get("ALERTS") == "full"
TOLD_SECONDS = 60.0 if FULL else 150.0
"""From a fault until the receiver is told; a machine that does much beside may take longer."""
RESOLVED_SECONDS = 150.0
LOAD_SECONDS = 600.0 if FULL else 5.0
CHANGE_SECONDS = 5.0
"""Between two changes. A zone that changes without a pause is on its way all the time."""
TURNS = 20
"""Queries to each edge before it is looked at what else is due."""
NAMES = ("n1.flooded.example.", "www.example.com.", "nothing.example.com.")
ADDRESSES = ("192.0.2.2", "192.0.2.3")
DATA_SECONDS = 120.0
"""Rates of a minute need two changes within one, and a prober its round."""
WINDOW = "5s"
LONGER = {
    "zoneNotPropagated": "10s",
    "edgeUnverified": "10s",
    "probersBlind": "50s",
    "popDrainedLong": "1h",
}
"""Windows of alerts that wait longer than others in a fleet too. A prober may need two lists and a
round, 50 s, to see again when an operator is back."""
LASTING_SECONDS = 20
"""How long a fault lasts that is told: what follows from it has time to fire."""
LEADS = "dnsfleet_operator_leader == 1"
COMPARING = "count(dnsfleet_probe_disagreement) == 9"
"""Each Pop is asked by the probers of the two others, and by that of the core."""
STALLED = 'ALERTS{alertname="DnsfleetOperatorStalled"}'
RANGES = {"10m": "75s"}
"""Of counts of what an edge refuses, which it tries again every 60 s."""
RANGE = "30s"
"""Of other rates: an alert of a count ends so long after the last one."""
SLACK_SECONDS = 60.0
SEEN_SECONDS = 90.0
"""A prober finds what is wrong in its next round, and waits for another list before it tells."""
ZONE = fleet_faults.flooded_zone()


def short_rules(cluster: Access) -> dict[str, Any]:
    """The rules as the chart renders them, with short windows and ranges."""
    names = yaml.safe_load((CHART / "values.yaml").read_text())["alerts"]["windows"]
    text = cluster.helm(
        *("template", "dnsfleet", str(CHART), "--show-only", "templates/monitoring.yaml"),
        *("--set", "alerts.enabled=true"),
        *(f"--set=alerts.windows.{name}={LONGER.get(name, WINDOW)}" for name in names),
    )
    (rule,) = [item for item in yaml.safe_load_all(text) if item]
    for each in rule["spec"]["groups"][0]["rules"]:
        each["expr"] = re.sub(r"\[(\d+[mhd])\]", _short_range, each["expr"])
        each["expr"] = re.sub(r"offset \d+m", f"offset {RANGE}", each["expr"])
    found: dict[str, Any] = rule["spec"]
    return found


def signed_zone() -> dict[str, Any]:
    """A Zone that somebody signed, and its file."""
    plain = zones.make_zone("signed.example.", [("www", "A", "192.0.2.1")])
    text = presigned_zones.signed_text(plain)
    metadata = {"name": "signed", "namespace": "default"}
    file = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"zone": text}}
    source = {"configMaps": [{"name": "signed", "key": "zone"}]}
    spec = {"origin": "signed.example", "zoneFile": source}
    zone = {**ZONE, "metadata": metadata, "spec": spec}
    return {"apiVersion": "v1", "kind": "List", "items": [file, zone]}


def _short_range(found: re.Match[str]) -> str:
    return f"[{RANGES.get(found[1], RANGE)}]"


@pytest.fixture(scope="module", name="release")
def _release(cluster: Access) -> Iterator[Access]:
    """The chart with a process of each role."""
    tunnel = ("--set", "core.expose.enabled=true", "--set", "core.expose.type=ClusterIP")
    install(cluster, "--set", "probes.enabled=true", *tunnel)
    yield cluster
    remove(cluster)


@pytest.fixture(scope="module", name="watched")
def _watched(release: Access, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Monitoring]:
    release.kubectl("apply", "-f", str(REPOSITORY / "examples" / "quickstart"))
    release.apply(json.dumps(ZONE))
    release.apply(json.dumps(signed_zone()))
    release.wait("condition=Ready", READY_SECONDS, "pops", "--all")
    release.wait("condition=Propagated", READY_SECONDS, "zones", "--all")
    folder = tmp_path_factory.mktemp("monitoring")
    with monitoring(release, NAMESPACE, short_rules(release), folder) as watched:
        wait_for(
            "six edges are scraped",
            lambda: watched.has("count(dnsfleet_edge_ready == 1) == 6"),
            SLACK_SECONDS,
        )
        # Before the first scrape nobody is known to lead, which may have been told.
        wait_for("a leader is known", lambda: not watched.has(STALLED), SLACK_SECONDS)
        wait_for("probers compare", lambda: watched.has(COMPARING), SLACK_SECONDS)
        wait_for("nothing is told", lambda: not watched.firing(), SLACK_SECONDS)
        watched.notices.clear()
        yield watched


def told(
    watched: Monitoring,
    fault: AbstractContextManager[None],
    alert: str,
    meanwhile: Callable[[], None] = lambda: None,
) -> set[tuple[str, str]]:
    """All alerts of a fault, by name and Pop: it lasts until `alert` is told and for a while after.

    Returns when nothing is told any more.
    """
    begun = len(watched.notices)
    with fault:
        since = time.monotonic()
        wait_for(f"{alert} is told", lambda: alert in watched.firing(), TOLD_SECONDS)
        print(f"{alert} was told after {time.monotonic() - since:.1f} s")
        meanwhile()
        lasting = f'time() - ALERTS_FOR_STATE{{alertname="{alert}"}} > {LASTING_SECONDS}'
        wait_for("it lasts", lambda: watched.has(lasting), SLACK_SECONDS)
    watched.look_for_pods()
    wait_for("all is resolved", lambda: not watched.firing(), RESOLVED_SECONDS)
    return {(each.name, each.labels.get("pop", "")) for each in watched.notices[begun:]}


def change(cluster: Access, address: str) -> None:
    """A change of a zone, which every Pop is to have."""
    spec = ZONE["spec"]
    records = [*spec["records"], {"name": "changed", "type": "A", "data": [address]}]
    cluster.apply(json.dumps(ZONE | {"spec": spec | {"records": records}}))


def ask_every_edge(cluster: Access, node: Node, names: Iterator[str]) -> None:
    """Some queries to each."""
    servers = probe_fleets.edge_servers(cluster)
    with node.on_client():
        for address, port in servers * TURNS:
            query = dns.message.make_query(next(names), "A")
            dns.query.udp(query, address, port=port, timeout=5)


def test_ordinary_load_is_not_told(release: Access, node: Node, watched: Monitoring) -> None:
    """Queries at every edge, and a change of a zone now and then."""
    begun, changes = len(watched.notices), 0
    queries, addresses = itertools.cycle(NAMES), itertools.cycle(ADDRESSES)
    begin = time.monotonic()
    while (now := time.monotonic()) < begin + LOAD_SECONDS:
        if now >= begin + changes * CHANGE_SECONDS:
            change(release, next(addresses))
            changes += 1
        ask_every_edge(release, node, queries)
    release.wait("condition=Propagated", READY_SECONDS, "zones", "--all")
    assert watched.notices[begun:] == []


def test_expressions_of_the_dashboards_give_data_in_a_cluster(
    release: Access, node: Node, watched: Monitoring
) -> None:
    """Those too that find nothing beside `dnsfleet up`."""
    missing = dashboards.WITHOUT_DATA_IN_A_CLUSTER
    there = " or ".join(map(dashboards.selector, missing))
    # What fails this has data now: take it off the list.
    wait_for("what is missing is not there", lambda: not watched.query(there), SLACK_SECONDS)
    pending = [each for each in dashboards.expressions() if each.has_data_without(missing)]
    assert sum(not each.has_data for each in pending) > 40
    names, changes = itertools.cycle(NAMES), itertools.cycle(ADDRESSES)
    deadline = time.monotonic() + DATA_SECONDS
    while pending and time.monotonic() < deadline:
        change(release, next(changes))
        ask_every_edge(release, node, names)
        pending = [each for each in pending if not watched.gives_a_number(each.text)]
    wait_for("nothing is told", lambda: not watched.firing(), RESOLVED_SECONDS)
    assert pending == []


@pytest.mark.skipif(not FULL, reason="make e2e-alerts: it takes minutes")
def test_a_rolling_restart_is_not_told(release: Access, watched: Monitoring) -> None:
    begun = len(watched.notices)
    for pop in ("fra", "iad", "sin"):
        for component in ("edge", "replica", "probe"):
            deployment = f"deployment/pop-{pop}-{component}"
            release.kubectl("rollout", "restart", deployment, "--namespace", NAMESPACE)
            release.kubectl("rollout", "status", deployment, "--namespace", NAMESPACE)
            watched.look_for_pods()
    release.kubectl("rollout", "restart", *fleet_faults.OPERATOR)
    release.kubectl("rollout", "status", *fleet_faults.OPERATOR)
    watched.look_for_pods()
    wait_for("a new operator leads", lambda: watched.has(LEADS), SLACK_SECONDS)
    lasting = f"min_over_time(max(dnsfleet_operator_leader)[{LASTING_SECONDS}s:1s]) == 1"
    wait_for("it goes on", lambda: watched.has(lasting), SLACK_SECONDS)
    assert watched.notices[begun:] == []


def test_a_stopped_replica(release: Access, node: Node, watched: Monitoring) -> None:
    """What shows which Pop is behind, from inside and from outside, has data then."""
    fault = fleet_faults.hanging_replica(release, "fra")

    def meanwhile() -> None:
        change(release, "192.0.2.4")
        for key in ("dnsfleet_zone_pop_current", "dnsfleet_probe_current"):
            for each in dashboards.expressions():
                if each.asks_for(key):
                    wait_for(each.where, partial(watched.gives_a_number, each.text), SEEN_SECONDS)

    found = told(watched, fault, "DnsfleetReplicationStale", meanwhile)
    assert found == {("DnsfleetReplicationStale", "fra")}


def test_a_cut_link(release: Access, node: Node, watched: Monitoring) -> None:
    fault = fleet_faults.cut_off(release, "fra")
    found = told(watched, fault, "DnsfleetPopDisconnected", lambda: change(release, "192.0.2.5"))
    assert found == {("DnsfleetPopDisconnected", "fra")}


def test_a_damaged_value_in_a_replica(release: Access, node: Node, watched: Monitoring) -> None:
    fault = fleet_faults.damaged_manifest(
        release, node, "iad", "flooded.example.", lambda: change(release, "192.0.2.7")
    )
    assert told(watched, fault, "DnsfleetVerifyFailures") == {("DnsfleetVerifyFailures", "iad")}


def test_a_stopped_operator(release: Access, node: Node, watched: Monitoring) -> None:
    fault = fleet_faults.stopped_operator(release)
    assert told(watched, fault, "DnsfleetOperatorStalled") == {("DnsfleetOperatorStalled", "")}


def test_a_flooded_shard(release: Access, node: Node, watched: Monitoring) -> None:
    """Where the machine is slow, that the flood costs queries is told too, as it is in a fleet."""
    fault = fleet_faults.flooded_shard(release, node, "sin")
    found = told(watched, fault, "DnsfleetShardImbalance")
    also = {("DnsfleetReceiveDrops", "sin"), ("DnsfleetLatencyHigh", "sin")}
    assert found - also == {("DnsfleetShardImbalance", "sin")}


def test_a_full_core(release: Access, node: Node, watched: Monitoring) -> None:
    fault = fleet_faults.full_core(release, node)
    found = told(watched, fault, "DnsfleetCoreNotWritable", lambda: change(release, "192.0.2.6"))
    assert found == {("DnsfleetCoreNotWritable", "")}


def test_a_held_change(release: Access, watched: Monitoring) -> None:
    fault = fleet_faults.held_change(release, ZONE)
    firing = [each for each in dashboards.expressions() if each.asks_for('alertstate="firing"')]

    def meanwhile() -> None:
        for each in firing:
            wait_for(each.where, partial(watched.gives_a_number, each.text), SLACK_SECONDS)

    assert told(watched, fault, "DnsfleetChangesHeld", meanwhile) == {("DnsfleetChangesHeld", "")}

"""The shipped rules and a running fleet: each fault is told by the alert that names it alone.

The alerts come to a receiver behind Alertmanager, as they come to people, and end after the fault.
Windows and ranges of the rules are seconds here where they are minutes and hours in a fleet.
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
from typing import Any

import dns.message
import dns.query
import pytest
import yaml
from cluster.access import Access
from cluster.namespaces import Node
from support import fleet_faults, probe_fleets
from support.monitoring import Monitoring, monitoring
from support.releases import CHART, NAMESPACE, READY_SECONDS, REPOSITORY
from support.waiting import wait_for

FULL = os.environ.get("ALERTS") == "full"
TOLD_SECONDS = 60.0 if FULL else 150.0
"""From a fault until the receiver is told; a machine that does much beside may take longer."""
RESOLVED_SECONDS = 150.0
LOAD_SECONDS = 600.0 if FULL else 5.0
TURNS = 20
"""Queries to each edge between two changes."""
WINDOW = "5s"
LONGER = {"zoneNotPropagated": "10s", "edgeUnverified": "10s", "popDrainedLong": "1h"}
"""Windows of alerts that wait longer than others in a fleet too."""
LASTING_SECONDS = 20
"""How long a fault lasts that is told: what follows from it has time to fire."""
LEADS = "dnsfleet_operator_leader == 1"
STALLED = 'ALERTS{alertname="DnsfleetOperatorStalled"}'
RANGE = "30s"
"""Of rates: an alert of a count ends so long after the last one."""
SLACK_SECONDS = 60.0
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
        each["expr"] = re.sub(r"\[\d+[mhd]\]", f"[{RANGE}]", each["expr"])
        each["expr"] = re.sub(r"offset \d+m", f"offset {RANGE}", each["expr"])
    found: dict[str, Any] = rule["spec"]
    return found


@pytest.fixture(scope="module", name="watched")
def _watched(release: Access, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Monitoring]:
    release.kubectl("apply", "-f", str(REPOSITORY / "examples" / "quickstart"))
    release.apply(json.dumps(ZONE))
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
        wait_for(f"{alert} is told", lambda: alert in watched.firing(), TOLD_SECONDS)
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


def test_ordinary_load_is_not_told(release: Access, node: Node, watched: Monitoring) -> None:
    """Queries at every edge, and a change of a zone now and then."""
    queries = itertools.cycle(["n1.flooded.example.", "www.example.com.", "nothing.example.com."])
    changes = itertools.cycle(["192.0.2.2", "192.0.2.3"])
    servers = probe_fleets.edge_servers(release)
    end = time.monotonic() + LOAD_SECONDS
    while time.monotonic() < end:
        change(release, next(changes))
        with node.on_client():
            for address, port in servers * TURNS:
                query = dns.message.make_query(next(queries), "A")
                dns.query.udp(query, address, port=port, timeout=5)
    release.wait("condition=Propagated", READY_SECONDS, "zones", "--all")
    assert watched.notices == []


@pytest.mark.skipif(not FULL, reason="make e2e-alerts: it takes minutes")
def test_a_rolling_restart_is_not_told(release: Access, watched: Monitoring) -> None:
    for pop in ("fra", "iad", "sin"):
        for deployment in (f"deployment/pop-{pop}-edge", f"deployment/pop-{pop}-replica"):
            release.kubectl("rollout", "restart", deployment, "--namespace", NAMESPACE)
            release.kubectl("rollout", "status", deployment, "--namespace", NAMESPACE)
            watched.look_for_pods()
    release.kubectl("rollout", "restart", *fleet_faults.OPERATOR)
    release.kubectl("rollout", "status", *fleet_faults.OPERATOR)
    watched.look_for_pods()
    wait_for("a new operator leads", lambda: watched.has(LEADS), SLACK_SECONDS)
    lasting = f"min_over_time(max(dnsfleet_operator_leader)[{LASTING_SECONDS}s:1s]) == 1"
    wait_for("it goes on", lambda: watched.has(lasting), SLACK_SECONDS)
    assert watched.notices == []


def test_a_stopped_replica(release: Access, node: Node, watched: Monitoring) -> None:
    fault = fleet_faults.hanging_replica(release, "fra")
    found = told(watched, fault, "DnsfleetReplicationStale", lambda: change(release, "192.0.2.4"))
    assert found == {("DnsfleetReplicationStale", "fra")}


def test_a_cut_link(release: Access, node: Node, watched: Monitoring) -> None:
    fault = fleet_faults.cut_off(release, "fra")
    found = told(watched, fault, "DnsfleetPopDisconnected", lambda: change(release, "192.0.2.5"))
    assert found == {("DnsfleetPopDisconnected", "fra")}


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
    assert told(watched, fault, "DnsfleetChangesHeld") == {("DnsfleetChangesHeld", "")}

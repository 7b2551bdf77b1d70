"""The shipped rules and a running fleet: only the stopped replica alerts, and it is resolved."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cluster.access import Access
from cluster.namespaces import Node
from support.monitoring import Monitoring, Notice, monitoring
from support.pod_processes import process_of
from support.releases import CHART, NAMESPACE, READY_SECONDS, REPOSITORY
from support.waiting import wait_for

WINDOW_SECONDS = 10
"""The window of all alerts here: minutes would only make the test longer."""
STALE_SECONDS = 15
"""The threshold of the rule: the window begins when an edge is further behind."""
SLACK_SECONDS = 30.0


def short_rules(cluster: Access) -> dict[str, Any]:
    """The rules as the chart renders them for short windows."""
    names = ("zoneNotPropagated", "popDown", "replicationStale", "edgeServfailRatio")
    windows = [f"--set=alerts.windows.{name}={WINDOW_SECONDS}s" for name in names]
    text = cluster.helm(
        *("template", "dnsfleet", str(CHART), "--show-only", "templates/monitoring.yaml"),
        *("--set", "alerts.enabled=true", *windows),
        f"--set=alerts.windows.operatorStalled={WINDOW_SECONDS}s",
    )
    (rule,) = [item for item in yaml.safe_load_all(text) if item]
    found: dict[str, Any] = rule["spec"]
    return found


@pytest.fixture(name="watched")
def _watched(release: Access, tmp_path: Path) -> Iterator[Monitoring]:
    release.kubectl("apply", "-f", str(REPOSITORY / "examples" / "quickstart"))
    release.wait("condition=Ready", READY_SECONDS, "pops", "--all")
    release.wait("condition=Propagated", READY_SECONDS, "zones", "--all")
    with monitoring(release, NAMESPACE, short_rules(release), tmp_path) as watched:
        wait_for(
            "six edges are scraped",
            lambda: watched.has("count(dnsfleet_edge_ready == 1) == 6"),
            SLACK_SECONDS,
        )
        yield watched


def test_a_stopped_replica_is_told_alone_and_resolves(
    release: Access, node: Node, watched: Monitoring
) -> None:
    pid = replica_process(release, "fra")
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_for(
            "the receiver is told",
            lambda: watched.notices,
            STALE_SECONDS + WINDOW_SECONDS + SLACK_SECONDS,
        )
        # As long again as the other windows: any other alert would have fired by then.
        lasting = f'time() - ALERTS_FOR_STATE{{pop="fra"}} > {3 * WINDOW_SECONDS}'
        wait_for("it lasts", lambda: watched.has(lasting), 3 * WINDOW_SECONDS + SLACK_SECONDS)
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_for(
        "it is resolved",
        lambda: "resolved" in [notice.status for notice in watched.notices],
        SLACK_SECONDS,
    )
    assert [told(notice) for notice in watched.notices] == [
        ("DnsfleetReplicationStale", "firing", "fra", "warning"),
        ("DnsfleetReplicationStale", "resolved", "fra", "warning"),
    ]


def told(notice: Notice) -> tuple[str, str, str, str]:
    return (notice.name, notice.status, notice.labels["pop"], notice.labels["severity"])


def replica_process(cluster: Access, pop: str) -> int:
    (pod,) = cluster.items(
        *("pods", "-n", NAMESPACE),
        *("-l", f"dnsfleet.io/pop={pop},app.kubernetes.io/component=replica"),
    )
    return process_of(pod, "valkey-server")

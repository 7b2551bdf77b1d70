"""Two replicas of the operator: one leads, the other takes over, and a late write is refused."""

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Iterator

import pytest
from cluster.access import Access, CommandError, Object
from cluster.namespaces import Node
from support import probe_fleets
from support.pod_processes import process_of
from support.releases import CHART, NAME, NAMESPACE, READY_SECONDS, waiting
from support.waiting import wait_for

LEASE = ("lease", "dnsfleet-operator", "--namespace", NAMESPACE)
TAKEOVER_SECONDS = 60.0
"""The Lease lasts 15 s; after that a candidate takes it within a second."""
LATE_SECONDS = 90.0
"""The kernel repeats held packets after pauses that double, up to a minute by then."""
PUBLICATION_OCTETS = 500
"""Octets: a request that publishes is longer, headers included; one that only reads is shorter."""
RATE = 300


@pytest.fixture(scope="module")
def fleet(release: Access) -> Access:
    release.helm("upgrade", *NAME, str(CHART), "--set", "operator.replicas=2", *waiting())
    probe_fleets.start(release)
    return release


def leader(cluster: Access) -> str:
    """The name of the pod that holds the Lease."""
    return str(cluster.get(*LEASE)["spec"]["holderIdentity"])


def epoch(cluster: Access) -> int:
    """The fence of the writer that published the zone last."""
    return int(cluster.get("zone", probe_fleets.ZONE)["status"]["revision"]["epoch"])


@contextlib.contextmanager
def publications_held_back(node: Node, pod: Object) -> Iterator[None]:
    """Hold what a pod publishes: the kernel sends it again and again until it arrives."""
    table, address = "held_back", pod["status"]["podIP"]
    rule = f"ip saddr {address} tcp dport 6379 meta length > {PUBLICATION_OCTETS} counter drop"
    node.run("nft", "add", "table", "ip", table)
    try:
        chain = "{ type filter hook forward priority 0 ; }"
        node.run("nft", "add", "chain", "ip", table, "forward", chain)
        node.run("nft", "add", "rule", "ip", table, "forward", *rule.split())
        yield
    finally:
        node.run("nft", "delete", "table", "ip", table)


def holds_back(node: Node) -> bool:
    """Whether anything was dropped so far."""
    rules = json.loads(node.run("nft", "--json", "list", "table", "ip", "held_back"))["nftables"]
    counters = [part for each in rules if "rule" in each for part in each["rule"]["expr"]]
    return any(part["counter"]["packets"] for part in counters if "counter" in part)


@pytest.mark.timeout(600)
def test_a_leader_that_was_stopped_in_a_write_is_refused(fleet: Access, node: Node) -> None:
    old, first = leader(fleet), epoch(fleet)
    pod = fleet.get("pod", old, "--namespace", NAMESPACE)
    process = process_of(pod, "dnsfleet-operator")
    with probe_fleets.watching(node, probe_fleets.edge_servers(fleet), RATE) as oracle:
        with contextlib.ExitStack() as stopped:
            with publications_held_back(node, pod):
                oracle.publishing(1)
                probe_fleets.publish(fleet, 1)
                wait_for("the leader writes", lambda: holds_back(node), READY_SECONDS)
                os.kill(process, signal.SIGSTOP)
                stopped.callback(os.kill, process, signal.SIGCONT)
                wait_for("another leads", lambda: leader(fleet) != old, TAKEOVER_SECONDS)
                wait_for("1 everywhere", lambda: oracle.seen_everywhere(1), TAKEOVER_SECONDS)
                oracle.publishing(2)
                probe_fleets.publish(fleet, 2)
                wait_for("2 everywhere", lambda: oracle.seen_everywhere(2), READY_SECONDS)
            wait_for("the write arrives", lambda: is_answered(process), LATE_SECONDS)
        wait_for("it is refused", lambda: is_refused(fleet, old), READY_SECONDS)
        oracle.publishing(3)
        probe_fleets.publish(fleet, 3)
        wait_for("3 everywhere", lambda: oracle.seen_everywhere(3), READY_SECONDS)
    assert oracle.faults == []
    assert leader(fleet) != old
    assert epoch(fleet) > first
    fleet.kubectl("rollout", "status", "deployment/dnsfleet-operator", "-n", NAMESPACE)


def is_answered(process: int) -> bool:
    """Whether the stopped process has an unread answer, by the receive queue of its connection."""
    network = f"--net=/proc/{process}/ns/net"
    command = ["nsenter", network, "ss", "--no-header", "--tcp", "dport", "=", ":6379"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return any(int(line.split()[1]) > 0 for line in listed.splitlines())


def is_refused(cluster: Access, pod: str) -> bool:
    """Whether this replica logged that its write was refused; it may have restarted since."""
    for container in ((), ("--previous",)):
        with contextlib.suppress(CommandError):
            log = cluster.kubectl("logs", pod, "--namespace", NAMESPACE, *container)
            if "another publisher took over" in log:
                return True
    return False

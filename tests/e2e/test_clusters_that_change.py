"""What changes between two clusters while both answer: credentials, certificates and keys.

It takes minutes, so `make e2e` leaves it out; `make e2e-clusters` runs it.
"""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cluster.access import Access, Object
from cluster.links import Link
from support import probe_fleets, two_clusters
from support.disturbances import Disturbances
from support.kubectl_plugin import dnsfleet
from support.probe_fleets import ZONE
from support.releases import NAMESPACE, READY_SECONDS
from support.steady_changes import SteadyChanges
from support.two_clusters import (
    BUSY_SECONDS,
    LOCAL_ADDRESS,
    REMOTE,
    REMOTE_ADDRESS,
    TwoClusters,
)
from support.waiting import wait_for

pytestmark = pytest.mark.skipif(
    "CLUSTERS" not in os.environ, reason="it takes minutes: make e2e-clusters"
)
LOCAL_SERVER, REMOTE_SERVER = (LOCAL_ADDRESS, 53), (REMOTE_ADDRESS, 53)
RATE = 1_000
"""Queries a second, over both Pops."""
STALE_SECONDS = 5.0 + BUSY_SECONDS
"""The longest that a change may wait at a Pop."""
MOUNT_SECONDS = 5.0 + BUSY_SECONDS
"""Until the tunnel has a changed Secret: the operator looks every two seconds, and the kubelet
brings it within one more. By itself the kubelet would take a minute or two."""
IDLE_SECONDS = 20.0
IDLE_OCTETS, CHANGE_OCTETS, COPY_OCTETS = 2_000, 10_000, 400_000
"""What a bad link may be asked for: a second without changes, a change, and a whole copy. Each is
about three times of what was counted."""
CHANGES = 50
ZONES = 20
RECORDS = 500
ADDRESS = "192.0.2.1"
REPLICA = ("deployment", f"pop-{REMOTE}-replica", "-n", NAMESPACE)
CORE_TLS = "dnsfleet-core-tls"
VISITOR = "sin"
"""A Pop that joins and leaves, in a cluster that is never made."""


@pytest.mark.timeout(600)
def test_what_crosses_the_link(joined: TwoClusters) -> None:
    link = joined.link
    idle = crossed(link, lambda: let_pass(IDLE_SECONDS)) / IDLE_SECONDS
    print(f"without changes: {idle:.0f} octets a second")
    assert 0 < idle < IDLE_OCTETS

    def change() -> None:
        for _ in range(CHANGES):
            joined.publish(joined.counter + 1)
            joined.core.access.wait("condition=Propagated", READY_SECONDS, "zone", ZONE)

    began = time.monotonic()
    octets = (crossed(link, change) - idle * (time.monotonic() - began)) / CHANGES
    print(f"a change of one record: {octets:.0f} octets")
    assert 0 < octets < CHANGE_OCTETS
    core = joined.core.access
    zones = {"apiVersion": "v1", "kind": "List", "items": [big_zone(n) for n in range(ZONES)]}
    core.apply(json.dumps(zones))
    core.wait("condition=Propagated", READY_SECONDS, "zones", "--all")
    disturbances = Disturbances(joined.place, REMOTE, joined.cache)

    def copy() -> None:
        disturbances.wipe_replica()
        joined.publish(joined.counter + 1)
        core.wait("condition=Propagated", READY_SECONDS, "zone", ZONE)

    octets = crossed(link, copy)
    print(f"a copy of a core with {ZONES} zones of {RECORDS} records: {octets} octets")
    assert 0 < octets < COPY_OCTETS


def big_zone(number: int) -> Object:
    """A zone with RECORDS addresses."""
    records = [{"name": f"host{n}", "type": "A", "data": [ADDRESS]} for n in range(RECORDS)]
    spec = {"origin": f"big{number}.example", "nameServers": ["ns1.example.net"]}
    return {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "Zone",
        "metadata": {"name": f"big{number}", "namespace": "default"},
        "spec": {**spec, "records": records},
    }


def crossed(link: Link, done: Callable[[], None]) -> int:
    """The octets that cross the link, both ways, while this is done."""
    before = link.octets()
    done()
    return link.octets() - before


def let_pass(seconds: float) -> None:
    """Let so much time pass."""
    end = time.monotonic() + seconds
    wait_for("the end", lambda: time.monotonic() > end, seconds + 1)


@pytest.mark.timeout(1200)
def test_rotations_joins_and_leaves_lose_nothing_elsewhere(joined: TwoClusters) -> None:
    core, place = joined.core.access, joined.place.access
    servers = [LOCAL_SERVER, REMOTE_SERVER]
    with (
        probe_fleets.watching(
            joined.core.node, servers, RATE, published=joined.counter, retries=1
        ) as oracle,
        SteadyChanges(core, oracle, joined.counter) as changes,
    ):
        for name, change in (
            ("another Pop joins and leaves", lambda: visit(core)),
            ("password and certificate of the Pop", lambda: rotate_credentials(joined)),
            ("certificate of the core", lambda: rotate_certificate(core)),
            ("all connections anew", lambda: connect_anew(place)),
            ("key that signs", lambda: rotate_key(core)),
        ):
            began = time.monotonic()
            change()
            reached = changes.counter
            wait_for("news", lambda reached=reached: oracle.seen_everywhere(reached), READY_SECONDS)
            stale = [changes.stale(oracle.verdicts[server], began) for server in servers]
            told = ", ".join(f"{seconds:.1f} s" for seconds in stale)
            print(f"{name}: {time.monotonic() - began:.0f} s, stale at most {told}")
            assert max(stale) < STALE_SECONDS, name
        assert oracle.faults == []
        ended = dnsfleet(core, "pop", "leave", REMOTE)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        joined.rejoin()
    joined.counter = changes.counter
    local = oracle.verdicts[LOCAL_SERVER]
    print(f"{local.asked} queries to the Pop that stayed, {local.retried} of them asked again")
    assert (local.lost, local.wrong) == (0, 0), local.notes
    assert not oracle.verdicts[REMOTE_SERVER].wrong, oracle.verdicts[REMOTE_SERVER].notes


def visit(core: Access) -> None:
    """Let a Pop join that has no cluster, and leave."""
    two_clusters.joining(core, VISITOR)
    ended = dnsfleet(core, "pop", "leave", VISITOR, "--now")
    assert ended.returncode == 0, ended.stdout + ended.stderr


def rotate_credentials(joined: TwoClusters) -> None:
    """Give the Pop another password and certificate; returns when all pods there have them."""
    place = joined.place.access
    before = place.get(*REPLICA)["status"]["observedGeneration"]
    place.apply(two_clusters.joining(joined.core.access, REMOTE, "--rotate", "-o", "yaml"))
    wait_for(
        "the replica is to take the password",
        lambda: place.get(*REPLICA)["status"]["observedGeneration"] > before,
        READY_SECONDS,
    )
    place.kubectl("rollout", "status", *REPLICA, f"--timeout={READY_SECONDS:g}s")
    wait_for_mount(place, "dnsfleet-join", "/etc/dnsfleet-join/tls.crt")
    wait_for_mount(joined.core.access, "dnsfleet-pops", "/etc/dnsfleet-pops/fingerprints")


def rotate_certificate(core: Access) -> None:
    """Have the core show another certificate; returns when its tunnel has it."""
    core.kubectl("delete", "secret", CORE_TLS, "-n", NAMESPACE)
    core.wait("create", READY_SECONDS, "secret", CORE_TLS, "-n", NAMESPACE)
    wait_for_mount(core, CORE_TLS, "/etc/dnsfleet-tls/tls.crt")


def connect_anew(place: Access) -> None:
    """Replace the tunnel of the Pop, so that every connection is made with what is new."""
    tunnel = ("deployment/dnsfleet-tunnel", "-n", NAMESPACE)
    place.kubectl("rollout", "restart", *tunnel)
    place.kubectl("rollout", "status", *tunnel, f"--timeout={READY_SECONDS:g}s")


def rotate_key(core: Access) -> None:
    """Sign with another key."""
    ended = dnsfleet(core, "keys", "rotate", "--wait")
    assert ended.returncode == 0, ended.stdout + ended.stderr


def wait_for_mount(cluster: Access, secret: str, path: str) -> None:
    """Wait until the tunnel's pod has the entry of a Secret that this file is to be."""
    wanted = cluster.get("secret", secret, "-n", NAMESPACE)["data"][Path(path).name]
    tunnel = ("exec", "-n", NAMESPACE, "deployment/dnsfleet-tunnel", "--", "base64", "-w0", path)
    wait_for("the pod has it", lambda: cluster.kubectl(*tunnel) == wanted, MOUNT_SECONDS)

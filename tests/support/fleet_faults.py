"""Faults of a fleet in a cluster of this machine, each as a context: it lasts while that does."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator

import dns.message
import dns.name
import redis
from cluster.access import Access, Object
from cluster.namespaces import Node
from dnsfleet import rings
from dnsfleet.replication import keys

from support import process_memory, redis_pods
from support.pod_processes import process_of
from support.probe_fleets import CORE, DNS_PORT
from support.releases import NAMESPACE, READY_SECONDS
from support.waiting import wait_for

OPERATOR = ("deployment/dnsfleet-operator", "--namespace", NAMESPACE)
OPERATOR_PODS = ("pods", "--namespace", NAMESPACE, "-l", "app.kubernetes.io/component=operator")
PASSWORD = "tests"
"""Of the user that a test has on a server; it is gone with the server."""
RATE = 3000
"""Queries a second: three times what one shard must have more than the others, to be told."""
TURN_SECONDS = 0.01
SHARDS = 2
"""As many as an edge has by default."""


def pods_of(cluster: Access, pop: str, component: str) -> list[Object]:
    """The pods of a Pop: its `edge`s or its `replica`."""
    selector = f"dnsfleet.io/pop={pop},app.kubernetes.io/component={component}"
    return cluster.items("pods", "--namespace", NAMESPACE, "-l", selector)


@contextlib.contextmanager
def hanging_replica(cluster: Access, pop: str) -> Iterator[None]:
    """The replica of a Pop answers nobody."""
    (pod,) = pods_of(cluster, pop, "replica")
    pid = process_of(pod, "valkey-server")
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def cut_off(cluster: Access, pop: str) -> Iterator[None]:
    """Nothing passes between the core and the pods of a Pop, in both directions."""
    core = cluster.get("service", "dnsfleet-core", "--namespace", NAMESPACE)["spec"]["clusterIP"]
    pods = pods_of(cluster, pop, "edge") + pods_of(cluster, pop, "replica")
    networks = [f"--net=/proc/{process_of(pod, 'pause')}/ns/net" for pod in pods]
    rules = f"""table ip cut {{
        chain in {{ type filter hook input priority 0; ip saddr {core} drop; }}
        chain out {{ type filter hook output priority 0; ip daddr {core} drop; }}
    }}"""
    for network in networks:
        subprocess.run(["nsenter", network, "nft", "-f", "-"], input=rules, text=True, check=True)
    try:
        yield
    finally:
        for network in networks:
            subprocess.run(["nsenter", network, "nft", "delete", "table", "ip", "cut"], check=True)


@contextlib.contextmanager
def damaged_manifest(
    cluster: Access, node: Node, pop: str, origin: str, change: Callable[[], None]
) -> Iterator[None]:
    """One bit of the manifest that `change` brings is another one in the replica of a Pop.

    It is changed in the memory of that replica while an edge is stopped, which has yet to read it.
    The other edge goes on, and may have read it before. It ends as the runbook says.
    """
    (replica,) = pods_of(cluster, pop, "replica")
    edge = process_of(pods_of(cluster, pop, "edge")[0], "dnsfleet-edge")
    with redis_pods.client(replica, "edge", redis_pods.password(cluster, "edge")) as client:
        with node.on_client():
            before = _manifest(client, origin)
        os.kill(edge, signal.SIGSTOP)
        try:
            change()
            wait_for("it is there", lambda: _manifest(client, origin) != before, READY_SECONDS)
            signed = _manifest(client, origin)
            damaged = signed[:-1] + bytes([signed[-1] ^ 1])
            process_memory.replace(process_of(replica, "valkey-server"), signed, damaged)
            assert _manifest(client, origin) == damaged
        finally:
            os.kill(edge, signal.SIGCONT)
    try:
        yield
    finally:
        deployment = (f"deployment/pop-{pop}-replica", "--namespace", NAMESPACE)
        cluster.kubectl("rollout", "restart", *deployment)
        cluster.kubectl("rollout", "status", *deployment)


def _manifest(client: redis.Redis, origin: str) -> bytes:
    found = client.get(keys.manifest(origin))
    assert isinstance(found, bytes)
    return found


@contextlib.contextmanager
def stopped_operator(cluster: Access) -> Iterator[None]:
    """No operator runs; afterwards there is another one."""
    cluster.kubectl("scale", *OPERATOR, "--replicas=0")
    cluster.wait_until_gone(READY_SECONDS, *OPERATOR_PODS)
    try:
        yield
    finally:
        cluster.kubectl("scale", *OPERATOR, "--replicas=1")
        cluster.wait("condition=Available", READY_SECONDS, *OPERATOR)


@contextlib.contextmanager
def full_core(cluster: Access, node: Node) -> Iterator[None]:
    """The core is over its limit of memory, so far that what it frees makes no room."""
    pod = cluster.get("pod", CORE, "--namespace", NAMESPACE)
    password = redis_pods.password(cluster, "admin")
    with node.on_client():
        admin = redis_pods.client(pod, "admin", password)
        admin.acl_setuser(
            "tests", True, passwords=[f"+{PASSWORD}"], keys=["*"], categories=["+@all"]
        )
        core = redis_pods.client(pod, "tests", PASSWORD)
        before = core.info("memory")["maxmemory"]
        core.config_set("maxmemory", core.info("memory")["used_memory"] // 2)
    try:
        yield
    finally:
        core.config_set("maxmemory", before)
        admin.acl_deluser("tests")
        admin.close()
        core.close()


def flooded_zone() -> Object:
    """A Zone with names of which half are of one shard, so that none is asked for too often."""
    records = [{"name": f"n{number}", "type": "A", "data": ["192.0.2.1"]} for number in range(60)]
    return {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "Zone",
        "metadata": {"name": "flooded", "namespace": "default"},
        "spec": {
            "origin": "flooded.example",
            "nameServers": ["ns1.example.net"],
            "records": records,
        },
    }


@contextlib.contextmanager
def flooded_shard(cluster: Access, node: Node, pop: str) -> Iterator[None]:
    """One shard of one edge gets `RATE` queries a second, for the names of `flooded_zone`."""
    names = [dns.name.from_text(f"n{number}.flooded.example.") for number in range(60)]
    queries = [
        dns.message.make_query(name, "A").to_wire()
        for name in names
        if rings.owner(name.to_wire() or b"", SHARDS) == 0
    ]
    edge = pods_of(cluster, pop, "edge")[0]["status"]["podIP"]
    ended = threading.Event()
    with node.on_client():
        flood = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with flood:
        flood.connect((edge, DNS_PORT))
        flood.setblocking(False)
        thread = threading.Thread(target=_send, args=(flood, queries, ended))
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


def _send(flood: socket.socket, queries: list[bytes], ended: threading.Event) -> None:
    """A few queries each turn; what is answered is thrown away."""
    sent, began = 0, time.monotonic()
    while not ended.wait(TURN_SECONDS):
        due = min(sent + 100, int((time.monotonic() - began) * RATE))  # no burst after a pause
        for number in range(sent, due):
            with contextlib.suppress(OSError):
                flood.send(queries[number % len(queries)])
        sent = due
        with contextlib.suppress(BlockingIOError):
            while True:
                flood.recv(512)


@contextlib.contextmanager
def held_change(cluster: Access, before: Object) -> Iterator[None]:
    """All records of a Zone are to leave, and that waits for an approval."""
    after = before | {"spec": before["spec"] | {"records": []}}
    cluster.apply(json.dumps(after))
    try:
        yield
    finally:
        cluster.apply(json.dumps(before))

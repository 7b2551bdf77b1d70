"""A fleet in a cluster with one zone and a probe in it: a TXT that tells the revision."""

import contextlib
import json
from collections.abc import Iterable, Iterator

from cluster.access import Access, Object
from cluster.namespaces import Node

from support import releases
from support.oracle import Oracle
from support.waiting import wait_for

POPS = ("ams", "gru", "sin")
ZONE = "example-com"
ORIGIN = "example.com"
PROBE = f"probe.{ORIGIN}."
DNS_PORT = 5353
UNLIMITED = {"exempt": ["0.0.0.0/0", "::/0"]}
"""No rate limit for the oracle, which asks for one name from one address, and fast."""
BRIEF = {"drainSeconds": 5}
"""No load balancer has to notice here that an edge leaves, and tests wait until it has left."""
SCALE_SECONDS = 120.0
CORE = "dnsfleet-core-0"
EDGE_PODS = ("pods", "-n", releases.NAMESPACE, "-l", "app.kubernetes.io/component=edge")

Server = tuple[str, int]


def start(cluster: Access, edge: Object = BRIEF) -> None:
    """Three Pops of one edge each, and the zone with its probe at 0; returns when all answer.

    `edge` has more fields of the spec of an edge.
    """
    publish(cluster, 0)
    scale(cluster, 1, edge)
    cluster.wait("condition=Ready", releases.READY_SECONDS, "pops", "--all")
    cluster.wait("condition=Propagated", releases.READY_SECONDS, "zones", "--all")


def publish(cluster: Access, counter: int) -> None:
    """Apply the zone with its probe at `counter`."""
    cluster.apply(json.dumps(zone(counter)))


def zone(counter: int, others: Iterable[Object] = ()) -> Object:
    """The zone with its probe at `counter`, and other records."""
    probe = {"name": "probe", "type": "TXT", "ttl": 5, "data": [str(counter)]}
    return {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "Zone",
        "metadata": {"name": ZONE, "namespace": "default"},
        "spec": {
            "origin": ORIGIN,
            "nameServers": ["ns1.example.net"],
            "records": [probe, *others],
        },
    }


def scale(cluster: Access, edges: int, edge: Object = BRIEF) -> None:
    """Give each Pop so many edges; returns when they are ready and all others are gone."""
    edge = {"replicas": edges, "shards": 2, "clientLimits": UNLIMITED, **edge}
    for name in POPS:
        pop = {
            "apiVersion": "dnsfleet.io/v1alpha1",
            "kind": "Pop",
            "metadata": {"name": name},
            "spec": {"edge": edge, "service": {"type": "NodePort"}},
        }
        cluster.apply(json.dumps(pop))
    wait_for(
        f"{edges} edges in each Pop",
        lambda: len(edge_servers(cluster)) == edges * len(POPS),
        SCALE_SECONDS,
    )


def edge_servers(cluster: Access) -> list[Server]:
    """Every edge by its pod's address, terminating ones too; empty unless all are ready."""
    pods = cluster.items(*EDGE_PODS)
    if not all(is_ready(pod) for pod in pods):
        return []
    return [(pod["status"]["podIP"], DNS_PORT) for pod in pods]


def edge_names(cluster: Access) -> set[str]:
    """The names of all edge pods."""
    return {pod["metadata"]["name"] for pod in cluster.items(*EDGE_PODS)}


def replace_an_edge(cluster: Access, seconds: float) -> None:
    """Delete an edge; one with an empty disk comes in its place, and has to become ready."""
    gone = min(edge_names(cluster))
    cluster.kubectl("delete", "pod", gone, "-n", releases.NAMESPACE, "--now")
    wait_for(
        "a fresh edge is ready",
        lambda: gone not in edge_names(cluster) and len(edge_servers(cluster)) == len(POPS),
        seconds,
    )


def core_uid(cluster: Access) -> str | None:
    """Which pod is the core; None while it is not Ready."""
    pods = cluster.items("pods", "-n", releases.NAMESPACE, f"--field-selector=metadata.name={CORE}")
    return next((pod["metadata"]["uid"] for pod in pods if is_ready(pod)), None)


def services(cluster: Access) -> list[Server]:
    """Every Pop by the address of its Service."""
    found = (cluster.get("service", "-n", releases.NAMESPACE, f"pop-{name}-dns") for name in POPS)
    return [(service["spec"]["clusterIP"], 53) for service in found]


@contextlib.contextmanager
def watching(
    node: Node,
    servers: list[Server],
    rate: int,
    *,
    published: int = 0,
    retries: int = 0,
    new_ports: bool = False,
    behind_seconds: float = 0.0,
) -> Iterator[Oracle]:
    """An oracle in the client's network namespace; the caller's thread stays in its own.

    `published` is the counter that all answer now.
    """
    with contextlib.ExitStack() as stack:
        with node.on_client():  # sockets and thread are made there, and stay there
            oracle = Oracle(
                servers,
                PROBE,
                rate,
                published,
                retries=retries,
                new_ports=new_ports,
                behind_seconds=behind_seconds,
            )
            stack.enter_context(oracle)
        yield oracle


def is_ready(pod: Object) -> bool:
    """Whether the kubelet says so."""
    conditions = pod["status"].get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)

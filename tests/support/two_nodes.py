"""A Pop on both nodes of a cluster, and clients who ask it from outside."""

import contextlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cluster.access import Object
from cluster.clusters import Cluster
from cluster.namespaces import Node

from support import probe_fleets, releases
from support.balancers import Balancer
from support.oracle import Oracle
from support.probe_fleets import PROBE, Server, is_ready
from support.releases import NAMESPACE, READY_SECONDS
from support.tcp_oracle import TcpOracle
from support.two_clusters import give_address
from support.waiting import wait_for

TCP_PART = 10
"""For so many queries by UDP there is one by TCP: there one waits for the other."""
ANSWER_SECONDS = 30.0
"""Until all that clients ask is answered, once all edges are ready."""


@dataclass
class PopOnNodes:
    """A Pop of this name with an edge on each node."""

    cluster: Cluster
    name: str

    @property
    def nodes(self) -> list[Node]:
        return [self.cluster.node, self.cluster.worker]

    def apply(self, edge: Object, **spec: object) -> None:
        """Apply it; returns when each node has one edge, which is ready."""
        wanted = {
            "apiVersion": "dnsfleet.io/v1alpha1",
            "kind": "Pop",
            "metadata": {"name": self.name},
            "spec": {"edge": {"clientLimits": probe_fleets.UNLIMITED, **edge}, **spec},
        }
        self.cluster.access.apply(json.dumps(wanted))
        self.wait_until_spread(READY_SECONDS)
        self.cluster.access.wait("condition=Propagated", READY_SECONDS, "zones", "--all")

    def roll(self, cpu: str, seconds: float) -> None:
        """Replace all edges, by another request of CPU; returns when no old one is left."""
        before = {pod["metadata"]["uid"] for pod in self.edges()}
        patch = {"spec": {"edge": {"resources": {"requests": {"cpu": cpu}}}}}
        self.cluster.access.kubectl(
            "patch", "pop", self.name, "--type=merge", "--patch", json.dumps(patch)
        )

        def rolled() -> bool:
            pods = self.edges()
            new = [pod for pod in pods if pod["metadata"]["uid"] not in before and is_ready(pod)]
            return len(new) == len(pods) == len(self.nodes)

        wait_for("all edges are new", rolled, seconds)

    def wait_until_spread(self, seconds: float) -> None:
        """Wait until each node has one edge, which is ready."""
        names = sorted(node.name for node in self.nodes)

        def spread() -> bool:
            pods = self.edges()
            on = sorted(pod["spec"].get("nodeName", "") for pod in pods)
            return on == names and all(map(is_ready, pods))

        wait_for("an edge is ready on each node", spread, seconds)

    def edges(self) -> list[Object]:
        """The pods of its edges, terminating ones too."""
        labels = f"app.kubernetes.io/component=edge,dnsfleet.io/pop={self.name}"
        return self.cluster.access.items("pods", "-n", NAMESPACE, "-l", labels)

    def node_port(self) -> int:
        """Where each node answers for its Service, by UDP and TCP."""
        ports = {port["nodePort"] for port in self._service()["spec"]["ports"]}
        assert len(ports) == 1, ports
        return int(ports.pop())

    def _service(self) -> Object:
        return self.cluster.access.get("service", f"pop-{self.name}-dns", "-n", NAMESPACE)

    @contextlib.contextmanager
    def balanced(self, address: str, check_seconds: float) -> Iterator[Balancer]:
        """Its Service behind a load balancer at this address; both nodes are in at first."""
        give_address(self.cluster, f"pop-{self.name}-dns", address)
        port = self._service()["spec"]["healthCheckNodePort"]
        with Balancer(self.nodes, address, port, check_seconds) as balancer:
            wait_for(
                "both nodes are in",
                lambda: len(balancer.nodes) == len(self.nodes),
                3 * check_seconds + releases.READY_SECONDS,
            )
            yield balancer
        print("balancer:", *balancer.turns, sep="\n  ")


@contextlib.contextmanager
def asking(node: Node, servers: list[Server], rate: int) -> Iterator[list[Oracle | TcpOracle]]:
    """Clients of every kind, by UDP at `rate` queries a second on fixed ports and as many on new
    ones; from the network beside the nodes, and all are answered at first.

    Afterwards they have printed what they counted.
    """
    tcp = rate / TCP_PART
    with contextlib.ExitStack() as stack:
        with node.on_client():  # sockets and threads are made there, and stay there
            made: dict[str, Oracle | TcpOracle] = {
                "UDP, fixed ports": Oracle(servers, PROBE, rate, 0),
                "UDP, new ports": Oracle(servers, PROBE, rate, 0, new_ports=True),
                "TCP, kept and new connections": TcpOracle(servers, PROBE, tcp, 0),
            }
            for oracle in made.values():
                stack.enter_context(oracle)
        clients = list(made.values())
        wait_for(
            "all are answered", lambda: all(o.seen_everywhere(0) for o in clients), ANSWER_SECONDS
        )
        yield clients
    for kind, oracle in made.items():
        verdicts = oracle.verdicts.values()
        lost, retried = sum(v.lost for v in verdicts), sum(v.retried for v in verdicts)
        print(f"{kind}: {oracle.asked} queries, {lost} lost, {retried} asked again", flush=True)
        for fault in oracle.faults:
            print(fault)


def faults(clients: Iterable[Oracle | TcpOracle]) -> list[str]:
    """What was lost or wrong for any of them."""
    return [fault for client in clients for fault in client.faults]

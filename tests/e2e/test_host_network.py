"""Edges on port 53 of a node: they roll without a loss, and a Pop comes there and goes again."""

import contextlib
import json
from collections.abc import Iterator

import pytest
from cluster.access import Access, CommandError, Object
from cluster.namespaces import Node
from support import probe_fleets, releases
from support.tcp_oracle import TcpOracle
from support.waiting import wait_for

POP = "edge-of-node"
RATE = 1_000
"""Queries a second through fixed ports, and as many through a new port each."""
TCP_RATE = 20
"""Queries a second over a connection that is kept, and as many over a new one each."""
ROLL_SECONDS = 120.0
LABEL = {"dns": "yes"}
ADDRESS = "192.0.2.53"
"""One that the node gets for DNS: at its own, port 53 is that of the DNS of the cluster."""
ROOMY = "pod-security.kubernetes.io/enforce=privileged"
STRICT = "pod-security.kubernetes.io/enforce=restricted"
DAEMON_SET = ("daemonset", f"pop-{POP}-edge", "-n", releases.NAMESPACE)
SERVICE = {"exposure": "Service"}


def ask_for(cluster: Access, edge: Object) -> None:
    """Have the Pop be so."""
    own = {"replicas": 1, "shards": 2, "clientLimits": probe_fleets.UNLIMITED, **probe_fleets.BRIEF}
    pop = {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "Pop",
        "metadata": {"name": POP},
        "spec": {"edge": own | edge, "service": {"type": "NodePort"}},
    }
    cluster.apply(json.dumps(pop))


def on_node(**more: object) -> Object:
    prefixes = [f"{ADDRESS}/32"]
    return {"exposure": "HostNetwork", "nodeSelector": LABEL, "hostPrefixes": prefixes, **more}


def condition(cluster: Access, kind: str) -> Object:
    found = cluster.get("pop", POP)["status"]["conditions"]
    return next(each for each in found if each["type"] == kind)


def kinds(cluster: Access) -> list[str]:
    """What runs edges of the Pop now, and its Service."""
    names = ("deployments", "daemonsets", "services", "poddisruptionbudgets")
    found = cluster.items(",".join(names), "-n", releases.NAMESPACE, "-l", f"dnsfleet.io/pop={POP}")
    return sorted(
        each["kind"]
        for each in found
        if each["metadata"]["name"] in (f"pop-{POP}-edge", f"pop-{POP}-dns")
    )


@pytest.fixture(scope="module")
def fleet(release: Access, node: Node) -> Iterator[Access]:
    """One Pop behind a Service, on a node that has the label."""
    release.kubectl("label", "--overwrite", "node", node.name, "dns=yes")
    node.run("ip", "address", "replace", f"{ADDRESS}/32", "dev", "lo")
    node.route(f"{ADDRESS}/32")
    probe_fleets.publish(release, 0)
    ask_for(release, SERVICE)
    release.wait("condition=Ready", releases.READY_SECONDS, "pop", POP)
    yield release
    release.kubectl("label", "node", node.name, "dns-")


@contextlib.contextmanager
def over_tcp(node: Node, servers: list[probe_fleets.Server]) -> Iterator[TcpOracle]:
    with contextlib.ExitStack() as stack:
        with node.on_client():  # sockets and threads are made there, and stay there
            oracle = stack.enter_context(TcpOracle(servers, probe_fleets.PROBE, TCP_RATE, 0))
        yield oracle


@pytest.mark.timeout(900)
def test_a_pop_goes_to_port_53_of_its_node_rolls_there_and_comes_back(
    fleet: Access, node: Node
) -> None:
    fleet.kubectl("label", "--overwrite", "namespace", releases.NAMESPACE, STRICT)
    ask_for(fleet, on_node())
    wait_for(
        "the refused pod is told",
        lambda: condition(fleet, "Progressing")["reason"] == "PodsMissing",
        30,
    )
    assert ROOMY in condition(fleet, "Progressing")["message"]
    assert "Deployment" in kinds(fleet), "it answers until the node does"
    fleet.kubectl("label", "--overwrite", "namespace", releases.NAMESPACE, ROOMY)
    wait_for("the node alone", lambda: kinds(fleet) == ["DaemonSet"], ROLL_SECONDS)
    fleet.wait("condition=Ready", releases.READY_SECONDS, "pop", POP)
    fleet.wait("condition=Propagated", releases.READY_SECONDS, "zones", "--all")
    assert fleet.get("pop", POP)["status"]["addresses"] == [ADDRESS]
    servers = [(ADDRESS, 53)]
    # Both may ask once more: on a busy machine an edge gets no time for a second now and then.
    with (
        probe_fleets.watching(node, servers, RATE, retries=1) as fixed,
        probe_fleets.watching(node, servers, RATE, retries=1, new_ports=True) as changing,
        over_tcp(node, servers) as connections,
    ):
        asking = [fixed, changing, connections]
        wait_for("the first answers", lambda: all(o.seen_everywhere(0) for o in asking), 10)
        for _ in range(2):
            before = probe_fleets.edge_names(fleet)
            fleet.kubectl("rollout", "restart", *DAEMON_SET)
            wait_for(
                "another edge is there alone",
                lambda before=before: (
                    (names := probe_fleets.edge_names(fleet)) != before and len(names) == 1
                ),
                ROLL_SECONDS,
            )
        for oracle in asking:
            oracle.publishing(1)
        probe_fleets.publish(fleet, 1)
        wait_for("1 everywhere", lambda: all(o.seen_everywhere(1) for o in asking), 10)
    verdicts = [verdict for oracle in asking for verdict in oracle.verdicts.values()]
    asked, retried = sum(v.asked for v in verdicts), sum(v.retried for v in verdicts)
    print(f"two rolls on a node: {asked} queries, {retried} of them asked again")
    print(
        *(each for verdict in connections.verdicts.values() for each in verdict.repeats), sep="\n"
    )
    assert not (faults := [fault for oracle in asking for fault in oracle.faults]), faults
    ask_for(fleet, SERVICE)
    behind = ["Deployment", "PodDisruptionBudget", "Service"]
    wait_for("the Service alone", lambda: kinds(fleet) == behind, ROLL_SECONDS)
    fleet.wait("condition=Ready", releases.READY_SECONDS, "pop", POP)


def test_a_node_without_an_address_within_the_prefixes_is_told(fleet: Access) -> None:
    fleet.kubectl("label", "--overwrite", "namespace", releases.NAMESPACE, ROOMY)
    ask_for(fleet, on_node(hostPrefixes=["203.0.113.0/24"]))

    def told() -> bool:
        selected = ("-n", releases.NAMESPACE, "-l", "dnsfleet.io/exposure=HostNetwork")
        try:
            logs = fleet.kubectl("logs", *selected, "--tail=100")
        except CommandError:  # a container is not there yet
            return False
        return "no address of this node is within 203.0.113.0/24: it has" in logs

    wait_for("the log says why", told, 60)
    assert "Deployment" in kinds(fleet)
    ask_for(fleet, SERVICE)
    behind = ["Deployment", "PodDisruptionBudget", "Service"]
    wait_for("the Service alone", lambda: kinds(fleet) == behind, ROLL_SECONDS)

"""Mistakes with Pops on a real cluster: names are answered on until somebody approves their end."""

import json
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

import dns.message
import dns.query
import dns.rcode
import pytest
from cluster.access import Access
from cluster.namespaces import Node
from support.kubectl_plugin import dnsfleet
from support.probe_fleets import BRIEF, edge_servers
from support.releases import NAMESPACE, READY_SECONDS
from support.waiting import wait_for

DECISION_SECONDS = 60.0
EDGES = ("deployments", "-n", NAMESPACE, "-l", "dnsfleet.io/pop=ams")
Object = dict[str, Any]


def item(kind: str, name: str, spec: Object, **metadata: Any) -> Object:
    return {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": name, **metadata},
        "spec": spec,
    }


POP = item(
    "Pop",
    "ams",
    {"edge": {"replicas": 1, **BRIEF}, "service": {"type": "NodePort"}},
    labels={"region": "eu"},
)


def zone(address: str) -> Object:
    spec = {
        "origin": "held.example",
        "nameServers": ["ns1.example.net"],
        "records": [{"name": "www", "type": "A", "data": [address]}],
        "placement": {"popSelector": {"matchLabels": {"region": "eu"}}},
    }
    return item("Zone", "held-example", spec, namespace="default")


def small_zone(name: str) -> Object:
    """A Zone without a placement, so that it is at every Pop."""
    spec = {"origin": f"{name}.example", "nameServers": ["ns1.example.net"]}
    return item("Zone", name, spec, namespace="default")


def record_set(name: str, *hosts: str, address: str = "192.0.2.9") -> Object:
    """One team's names in the zone of another."""
    records = [{"name": host, "type": "A", "data": [address]} for host in hosts]
    spec = {"zoneRef": {"name": "shared"}, "records": records}
    return item("RecordSet", name, spec, namespace="default")


def of_a_file(name: str) -> list[Object]:
    """A Zone with the records of a ConfigMap, and of a RecordSet."""
    apex = "@ 60 SOA ns1.example.net. host 1 2 3 4 5\n@ 60 NS ns1.example.net.\n"
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
    file = {"configMaps": [{"name": name, "key": "zone"}]}
    records = [{"name": "api", "type": "A", "data": ["192.0.2.11"]}]
    return [
        config_map | {"data": {"zone": f"{apex}www 60 A 192.0.2.10\n"}},
        item("Zone", name, {"origin": f"{name}.example", "zoneFile": file}),
        item("RecordSet", name, {"zoneRef": {"name": name}, "records": records}),
    ]


def zones_of(names: Iterable[str]) -> list[str]:
    return [f"zone/default/{name}" for name in names]


class Fleet:
    """One Pop and one zone that selects it by its label."""

    def __init__(self, cluster: Access, node: Node) -> None:
        self.cluster = cluster
        self._node = node
        cluster.apply(json.dumps(POP))
        self.publish("192.0.2.1")
        cluster.wait("condition=Ready", READY_SECONDS, "pops", "--all")

    def publish(self, address: str) -> None:
        """Returns when the edge answers the address."""
        self.cluster.apply(json.dumps(zone(address)))
        self.cluster.wait("condition=Propagated", READY_SECONDS, "zones", "--all")
        self.answers(address)

    def answers(self, *addresses: str) -> None:
        """The edge answers exactly these."""
        assert self.addresses() == list(addresses)

    def addresses(self, name: str = "www.held.example.") -> list[str]:
        """What the edge answers now."""
        return [str(data) for rrset in self._ask(name).answer for data in rrset]

    def refuses(self) -> bool:
        return self._ask().rcode() == dns.rcode.REFUSED

    def code(self, origin: str) -> dns.rcode.Rcode:
        """What the edge says of the SOA of a zone."""
        return self._ask(origin, "SOA").rcode()

    def _ask(self, name: str = "www.held.example.", rtype: str = "A") -> dns.message.Message:
        ((address, port),) = edge_servers(self.cluster)
        with self._node.on_client():
            query = dns.message.make_query(name, rtype)
            return dns.query.udp(query, address, port=port, timeout=5)

    def wait_until_held(self, kind: str) -> str:
        """Wait until the Fleet says that this is held; its hash."""
        return wait_for(f"a {kind} is held", lambda: self.held(kind), DECISION_SECONDS)[0]["hash"]

    def held(self, kind: str) -> list[Object]:
        """What the Fleet says that is held of this kind."""
        status = self.cluster.get("fleet", "dnsfleet").get("status", {})
        return [each for each in status.get("held", ()) if each["kind"] == kind]

    def wait_until_nothing_is_held(self) -> None:
        path = "jsonpath={.status.heldCount}"
        self.cluster.wait(f"{path}=0", DECISION_SECONDS, "fleet", "dnsfleet")

    def approve_as_told(self, digest: str) -> None:
        """Run the command that `kubectl dnsfleet held` prints for a hash."""
        command = [sys.executable, "-m", "dnsfleet_cli.kubectl", "--kubeconfig"]
        told = subprocess.run(
            [*command, str(self.cluster.kubeconfig), "held"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        (line,) = [line for line in told.splitlines() if line.endswith(f"={digest}")]
        program, *arguments = line.split()
        assert program == "kubectl"
        self.cluster.kubectl(*arguments)


@pytest.fixture(scope="module", name="fleet")
def _fleet(release: Access, node: Node) -> Fleet:
    return Fleet(release, node)


def test_a_last_pop_that_is_deleted_runs_on_and_may_come_back(fleet: Fleet) -> None:
    fleet.cluster.kubectl("delete", "pop", "ams")
    fleet.wait_until_held("PopDeletion")
    fleet.answers("192.0.2.1")
    fleet.cluster.apply(json.dumps(POP))
    fleet.wait_until_nothing_is_held()
    fleet.publish("192.0.2.2")


def test_zones_that_are_deleted_all_at_once_are_answered_until_that_is_approved(
    fleet: Fleet,
) -> None:
    several = {f"s{number}" for number in range(12)}
    manifests = [small_zone(name) for name in several - {"s0"}] + of_a_file("s0")
    fleet.cluster.apply("\n---\n".join(map(json.dumps, manifests)))
    fleet.cluster.wait("condition=Propagated", READY_SECONDS, "zones", "--all")
    fleet.cluster.wait("condition=Propagated", READY_SECONDS, "recordset", "s0")
    fleet.cluster.kubectl("delete", "zones", *several)
    wait_for(
        "all are held",
        lambda: [each["zoneCount"] for each in fleet.held("Removal")] == [12],
        DECISION_SECONDS,
    )
    assert all(fleet.code(f"{name}.example.") == dns.rcode.NOERROR for name in several)

    (entry,) = fleet.held("Removal")
    fleet.approve_as_told(entry["hash"])
    refused = dns.rcode.REFUSED
    wait_for(
        "the edge refuses all",
        lambda: all(fleet.code(f"{name}.example.") == refused for name in several),
        DECISION_SECONDS,
    )
    fleet.wait_until_nothing_is_held()
    fleet.answers("192.0.2.2")

    fleet.cluster.kubectl("delete", "configmap/s0", "recordset/s0")
    restored = dnsfleet(fleet.cluster, "zone", "restore", "--all", "--timeout", "120")
    assert restored.returncode == 0, restored.stdout + restored.stderr
    for made in ("configmap/default/s0", "recordset/default/s0", *zones_of(several)):
        assert f"{made} is made again\n" in restored.stdout
    for _ in range(2):  # the manifests find ordinary objects then
        assert all(fleet.code(f"{name}.example.") == dns.rcode.NOERROR for name in several)
        assert fleet.addresses("www.s0.example.") == ["192.0.2.10"]
        assert fleet.addresses("api.s0.example.") == ["192.0.2.11"]
        fleet.cluster.apply("\n---\n".join(map(json.dumps, manifests)))
        fleet.cluster.wait("condition=Propagated", READY_SECONDS, "zones", "--all")
    assert dnsfleet(fleet.cluster, "zone", "removed").stdout.startswith("nothing is kept")


def test_a_team_that_loses_its_names_holds_nothing_of_others(fleet: Fleet) -> None:
    hosts = [f"n{number}" for number in range(20)]
    full = [small_zone("shared"), record_set("shop", *hosts), record_set("mail", "mail")]
    fleet.cluster.apply("\n---\n".join(map(json.dumps, full)))
    fleet.cluster.wait("condition=Propagated", READY_SECONDS, "zone", "shared")
    fleet.cluster.wait("condition=Programmed", READY_SECONDS, "recordsets", "--all")
    moved = [record_set("shop", "n0"), record_set("mail", "mail", address="192.0.2.10")]
    fleet.cluster.apply("\n---\n".join(map(json.dumps, moved)))
    digest = fleet.wait_until_held("Plan")
    wait_for(
        "the edge has the other team's change",
        lambda: fleet.addresses("mail.shared.example.") == ["192.0.2.10"],
        DECISION_SECONDS,
    )
    reason = "jsonpath={.status.conditions[?(@.type=='Accepted')].reason}=UnsafePlan"
    fleet.cluster.wait(reason, DECISION_SECONDS, "recordset", "shop")
    assert all(fleet.addresses(f"{host}.shared.example.") == ["192.0.2.9"] for host in hosts)

    fleet.approve_as_told(digest)
    wait_for(
        "the edge answers the last of the names alone",
        lambda: not fleet.addresses("n1.shared.example."),
        DECISION_SECONDS,
    )
    fleet.wait_until_nothing_is_held()
    assert fleet.addresses("n0.shared.example.") == ["192.0.2.9"]


def test_a_pop_that_is_relabelled_answers_on_until_that_is_approved(fleet: Fleet) -> None:
    fleet.publish("192.0.2.3")
    fleet.cluster.kubectl("label", "--overwrite", "pop", "ams", "region=ue")
    digest = fleet.wait_until_held("Placement")
    reason = "jsonpath={.status.conditions[?(@.type=='Accepted')].reason}=UnsafePlacement"
    fleet.cluster.wait(reason, DECISION_SECONDS, "zone", "held-example")
    fleet.answers("192.0.2.3")
    fleet.publish("192.0.2.4")
    shown = fleet.cluster.kubectl("get", "fleets").split()
    assert shown[:6] == ["NAME", "CORE", "KEYS", "HELD", "ORPHANS", "READY"]
    assert shown[7:13] == ["dnsfleet", "True", "True", "1", "0", "True"]

    fleet.approve_as_told(digest)
    wait_for("the edge refuses the name", fleet.refuses, DECISION_SECONDS)
    fleet.wait_until_nothing_is_held()


def test_a_fleet_that_is_deleted_is_made_anew(fleet: Fleet) -> None:
    uid = fleet.cluster.get("fleet", "dnsfleet")["metadata"]["uid"]
    fleet.cluster.kubectl("delete", "fleet", "dnsfleet")
    fleet.cluster.wait("create", DECISION_SECONDS, "fleet/dnsfleet")
    fleet.cluster.wait("condition=Ready", DECISION_SECONDS, "fleet", "dnsfleet")
    assert fleet.cluster.get("fleet", "dnsfleet")["metadata"]["uid"] != uid

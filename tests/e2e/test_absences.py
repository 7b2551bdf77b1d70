"""Absence is no order to delete: what is served stays when its objects vanish without a deletion.

Each test removes something, and leaves a complete fleet with other data in its records.
"""

import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import dns.message
import dns.query
import pytest
from cluster.access import Access, CommandError
from cluster.namespaces import Node
from dnsfleet_cli.kubectl import leaving
from support import redis_pods
from support.pod_processes import process_of
from support.probe_fleets import BRIEF, CORE, edge_servers
from support.releases import CHART, NAME, NAMESPACE, READY_SECONDS, metrics_of, waiting
from support.waiting import wait_for

TEAM = "absences-team"
DEFINITIONS = [f"{kind}.dnsfleet.io" for kind in ("zones", "recordsets", "pops")]
DECISION_SECONDS = 60.0
OPERATOR = ("deployment/dnsfleet-operator", "--namespace", NAMESPACE)
OPERATOR_PODS = ("pods", "-n", NAMESPACE, "-l", "app.kubernetes.io/component=operator")
DAY = 24 * 3600
POP = {"edge": {"replicas": 1, **BRIEF}, "service": {"type": "NodePort"}}
NOTE = "Zone base.example."
"""Under it the core has the absence of this zone: the first by name, so it leaves first."""

Object = dict[str, Any]


def item(kind: str, name: str, spec: Object, namespace: str = "", **metadata: Any) -> Object:
    if namespace:
        metadata["namespace"] = namespace
    return {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": name, **metadata},
        "spec": spec,
    }


def zone(origin: str, data: str, namespace: str, **spec: Any) -> Object:
    records = [{"name": "www", "type": "A", "data": [data]}]
    usual = {"origin": origin, "nameServers": ["ns1.example.net"], "records": records}
    return item("Zone", origin.replace(".", "-"), usual | spec, namespace)


def web(data: str, rtype: str = "A", name: str = "web") -> Object:
    """What the team adds to the other team's Zone."""
    reference = {"name": "base-example", "namespace": "default"}
    records = [{"name": name, "type": rtype, "data": [data]}]
    return item("RecordSet", "web", {"zoneRef": reference, "records": records}, TEAM)


class Fleet:
    """A Pop, a Zone open to a labelled namespace, and that namespace with its Zone."""

    def __init__(self, cluster: Access, node: Node) -> None:
        self.cluster = cluster
        self._node = node
        self._version = 0

    def change(self) -> None:
        """Apply everything, with another address in all records."""
        self._version += 1
        address = self._address
        selector = {"matchLabels": {"region": "eu"}}
        allowed = {"from": "Selector", "selector": {"matchLabels": {"adds": "records"}}}
        namespace = {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": TEAM, "labels": {"adds": "records"}},
        }
        objects = [
            namespace,
            item("Pop", "ams", POP, labels={"region": "eu"}),
            zone(
                "base.example",
                address,
                "default",
                placement={"popSelector": selector},
                recordSets={"namespaces": allowed},
            ),
            zone("team.example", address, TEAM),
            web(address),
        ]
        for each in objects:
            self.cluster.apply(json.dumps(each))
        self.cluster.wait("condition=Ready", READY_SECONDS, "pops", "--all")
        self.cluster.wait("condition=Propagated", READY_SECONDS, "zones,recordsets", "-A", "--all")

    def answers(self) -> dict[str, str]:
        """The answer of the one edge for each name."""
        ((address, port),) = edge_servers(self.cluster)
        found = {}
        for name in ("www.base.example.", "web.base.example.", "www.team.example."):
            with self._node.on_client():
                query = dns.message.make_query(name, "A")
                reply = dns.query.udp(query, address, port=port, timeout=5)
            found[name] = " ".join(str(data) for rrset in reply.answer for data in rrset)
        return found

    def serves_on(self) -> None:
        """Every record is answered as it was applied last."""
        assert set(self.answers().values()) == {self._address}, self.answers()

    @property
    def _address(self) -> str:
        return f"198.51.100.{self._version}"

    def pods(self) -> set[str]:
        found = self.cluster.items("pods", "-n", NAMESPACE, "-l", "dnsfleet.io/pop=ams")
        return {pod["metadata"]["uid"] for pod in found}

    def publish_another(self, name: str) -> None:
        """Another zone; once it is live, the operator has handled every event before it."""
        self.cluster.apply(json.dumps(zone(f"{name}.example", "192.0.2.1", "default")))
        self.cluster.wait("condition=Propagated", READY_SECONDS, f"zone/{name}-example")

    def notes(self) -> dict[str, str]:
        """The absences that the core has, KIND NAME, and since when, Unix time in seconds."""
        pod = self.cluster.get("pod", CORE, "-n", NAMESPACE)
        password = redis_pods.password(self.cluster, "publisher")
        with self._node.on_client(), redis_pods.client(pod, "publisher", password) as client:
            found = client.hgetall("dnsfleet:1:absences")
        return {field.decode(): value.decode() for field, value in found.items()}

    def stop_operator(self) -> None:
        self.cluster.kubectl("scale", *OPERATOR, "--replicas=0")
        self.cluster.wait_until_gone(READY_SECONDS, *OPERATOR_PODS)
        lease = self.cluster.get("lease", "dnsfleet-operator", "-n", NAMESPACE)
        assert not lease["spec"].get("holderIdentity"), "it was killed before it let go"

    def start_operator(self, grace_seconds: int = DAY) -> None:
        """With this grace period for what has no object; no operator may run."""
        self.cluster.kubectl("set", "env", *OPERATOR, f"DNSFLEET_ORPHAN_SECONDS={grace_seconds}")
        self.cluster.kubectl("scale", *OPERATOR, "--replicas=1")
        self.cluster.kubectl("rollout", "status", *OPERATOR, f"--timeout={READY_SECONDS:g}s")

    def kill_operator(self) -> None:
        """At once; another process takes its place in the same pod."""
        (pod,) = self.cluster.items(*OPERATOR_PODS)
        os.kill(process_of(pod, "dnsfleet-operator"), signal.SIGKILL)

    def has_looked_at_all(self) -> bool:
        """Whether an operator that was just started has listed everything and made a pass."""
        (pod,) = self.cluster.items(*OPERATOR_PODS)
        try:
            page = metrics_of(self.cluster, pod["metadata"]["name"])
        except CommandError:
            return False  # it is starting
        passed = 'dnsfleet_operator_reconcile_total{kind="%s",result="success"}'
        return all(passed % kind in page for kind in ("Sync", "Zone", "Sweep"))

    def held_hash(self) -> str:
        """What approves the one change that is held; empty while none is."""
        held = self.cluster.get("fleet", "dnsfleet").get("status", {}).get("held") or [{}]
        return str(held[0].get("hash", ""))

    def told(self, words: str) -> bool:
        """Whether the operator's log has these words."""
        return words in self.cluster.kubectl("logs", *OPERATOR, "--tail=-1")


@pytest.fixture(scope="module", name="fleet")
def _fleet(release: Access, node: Node) -> Iterator[Fleet]:
    fleet = Fleet(release, node)
    fleet.change()
    fleet.serves_on()
    yield fleet
    release.kubectl("delete", "namespace", TEAM, "--ignore-not-found")


def test_the_deletion_of_a_namespace(fleet: Fleet) -> None:
    fleet.cluster.kubectl("delete", "namespace", TEAM, "--wait")
    fleet.publish_another("one")
    fleet.serves_on()

    fleet.change()
    fleet.serves_on()


def test_the_deletion_of_all_definitions(fleet: Fleet) -> None:
    pods = fleet.pods()
    fleet.cluster.kubectl("delete", "crd", "--wait", *DEFINITIONS)
    for words in (
        "Zone default/base-example is gone and its zone is served on",
        f"Zone {TEAM}/team-example is gone and its zone is served on",
        "Pop ams is gone and its edges answer on",
    ):
        wait_for(f"it is told: {words}", lambda words=words: fleet.told(words), DECISION_SECONDS)
    fleet.serves_on()

    fleet.cluster.helm("upgrade", *NAME, str(CHART), *waiting())
    fleet.cluster.wait("condition=Established", READY_SECONDS, "crd", *DEFINITIONS)
    # The definition is younger than what is published: an empty list says nothing yet.
    wait_for("that is noted", lambda: fleet.notes().get(NOTE) == "-", DECISION_SECONDS)
    fleet.change()
    fleet.serves_on()
    assert fleet.pods() == pods


def test_the_deletion_of_the_definition_of_record_sets(fleet: Fleet) -> None:
    fleet.cluster.kubectl("delete", "crd", "--wait", "recordsets.dnsfleet.io")
    fleet.publish_another("two")
    fleet.serves_on()

    fleet.cluster.helm("upgrade", *NAME, str(CHART), *waiting())
    fleet.change()
    fleet.serves_on()


def test_zones_deleted_while_no_operator_runs_leave_when_their_time_is_up(fleet: Fleet) -> None:
    """Counted from when an operator missed them first, whichever leads then."""
    fleet.stop_operator()
    fleet.cluster.kubectl("delete", "zones,recordsets", "-A", "--all", "--wait")
    fleet.start_operator()
    wait_for("a pass over no zones", fleet.has_looked_at_all, DECISION_SECONDS)
    since = fleet.notes()[NOTE]
    assert since.isdecimal()
    fleet.serves_on()

    fleet.kill_operator()
    wait_for("a pass of the next one", fleet.has_looked_at_all, DECISION_SECONDS)
    assert fleet.notes()[NOTE] == since
    fleet.serves_on()

    fleet.stop_operator()
    fleet.start_operator(grace_seconds=1)  # over since long before: the first list removes the zone
    wait_for("it leaves", lambda: not fleet.answers()["www.base.example."], DECISION_SECONDS)

    fleet.change()
    fleet.serves_on()


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (web("192.0.2.9", name="www"), "NotOwner"),
        (web("elsewhere", "CNAME", name="www"), "CNAMEAndOtherData"),
    ],
    ids=["NotOwner", "CNAME"],
)
def test_a_record_set_that_is_broken_at_the_start(
    fleet: Fleet, broken: Object, reason: str
) -> None:
    fleet.stop_operator()
    fleet.cluster.apply(json.dumps(broken))
    fleet.start_operator()
    path = "jsonpath={.status.conditions[?(@.type=='Accepted')].reason}"
    fleet.cluster.wait(f"{path}={reason}", DECISION_SECONDS, "recordset/web", "-n", TEAM)
    fleet.publish_another(reason.lower())
    fleet.serves_on()

    fleet.change()
    fleet.serves_on()


def test_a_pop_that_is_deleted_for_its_own_sake_ends(fleet: Fleet) -> None:
    fleet.cluster.kubectl("delete", "pop", "ams")
    digest = wait_for("it waits, being the last one", fleet.held_hash, DECISION_SECONDS)
    fleet.serves_on()
    approval = f"dnsfleet.io/approve={digest}"
    fleet.cluster.kubectl("annotate", "--overwrite", "fleet", "dnsfleet", approval)
    kinds = f"{leaving.KINDS},pods"
    of_pop = ("-n", NAMESPACE, "-l", "dnsfleet.io/pop=ams")
    fleet.cluster.wait_until_gone(READY_SECONDS, kinds, *of_pop)

    fleet.change()
    fleet.serves_on()

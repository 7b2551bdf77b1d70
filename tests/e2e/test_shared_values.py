"""Several RecordSets add values to one RRset, as two certificates for a name are validated at once.

One story in the order of its steps: each test needs the ones before it.
"""

from collections.abc import Iterator

import dns.resolver
import pytest
from cluster.access import Access
from cluster.namespaces import Node
from support.kubectl_plugin import dnsfleet
from support.probe_fleets import edge_servers
from support.releases import READY_SECONDS
from support.waiting import wait_for

TEAM = "shared-values-team"
CHALLENGE = "_acme-challenge.www.example.com."
VERIFICATION = "_verification.example.com."
DECISION_SECONDS = 60.0
FLEET = f"""
apiVersion: v1
kind: Namespace
metadata: {{name: {TEAM}}}
---
apiVersion: dnsfleet.io/v1alpha1
kind: Pop
metadata: {{name: ams}}
spec:
  edge: {{replicas: 1}}
  service: {{type: NodePort}}
"""
ZONE = """
apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata: {name: example-com, namespace: default}
spec:
  origin: example.com
  nameServers: [ns1.example.net]
"""
CONSENT = """
  recordSets:
    namespaces: {from: All}
    merge: [TXT]
"""
Answer = tuple[int, list[str]]
"""TTL in seconds, and the values, sorted."""


def adds(name: str, owner: str, value: str, ttl: int, namespace: str = "default") -> str:
    """A RecordSet with one TXT."""
    return f"""
---
apiVersion: dnsfleet.io/v1alpha1
kind: RecordSet
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  zoneRef: {{name: example-com, namespace: default}}
  records:
    - {{name: {owner}, type: TXT, ttl: {ttl}, data: [{value}]}}
"""


class Fleet:
    """One edge with one Zone, to which two namespaces add."""

    def __init__(self, cluster: Access, node: Node) -> None:
        self.cluster = cluster
        self._node = node

    def answer(self, name: str) -> Answer:
        """What a resolver gets for a TXT from outside the cluster."""
        ((address, port),) = edge_servers(self.cluster)
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = [address], port
        with self._node.on_client():
            found = resolver.resolve(name, "TXT")
        assert found.rrset is not None
        return found.rrset.ttl, sorted(str(data) for data in found.rrset)

    def wait(self, condition: str, *names: str, namespace: str = "default") -> None:
        """Until these RecordSets have a condition."""
        sets = (f"recordset/{name}" for name in names)
        self.cluster.wait(condition, READY_SECONDS, "-n", namespace, *sets)

    def refused(self, name: str, reason: str) -> str:
        """Wait until a RecordSet of the team is refused for this reason; what its status says."""
        path = "jsonpath={.status.conditions[?(@.type=='Accepted')].reason}"
        self.wait(f"{path}={reason}", name, namespace=TEAM)
        status = self.cluster.get("-n", TEAM, "recordset", name)["status"]
        (accepted,) = [each for each in status["conditions"] if each["type"] == "Accepted"]
        assert accepted["status"] == "False"
        return str(accepted["message"])

    def owners(self, name: str) -> dict[str, list[str]]:
        """The RecordSets of each value of a shared RRset, by the status of the Zone."""
        status = self.cluster.get("zone", "example-com")["status"]
        return {
            value["data"]: value["recordSets"]
            for rrset in status.get("shared", [])
            if (rrset["name"], rrset["type"]) == (name, "TXT")
            for value in rrset["values"]
        }

    def explained(self, name: str) -> list[list[str]]:
        """The words of each line of `kubectl dnsfleet explain` behind its line VALUE."""
        ended = dnsfleet(self.cluster, "explain", name, "--type", "TXT")
        assert ended.returncode == 0, ended.stdout + ended.stderr
        _, _, table = ended.stdout.partition("\nVALUE")
        return [line.split() for line in table.splitlines()[1:]]


@pytest.fixture(scope="module", name="fleet")
def _fleet(release: Access, node: Node) -> Iterator[Fleet]:
    release.apply(FLEET)
    release.apply(ZONE)
    release.wait("condition=Ready", READY_SECONDS, "pops", "--all")
    release.wait("condition=Propagated", READY_SECONDS, "zones", "--all")
    yield Fleet(release, node)
    release.kubectl("delete", "namespace", TEAM)


def test_two_challenges_are_answered_at_once(fleet: Fleet) -> None:
    first = adds("first", CHALLENGE, "one", ttl=300)
    second = adds("second", "_acme-challenge.www", "two", ttl=60)
    fleet.cluster.apply(first + second)
    fleet.wait("condition=Propagated", "first", "second")
    assert fleet.answer(CHALLENGE) == (60, ['"one"', '"two"'])
    fleet.wait("condition=Ready", "first", "second")

    owners = {'"one"': ["default/first"], '"two"': ["default/second"]}
    wait_for(
        "each value has its owner", lambda: fleet.owners(CHALLENGE) == owners, DECISION_SECONDS
    )
    assert fleet.explained(CHALLENGE) == [[value, *own] for value, own in owners.items()]


def test_another_namespace_is_refused_and_takes_nothing_away(fleet: Fleet) -> None:
    fleet.cluster.apply(adds("own", VERIFICATION, "own", ttl=60))
    fleet.wait("condition=Propagated", "own")
    fleet.cluster.apply(
        adds("challenge", CHALLENGE, "three", ttl=1, namespace=TEAM)
        + adds("verification", VERIFICATION, "team", ttl=30, namespace=TEAM)
    )
    for name in ("challenge", "verification"):
        message = fleet.refused(name, "NotAllowedByZone")
        assert f"takes no RecordSets from namespace {TEAM}" in message
    assert fleet.answer(CHALLENGE) == (60, ['"one"', '"two"'])
    assert fleet.answer(VERIFICATION) == (60, ['"own"'])


def test_merge_lets_another_namespace_add_except_to_a_challenge(fleet: Fleet) -> None:
    fleet.cluster.apply(ZONE + CONSENT)
    fleet.wait("condition=Propagated", "verification", namespace=TEAM)
    assert fleet.answer(VERIFICATION) == (30, ['"own"', '"team"'])

    message = fleet.refused("challenge", "NotOwner")
    assert f"{CHALLENGE} TXT belongs to RecordSet default/first" in message
    assert fleet.answer(CHALLENGE) == (60, ['"one"', '"two"'])


def test_a_value_leaves_with_its_record_set_and_the_others_stay(fleet: Fleet) -> None:
    fleet.cluster.kubectl("delete", "recordset", "second")
    left = (300, ['"one"'])
    wait_for("one value is left", lambda: fleet.answer(CHALLENGE) == left, DECISION_SECONDS)
    wait_for("it is not shared", lambda: not fleet.owners(CHALLENGE), DECISION_SECONDS)
    assert fleet.explained(CHALLENGE) == []
    assert fleet.answer(VERIFICATION) == (30, ['"own"', '"team"'])

"""Two clusters: a core, and a Pop that the operator of another cluster runs by what it signed."""

import base64
import json
import time
from functools import partial
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet.replication import keys, manifests, pop_specs, telemetry
from dnsfleet.replication.acks import Ack, Load
from dnsfleet.replication.announcements import read_index, stored_position
from dnsfleet.replication.pop_specs import SignedPop
from dnsfleet.replication.revisions import Revision
from dnsfleet.replication.sums import AnnouncementSum
from dnsfleet_operator.cluster import Object
from dnsfleet_operator.configuration import VERSION
from dnsfleet_operator.joined import mirror
from support.controlled_fleets import DEADLINE_SECONDS, ControlledFleet, edge_pod
from support.joined_clusters import JoinedCluster
from support.valkey import Valkey
from support.waiting import wait_for

A = "a.example."
OBJECTS = (
    ("ConfigMap", "pop-fra"),
    ("Deployment", "pop-fra-edge"),
    ("Deployment", "pop-fra-replica"),
    ("Service", "pop-fra-dns"),
    ("Service", "pop-fra-replica"),
)


SERVICE = {"type": "NodePort"}
"""No load balancer to wait for."""


def pop(**spec: Any) -> Object:
    spec = {"cluster": "agent", "service": SERVICE} | spec
    return item("Pop", "fra", spec)


def zone(address: str = "192.0.2.1") -> Object:
    records = [{"name": "www", "type": "A", "data": [address]}]
    spec = {"origin": "a.example", "nameServers": ["ns1.example.net"], "records": records}
    return item("Zone", "a", spec, "dns")


def item(kind: str, name: str, spec: Object, namespace: str = "") -> Object:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    api_version = "dnsfleet.io/v1alpha1"
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}


def there(cluster: JoinedCluster) -> set[tuple[str, str]]:
    return {key for key in OBJECTS if cluster.get(*key) is not None}


def current(replica: Valkey) -> Ack:
    """Of an edge that answers all that the replica has."""
    with replica.client() as client:
        index = client.hgetall(keys.ZONES)
        lsn = stored_position(client.get(keys.LSN))
    total = AnnouncementSum(read_index(index)).total
    now_ms = time.time_ns() // 1_000_000
    return Ack(lsn, {}, 0, now_ms, told=lsn, total=total, started_ms=now_ms)


def test_a_pop_of_the_core_gets_its_objects_in_the_other_cluster(
    fleet: ControlledFleet, joined: JoinedCluster
) -> None:
    with joined:
        wait_for(
            "the replica comes before any spec",
            lambda: (
                there(joined)
                == {key for key in OBJECTS if key[1] != "pop-fra-edge"}
                - {("Service", "pop-fra-dns")}
            ),
            DEADLINE_SECONDS,
        )
        fleet.put(pop(edge={"replicas": 3}))
        joined.wait_for_spec(service=SERVICE, edge={"replicas": 3})
        wait_for("all objects", lambda: there(joined) == set(OBJECTS), DEADLINE_SECONDS)
        assert "edits here are reverted" in joined.wait_for_reason("Mirrored", "FromCore")
        assert fleet.cluster.get("Deployment", "pop-fra-edge", fleet.namespace) is None

        fleet.put(pop(edge={"replicas": 1, "shards": 4}))
        joined.wait_for_spec(service=SERVICE, edge={"replicas": 1, "shards": 4})

        joined.put(item("Pop", "fra", {"edge": {"replicas": 9}, "state": "Drained"}))
        joined.wait_for_spec(service=SERVICE, edge={"replicas": 1, "shards": 4})
        fleet.wait_for_condition("Pop", "fra", "SpecApplied", "Applied")


def test_what_the_other_cluster_says_is_told_in_the_core(
    fleet: ControlledFleet, joined: JoinedCluster, replica: Valkey
) -> None:
    fleet.put(pop(edge={"replicas": 1}))
    fleet.wait_for_condition("Pop", "fra", "Progressing", "NotJoined")
    fleet.put(zone())
    fleet.wait_until_served(A, "www.a.example.", "192.0.2.1")
    fleet.wait_for_condition("Zone", "a", "Propagated", "NoReadyEdge")
    with joined:
        joined.wait_for_spec(service=SERVICE, edge={"replicas": 1})
        joined.put(edge_pod("fra"))
        fleet.wait_for_condition("Pop", "fra", "Ready", "EdgesReady")
        joined.say("pop-fra-edge-1", current(replica))
        fleet.wait_for_condition("Zone", "a", "Propagated", "Propagated")
        status = (fleet.cluster.get("Pop", "fra") or {})["status"]
        assert (status["edges"]["text"], status["version"]) == ("1/1", VERSION)

        fleet.put(zone("192.0.2.2"))
        fleet.wait_for_condition("Zone", "a", "Propagated", "Propagating")


def test_a_drain_waits_for_the_decision_of_the_core(
    fleet: ControlledFleet, joined: JoinedCluster
) -> None:
    fleet.put(zone())
    fleet.put(pop(edge={"replicas": 1}))
    with joined:
        joined.wait_for_spec(service=SERVICE, edge={"replicas": 1})
        joined.put(edge_pod("fra"))
        fleet.wait_for_condition("Pop", "fra", "Ready", "EdgesReady")
        fleet.put(pop(edge={"replicas": 1}, state="Drained"))
        fleet.wait_for_condition("Pop", "fra", "Drained", "LastActivePop")
        joined.wait_for_spec(service=SERVICE, edge={"replicas": 1}, state="Active")
        fleet.put(item("Pop", "iad", {}))
        fleet.put(edge_pod("iad"))
        joined.wait_for_spec(service=SERVICE, edge={"replicas": 1}, state="Drained")

        def replicas() -> object:
            return (joined.get("Deployment", "pop-fra-edge") or {})["spec"]["replicas"]

        wait_for("its edges are told to go", lambda: replicas() == 0, DEADLINE_SECONDS)


def was_read(term: Any, due: float) -> bool:
    """Whether the replica was looked at since."""
    return bool(term._spec_due > due)


def test_a_forged_or_an_old_spec_in_the_replica_is_not_applied(
    fleet: ControlledFleet, joined: JoinedCluster, replica: Valkey
) -> None:
    fleet.put(pop(edge={"shards": 1}))
    with joined, replica.client() as client:
        joined.wait_for_spec(service=SERVICE, edge={"shards": 1})
        old = client.hget(keys.POPS, "fra")
        assert isinstance(old, bytes)
        fleet.put(pop(edge={"shards": 2}))
        joined.wait_for_spec(service=SERVICE, edge={"shards": 2})
        newest = client.hget(keys.POPS, "fra")
        wanted = SignedPop("fra", Revision(2**40, 1), 9, {}, fleet.keys.public_pem)
        forged = pop_specs.sign(wanted, Ed25519PrivateKey.generate())
        for bad in (forged, old, b"", b"{}"):
            client.hset(keys.POPS, "fra", bad)
            term: Any = joined.controller._term
            due = term._spec_due
            wait_for("it was read", partial(was_read, term, due), DEADLINE_SECONDS)
            assert joined.spec() == {"service": SERVICE, "edge": {"shards": 2}}
        assert client.hget(keys.POPS, "fra") != newest
        fleet.put(pop(edge={"shards": 3}))
        joined.wait_for_spec(service=SERVICE, edge={"shards": 3})


def test_without_the_core_a_new_operator_changes_nothing_and_reverts_edits(
    fleet: ControlledFleet, joined: JoinedCluster, core: Valkey, replica: Valkey
) -> None:
    fleet.put(pop(edge={"replicas": 3}))
    with joined:
        joined.wait_for_spec(service=SERVICE, edge={"replicas": 3})
        wait_for("all objects", lambda: there(joined) == set(OBJECTS), DEADLINE_SECONDS)
    core.kill()
    replica.kill()

    def versions() -> dict[tuple[str, str], str]:
        found = {key: joined.get(*key) for key in (*OBJECTS, ("Secret", "dnsfleet-keys"))}
        return {key: each["metadata"]["resourceVersion"] for key, each in found.items() if each}

    before = versions()
    joined.cluster.put(item("Pop", "fra", {"edge": {"replicas": 9}}))
    with joined:
        joined.wait_for_spec(service=SERVICE, edge={"replicas": 3})
        joined.wait_for_reason("Connected", "CoreUnreachable")
        assert versions() == before
        joined.cluster.put(item("Deployment", "pop-fra-edge", {"replicas": 9}, fleet.namespace))
        found = joined.get("Deployment", "pop-fra-edge")
        assert found is not None
        joined.controller.event("Deployment", found, deleted=False)

        def replicas() -> object:
            return (joined.get("Deployment", "pop-fra-edge") or {})["spec"]["replicas"]

        wait_for("the edges are as before", lambda: replicas() == 3, DEADLINE_SECONDS)


def test_a_rotated_key_reaches_the_other_cluster(
    fleet: ControlledFleet, joined: JoinedCluster
) -> None:
    """By a spec that the key before signed; what the new one signs is taken then."""
    fleet.put(pop(edge={"shards": 1}))
    with joined:
        joined.wait_for_spec(service=SERVICE, edge={"shards": 1})
        first = fleet.keys.public_pem
        found = fleet.cluster.get("Secret", "dnsfleet-keys", fleet.namespace)
        assert found is not None
        annotations = {"dnsfleet.io/rotate-key": "now"}
        fleet.cluster.put({**found, "metadata": found["metadata"] | {"annotations": annotations}})

        def known() -> str:
            config = joined.get("ConfigMap", "pop-fra") or {}
            return str((config.get("data") or {}).get("publisher.pub", ""))

        wait_for(
            "the key is rotated, and only the new one counts",
            lambda: known() not in ("", first) and known().count("BEGIN") == 1,
            DEADLINE_SECONDS,
        )
        fleet.put(pop(edge={"shards": 2}))
        joined.wait_for_spec(service=SERVICE, edge={"shards": 2})
    with joined:
        fleet.put(pop(edge={"shards": 3}))
        joined.wait_for_spec(service=SERVICE, edge={"shards": 3})


def test_fields_of_a_newer_core_are_carried_and_told(
    fleet: ControlledFleet, joined: JoinedCluster, core: Valkey
) -> None:
    spec = {"edge": {"shards": 2, "ofLaterVersions": 1}, "later": {"deep": True}}
    wanted = SignedPop("fra", Revision(2**40, 1), 1, spec, fleet.keys.public_pem)
    with joined, core.client() as client:
        client.hset(keys.POPS, "fra", pop_specs.sign(wanted, fleet.keys.private))
        joined.wait_for_spec(edge={"shards": 2})
        message = joined.wait_for_reason("Mirrored", "FieldsIgnored")
        assert "spec.edge.ofLaterVersions, spec.later" in message

        signed = json.loads(pop_specs.sign(wanted, fleet.keys.private)[64:])
        signed |= {"revision": f"{2**40}.2", "beside": 1}
        newer = manifests.seal(signed, b"dnsfleet pop\0", fleet.keys.private)
        client.hset(keys.POPS, "fra", newer)
        wait_for(
            "what came beside the spec is told too",
            lambda: "does not know beside, spec.edge" in joined.condition("Mirrored")[1],
            DEADLINE_SECONDS,
        )
        found = joined.get("Pop", "fra")
        assert found is not None
        carried = found["metadata"]["annotations"][mirror.SIGNED_ANNOTATION]
        assert base64.b64decode(carried) == newer, "all of it is there for a newer operator"

        unusable = {"edge": {"shards": 2}, "state": "Resting"}
        wanted = SignedPop("fra", Revision(2**40, 3), 1, unusable, fleet.keys.public_pem)
        client.hset(keys.POPS, "fra", pop_specs.sign(wanted, fleet.keys.private))
        message = joined.wait_for_reason("Mirrored", "SpecNotUnderstood")
        assert "spec.state" in message.replace("spec: ", "spec.")
        assert joined.spec() == {"edge": {"shards": 2}}


def test_the_metrics_of_the_core_show_what_a_pop_of_another_cluster_answers(
    fleet: ControlledFleet, joined: JoinedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telemetry, "SECONDS", 0.2)
    fleet.put(pop(edge={"replicas": 1}))

    def shown(name: str) -> float | None:
        """What the metrics say, while an edge counts 20,000 queries a second."""
        now_ms = time.time_ns() // 1_000_000
        load = Load(20 * now_ms, 10 * now_ms, 4096)
        joined.say("pop-fra-edge-1", Ack(0, {}, 0, now_ms, started_ms=1, load=load))
        return fleet.metrics.registry.get_sample_value(name, {"pop": "fra"})

    with joined:
        name = "dnsfleet_pop_queries_per_second"
        wait_for("the rate", lambda: shown(name) == pytest.approx(20_000), DEADLINE_SECONDS)
        assert shown("dnsfleet_pop_servfail_ratio") == pytest.approx(0.5)
        assert shown("dnsfleet_pop_edge_memory_bytes") == 4096

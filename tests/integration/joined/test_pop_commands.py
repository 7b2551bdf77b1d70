"""Commands to Pops, of the core's cluster and of another one: delivered, done once, and told."""

import base64
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet.replication import ack_slots, pop_commands
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.pop_commands import PopCommand, Request
from dnsfleet.replication.revisions import Revision
from dnsfleet.resources import pop_requests
from dnsfleet_operator.cluster import Object
from dnsfleet_operator.objects import COMPONENT_LABEL, POP_LABEL
from support.controlled_fleets import DEADLINE_SECONDS, NAMESPACE, ControlledFleet, edge_pod
from support.joined_clusters import JoinedCluster
from support.memory_clusters import MemoryCluster
from support.valkey import Valkey
from support.waiting import wait_for

HOUR_MS = 3_600_000


@pytest.fixture(name="joined")
def _joined(joined: JoinedCluster, fleet: ControlledFleet) -> JoinedCluster:
    """Not entered yet; its Pop is in the core."""
    fleet.put(pop("agent"))
    return joined


def pop(cluster: str) -> Object:
    metadata: Object = {"name": "fra"}
    spec = {"cluster": cluster, "edge": {"replicas": 1}}
    api_version = "dnsfleet.io/v1alpha1"
    return {"apiVersion": api_version, "kind": "Pop", "metadata": metadata, "spec": spec}


def replica_pod(number: int) -> Object:
    labels = {
        POP_LABEL: "fra",
        COMPONENT_LABEL: "replica",
        "app.kubernetes.io/managed-by": "dnsfleet",
    }
    metadata = {"name": f"pop-fra-replica-{number}", "namespace": NAMESPACE, "labels": labels}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata}


def ask(
    fleet: ControlledFleet, name: str, verb: str, argument: str = "", lasts_ms: int = HOUR_MS
) -> None:
    """Annotate the Pop, as the command line does."""
    now_ms = time.time_ns() // 1_000_000
    key, value = pop_requests.annotation(Request(name, verb, argument, now_ms, now_ms + lasts_ms))
    found = fleet.cluster.get("Pop", "fra")
    assert found is not None
    metadata = found["metadata"]
    annotations = (metadata.get("annotations") or {}) | {key: value}
    fleet.put({**found, "metadata": {**metadata, "annotations": annotations}})


def shown(fleet: ControlledFleet) -> dict[str, Object]:
    status = (fleet.cluster.get("Pop", "fra") or {}).get("status") or {}
    return {each["name"]: each for each in status.get("commands", ())}


def wait_for_state(fleet: ControlledFleet, name: str, state: str) -> str:
    """Wait until the Pop shows that a request is in a state; the message with it."""

    def reached() -> bool:
        return bool(shown(fleet).get(name, {}).get("state") == state)

    wait_for(f"{name} is {state}", reached, DEADLINE_SECONDS)
    return str(shown(fleet)[name].get("message", ""))


def replicas(cluster: MemoryCluster) -> set[str]:
    found = cluster.objects("Pod", NAMESPACE, f"{COMPONENT_LABEL}=replica")
    return {each["metadata"]["name"] for each in found}


def events(fleet: ControlledFleet) -> list[tuple[str, str]]:
    found = fleet.cluster.objects("Event")
    told = [each for each in found if str(each["reason"]).startswith("Command")]
    return [(each["reason"], each["note"]) for each in told]


def test_a_pop_of_another_cluster_does_it_once_and_the_core_tells(
    fleet: ControlledFleet, joined: JoinedCluster
) -> None:
    with joined:
        joined.cluster.put(replica_pod(1))
        ask(fleet, "r1", "restart-replica")
        assert "pod pop-fra-replica-1" in wait_for_state(fleet, "r1", "Done")
        assert replicas(joined.cluster) == set()
        (told,) = events(fleet)
        assert told[0] == "CommandDone"
        joined.cluster.put(replica_pod(2))
    with joined:  # it begins anew, and finds the command in its replica
        ask(fleet, "r2", "no-such-thing")
        assert "does not know no-such-thing" in wait_for_state(fleet, "r2", "Failed")
    assert replicas(joined.cluster) == {"pop-fra-replica-2"}


def test_what_was_given_while_a_pop_was_cut_off_is_done_in_order_or_has_expired(
    fleet: ControlledFleet, joined: JoinedCluster
) -> None:
    ask(fleet, "r1", "restart-replica", lasts_ms=1)
    ask(fleet, "r2", "forget-edge", "pop-fra-edge-7")
    ask(fleet, "r3", "restart-replica")
    wait_for_state(fleet, "r1", "Expired")
    wait_for("they wait", lambda: len(shown(fleet)) == 3, DEADLINE_SECONDS)
    joined.cluster.put(replica_pod(1))
    with joined:
        wait_for_state(fleet, "r2", "Done")
        wait_for_state(fleet, "r3", "Done")
        keys = joined.get("Secret", "dnsfleet-keys")
        assert keys is not None
        journal = base64.b64decode(keys["data"]["journal"]).decode()
        assert journal.index('"r2"') < journal.index('"r3"')


def test_a_pop_object_that_is_made_again_in_its_cluster_does_no_command_again(
    fleet: ControlledFleet, joined: JoinedCluster
) -> None:
    with joined:
        joined.cluster.put(replica_pod(1))
        ask(fleet, "r1", "restart-replica")
        wait_for_state(fleet, "r1", "Done")
        joined.cluster.put(replica_pod(2))
        mirrored = joined.get("Pop", "fra")
        assert mirrored is not None
        joined.cluster.delete(mirrored)
        wait_for("it is made again", lambda: joined.get("Pop", "fra"), DEADLINE_SECONDS)
    with joined:
        ask(fleet, "r2", "forget-edge", "pop-fra-edge-7")
        wait_for_state(fleet, "r2", "Done")
        assert replicas(joined.cluster) == {"pop-fra-replica-2"}


def test_a_forged_and_a_former_command_in_the_replica_are_not_done(
    fleet: ControlledFleet, joined: JoinedCluster, replica: Valkey
) -> None:
    stream = pop_commands.stream("fra")
    with joined, replica.client() as client:
        joined.cluster.put(replica_pod(1))
        ask(fleet, "r1", "restart-replica")
        wait_for_state(fleet, "r1", "Done")
        joined.cluster.put(replica_pod(2))
        ((_, former),) = client.xrange(stream)
        now_ms = time.time_ns() // 1_000_000
        request = Request("forged", "restart-replica", "", now_ms, now_ms + HOUR_MS)
        forged = PopCommand("fra", Revision(2**40, 1), request)
        client.delete(stream)
        signed = pop_commands.sign(forged, Ed25519PrivateKey.generate())
        for number, entry in enumerate((signed, former[b"command"], b""), 1):
            client.xadd(stream, {"command": entry}, id=f"0-{number}")
        ask(fleet, "r2", "forget-edge", "pop-fra-edge-7")
        wait_for_state(fleet, "r2", "Done")
        assert replicas(joined.cluster) == {"pop-fra-replica-2"}


def test_a_pop_of_this_cluster_goes_the_same_way(fleet: ControlledFleet, core: Valkey) -> None:
    fleet.put(pop("local"))
    fleet.put(edge_pod("fra"))
    fleet.cluster.put(replica_pod(1))
    ask(fleet, "r1", "restart-replica")
    wait_for_state(fleet, "r1", "Done")
    assert replicas(fleet.cluster) == set()

    gone, there = "fra/pop-fra-edge-9", "pop-fra-edge-1"
    with core.client() as client:
        slot = ack_slots.key(ack_slots.order(gone)[0])
        client.set(slot, ack_slots.encode(gone, Ack(1, {}, 0, time.time_ns() // 1_000_000)))
        ask(fleet, "r2", "forget-edge", "pop-fra-edge-9")
        wait_for_state(fleet, "r2", "Done")
        assert client.get(slot) is None
    ask(fleet, "r3", "forget-edge", there)
    assert "is Ready" in wait_for_state(fleet, "r3", "Failed")


def test_a_snapshot_is_done_when_every_ready_edge_says_so(
    fleet: ControlledFleet, joined: JoinedCluster, core: Valkey
) -> None:
    with joined, core.client() as client:
        joined.put(edge_pod("fra"))
        ask(fleet, "r1", "snapshot")
        ask(fleet, "r2", "forget-edge", "pop-fra-edge-7")
        wait_for_state(fleet, "r2", "Done")
        assert shown(fleet)["r1"]["state"] == "Waiting", "and it held up nothing behind it"
        ((entry, _), _) = client.xrange(pop_commands.stream("fra"))
        epoch, number = map(int, entry.split(b"-"))
        now_ms = time.time_ns() // 1_000_000
        word = Ack(0, {}, 0, now_ms, refreshed=Revision(epoch, number))
        joined.say("pop-fra-edge-1", word)
        assert wait_for_state(fleet, "r1", "Done").startswith("1 edges loaded all zones")

"""What a joined cluster does not take, and what it does after a loss; both clusters tell it."""

import base64
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet.replication import keys, pop_specs, public_keys
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.pop_specs import SignedPop
from dnsfleet.replication.revisions import Revision
from dnsfleet_operator.cluster import Object
from support.controlled_fleets import DEADLINE_SECONDS, ControlledFleet, edge_pod
from support.joined_clusters import JoinedCluster
from support.valkey import Valkey
from support.waiting import wait_for

OTHER = Ed25519PrivateKey.generate()
OWN_SECRET = ("Secret", "dnsfleet-keys")
AGAIN = 10
"""How often an edge says the same again."""


def pop(**edge: Any) -> Object:
    return {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "Pop",
        "metadata": {"name": "fra"},
        "spec": {"cluster": "agent", "edge": edge},
    }


def trusted(cluster: JoinedCluster) -> str:
    """The public keys in the Secret of the Pop."""
    found = cluster.get(*OWN_SECRET)
    return "" if found is None else base64.b64decode(found["data"]["publisher.pub"]).decode()


def delete(cluster: JoinedCluster, kind: str, name: str) -> None:
    found = cluster.get(kind, name)
    assert found is not None
    cluster.cluster.delete(found)


def test_a_spec_that_nobody_trusted_signed_is_told_in_both_clusters(
    fleet: ControlledFleet, joined: JoinedCluster, replica: Valkey
) -> None:
    fleet.put(pop(shards=1))
    with joined, replica.client() as client:
        joined.wait_for_reason("Mirrored", "FromCore")
        forged = SignedPop("fra", Revision(2**40, 1), 9, {}, fleet.keys.public_pem)
        good = client.hget(keys.POPS, "fra")
        client.hset(keys.POPS, "fra", pop_specs.sign(forged, OTHER))
        told = joined.wait_for_reason("Mirrored", "SpecRefused")
        assert "kubectl dnsfleet pop join fra" in told
        fleet.wait_for_condition("Pop", "fra", "SpecApplied", "SpecRefused")
        assert joined.spec() == {"edge": {"shards": 1}}
        client.hset(keys.POPS, "fra", good)
        joined.wait_for_reason("Mirrored", "FromCore")
        fleet.wait_for_condition("Pop", "fra", "SpecApplied", "Applied")


def test_an_old_spec_does_not_bring_a_retired_key_back(
    fleet: ControlledFleet, joined: JoinedCluster, replica: Valkey
) -> None:
    """Although no operator ran meanwhile, and the Pop object, which has the newest one, is gone."""
    fleet.put(pop(shards=1))
    with joined:
        joined.wait_for_reason("Mirrored", "FromCore")
    both = public_keys.to_pem([fleet.keys.private.public_key(), OTHER.public_key()])
    old = pop_specs.sign(SignedPop("fra", Revision(1, 1), 1, {}, both), fleet.keys.private)
    delete(joined, "Pop", "fra")
    with replica.client() as client:
        client.hset(keys.POPS, "fra", old)
    with joined:
        fleet.wait_for_condition("Pop", "fra", "SpecApplied", "SpecOutdated")
        assert trusted(joined) == fleet.keys.public_pem
        assert joined.spec() == {}
        fleet.put(pop(shards=2))
        joined.wait_for_spec(edge={"shards": 2})


def test_a_secret_that_is_gone_is_written_again_as_it_was(
    fleet: ControlledFleet, joined: JoinedCluster
) -> None:
    fleet.put(pop(shards=1))
    with joined:
        joined.wait_for_reason("Mirrored", "FromCore")
        before = joined.get(*OWN_SECRET)
        assert before is not None
        delete(joined, *OWN_SECRET)
        after = wait_for("the Secret", lambda: joined.get(*OWN_SECRET), DEADLINE_SECONDS)
        assert after["data"] == before["data"]


def test_pods_follow_the_passwords_of_a_secret_that_was_lost_while_no_operator_ran(
    fleet: ControlledFleet, joined: JoinedCluster
) -> None:
    def restarts() -> list[str]:
        """What makes pods begin anew when it changes."""
        found = [joined.get("Deployment", f"pop-fra-{part}") for part in ("replica", "edge")]
        templates = [each["spec"]["template"] for each in found if each is not None]
        return [str(each["metadata"]["annotations"]) for each in templates]

    fleet.put(pop(shards=1))
    with joined:
        wait_for("the Deployments", lambda: len(restarts()) == 2, DEADLINE_SECONDS)
    before = restarts()
    delete(joined, *OWN_SECRET)
    with joined:

        def both_differ() -> bool:
            return all(each not in before for each in restarts())

        wait_for("both to begin anew", both_differ, DEADLINE_SECONDS)
        joined.wait_for_reason("Mirrored", "FromCore")


def test_a_retired_key_is_not_trusted_again_after_a_loss_and_it_is_told_what_to_do(
    fleet: ControlledFleet, joined: JoinedCluster
) -> None:
    fleet.put(pop(shards=1))
    with joined:
        joined.wait_for_reason("Mirrored", "FromCore")
        known = configured(joined)
    joined.join(public_keys.to_pem([OTHER.public_key()]))  # as of a join before a rotation
    delete(joined, *OWN_SECRET)
    with joined:
        assert "run there: kubectl" in joined.wait_for_reason("Mirrored", "KeysLost")
        fleet.wait_for_condition("Pop", "fra", "SpecApplied", "KeysLost")
        assert configured(joined) == known, "edges verify as before"
        joined.join(fleet.keys.public_pem)
        joined.wait_for_reason("Mirrored", "FromCore")


@pytest.mark.parametrize("object_stays", [True, False])
def test_a_pop_follows_a_core_that_was_built_again_with_another_key(
    fleet: ControlledFleet, joined: JoinedCluster, replica: Valkey, object_stays: bool
) -> None:
    """Its replica first, as only that brings what the new core asks; also after a restart."""

    def password_of_replica() -> str:
        found = joined.get("Deployment", "pop-fra-replica")
        return "" if found is None else str(found["spec"]["template"]["metadata"]["annotations"])

    fleet.put(pop(shards=1))
    with joined:
        joined.wait_for_reason("Mirrored", "FromCore")
        wait_for("the edges", lambda: joined.get("Deployment", "pop-fra-edge"), DEADLINE_SECONDS)
        known, edge = configured(joined), joined.get("Deployment", "pop-fra-edge")
        before = password_of_replica()
    with replica.client() as client:
        client.delete(keys.POPS)  # the new core has not published it yet
    if not object_stays:
        delete(joined, "Pop", "fra")
    pem = public_keys.to_pem([OTHER.public_key()])
    joined.join(pem, "another")
    for _ in range(2):
        with joined:
            wait_for("it follows", lambda: password_of_replica() != before, DEADLINE_SECONDS)
            assert configured(joined) == known, "edges verify as before"
            assert joined.get("Deployment", "pop-fra-edge") == edge
            assert joined.condition("Mirrored")[0] != "KeysLost"
    with joined, replica.client() as client:
        asked = SignedPop("fra", Revision(1, 1), 1, {"edge": {"shards": 2}}, pem)
        client.hset(keys.POPS, "fra", pop_specs.sign(asked, OTHER))
        joined.wait_for_spec(edge={"shards": 2})
        wait_for("edges verify by it", lambda: configured(joined) == pem, DEADLINE_SECONDS)
        joined.wait_for_reason("Mirrored", "FromCore")


def configured(cluster: JoinedCluster) -> str:
    """The keys by which the edges verify."""
    found = cluster.get("ConfigMap", "pop-fra")
    assert found is not None
    return str(found["data"]["publisher.pub"])


def test_edges_that_say_the_same_again_cost_no_list_of_pods(
    fleet: ControlledFleet, joined: JoinedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists: list[str] = []
    list_all = joined.cluster.objects

    def counted(kind: str, *arguments: Any) -> list[Object]:
        lists.append(kind)
        return list_all(kind, *arguments)

    monkeypatch.setattr(joined.cluster, "objects", counted)
    fleet.put(pop(replicas=1))
    with joined:
        joined.put(edge_pod("fra"))
        joined.wait_for_reason("Mirrored", "FromCore")

        def say(lsn: int, time_ms: int) -> None:
            """Say it, and wait until it was heard."""
            joined.say("pop-fra-edge-1", Ack(lsn, {}, 0, time_ms, told=lsn, started_ms=1))
            term: Any = joined.controller._term

            def heard() -> bool:
                return any(ack.time_ms == time_ms for ack in term._said.values())

            wait_for("it is heard", heard, DEADLINE_SECONDS)

        now_ms = time.time_ns() // 1_000_000
        say(1, now_ms)
        before = lists.count("Pod")
        for number in range(1, AGAIN + 1):
            say(1, now_ms + number)
        # Where each were to cost a list, there would be as many. A pass may list all objects too.
        between = lists.count("Pod")
        assert between - before < AGAIN / 2
        say(2, now_ms + AGAIN + 1)
        assert lists.count("Pod") > between

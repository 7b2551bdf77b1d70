"""Rotations of the key by a controller on a real core; the edges are what they say in acks."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dnsfleet.replication import acks, announcements, keys, manifests, public_keys
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.manifests import SignatureError
from dnsfleet.replication.sums import AnnouncementSum
from dnsfleet_operator.leading import terms
from dnsfleet_operator.objects import COMPONENT_LABEL, MANAGED_BY, POP_LABEL
from dnsfleet_publisher import key_secrets
from dnsfleet_publisher.key_secrets import ROTATE_ANNOTATION, Keys
from support.controlled_fleets import DEADLINE_SECONDS, NAMESPACE, ControlledFleet
from support.valkey import Valkey
from support.waiting import wait_for

EDGE = "pop-fra-edge-1"


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Valkey]:
    valkey = Valkey(tmp_path, users=["user publisher on >right resetchannels ~dnsfleet:* +@all"])
    valkey.start()
    yield valkey
    valkey.kill()


@pytest.fixture(autouse=True)
def short_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terms, "KEYS_SECONDS", 0.05)


class Rotation:
    """A fleet of one Pop with one edge and two zones, one of them removed."""

    def __init__(self, core: Valkey, fleet: ControlledFleet) -> None:
        self.core = core
        self.fleet = fleet

    def begin(self) -> None:
        self.fleet.put(item("Pop", "fra", {"edge": {"replicas": 1}}))
        for name in ("a", "b"):
            spec = {"origin": f"{name}.example", "nameServers": ["ns1.example.net"]}
            self.fleet.put(item("Zone", name, spec | {"records": []}, "dns"))
            wait_for(name, lambda name=name: self.signer(f"{name}.example."), DEADLINE_SECONDS)
        self.fleet.delete(item("Zone", "b", {}, "dns"))
        wait_for("b is removed", lambda: self.manifest_of("b.example.").tombstone, DEADLINE_SECONDS)

    def lead_with(self, ready: bool = True) -> None:
        labels = {POP_LABEL: "fra", COMPONENT_LABEL: "edge"}
        labels["app.kubernetes.io/managed-by"] = MANAGED_BY
        metadata = {"name": EDGE, "namespace": NAMESPACE, "labels": labels}
        status = {"conditions": [{"type": "Ready", "status": str(ready)}]}
        self.fleet.put({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": status})

    def ask(self) -> None:
        secret = self.fleet.cluster.get("Secret", "dnsfleet-keys", NAMESPACE)
        assert secret is not None
        secret["metadata"]["annotations"] = {ROTATE_ANNOTATION: "now"}
        self.fleet.cluster.put(secret)

    def stored(self) -> Keys:
        secret = self.fleet.cluster.get("Secret", "dnsfleet-keys", NAMESPACE)
        assert secret is not None
        return key_secrets.read(secret)

    def told(self) -> public_keys.PublicKeys:
        """What edges are told to verify by."""
        found = self.fleet.cluster.get("ConfigMap", "pop-fra", NAMESPACE)
        return () if found is None else public_keys.parse(found["data"]["publisher.pub"].encode())

    def wait_until_told(self, count: int, acked: bool = False) -> public_keys.PublicKeys:
        """With `acked` the edge acks all the time that it answers what is newest."""

        def told() -> bool:
            if acked:
                self.says(self.newest())
            return self.told() == self.stored().public and len(self.told()) == count

        wait_for(f"edges are told {count} keys", told, DEADLINE_SECONDS)
        return self.told()

    def says(self, lsn: int) -> None:
        """The edge acks, with the keys that it was told."""
        names = tuple(map(public_keys.identify, self.told()))
        with self.core.client() as client:
            told = int(client.get(keys.LSN) or 0)
            total = AnnouncementSum(announcements.read_index(client.hgetall(keys.ZONES))).total
            now = time.time_ns() // 1_000_000
            ack = Ack(lsn, {}, 0, now, 1, told, total, keys=names)
            client.hset(keys.ACKS, f"fra/{EDGE}", acks.encode(ack))

    def manifest_of(self, origin: str) -> manifests.Manifest:
        with self.core.client() as client:
            signed = client.get(keys.manifest(origin))
        assert isinstance(signed, bytes)
        return manifests.verify(signed, self.stored().public)

    def signer(self, origin: str) -> str:
        """Which key signed what the core has of a zone; empty where it has nothing valid."""
        with self.core.client() as client:
            signed = client.get(keys.manifest(origin))
        for key in self.stored().public if isinstance(signed, bytes) else ():
            try:
                manifests.verify(signed, [key])
            except SignatureError:
                continue
            return public_keys.identify(key)
        return ""

    def newest(self) -> int:
        return max(self.manifest_of(f"{name}.example.").lsn for name in ("a", "b"))


def item(kind: str, name: str, spec: dict[str, Any], namespace: str = "") -> dict[str, Any]:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": kind,
        "metadata": metadata,
        "spec": spec,
    }


def test_each_step_waits_for_what_edges_show(core: Valkey) -> None:
    with ControlledFleet(core) as fleet:
        rotation = Rotation(core, fleet)
        rotation.begin()
        rotation.lead_with()
        rotation.says(rotation.newest())
        old = public_keys.identify(rotation.told()[0])
        rotation.ask()
        _, following = rotation.wait_until_told(2)
        new = public_keys.identify(following)
        fleet.wait_for_passes("Keys", more=3)
        assert rotation.stored().next is not None, "the edge has not said that it knows the key"
        assert rotation.signer("a.example.") == old
        fleet.wait_for_condition("Fleet", "dnsfleet", "KeysReady", "Rotating")

        rotation.says(rotation.newest())
        for origin in ("a.example.", "b.example."):
            what = f"{origin} is signed anew"
            wait_for(what, lambda origin=origin: rotation.signer(origin) == new, DEADLINE_SECONDS)
        fleet.wait_for_passes("Keys", more=3)
        assert len(rotation.told()) == 2, "the edge has not taken over what is signed anew"

        rotation.says(rotation.newest())
        assert rotation.wait_until_told(1) == (following,)
        fleet.wait_for_condition("Fleet", "dnsfleet", "KeysReady", "Stored")
        events = [
            each for each in fleet.cluster.objects("Event") if each["reason"] == "KeyRotation"
        ]
        assert len(events) == 3
        assert {each["regarding"]["name"] for each in events} == {"dnsfleet-keys"}


def test_an_operator_that_held_former_keys_goes_on_at_any_point(core: Valkey) -> None:
    with ControlledFleet(core) as first:
        rotation = Rotation(core, first)
        rotation.begin()
        rotation.lead_with()
        rotation.says(rotation.newest())
        rotation.ask()
        old, new = map(public_keys.identify, rotation.wait_until_told(2))
    with ControlledFleet(core, first) as second:
        rotation = Rotation(core, second)
        rotation.says(rotation.newest())
        wait_for("the switch", lambda: rotation.stored().previous is not None, DEADLINE_SECONDS)
    with ControlledFleet(core, first) as third:
        rotation = Rotation(core, third)
        for origin in ("a.example.", "b.example."):
            what = f"{origin} is signed anew"
            wait_for(what, lambda origin=origin: rotation.signer(origin) == new, DEADLINE_SECONDS)
        (only,) = rotation.wait_until_told(1, acked=True)
    assert public_keys.identify(only) == new != old
    with ControlledFleet(core, first) as fourth:
        rotation = Rotation(core, fourth)
        fourth.wait_for_passes("Keys", more=3)
        fourth.put(item("Zone", "c", {"origin": "c.example", "nameServers": ["ns1.x.net"]}, "dns"))
        wait_for("c", lambda: rotation.signer("c.example.") == new, DEADLINE_SECONDS)
    assert rotation.stored().entries["publisher"] == first.keys.entries["publisher"]

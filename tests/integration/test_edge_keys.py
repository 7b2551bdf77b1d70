"""A real edge whose publisher gets another key."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from dnsfleet.replication import public_keys
from dnsfleet_publisher.core_redis import CoreRedis, connect
from dnsfleet_publisher.publishing import Desired, Publisher
from dnsfleet_publisher.record_store import RecordStore
from support.edge_fleets import NEW, OLD, EdgeFleet
from support.signed_zones import FORGER, PUBLISHER
from support.waiting import wait_for
from support.zones import make_zone

ZONE, REMOVED, ORPHAN = "example.com.", "removed.example.", "orphan.example."
FORMER, CURRENT = FORGER, PUBLISHER
"""The edges of these fleets begin with the public key of CURRENT."""
SECONDS = 20.0


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[EdgeFleet]:
    fleet = EdgeFleet(tmp_path)
    yield fleet
    fleet.close()


def wanted(address: str) -> dict[str, Desired]:
    return {ZONE: Desired(make_zone(ZONE, [("www", "A", address)]))}


def publisher(fleet: EdgeFleet, key: Ed25519PrivateKey) -> Publisher:
    """A new writer with another key."""
    client = fleet.core.closing(connect(fleet.core.url))
    return Publisher(RecordStore(CoreRedis(client), key, lambda: fleet.store.fence + 10.0))


def trust(fleet: EdgeFleet, *keys: Ed25519PublicKey) -> None:
    (fleet.edge.folder / "publisher.pub").write_text(public_keys.to_pem(keys))


def written_by_a_former_key(fleet: EdgeFleet) -> None:
    """A live zone, a tombstone and an orphan."""
    fleet.start()
    fleet.store.sign_with(FORMER)
    fleet.publish(OLD)
    for origin in (REMOVED, ORPHAN):
        fleet.publish(OLD, origin)
    fleet.store.tombstone(REMOVED)
    fleet.store.complete()


def test_what_a_former_key_left_keeps_no_edge_closed(fleet: EdgeFleet) -> None:
    written_by_a_former_key(fleet)
    fleet.edge.start()
    wait_for("it names what it cannot verify", lambda: failing(fleet) == 3, SECONDS)
    assert not fleet.edge.is_ready()
    successor = publisher(fleet, CURRENT)
    successor.reconcile(wanted(NEW), complete=True)
    wait_for("the edge that waited is ready", fleet.edge.is_ready, SECONDS)
    fleet.answers(NEW)
    fleet.edge.kill()
    (fleet.edge.folder / "state" / "index").unlink(missing_ok=True)
    fleet.edge.start_ready()
    fleet.answers(NEW)
    assert fleet.edge.metrics()["dnsfleet_edge_zones_failing"] == 0


def test_a_rotation_loses_no_change_and_no_answer(fleet: EdgeFleet) -> None:
    fleet.serving()
    before, after = PUBLISHER.public_key(), FORGER.public_key()
    wait_for("it says its key", lambda: said(fleet) == (public_keys.identify(before),), SECONDS)
    trust(fleet, before, after)
    names = tuple(map(public_keys.identify, (before, after)))
    wait_for("it has both keys", lambda: said(fleet) == names, SECONDS)
    fleet.store.sign_with(FORGER, before)
    Publisher(fleet.store).reconcile(wanted(OLD), complete=True)
    at = fleet.store.manifest(ZONE)
    assert at is not None
    wait_for("it has what was signed anew", lambda: has_reached(fleet, at.lsn), SECONDS)
    trust(fleet, after)
    wait_for("it has one key", lambda: said(fleet) == names[1:], SECONDS)
    fleet.answers(OLD)
    fleet.publish(NEW)
    fleet.answers(NEW)
    fleet.edge.stop()
    fleet.replica.kill()
    fleet.edge.start_ready()
    fleet.answers(NEW)


def said(fleet: EdgeFleet) -> tuple[str, ...]:
    ack = fleet.ack()
    return () if ack is None else ack.keys


def failing(fleet: EdgeFleet) -> int:
    ack = fleet.ack()
    return -1 if ack is None else ack.failing_count


def has_reached(fleet: EdgeFleet, lsn: int) -> bool:
    ack = fleet.ack()
    return ack is not None and ack.lsn >= lsn

"""The publisher's key is replaced, as after its loss: edges answer on, and fresh ones can start."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet.replication import public_keys
from dnsfleet_publisher.core_redis import CoreRedis, connect
from dnsfleet_publisher.publishing import Desired, Publisher, State
from dnsfleet_publisher.record_store import RecordStore
from support.edge_fleets import EdgeFleet
from support.edges import HOST
from support.fleet import PROBE
from support.oracle import Oracle
from support.signed_zones import FORGER, PUBLISHER
from support.waiting import wait_for
from support.zones import make_zone

ORIGIN, REMOVED = "example.com.", "removed.example."
RATE = 2_000
LIVE_SECONDS = 20.0


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[EdgeFleet]:
    fleet = EdgeFleet(tmp_path, responses_per_second=0)
    yield fleet
    fleet.close()


def wanted(counter: int) -> dict[str, Desired]:
    return {ORIGIN: Desired(make_zone(ORIGIN, [("probe", "TXT", f'"{counter}"')]))}


def publish(publisher: Publisher, counter: int) -> None:
    outcomes = publisher.reconcile(wanted(counter), complete=True)
    assert outcomes[ORIGIN].state is State.PUBLISHED, outcomes[ORIGIN].message
    assert publisher.away == ""


def under_load(oracle: Oracle) -> None:
    """Go on until the queries of one second have been asked."""
    enough = oracle.asked + RATE
    wait_for("a second's worth of queries", lambda: oracle.asked >= enough, LIVE_SECONDS)


def test_an_edge_answers_on_and_follows_the_new_key_when_it_is_told(fleet: EdgeFleet) -> None:
    fleet.start()
    fleet.publish("192.0.2.1", REMOVED)
    fleet.store.tombstone(REMOVED)
    publish(Publisher(fleet.store), 0)
    fleet.edge.start_ready()
    file = fleet.edge.folder / "publisher.pub"
    with Oracle([(HOST, fleet.edge.port)], PROBE, RATE, published=0) as oracle:
        successor = writer(fleet, FORGER)
        oracle.publishing(1)
        publish(successor, 1)
        under_load(oracle)
        assert not oracle.seen_everywhere(1), "nothing told the edge of this key"
        file.write_text(public_keys.to_pem([FORGER.public_key()]))
        wait_for("1 is answered", lambda: oracle.seen_everywhere(1), LIVE_SECONDS)
        oracle.publishing(2)
        publish(successor, 2)
        wait_for("2 is answered", lambda: oracle.seen_everywhere(2), LIVE_SECONDS)
    assert oracle.faults == []
    fleet.edge.kill()
    for path in (fleet.edge.folder / "state").glob("index*"):
        path.unlink()
    fleet.edge.start_ready()


def writer(fleet: EdgeFleet, key: Ed25519PrivateKey) -> Publisher:
    """One that begins after the one before; the edge has the public key of PUBLISHER."""
    assert key is not PUBLISHER
    client = connect(fleet.core.url)
    return Publisher(RecordStore(CoreRedis(client), key, lambda: fleet.store.fence + 10.0))

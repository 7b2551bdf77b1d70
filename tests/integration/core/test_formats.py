"""A writer that knows two formats, on a real Valkey: it writes what the edges read."""

from collections.abc import Mapping

import pytest
from dnsfleet.replication import acks, formats, keys, manifests
from dnsfleet.replication.acks import Ack
from dnsfleet_publisher import publishing
from dnsfleet_publisher.publishing import Desired, Publisher
from dnsfleet_publisher.record_store import RecordStore
from support.core_servers import KEY, A, B, Clock, CoreServer, reopened
from support.zones import hosts, make_zone

C = "c.example."
WANTED = {origin: Desired(make_zone(origin, hosts(3))) for origin in (A, B)}


@pytest.fixture(autouse=True)
def two_formats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "READS", (1, 2))


@pytest.fixture
def publisher(store: RecordStore) -> Publisher:
    """Two zones are published in format 1, and a third one was removed."""
    store.publish(C, make_zone(C))
    store.tombstone(C)
    publisher = Publisher(store)
    publisher.reconcile(WANTED, complete=True)
    return publisher


def said(clock: Clock, reads: Mapping[str, int]) -> dict[str, Ack]:
    """Acks of now, by edge."""
    return {edge: Ack(1, {}, 0, int(clock() * 1000), each) for edge, each in reads.items()}


def stored_formats(server: CoreServer) -> dict[str, int]:
    """The format of every head in the core."""
    found = {}
    for origin in (A, B, C):
        signed = server.admin.get(keys.manifest(origin))
        assert isinstance(signed, bytes)
        found[origin] = manifests.verify(signed, [KEY.public_key()]).format
    head = server.admin.get(keys.FLEET)
    assert isinstance(head, bytes)
    return found | {"fleet": manifests.verify_fleet(head, [KEY.public_key()]).format}


def test_the_older_is_written_until_every_edge_reads_the_newer(
    server: CoreServer, store: RecordStore, publisher: Publisher, clock: Clock
) -> None:
    assert set(stored_formats(server).values()) == {1}
    assert not store.hear(said(clock, {"fra/new": 2, "fra/old": 1}))
    assert not store.outdated
    assert store.hear(said(clock, {"fra/new": 2}))
    assert set(store.outdated) == {A, B, C}
    outcomes = publisher.reconcile(WANTED, complete=True)
    assert set(stored_formats(server).values()) == {2}
    assert outcomes.keys() == {A, B}
    assert not store.outdated
    at = server.admin.get(keys.LSN)
    publisher.reconcile(WANTED, complete=True)
    assert server.admin.get(keys.LSN) == at, "it is written once"


def test_an_older_edge_gets_all_of_it_in_the_older_again(
    server: CoreServer, store: RecordStore, publisher: Publisher, clock: Clock
) -> None:
    store.hear(said(clock, {"fra/new": 2}))
    publisher.reconcile(WANTED, complete=True)
    assert store.hear(said(clock, {"fra/new": 2, "fra/old": 1}))
    publisher.reconcile(WANTED, complete=True)
    assert set(stored_formats(server).values()) == {1}


def test_a_pass_publishes_a_part_and_changes_first(
    server: CoreServer,
    store: RecordStore,
    publisher: Publisher,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(publishing, "REWRITTEN_AT_ONCE", 1)
    store.hear(said(clock, {"fra/new": 2}))
    changed = WANTED | {B: Desired(make_zone(B, hosts(4)))}
    publisher.reconcile(changed, complete=True, changed=[B])
    assert stored_formats(server)[B] == 2
    assert len(store.outdated) == 1
    publisher.reconcile(changed, complete=True, changed=[])
    assert set(stored_formats(server).values()) == {2}


def test_a_writer_begins_with_what_the_edges_said_last(
    server: CoreServer, store: RecordStore, publisher: Publisher, clock: Clock
) -> None:
    store.hear(said(clock, {"fra/new": 2}))
    publisher.reconcile(WANTED, complete=True)
    (ack,) = said(clock, {"fra/new": 2}).values()
    server.admin.hset(keys.ACKS, "fra/new", acks.encode(ack))
    again = reopened(server, clock)
    assert again.format == 2
    assert again.live() == [A, B]
    assert not again.outdated


def test_a_writer_that_reads_only_the_older_publishes_anew(
    server: CoreServer,
    store: RecordStore,
    publisher: Publisher,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store.hear(said(clock, {"fra/new": 2}))
    publisher.reconcile(WANTED, complete=True)
    before = store.manifest(A)
    assert before is not None
    monkeypatch.setattr(formats, "READS", (1,))
    older = reopened(server, clock)
    Publisher(older).reconcile(WANTED, complete=True)
    made = older.manifest(A)
    assert made is not None
    assert (made.format, made.revision > before.revision) == (1, True)

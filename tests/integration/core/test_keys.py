"""A writer whose key is another one than before, on a real Valkey."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from dnsfleet.replication import formats, keys, manifests
from dnsfleet.replication.manifests import Manifest, SignatureError
from dnsfleet_publisher import publishing
from dnsfleet_publisher.publishing import Desired, Publisher
from dnsfleet_publisher.record_store import RecordStore
from support.core_servers import KEY, OTHER, A, B, Clock, CoreServer, reopened
from support.zones import hosts, make_zone

C, D = "c.example.", "d.example."
WANTED = {origin: Desired(make_zone(origin, hosts(3))) for origin in (A, B)}
OLD, NEW = KEY.public_key(), OTHER.public_key()


@pytest.fixture
def publisher(store: RecordStore) -> Publisher:
    """Two zones are published and wanted, a third one was removed, and nobody wants a fourth."""
    for origin in (C, D):
        store.publish(origin, make_zone(origin))
    store.tombstone(C)
    publisher = Publisher(store)
    publisher.reconcile(WANTED, complete=True)
    return publisher


def stored(server: CoreServer, origin: str, *public: Ed25519PublicKey) -> Manifest:
    signed = server.admin.get(keys.manifest(origin))
    assert isinstance(signed, bytes)
    return manifests.verify(signed, public)


def signed_by(server: CoreServer, key: Ed25519PublicKey) -> set[str]:
    """What of the core this key signed, `fleet` for the fleet's head."""
    found = set()
    for origin in (A, B, C, D):
        try:
            found.add(stored(server, origin, key).zone)
        except SignatureError:
            continue
    head = server.admin.get(keys.FLEET)
    assert isinstance(head, bytes)
    try:
        manifests.verify_fleet(head, [key])
    except SignatureError:
        return found
    return found | {"fleet"}


def test_everything_is_signed_anew_once(
    server: CoreServer, store: RecordStore, publisher: Publisher
) -> None:
    publisher.reconcile(WANTED, complete=True)
    assert store.signed[0] == store.key
    before = {origin: stored(server, origin, OLD) for origin in (A, B, C, D)}
    store.sign_with(OTHER, OLD)
    assert store.signed == ("", 0)
    assert set(store.outdated) == {A, B, C, D}
    outcomes = publisher.reconcile(WANTED, complete=True)
    assert outcomes.keys() == {A, B}
    assert signed_by(server, NEW) == {A, B, C, D, "fleet"}
    assert signed_by(server, OLD) == set()
    assert store.signed[0] == store.key
    for origin, manifest in before.items():
        made = stored(server, origin, NEW)
        assert made.revision > manifest.revision
        assert made.previous == manifest.revision
        assert (made.tombstone, made.digest) == (manifest.tombstone, manifest.digest)
    at = server.admin.get(keys.LSN)
    publisher.reconcile(WANTED, complete=True)
    assert server.admin.get(keys.LSN) == at, "it is written once"


def test_a_writer_that_begins_in_the_middle_goes_on(
    server: CoreServer,
    store: RecordStore,
    publisher: Publisher,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(publishing, "REWRITTEN_AT_ONCE", 1)
    store.sign_with(OTHER, OLD)
    publisher.reconcile(WANTED, complete=True, changed=[])
    assert store.signed == ("", 0)
    assert len(signed_by(server, NEW)) == 2, "one zone, and the head"
    again = reopened(server, clock, OTHER)
    again.sign_with(OTHER, OLD)
    assert set(again.live()) == {A, B, D}
    assert len(again.outdated) == 3
    successor = Publisher(again)
    for _ in range(3):
        successor.reconcile(WANTED, complete=True, changed=[])
    assert signed_by(server, NEW) == {A, B, C, D, "fleet"}
    assert again.signed[0] == again.key


def test_what_a_former_key_signed_is_published_anew_or_leaves_the_index(
    server: CoreServer, publisher: Publisher, clock: Clock
) -> None:
    server.admin.hset(keys.ZONES, "invented.example.", "1 1.1")
    before = {origin: stored(server, origin, OLD) for origin in (A, B)}
    at = int(server.admin.get(keys.LSN) or 0)
    again = reopened(server, clock, OTHER)
    successor = Publisher(again)
    successor.reconcile(WANTED, complete=False)
    assert len(server.admin.hkeys(keys.ZONES)) == 5, "not before everything was looked at"
    successor.reconcile(WANTED, complete=True)
    assert {A.encode(), B.encode()} == set(server.admin.hkeys(keys.ZONES))
    assert server.admin.exists(keys.manifest(C), keys.manifest(D)) == 0
    for origin in (A, B):
        assert stored(server, origin, NEW).revision > before[origin].revision
    entries = server.admin.xrange(keys.LOG, min=at + 1)
    known = [int(entry_id.split(b"-")[0]) for entry_id, _ in entries]
    assert int(entries[-1][1][b"after"]) not in known, "readers take it for a gap"
    assert again.load(D) is None
    assert again.publish(D, make_zone(D)) is not None


def test_what_only_a_newer_version_reads_stays(
    server: CoreServer,
    store: RecordStore,
    publisher: Publisher,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(formats, "READS", (1, 2))
    store._choice.format = 2
    store.publish(D, make_zone(D, hosts(1)))
    monkeypatch.setattr(formats, "READS", (1,))
    older = reopened(server, clock)
    assert older.unreadable() == []
    assert not older.end(D)
    Publisher(older).reconcile(WANTED, complete=True)
    assert server.admin.hexists(keys.ZONES, D)

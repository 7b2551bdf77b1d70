"""A writer whose key is another one than before, on a real Valkey."""

from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from dnsfleet.replication import formats, keys, manifests
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.announcements import read_index
from dnsfleet.replication.manifests import Manifest, SignatureError
from dnsfleet.replication.revisions import Revision
from dnsfleet.replication.sums import AnnouncementSum
from dnsfleet_publisher import publishing
from dnsfleet_publisher.publishing import Desired, Publisher
from dnsfleet_publisher.record_store import RecordStore
from dnsfleet_publisher.store_errors import Fenced, StoreError, StoreResetError
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
    server.admin.hset(keys.ZONES, "skipped.example.", "x 1.1")
    before = {origin: stored(server, origin, OLD) for origin in (A, B)}
    at = int(server.admin.get(keys.LSN) or 0)
    again = reopened(server, clock, OTHER)
    successor = Publisher(again)
    successor.reconcile(WANTED, complete=False)
    assert len(server.admin.hkeys(keys.ZONES)) == 6, "not before everything was looked at"
    successor.reconcile(WANTED, complete=True)
    left = set(server.admin.hkeys(keys.ZONES))
    assert left == {A.encode(), B.encode(), b"skipped.example."}
    assert server.admin.exists(keys.manifest(C), keys.manifest(D)) == 0
    for origin in (A, B):
        assert stored(server, origin, NEW).revision > before[origin].revision
    entries = server.admin.xrange(keys.LOG, min=at + 1)
    known = [at, *(int(entry_id.split(b"-")[0]) for entry_id, _ in entries)]
    assert int(entries[-1][1][b"after"]) not in known, "readers take it for a gap"
    zones, position = again.core.index()
    assert again.positions.has(position, AnnouncementSum(read_index(zones)).total)
    assert again.load(D) is None
    assert again.publish(D, make_zone(D)) is not None


def test_only_the_one_writer_ends_entries_and_only_where_it_left_the_core(
    server: CoreServer, publisher: Publisher, clock: Clock
) -> None:
    again = reopened(server, clock, OTHER)
    again.claim()
    assert C in again.unreadable()
    for key, value in ((keys.LSN, "5"), (keys.FENCE, "5")):
        kept = server.admin.get(key)
        server.admin.set(key, value)
        with pytest.raises(StoreResetError):
            again.end(C)
        server.admin.set(key, kept or b"")
    assert server.admin.hexists(keys.ZONES, C)
    server.admin.set(keys.FENCE, again.fence + 1)
    with pytest.raises(Fenced):
        again.end(C)


def test_an_end_whose_answer_was_lost_is_taken_into_account(
    server: CoreServer, publisher: Publisher, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = reopened(server, clock, OTHER)
    again.claim()
    again.publish(A, WANTED[A].zone)
    end = again.core.end

    def lost(*args: Any) -> list[str]:
        end(*args)
        raise StoreError("no answer")

    monkeypatch.setattr(again.core, "end", lost)
    with pytest.raises(StoreError, match="no answer"):
        again.end(C)
    monkeypatch.undo()
    assert not server.admin.hexists(keys.ZONES, C)
    again.check()
    made = again.publish(B, WANTED[B].zone)
    assert made is not None
    zones, position = again.core.index()
    assert position == made.lsn
    assert again.positions.has(position, AnnouncementSum(read_index(zones)).total)


def test_what_an_edge_with_a_manifest_of_the_key_before_has_is_published_above(
    server: CoreServer, store: RecordStore, publisher: Publisher
) -> None:
    made = stored(server, A, OLD)
    ahead = replace(made, revision=Revision(store.fence + 5, 1))

    def ack(key: Ed25519PrivateKey) -> dict[str, Ack]:
        proof = manifests.sign(ahead, key)
        return {"fra/0": Ack(1, {}, 0, 1, ahead={A: proof}, ahead_count=1)}

    store.sign_with(OTHER, OLD)
    publisher.reconcile(WANTED, complete=True)
    assert store.hear(ack(KEY))
    publisher.reconcile(WANTED, complete=True)
    assert stored(server, A, NEW).revision > ahead.revision
    ahead = replace(made, revision=Revision(store.fence + 5, 1))
    store.sign_with(OTHER)
    assert not store.hear(ack(KEY)), "a key that is valid no more proves nothing"


def test_what_an_edge_has_newer_than_an_entry_of_a_former_key_is_published_above(
    server: CoreServer, publisher: Publisher, clock: Clock
) -> None:
    """The core went back behind a rotation, and the writer begins anew before the edge speaks."""
    heir = reopened(server, clock, OTHER)
    successor = Publisher(heir)
    assert heir.manifest(A) is None
    newer = replace(stored(server, A, OLD), revision=Revision(heir.fence + 5, 1))
    said = {"fra/0": Ack(1, {}, 0, 1, ahead={A: manifests.sign(newer, OTHER)}, ahead_count=1)}
    for _ in range(2):
        heir.hear(said)
        successor.reconcile(WANTED, complete=True)
    assert stored(server, A, NEW).revision > newer.revision


def test_a_fence_is_above_what_a_former_key_signed_although_the_core_lost_the_one_before(
    server: CoreServer, publisher: Publisher, clock: Clock
) -> None:
    before = {origin: stored(server, origin, OLD).revision for origin in (A, B)}
    server.admin.delete(keys.FENCE)
    clock.now -= 86400
    heir = reopened(server, clock, OTHER)
    Publisher(heir).reconcile(WANTED, complete=True)
    for origin, revision in before.items():
        assert stored(server, origin, NEW).revision > revision


def test_no_head_is_written_while_the_core_lacks_what_a_former_key_signed(
    server: CoreServer, store: RecordStore, publisher: Publisher
) -> None:
    store.sign_with(OTHER, OLD)
    server.admin.delete(stored(server, D, OLD).chunk_keys()[0])
    while not store.audit():
        pass
    store.complete()
    assert "fleet" not in signed_by(server, NEW)
    publisher.reconcile(WANTED, complete=True)
    assert signed_by(server, NEW) == {A, B, C, D, "fleet"}


def test_the_manifest_of_another_zone_is_none(
    server: CoreServer, publisher: Publisher, clock: Clock
) -> None:
    server.admin.hset(keys.ZONES, "copied.example.", "1 1.1")
    signed = server.admin.get(keys.manifest(A))
    server.admin.set(keys.manifest("copied.example."), signed or b"")
    again = reopened(server, clock)
    assert again.unreadable() == ["copied.example."]
    Publisher(again).reconcile(WANTED, complete=True)
    assert not server.admin.hexists(keys.ZONES, "copied.example.")
    assert set(again.live()) == {A, B, D}


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

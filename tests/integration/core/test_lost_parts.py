"""A part of the core is gone, or the writer does not know of it: what it publishes and believes."""

import pytest
from dnsfleet.replication import announcements, keys, manifests
from dnsfleet.replication.sums import AnnouncementSum
from dnsfleet_publisher.publishing import Desired, Publisher
from dnsfleet_publisher.record_store import FENCE_STEP, RecordStore
from dnsfleet_publisher.store_errors import StoreError, StoreResetError
from support.core_servers import KEY, A, B, Clock, CoreServer, answers_lost, reopened
from support.zones import hosts, make_zone

WANTED = {A: Desired(make_zone(A)), B: Desired(make_zone(B))}


def lose_an_answer(store: RecordStore, origin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish a zone without hearing that it worked."""
    with answers_lost(store, monkeypatch), pytest.raises(StoreError):
        store.publish(origin, make_zone(origin))


def test_a_writer_believes_no_ack_of_the_position_that_it_found(
    server: CoreServer, store: RecordStore, clock: Clock
) -> None:
    """The core may have gone back to it, together with the ack, and the edge be further."""
    Publisher(store).reconcile(WANTED, complete=True)
    found, total = store._trail.position, store._trail._sum.total
    assert store.positions.has(found, total)
    heir = reopened(server, clock)
    assert heir._trail.position == found
    assert not heir.positions.has(found, total)
    Publisher(heir).reconcile(WANTED, complete=True)
    assert heir._trail.position > found
    assert heir.positions.has(heir._trail.position, total)


def test_a_fence_is_not_taken_twice_from_a_core_that_went_back(
    server: CoreServer, clock: Clock
) -> None:
    clock.now += 86400
    before = reopened(server.emptied(), clock).fence
    clock.now -= 86400
    taken = set()
    for _ in range(20):
        server.admin.set(keys.FENCE, before)
        taken.add(reopened(server, clock).fence)
    assert all(before < fence <= before + FENCE_STEP for fence in taken)
    assert len(taken) > 1
    clock.now += 60 * 86400
    assert reopened(server, clock).fence == int(clock.now), "the clock says it where it can"


def test_a_head_of_the_fleet_that_is_gone_is_written_again(
    server: CoreServer, store: RecordStore
) -> None:
    """Without it no edge with an empty disk becomes ready."""
    publisher = Publisher(store)
    publisher.reconcile(WANTED, complete=True)
    assert not any(store.audit() for _ in range(3))
    server.admin.delete(keys.FLEET)
    assert store.audit()
    publisher.reconcile(WANTED, complete=True, changed=[])
    head = server.admin.get(keys.FLEET)
    assert isinstance(head, bytes)
    assert manifests.verify_fleet(head, [KEY.public_key()]).zones == 2
    assert not any(store.audit() for _ in range(3))


def test_a_zone_whose_publication_was_not_heard_of_can_be_removed(
    store: RecordStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_an_answer(store, A, monkeypatch)
    store.check()
    assert store.live() == [A]
    made = store.tombstone(A)
    assert made is not None
    assert made.tombstone
    assert store.live() == []


def test_what_was_known_before_a_lost_answer_is_not_told_as_published(
    store: RecordStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Edges answer the newer one, and the sums of both are known."""
    made = store.publish(A, make_zone(A, hosts(1)))
    assert store.held(A) == made
    lose_an_answer(store, A, monkeypatch)
    store.check()
    assert store.held(A) is None
    now = store.manifest(A)
    assert now is not None
    assert made is not None
    assert store.held(A) == now
    assert now.revision > made.revision


def test_a_publication_that_was_not_heard_of_is_no_change_any_more(
    store: RecordStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_an_answer(store, A, monkeypatch)
    assert store.publish(A, make_zone(A)) is None
    assert store.publish(A, make_zone(A, hosts(1))) is not None


def test_a_zone_that_the_index_lost_is_published_by_the_next_writer(
    server: CoreServer, store: RecordStore, clock: Clock
) -> None:
    """No edge is told of it, whatever its manifest says, so nothing is said of it either."""
    Publisher(store).reconcile(WANTED, complete=True)
    server.admin.hdel(keys.ZONES, A)
    heir = reopened(server, clock)
    heir.read(WANTED)
    assert set(heir.outdated) == {A}
    before = heir.held(A)
    outcomes = Publisher(heir).reconcile(WANTED, complete=True)
    made = outcomes[A].manifest
    assert before is not None
    assert made is not None
    assert made.revision > before.revision
    assert server.admin.hget(keys.ZONES, A) == f"{made.lsn} {made.revision}".encode()


def test_a_zone_without_its_data_is_live_for_edges_and_can_be_removed(
    server: CoreServer, store: RecordStore, clock: Clock
) -> None:
    """Edges verify its manifest, so the head must count it; else none of them is complete."""
    Publisher(store).reconcile(WANTED, complete=True)
    made = store.manifest(A)
    assert made is not None
    server.admin.delete(*made.chunk_keys())
    heir = reopened(server, clock)
    publisher = Publisher(heir)
    others = {B: WANTED[B]}
    publisher.reconcile(others, complete=True)
    assert heir.live() == [A, B]
    assert not heir.outdated, "nobody knows what to write"
    assert not any(heir.audit() for _ in range(3))
    head = server.admin.get(keys.FLEET)
    assert isinstance(head, bytes)
    assert manifests.verify_fleet(head, [KEY.public_key()]).zones == 2
    removed = publisher.reconcile(others, complete=True, remove={A})[A].manifest
    assert removed is not None
    assert removed.tombstone
    assert heir.live() == [B]


def test_a_writer_that_lost_only_the_fence_publishes_above_what_is_there(
    server: CoreServer, store: RecordStore, clock: Clock
) -> None:
    """Where its clock is behind as well, its revisions would be lower than those in the core."""
    Publisher(store).reconcile(WANTED, complete=True)
    before = store.manifest(A)
    server.admin.delete(keys.FENCE)
    clock.now -= 86400
    heir = reopened(server, clock)
    publisher = Publisher(heir)
    changed = {A: Desired(make_zone(A, hosts(1))), B: WANTED[B]}
    made = publisher.reconcile(changed, complete=True)[A].manifest
    assert before is not None
    assert made is not None
    assert made.revision > before.revision
    assert heir.fence > store.fence
    heir.check()


def test_a_writer_that_finds_a_manifest_above_its_fence_takes_another(
    server: CoreServer, store: RecordStore, clock: Clock
) -> None:
    Publisher(store).reconcile(WANTED, complete=True)
    server.admin.delete(keys.FENCE, keys.ZONES)
    clock.now -= 86400
    heir = reopened(server, clock)
    assert heir.fence < store.fence
    heir.read([A])
    with pytest.raises(StoreResetError, match="something newer"):
        heir.check()
    assert heir.claim() > store.fence
    heir.check()


def test_an_index_with_an_entry_that_nobody_wrote_is_read_again(
    server: CoreServer, store: RecordStore
) -> None:
    """Its sum would never be that of the writer again, and no edge could prove anything."""
    publisher = Publisher(store)
    publisher.reconcile(WANTED, complete=True)
    assert not any(store.audit() for _ in range(5))
    server.admin.hset(keys.ZONES, "c.example.", "5 1.1")
    assert any(store.audit() for _ in range(5))
    publisher.reconcile(WANTED, complete=True, changed=[])
    told = AnnouncementSum(announcements.read_index(store.core.index()[0])).total
    assert store.positions.has(store._trail.position, told)
    assert not any(store.audit() for _ in range(5))


def test_a_zone_at_a_position_that_the_log_has_not_reached_is_published_again(
    server: CoreServer, store: RecordStore, clock: Clock
) -> None:
    """The position was lost, and the clock is behind: no edge could prove that it is so far."""
    made = Publisher(store).reconcile(WANTED, complete=True)[A].manifest
    server.admin.delete(keys.LSN)
    clock.now -= 86400
    heir = reopened(server, clock)
    Publisher(heir).reconcile(WANTED, complete=True)
    again = heir.manifest(A)
    assert made is not None
    assert again is not None
    assert again.lsn < made.lsn
    assert again.lsn <= heir._trail.position

"""A core in which somebody asked for everything to be published again."""

import pytest
from dnsfleet.replication import announcements, keys, manifests
from dnsfleet.replication.manifests import Manifest
from dnsfleet_publisher.core_redis import CoreRedis
from dnsfleet_publisher.publishing import Desired, Publisher, State
from dnsfleet_publisher.record_store import RecordStore
from dnsfleet_publisher.store_errors import StoreResetError
from support.core_servers import KEY, A, B, Clock, CoreServer, reopened, ttl
from support.zones import hosts, make_zone

C = "c.example."


def wanted(*origins: str) -> dict[str, Desired]:
    return {origin: Desired(make_zone(origin, hosts(50))) for origin in origins}


def stored(server: CoreServer) -> dict[str, Manifest]:
    """The manifests of the core, by origin."""
    found = {}
    for each in announcements.read_index(server.admin.hgetall(keys.ZONES)):
        signed = server.admin.get(keys.manifest(each.zone))
        assert isinstance(signed, bytes)
        found[each.zone] = manifests.verify(signed, [KEY.public_key()])
        assert found[each.zone].revision == each.revision
    return found


def passes(publisher: Publisher, store: RecordStore, *origins: str) -> None:
    """Pass until nothing is outdated, where nothing changed."""
    publisher.reconcile(wanted(*origins), complete=True, changed=[])
    while store.outdated:
        publisher.reconcile(wanted(*origins), complete=True, changed=[])


def test_everything_is_published_again_as_a_whole_under_a_new_fence(
    server: CoreServer, store: RecordStore
) -> None:
    """A zone that is wanted, one that nobody wants, and one that was removed."""
    publisher = Publisher(store)
    publisher.reconcile(wanted(A, B, C), complete=True)
    publisher.reconcile(wanted(A, B), complete=True, remove={C}, changed=[])
    more = wanted(A, B) | {A: Desired(make_zone(A, hosts(51)))}
    publisher.reconcile(more, complete=True)
    before = stored(server)
    assert before[A].deltas
    floor = CoreRedis(server.admin).ask_for_all()
    assert floor == store.fence
    with pytest.raises(StoreResetError, match="asked to have all published again"):
        store.check()
    outcomes = publisher.reconcile(wanted(A) | {A: more[A]}, complete=True, changed=[])
    while store.outdated:
        publisher.reconcile({A: more[A]}, complete=True, changed=[])
    assert outcomes[A].state is State.PUBLISHED
    after = stored(server)
    assert store.fence > floor
    assert {each.revision.epoch for each in after.values()} == {store.fence}
    assert [after[each].tombstone for each in (A, B, C)] == [False, False, True]
    for origin in (A, B):
        assert after[origin].digest == before[origin].digest
        assert after[origin].serial == before[origin].serial, "the content is the same"
        snapshot = after[origin].snapshot
        assert snapshot is not None
        assert (snapshot.revision, after[origin].deltas) == (after[origin].revision, ())
        assert all(ttl(server, key) < 0 for key in after[origin].chunk_keys())
        assert all(ttl(server, key) > 0 for key in before[origin].chunk_keys())
    store.check()
    assert stored(server) == after


def test_a_wish_is_done_once(server: CoreServer, store: RecordStore, clock: Clock) -> None:
    publisher = Publisher(store)
    publisher.reconcile(wanted(A, B), complete=True)
    CoreRedis(server.admin).ask_for_all()
    passes(publisher, store, A, B)
    after = stored(server)
    heir = reopened(server, clock)
    passes(Publisher(heir), heir, A, B)
    assert stored(server) == after, "a writer that begins later finds it done"


def test_a_writer_goes_on_with_what_the_one_before_left(
    server: CoreServer, store: RecordStore, clock: Clock
) -> None:
    """It ended when it had published one of two zones again."""
    Publisher(store).reconcile(wanted(A, B), complete=True)
    floor = CoreRedis(server.admin).ask_for_all()
    store.claim()
    assert set(store.outdated) == {A, B}
    store.republish(A)
    done = stored(server)[A]
    heir = reopened(server, clock)
    passes(Publisher(heir), heir, A, B)
    after = stored(server)
    assert after[A] == done
    assert after[B].revision.epoch > floor


def test_a_wish_while_no_writer_runs_is_kept(server: CoreServer, clock: Clock) -> None:
    first = reopened(server, clock)
    Publisher(first).reconcile(wanted(A), complete=True)
    CoreRedis(server.admin).ask_for_all()
    heir = reopened(server, clock)
    Publisher(heir).reconcile(wanted(A), complete=True)
    assert stored(server)[A].revision.epoch == heir.fence


@pytest.mark.parametrize("floor", [b"", b"nonsense", b"-1", b"9" * 15])
def test_a_floor_that_nobody_asked_for_changes_nothing(
    server: CoreServer, store: RecordStore, floor: bytes
) -> None:
    """One above the fence can only be an invention, and no fence is taken because of it."""
    publisher = Publisher(store)
    publisher.reconcile(wanted(A), complete=True)
    before = stored(server), store.fence
    server.admin.set(keys.FLOOR, floor)
    store.check()
    assert store.claim() < 10**12
    passes(publisher, store, A)
    assert stored(server) == before[0]

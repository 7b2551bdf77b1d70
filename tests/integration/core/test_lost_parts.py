"""A part of the core is gone, or the writer does not know of it: what it publishes and believes."""

from dnsfleet.replication import keys, manifests
from dnsfleet_publisher.publishing import Desired, Publisher
from dnsfleet_publisher.record_store import FENCE_STEP, RecordStore
from support.core_servers import KEY, A, B, Clock, CoreServer, reopened
from support.zones import make_zone

WANTED = {A: Desired(make_zone(A)), B: Desired(make_zone(B))}


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
    assert manifests.verify_fleet(head, KEY.public_key()).zones == 2
    assert not any(store.audit() for _ in range(3))

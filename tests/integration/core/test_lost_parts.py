"""A part of the core is gone, or the writer does not know of it: what it publishes and believes."""

from dnsfleet_publisher.publishing import Desired, Publisher
from dnsfleet_publisher.record_store import RecordStore
from support.core_servers import A, B, Clock, CoreServer, reopened
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

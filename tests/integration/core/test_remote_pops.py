"""Specs and reports of Pops in other clusters, on a real core."""

import pytest
from dnsfleet.replication import keys, pop_commands, pop_reports, pop_slots, pop_specs, public_keys
from dnsfleet.replication.pop_reports import Report
from dnsfleet.replication.pop_specs import SignedPop
from dnsfleet.replication.revisions import Revision
from dnsfleet_publisher.record_store import RecordStore
from dnsfleet_publisher.remote_pops import PopWish, RemotePops
from dnsfleet_publisher.store_errors import StoreError, StoreResetError
from support.core_servers import KEY, Clock, CoreServer, reopened

PUBLIC = [KEY.public_key()]
WISH = PopWish(3, {"edge": {"shards": 4}}, public_keys.to_pem(PUBLIC), "0.1.0")


def stored(server: CoreServer) -> SignedPop:
    signed = server.admin.hget(keys.POPS, "fra")
    assert isinstance(signed, bytes)
    return pop_specs.verify(signed, "fra", PUBLIC)


def test_a_spec_is_written_once_and_again_when_it_differs(
    server: CoreServer, store: RecordStore
) -> None:
    pops = RemotePops(store)
    first = pops.publish("fra", WISH, KEY)
    assert pops.publish("fra", WISH, KEY) == first == Revision(store.fence, 1)
    assert stored(server) == SignedPop("fra", first, *WISH)
    second = pops.publish("fra", WISH._replace(generation=4), KEY)
    assert second == Revision(store.fence, 2)
    assert stored(server).generation == 4


def test_each_writer_writes_it_above_those_before(
    server: CoreServer, store: RecordStore, clock: Clock
) -> None:
    before = RemotePops(store)
    before.publish("fra", WISH, KEY)
    heir = reopened(server, clock)
    made = RemotePops(heir).publish("fra", WISH, KEY)
    assert made.epoch == heir.fence > store.fence
    with pytest.raises(StoreResetError, match="its fence is"):
        before.publish("fra", WISH._replace(generation=9), KEY)
    assert stored(server).revision == made


def test_a_pop_that_is_made_anew_begins_above_what_the_earlier_one_had(store: RecordStore) -> None:
    pops = RemotePops(store)
    for generation in range(3):
        held = pops.publish("fra", WISH._replace(generation=generation), KEY)
    pops.forget("fra")
    assert pops.publish("iad", WISH, KEY) > held
    assert pops.publish("fra", WISH._replace(uid="anew"), KEY) > held


def test_a_spec_that_the_core_lost_or_somebody_replaced_is_written_again(
    server: CoreServer, store: RecordStore
) -> None:
    pops = RemotePops(store)
    first = pops.publish("fra", WISH, KEY)
    assert pops.lost() == []
    for damage in (
        lambda: server.admin.delete(keys.POPS),
        lambda: server.admin.hset(keys.POPS, "fra", b"forged"),
    ):
        damage()
        assert pops.lost() == ["fra"]
        assert pops.publish("fra", WISH, KEY) > first
        assert pops.lost() == []


def test_a_write_that_failed_is_made_again_under_another_revision(
    server: CoreServer, store: RecordStore
) -> None:
    pops = RemotePops(store)
    server.freeze()
    try:
        with pytest.raises(StoreError):
            pops.publish("fra", WISH, KEY)
    finally:
        server.thaw()
    assert pops.publish("fra", WISH, KEY) == Revision(store.fence, 2)


def test_reports_are_read_and_no_more_of_them_than_they_may_have(
    server: CoreServer, store: RecordStore
) -> None:
    report = Report(5, "0.1.0", None, 0)
    said = {
        "fra": pop_reports.encode(report),
        "iad": b"x" * 900_000,
        "sin": pop_reports.encode(report) + b"x" * 900_000,
    }
    for pop, data in said.items():
        server.admin.set(pop_slots.key(pop, 0), data)
    assert RemotePops(store).reports(["ams", *said]) == {"fra": report}
    assert RemotePops(store).reports([]) == {}


def test_a_pop_that_left_and_came_back_takes_no_revision_that_it_had(
    server: CoreServer, store: RecordStore
) -> None:
    pops = RemotePops(store)
    before = [pops.publish("fra", WISH._replace(generation=n), KEY) for n in range(3)]
    pops.forget("fra")
    pops.end_others(())
    assert pops.publish("fra", WISH, KEY) > max(before)
    assert stored(server).revision > max(before)


def test_of_a_pop_that_left_nothing_stays(server: CoreServer, store: RecordStore) -> None:
    pops = RemotePops(store)
    for name in ("fra", "iad"):
        pops.publish(name, WISH, KEY)
        for slot in range(pop_slots.SLOTS):
            server.admin.set(pop_slots.key(name, slot), b"said")
        server.admin.xadd(pop_commands.stream(name), {"command": b"signed"})
    assert pops.end_others({"fra", "ams"}) == ["iad"]
    assert server.admin.hkeys(keys.POPS) == [b"fra"]
    streams = server.admin.keys("dnsfleet:1:commands:*")
    assert streams == [pop_commands.stream("fra").encode()]
    left = list(server.admin.keys("dnsfleet:1:pop:*"))
    assert len(left) == pop_slots.SLOTS
    assert all(name.startswith(b"dnsfleet:1:pop:fra:") for name in left)
    assert pops.end_others({"fra", "ams"}) == []


def test_a_writer_that_lost_its_fence_takes_no_spec_out(
    server: CoreServer, store: RecordStore, clock: Clock
) -> None:
    before = RemotePops(store)
    before.publish("fra", WISH, KEY)
    RemotePops(reopened(server, clock)).publish("fra", WISH, KEY)
    with pytest.raises(StoreResetError, match="its fence is"):
        before.end_others(())
    assert server.admin.hkeys(keys.POPS) == [b"fra"]

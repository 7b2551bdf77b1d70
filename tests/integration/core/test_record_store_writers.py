"""The record store beside other writers, and with a core that is not as it left it."""

import logging

import pytest
from dnsfleet.replication import keys
from dnsfleet.replication.revisions import Revision
from dnsfleet_publisher.record_store import RecordStore
from dnsfleet_publisher.store_errors import Fenced, StoreConflictError, StoreError, StoreResetError
from support.core_servers import (
    KEY,
    OTHER,
    A,
    B,
    Clock,
    CoreServer,
    answers_lost,
    intruder,
    make_store,
    reopened,
    ttl,
)
from support.zones import hosts, make_zone


def test_a_second_writer_fences_the_first(
    server: CoreServer, store: RecordStore, clock: Clock
) -> None:
    assert store.publish(A, make_zone(A)) is not None
    reopened(server, clock)
    before = server.admin.get(keys.manifest(A))
    for write in (
        lambda: store.publish(A, make_zone(A, hosts(1))),
        lambda: store.tombstone(A),
        store.complete,
        store.check,
    ):
        with pytest.raises(Fenced, match="another publisher took over"):
            write()
    assert server.admin.get(keys.manifest(A)) == before


def test_what_was_read_before_the_claim_is_read_again(
    server: CoreServer, store: RecordStore, clock: Clock
) -> None:
    assert store.publish(A, make_zone(A, hosts(1))) is not None
    heir = make_store(server, clock)
    assert heir.load(A) is not None
    late = store.publish(A, make_zone(A, hosts(2)))
    heir.claim()
    assert heir.manifest(A) == late
    assert heir.publish(A, make_zone(A, hosts(1))) is not None


def test_a_core_without_our_fence_says_so(server: CoreServer, store: RecordStore) -> None:
    first = store.publish(A, make_zone(A, hosts(5)))
    assert store.tombstone(A) is not None
    second = store.publish(B, make_zone(B, hosts(5)))
    assert first is not None
    assert second is not None
    server.admin.flushall()
    with pytest.raises(StoreResetError, match="it lost its data: publish all again"):
        store.publish(B, make_zone(B, hosts(6)))
    store.claim()
    assert store.manifest(B) is None
    assert set(store.outdated) == {A, B}
    again = store.publish(B, make_zone(B, hosts(5)))
    assert again is not None
    assert again.revision > second.revision
    assert again.previous is None
    assert again.serial > second.serial
    assert store.tombstone(A) is not None
    assert not store.outdated


def test_what_somebody_else_wrote_is_no_state_that_we_left(
    server: CoreServer, store: RecordStore, clock: Clock
) -> None:
    made = store.publish(A, make_zone(A, hosts(5)))
    assert made is not None
    other = intruder(server, store, clock)
    assert other.publish(A, make_zone(A, hosts(6))) is not None
    with pytest.raises(StoreResetError, match="it is not as it was left"):
        store.check()
    with pytest.raises(StoreResetError, match="it is not as it was left"):
        store.publish(A, make_zone(A, hosts(7)))
    store.claim()
    assert set(store.outdated) == {A}
    again = store.republish(A)
    assert again is not None
    assert again.digest == made.digest
    assert again.revision.epoch > made.revision.epoch


@pytest.mark.parametrize("arrived", [True, False])
def test_an_attempt_whose_answer_is_lost_keeps_its_keys(
    server: CoreServer, store: RecordStore, arrived: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert store.publish(A, make_zone(A, hosts(50))) is not None
    with (
        answers_lost(store, monkeypatch, arrived),
        pytest.raises(StoreError, match="no answer in time"),
    ):
        store.publish(A, make_zone(A, hosts(51)))
    tried = keys.delta(A, Revision(store.fence, 2), 1)
    chunk = server.admin.get(tried[0])
    made = store.publish(A, make_zone(A, hosts(52)))
    assert made is not None
    assert [run[1:3] for run in made.deltas] == ([(2, 2)] if arrived else [(3, 1)])
    assert server.admin.get(tried[0]) == chunk
    assert [ttl(server, key) for key in made.chunk_keys()] == [-1] * len(made.chunk_keys())
    loaded = make_store(server, Clock()).load(A)
    assert loaded is not None
    assert loaded.digest == made.digest


def test_an_index_that_is_always_ahead_is_a_conflict(
    server: CoreServer, store: RecordStore
) -> None:
    made = store.publish(A, make_zone(A))
    assert made is not None
    server.admin.hset(keys.ZONES, A, f"{made.lsn} {made.revision.epoch + 9}.1")
    with pytest.raises(StoreConflictError, match=f"{A} is changed there by somebody else"):
        store.publish(A, make_zone(A, hosts(1)))


def test_a_position_ahead_of_the_clock_is_passed(
    server: CoreServer, store: RecordStore, clock: Clock
) -> None:
    server.admin.set(keys.LSN, 2_000_000_000_000)
    made = reopened(server, clock).publish(A, make_zone(A))
    assert made is not None
    assert made.lsn == 2_000_000_000_001


@pytest.mark.parametrize("damage", ["chunk missing", "chunk changed", "manifest", "other key"])
def test_data_that_is_not_ours_is_published_anew(
    server: CoreServer,
    store: RecordStore,
    clock: Clock,
    damage: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    made = store.publish(A, make_zone(A, hosts(5)))
    assert made is not None
    key, reason = KEY, ""
    match damage:
        case "chunk missing":
            server.admin.delete(made.chunk_keys()[0])
            reason = "1 of 1 chunks are missing"
        case "chunk changed":
            server.admin.append(made.chunk_keys()[0], "x")
            reason = "octets in 1 chunks"
        case "manifest":
            server.admin.setrange(keys.manifest(A), 70, "x")
            reason = "the signature is not from this fleet's publisher"
        case _:
            key, reason = OTHER, "the signature is not from this fleet's publisher"
    again = reopened(server, clock, key)
    with caplog.at_level(logging.WARNING):
        assert again.load(A) is None
    assert f"{A} will be published anew" in caplog.text
    assert reason in caplog.text
    fresh = again.publish(A, make_zone(A, hosts(5)))
    assert fresh is not None
    assert fresh.revision > made.revision
    assert fresh.previous is None
    loaded = reopened(server, clock, key).load(A)
    assert loaded is not None
    assert loaded.digest == fresh.digest

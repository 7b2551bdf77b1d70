"""The record store on a real Valkey."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet import acks, keys, manifests
from dnsfleet.acks import Ack
from dnsfleet.manifests import FleetHead
from dnsfleet.revisions import Revision
from dnsfleet_operator import drafts
from dnsfleet_operator.core_redis import UNNAMED_SECONDS, connect
from dnsfleet_operator.record_store import RecordStore
from dnsfleet_operator.store_errors import (
    Fenced,
    StoreConflictError,
    StoreError,
    StoreResetError,
)
from support.ports import free_port
from support.valkey import Valkey
from support.waiting import wait_for
from support.zones import hosts, make_zone

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32)
A, B = "a.example.", "b.example."
RIGHTS = "~dnsfleet:* +@read +@write +@scripting +@connection"


class Server(Valkey):
    """With a client that may do everything."""

    admin: redis.Redis


class Clock:
    """Time that stands still unless a test moves it."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    users = [
        f"user publisher on >right resetchannels {RIGHTS}",
        "user reader on >right resetchannels ~dnsfleet:* +@read +@connection",
        f"user elsewhere on >right resetchannels ~other:* {RIGHTS.split(' ', 1)[1]}",
        "user scripter on >right resetchannels ~dnsfleet:* +@read +@scripting +@connection",
    ]
    running = Server(tmp_path_factory.mktemp("core"), users=users)
    running.start()
    running.admin = running.client()
    yield running
    running.admin.close()
    running.kill()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(server: Server, clock: Clock) -> RecordStore:
    server.admin.flushall()
    store = make_store(server, clock)
    store.claim()
    return store


def make_store(server: Server, clock: Clock, key: Ed25519PrivateKey = KEY) -> RecordStore:
    return RecordStore(connect(server.url_for("publisher", "right")), key, clock)


def reopened(server: Server, clock: Clock, key: Ed25519PrivateKey = KEY) -> RecordStore:
    """A store that knows nothing but what is in the core."""
    store = make_store(server, clock, key)
    store.claim()
    return store


def test_what_is_published_is_loaded_after_a_restart(
    server: Server, store: RecordStore, clock: Clock
) -> None:
    first = store.publish(A, make_zone(A, hosts(100)), ("ams", "fra"))
    second = store.publish(A, make_zone(A, hosts(100, host7="192.0.2.7")), ("ams", "fra"))
    assert first is not None
    assert second is not None
    assert second.revision == Revision(store.fence, 2)
    assert second.previous == first.revision
    assert second.lsn > first.lsn
    assert second.deltas == (manifests.Run(store.fence, 2, 1, 1),)
    again = reopened(server, clock)
    loaded = again.load(A)
    assert loaded is not None
    assert loaded.get("host7.a.example.", "A") == (300, ["192.0.2.7"])
    assert (loaded.serial, loaded.digest) == (second.serial, second.digest)
    assert again.manifest(A) == second
    assert again.load(B) is None
    third = again.publish(A, make_zone(A, hosts(101)), ("ams", "fra"))
    assert third is not None
    assert third.revision == Revision(again.fence, 3)
    assert again.fence > store.fence
    assert len(third.deltas) == 2, "a new writer goes on with the snapshot that is there"


def test_what_readers_find(server: Server, store: RecordStore) -> None:
    made = store.publish(A, make_zone(A))
    store.complete(1)
    assert made is not None
    client = server.admin
    signed = client.get(keys.manifest(A))
    assert isinstance(signed, bytes)
    assert manifests.verify(signed, KEY.public_key()) == made
    assert client.hgetall(keys.ZONES) == {A.encode(): f"{made.lsn} {made.revision}".encode()}
    head = client.get(keys.FLEET)
    assert isinstance(head, bytes)
    assert manifests.verify_fleet(head, KEY.public_key()) == FleetHead(store.fence, made.lsn + 1, 1)
    assert client.xrange(keys.LOG) == [
        (
            f"{made.lsn}-0".encode(),
            {b"zone": A.encode(), b"revision": str(made.revision).encode(), b"after": b"0"},
        ),
        (
            f"{made.lsn + 1}-0".encode(),
            {b"zone": b"", b"revision": b"", b"after": str(made.lsn).encode()},
        ),
    ]


def test_no_change_is_no_revision(store: RecordStore, clock: Clock) -> None:
    assert store.publish(A, make_zone(A, hosts(3))) is not None
    clock.now += 60
    assert store.publish(A, make_zone(A, hosts(3))) is None
    assert store.publish(A, make_zone(A, hosts(3), serial=2_000_000_000)) is None
    assert store.publish(A, make_zone(A, hosts(3), minimum=60)) is not None


def test_serials(store: RecordStore, clock: Clock) -> None:
    serials = []
    for zone in (
        make_zone(A, hosts(1)),
        make_zone(A, hosts(2)),
        make_zone(A, hosts(3), serial=1_900_000_000),
        make_zone(A, hosts(4), serial=1_850_000_000),
    ):
        made = store.publish(A, zone)
        assert made is not None
        serials.append(made.serial)
    now = int(clock.now)
    assert serials == [now, now + 1, 1_900_000_000, 1_900_000_001]


def test_other_pops_are_a_revision_without_records(store: RecordStore) -> None:
    first = store.publish(A, make_zone(A, hosts(50)))
    moved = store.publish(A, make_zone(A, hosts(50)), ("ams",))
    assert first is not None
    assert moved is not None
    assert moved.pops == ("ams",)
    assert (moved.serial, moved.digest) == (first.serial, first.digest)
    assert moved.delta_size < 64
    assert store.publish(A, make_zone(A, hosts(50)), ("ams",)) is None


def test_a_removed_zone_may_come_back_and_goes_on_rising(
    server: Server, store: RecordStore, clock: Clock
) -> None:
    first = store.publish(A, make_zone(A, hosts(5)))
    removed = store.tombstone(A)
    assert first is not None
    assert removed is not None
    assert removed.tombstone
    assert store.load(A) is None
    assert store.tombstone(A) is None
    assert store.tombstone(B) is None
    assert all(0 < ttl(server, key) <= UNNAMED_SECONDS for key in first.chunk_keys())
    back = reopened(server, clock).publish(A, make_zone(A, hosts(5)))
    assert back is not None
    assert back.revision.seq == 3
    assert back.previous == removed.revision
    assert back.serial > first.serial


def test_chunks_expire_only_once_no_manifest_names_them(server: Server, store: RecordStore) -> None:
    first = store.publish(A, make_zone(A, hosts(20)))
    assert first is not None
    assert [ttl(server, key) for key in first.chunk_keys()] == [-1]
    other = store.publish(A, make_zone(A, [(f"other{n}", "A", "192.0.2.1") for n in range(20)]))
    assert other is not None
    assert other.deltas == ()
    assert [ttl(server, key) for key in other.chunk_keys()] == [-1]
    assert 0 < ttl(server, first.chunk_keys()[0]) <= UNNAMED_SECONDS


def test_no_value_is_long_whatever_the_zone(server: Server, store: RecordStore) -> None:
    made = store.publish(A, make_zone(A, hosts(50_000)))
    assert made is not None
    assert made.snapshot is not None
    assert made.snapshot.chunks > 20
    sizes = [server.admin.strlen(key) for key in made.chunk_keys()]
    assert max(sizes) <= 64 * 1024
    assert sum(sizes) == made.snapshot.size
    signed = server.admin.get(keys.manifest(A))
    assert isinstance(signed, bytes)
    assert len(signed) < 800


def test_a_snapshot_is_written_anew_behind_many_deltas(
    server: Server, store: RecordStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "MAX_DELTAS", 3)
    made = [store.publish(A, make_zone(A, hosts(50, host1=f"192.0.2.{n}"))) for n in range(6)]
    kept = [m for m in made if m is not None]
    assert [sum(run.length for run in m.deltas) for m in kept] == [0, 1, 2, 3, 1, 2]
    assert kept[4].snapshot is not None
    assert kept[4].snapshot.revision == kept[3].revision
    assert all(ttl(server, key) > 0 for key in kept[3].chunk_keys())
    assert all(ttl(server, key) == -1 for key in kept[5].chunk_keys())
    loaded = reopened(server, clock).load(A)
    assert loaded is not None
    assert loaded.get("host1.a.example.", "A") == (300, ["192.0.2.5"])


def test_a_second_writer_fences_the_first(server: Server, store: RecordStore, clock: Clock) -> None:
    assert store.publish(A, make_zone(A)) is not None
    reopened(server, clock)
    before = server.admin.get(keys.manifest(A))
    for write in (
        lambda: store.publish(A, make_zone(A, hosts(1))),
        lambda: store.tombstone(A),
        lambda: store.complete(1),
        store.check,
    ):
        with pytest.raises(Fenced, match="another publisher took over"):
            write()
    assert server.admin.get(keys.manifest(A)) == before


def test_what_was_read_before_the_claim_is_read_again(
    server: Server, store: RecordStore, clock: Clock
) -> None:
    assert store.publish(A, make_zone(A, hosts(1))) is not None
    heir = make_store(server, clock)
    assert heir.load(A) is not None
    late = store.publish(A, make_zone(A, hosts(2)))
    heir.claim()
    assert heir.manifest(A) == late
    assert heir.publish(A, make_zone(A, hosts(1))) is not None


def test_a_core_without_our_fence_says_so(server: Server, store: RecordStore) -> None:
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
    assert store.removed() == [A]
    again = store.publish(B, make_zone(B, hosts(5)))
    assert again is not None
    assert again.revision > second.revision
    assert again.previous is None
    assert again.serial > second.serial
    assert store.tombstone(A) is not None
    assert store.removed() == []


def test_a_zone_that_somebody_else_changed_is_read_again(
    server: Server, store: RecordStore, clock: Clock
) -> None:
    assert store.publish(A, make_zone(A, hosts(5))) is not None
    other = make_store(server, clock)
    other._fence = store.fence  # what a fence exists to prevent
    changed = other.publish(A, make_zone(A, hosts(6)))
    assert changed is not None
    clock.now += 1
    assert store.publish(A, make_zone(A, hosts(6))) is None
    assert store.manifest(A) == changed


@pytest.mark.parametrize("arrived", [True, False])
def test_an_attempt_whose_answer_is_lost_keeps_its_keys(
    server: Server, store: RecordStore, arrived: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert store.publish(A, make_zone(A, hosts(50))) is not None
    script = store.core._publish

    def losing(**arguments: Any) -> None:
        if arrived:
            script(**arguments)
        raise redis.TimeoutError("lost")

    with monkeypatch.context() as patch:
        patch.setattr(store.core, "_publish", losing)
        with pytest.raises(StoreError, match="no answer in time"):
            store.publish(A, make_zone(A, hosts(51)))
    tried = keys.delta(A, Revision(store.fence, 2), 1)
    chunk = server.admin.get(tried[0])
    made = store.publish(A, make_zone(A, hosts(52)))
    assert made is not None
    assert [run.first for run in made.deltas] == ([2, 4] if arrived else [3])
    assert server.admin.get(tried[0]) == chunk
    assert [ttl(server, key) for key in made.chunk_keys()] == [-1] * len(made.chunk_keys())
    loaded = make_store(server, Clock()).load(A)
    assert loaded is not None
    assert loaded.digest == made.digest


def test_an_index_that_is_always_ahead_is_a_conflict(server: Server, store: RecordStore) -> None:
    made = store.publish(A, make_zone(A))
    assert made is not None
    server.admin.hset(keys.ZONES, A, f"{made.lsn} {made.revision.epoch + 9}.1")
    with pytest.raises(StoreConflictError, match=f"{A} is changed there by somebody else"):
        store.publish(A, make_zone(A, hosts(1)))


def test_a_position_ahead_of_the_clock_is_passed(server: Server, store: RecordStore) -> None:
    server.admin.set(keys.LSN, 2_000_000_000_000)
    made = store.publish(A, make_zone(A))
    assert made is not None
    assert made.lsn == 2_000_000_000_001


@pytest.mark.parametrize("damage", ["chunk missing", "chunk changed", "manifest", "other key"])
def test_data_that_is_not_ours_is_published_anew(
    server: Server,
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


def test_acks_are_read_and_rubbish_is_not(server: Server, store: RecordStore) -> None:
    ack = Ack(5, {A: "why"}, 1, 7)
    server.admin.hset(keys.ACKS, "ams/0", acks.encode(ack))
    server.admin.hset(keys.ACKS, "ams/1", b"{")
    assert store.core.acks() == {"ams/0": ack}


@pytest.mark.parametrize(
    ("user", "password", "message"),
    [
        ("publisher", "wrong", 'user "publisher" is refused: check name and password'),
        (
            "reader",
            "right",
            'user "reader" may not run EVALSHA: grant ~dnsfleet:* +@read +@write +@scripting',
        ),
        (
            "scripter",
            "right",
            'user "scripter" may not run SET: grant ~dnsfleet:* +@read +@write +@scripting',
        ),
        (
            "elsewhere",
            "right",
            'user "elsewhere" may not use the keys of the fleet: '
            "grant ~dnsfleet:* +@read +@write +@scripting",
        ),
    ],
)
def test_refusals_say_who_and_what_to_do(
    server: Server, clock: Clock, user: str, password: str, message: str
) -> None:
    store = RecordStore(connect(server.url_for(user, password)), KEY, clock)
    with pytest.raises(StoreError) as caught:
        store.claim()
    assert str(caught.value) == f"core Redis 127.0.0.1:{server.port}: {message}"


def test_a_core_that_wants_a_password_says_so(server: Server, clock: Clock) -> None:
    server.admin.config_set("requirepass", "something")
    try:
        with pytest.raises(StoreError, match="it wants a user and a password: put them into the"):
            RecordStore(connect(server.url), KEY, clock).claim()
    finally:
        server.admin.config_set("requirepass", "")


def test_a_core_that_is_not_there_says_where(clock: Clock) -> None:
    port = free_port()
    store = RecordStore(connect(f"redis://publisher:secret@127.0.0.1:{port}"), KEY, clock)
    with pytest.raises(StoreError) as caught:
        store.claim()
    message = str(caught.value)
    assert message.startswith(
        f"core Redis 127.0.0.1:{port}: cannot be reached: check that it runs there"
    )
    assert "secret" not in message


def test_a_replica_and_a_full_core_say_so(server: Server, store: RecordStore) -> None:
    server.admin.config_set("maxmemory", "1")
    try:
        with pytest.raises(StoreError, match="out of memory, nothing was written"):
            store.publish(A, make_zone(A))
    finally:
        server.admin.config_set("maxmemory", "0")
    server.admin.replicaof("127.0.0.1", "1")
    try:
        with pytest.raises(StoreError, match="it is a replica: give the address of its primary"):
            store.publish(A, make_zone(A))
    finally:
        server.admin.replicaof("NO", "ONE")
    assert store.publish(A, make_zone(A)) is not None


def test_a_chunk_that_is_gone_at_once_is_named(server: Server, store: RecordStore) -> None:
    zone = make_zone(A)
    draft = drafts.change(drafts.Published(), store.fence, zone, None, 1)
    assert draft is not None
    with pytest.raises(StoreError, match=r"it dropped .* at once: set maxmemory-policy noeviction"):
        store._commit(keys.manifest(A), b"signed", 2_000_000_000_000, draft)
    assert server.admin.hgetall(keys.ZONES) == {}


@pytest.mark.parametrize("records", [100, 50_000])
def test_a_change_of_one_record_costs_little_in_any_zone(
    tmp_path: Path, server: Server, store: RecordStore, records: int
) -> None:
    before = make_zone(A, hosts(records))
    after = make_zone(A, hosts(records, host7="192.0.2.7"))
    assert store.publish(A, before) is not None
    copy = Valkey(tmp_path / "replica", primary=server)
    copy.start()
    try:
        with copy.client() as replica:
            start = offset(replica)
            made = store.publish(A, after)
            assert made is not None
            arrived = f"{made.lsn} {made.revision}".encode()
            wait_for("the replica has it", lambda: replica.hget(keys.ZONES, A) == arrived, 5)
            spent = offset(replica) - start
            print(f"one record of {records}: {spent} octets replicated")
            assert 0 < spent <= 2048
            for key in made.chunk_keys():
                assert replica.get(key) == server.admin.get(key)
    finally:
        copy.kill()


def offset(replica: redis.Redis) -> int:
    return int(replica.info("replication")["slave_repl_offset"])


def ttl(server: Server, key: str) -> int:
    return int(server.admin.ttl(key))  # type: ignore[arg-type]

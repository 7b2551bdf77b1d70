"""Acks in the core, on a real Valkey: who takes which slot, and what a writer reads of them."""

import time
from collections.abc import Iterator

import pytest
import redis
from dnsfleet.replication import ack_slots, acks, keys
from dnsfleet.replication.acks import Ack
from dnsfleet_edge import ack_slot
from dnsfleet_edge.ack_slot import AckSlot
from dnsfleet_publisher.record_store import RecordStore
from support.core_servers import CoreServer
from support.trips import Trips


def ack(lsn: int) -> Ack:
    return Ack(lsn, {}, 0, time.time_ns() // 1_000_000)


@pytest.fixture
def admin(server: CoreServer) -> Iterator[redis.Redis]:
    yield server.admin
    server.admin.delete(keys.ACKS, *map(ack_slots.key, range(ack_slots.SLOTS)))


def slots(admin: redis.Redis) -> dict[str, str]:
    """The edge in each slot that holds something."""
    found = {}
    for slot in range(ack_slots.SLOTS):
        value = admin.get(ack_slots.key(slot))
        if value:
            word = ack_slots.decode(value)  # type: ignore[arg-type]
            found[ack_slots.key(slot)] = "rubbish" if word is None else word.edge
    return found


def fill(admin: redis.Redis, values: dict[int, bytes]) -> None:
    pipeline = admin.pipeline(transaction=False)
    for slot, value in values.items():
        pipeline.set(ack_slots.key(slot), value)
    pipeline.execute()


def test_each_edge_keeps_one_slot(admin: redis.Redis, store: RecordStore) -> None:
    edges = [f"ams/ams-{n}" for n in range(20)]
    for lsn in (1, 2):
        for edge in edges:
            AckSlot(admin, edge).write(ack(lsn))  # a new one each time, as after a restart
    assert sorted(slots(admin).values()) == sorted(edges)
    assert {edge: said.lsn for edge, said in store.core.acks().items()} == dict.fromkeys(edges, 2)


def test_two_edges_that_took_over_the_same_slot_end_in_two(
    admin: redis.Redis, store: RecordStore
) -> None:
    first, second = AckSlot(admin, "ams/ams-0"), AckSlot(admin, "ams/ams-1")
    first.write(ack(1))
    second._slot = first._slot
    for lsn in (2, 3, 4):
        second.write(ack(lsn))
        first.write(ack(lsn))
    assert first._slot != second._slot
    assert {edge: said.lsn for edge, said in store.core.acks().items()} == {
        "ams/ams-0": 4,
        "ams/ams-1": 4,
    }
    assert sorted(slots(admin).values()) == ["ams/ams-0", "ams/ams-1"]  # none that was left


def test_the_slot_of_an_edge_that_is_gone_is_taken_over(
    admin: redis.Redis, store: RecordStore
) -> None:
    gone_at = time.time_ns() // 1_000_000 - ack_slots.GONE_MS - 1
    alive = {slot: ack_slots.encode(f"x/{slot}", ack(1)) for slot in range(ack_slots.SLOTS)}
    fill(admin, alive)
    edge = AckSlot(admin, "ams/ams-0")
    with pytest.raises(redis.RedisError, match="all 1024 slots for acks are in use"):
        edge.write(ack(1))
    fill(admin, {700: ack_slots.encode("x/700", Ack(1, {}, 0, gone_at))})
    edge.write(ack(2))
    assert slots(admin)[ack_slots.key(700)] == "ams/ams-0"
    assert len(store.core.acks()) == ack_slots.SLOTS


def test_a_slot_that_is_too_long_is_emptied_and_never_read(
    admin: redis.Redis, store: RecordStore
) -> None:
    AckSlot(admin, "ams/ams-0").write(ack(1))
    mine = {int(name[-3:], 16) for name in slots(admin)}
    long = set(range(20)) - mine
    fill(admin, dict.fromkeys(long, b"x" * (ack_slots.MAX_OCTETS + 1)))
    before = admin.info("stats")["total_net_output_bytes"]
    assert list(store.core.acks()) == ["ams/ams-0"]
    assert admin.info("stats")["total_net_output_bytes"] - before < ack_slots.MAX_OCTETS
    assert list(slots(admin).values()) == ["ams/ams-0"]


def test_all_slots_together_are_read_up_to_a_bound(admin: redis.Redis, store: RecordStore) -> None:
    fill(admin, dict.fromkeys(range(ack_slots.SLOTS), b"x" * 60_000))
    before = admin.info("stats")["total_net_output_bytes"]
    assert store.core.acks() == {}
    read = admin.info("stats")["total_net_output_bytes"] - before
    assert read < 17 * 1024 * 1024


@pytest.mark.parametrize(
    "fields",
    [
        {f"x/{n}": "{}" for n in range(ack_slots.SLOTS + 1)},
        {f"{n}" + "x" * 1_000_000: "{}" for n in range(20)},
        {f"x/{n}": "x" * 1_000_000 for n in range(20)},
    ],
    ids=["too many", "names", "values"],
)
def test_a_hash_that_edges_of_the_version_before_did_not_write_is_dropped(
    admin: redis.Redis, store: RecordStore, fields: dict[str, str]
) -> None:
    for field, value in fields.items():
        admin.hset(keys.ACKS, field, value)
    before = admin.info("stats")["total_net_output_bytes"]
    assert store.core.acks() == {}
    assert admin.info("stats")["total_net_output_bytes"] - before < 100_000
    said = ack(3)
    admin.hset(keys.ACKS, "ams/ams-0", acks.encode(said))
    assert store.core.acks() == {"ams/ams-0": said}


def test_a_look_is_one_round_trip(admin: redis.Redis, store: RecordStore, trips: Trips) -> None:
    for n in range(50):
        AckSlot(admin, f"ams/ams-{n}").write(ack(1))
    store.core.acks()
    trips.taken()
    assert len(store.core.acks()) == 50
    assert trips.taken() == 1


def test_an_edge_says_it_in_the_hash_where_the_users_are_older_than_the_slots(
    admin: redis.Redis, server: CoreServer, store: RecordStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin.acl_setuser(
        "older", True, passwords=["+right"], keys=[keys.ACKS], commands=["+hset", "+ping"],
        reset=True,
    )  # fmt: skip
    older = redis.Redis.from_url(server.url_for("older", "right"))
    edge = AckSlot(older, "ams/ams-0")
    for lsn in (1, 2):
        said = ack(lsn)
        edge.write(said)
        assert store.core.acks() == {"ams/ams-0": said}
    admin.acl_setuser("older", True, keys=["*"], commands=["+@read", "+@write"])
    edge.write(ack(3))
    assert not slots(admin), "the core is not asked each time"
    monkeypatch.setattr(ack_slot, "REFUSED_SECONDS", 0.0)
    said = ack(4)
    edge.write(said)
    assert list(slots(admin).values()) == ["ams/ams-0"]
    assert store.core.acks() == {"ams/ams-0": said}
    older.close()


def test_an_edge_that_is_gone_is_forgotten(admin: redis.Redis, store: RecordStore) -> None:
    for edge in ("ams/ams-0", "ams/ams-1"):
        AckSlot(admin, edge).write(ack(1))
    admin.hset(keys.ACKS, "ams/ams-2", acks.encode(ack(1)))
    store.core.forget_edges(["ams/ams-0", "ams/ams-2"])
    assert list(store.core.acks()) == ["ams/ams-1"]
    assert list(slots(admin).values()) == ["ams/ams-1"]

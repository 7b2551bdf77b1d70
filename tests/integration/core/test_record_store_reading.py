"""How often the record store asks a core, which is a real Valkey."""

import pytest
from dnsfleet.replication import encoding, keys
from dnsfleet_publisher import core_redis
from dnsfleet_publisher.record_store import RecordStore
from dnsfleet_publisher.store_errors import StoreResetError
from support.core_servers import A, B, Clock, CoreServer, intruder, reopened
from support.trips import Trips
from support.zones import hosts, make_zone


def test_a_zone_that_the_core_lacks_is_asked_for_once(store: RecordStore, trips: Trips) -> None:
    assert store.load(B) is None
    trips.taken()
    assert store.load(B) is None
    assert store.manifest(B) is None
    assert store.tombstone(B) is None
    assert store.republish(B) is None
    assert trips.taken() == 0


def test_a_zone_that_the_core_lost_is_asked_for_once(
    server: CoreServer, store: RecordStore, trips: Trips
) -> None:
    assert store.publish(A, make_zone(A)) is not None
    server.emptied()
    store.claim()
    assert store.manifest(A) is None
    trips.taken()
    assert store.manifest(A) is None
    assert store.load(A) is not None
    assert trips.taken() == 0
    assert store.republish(A) is not None


def test_a_zone_that_the_core_lacked_may_come_from_somebody_else(
    server: CoreServer, store: RecordStore, clock: Clock
) -> None:
    assert store.load(A) is None
    other = intruder(server, store, clock)
    made = other.publish(A, make_zone(A, hosts(6)))
    assert made is not None
    with pytest.raises(StoreResetError):
        store.publish(A, make_zone(A, hosts(6)))
    store.claim()
    assert store.publish(A, make_zone(A, hosts(6))) is None
    assert store.manifest(A) == made


ORIGINS = [f"z{number}.example." for number in range(25)]


def published(store: RecordStore) -> None:
    """A fleet of small zones, some of them with deltas, and one that was removed."""
    for origin in ORIGINS:
        assert store.publish(origin, make_zone(origin, hosts(3))) is not None
    for origin in ORIGINS[::3]:
        assert store.publish(origin, make_zone(origin, hosts(4))) is not None
    assert store.tombstone(ORIGINS[0]) is not None


def test_many_zones_are_read_in_few_round_trips(
    server: CoreServer, store: RecordStore, clock: Clock, trips: Trips
) -> None:
    published(store)
    again = reopened(server, clock)
    trips.taken()
    again.read(ORIGINS)
    assert trips.taken() == 2, "the heads, and then the chunks"
    for origin in ORIGINS:
        assert again.manifest(origin) == store.manifest(origin)
        ours, theirs = store.load(origin), again.load(origin)
        assert (theirs and theirs.digest) == (ours and ours.digest)
    again.read([*ORIGINS, A])
    assert again.load(A) is None
    assert trips.taken() == 1, "A alone was unknown"


def test_the_live_zones_are_read_in_few_round_trips(
    server: CoreServer, store: RecordStore, clock: Clock, trips: Trips
) -> None:
    published(store)
    again = reopened(server, clock)
    trips.taken()
    assert again.live() == sorted(ORIGINS[1:])
    assert trips.taken() == 3, "the index, the heads and the chunks"


def test_no_round_trip_is_larger_than_its_limits(
    server: CoreServer,
    store: RecordStore,
    clock: Clock,
    trips: Trips,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(encoding, "CHUNK_SIZE", 64)
    published(store)
    assert store.publish(A, make_zone(A, hosts(200))) is not None
    monkeypatch.setattr(core_redis, "HEADS_AT_ONCE", 10)
    monkeypatch.setattr(core_redis, "OCTETS_AT_ONCE", 2000)
    asked: list[tuple[int, int]] = []
    again = reopened(server, clock)
    fetch = again.core._client.mget

    def watched(names: list[str]) -> object:
        values = fetch(names)
        if not names[0].startswith(keys.manifest("")):
            asked.append((len(names), sum(len(value) for value in values)))
        return values

    monkeypatch.setattr(again.core._client, "mget", watched)
    trips.taken()
    again.read([*ORIGINS, A])
    assert trips.taken() - len(asked) == 3, "26 heads, ten at once"
    assert max(octets for _, octets in asked) <= 2000
    assert len(asked) > 5
    large = again.load(A)
    assert large is not None
    assert large.digest == make_zone(A, hosts(200)).with_serial(large.serial).digest


def test_a_damaged_zone_costs_no_other(
    server: CoreServer, store: RecordStore, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    published(store)
    damaged, forged = ORIGINS[1], ORIGINS[2]
    made = store.manifest(damaged)
    assert made is not None
    server.admin.append(made.chunk_keys()[0], "x")
    server.admin.setrange(keys.manifest(forged), 70, "x")
    again = reopened(server, clock)
    assert again.live() == sorted([damaged, *ORIGINS[3:]])
    assert again.load(damaged) is None
    assert again.load(forged) is None
    assert f"{damaged} will be published anew" in caplog.text
    assert f"{forged} will be published anew" in caplog.text

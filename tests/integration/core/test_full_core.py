"""A core at its limit of memory, and a replica with one: what is refused; nothing is lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from dnsfleet_publisher import redis_settings
from dnsfleet_publisher.record_store import RecordStore
from dnsfleet_publisher.store_errors import StoreError
from support.core_servers import Clock, CoreServer, reopened
from support.valkey import Valkey
from support.waiting import wait_for
from support.zones import hosts, make_zone

ROOM = 8 * 1024 * 1024
"""Octets that the core may use beyond what it uses while it is empty."""
SECONDS = 20.0
MANY = 1000


def settings(text: str) -> dict[str, str]:
    """Lines of a configuration, by their names."""
    return dict(line.split(" ", 1) for line in text.splitlines())


@pytest.fixture
def full(server: CoreServer, clock: Clock) -> Iterator[CoreServer]:
    """A core as every fleet has it, with a limit that a few zones reach."""
    server.emptied()
    for name, value in settings(redis_settings.CORE).items():
        server.admin.config_set(name, value)
    limit = server.admin.info("memory")["used_memory"] + ROOM
    server.admin.config_set("maxmemory", limit)
    yield server
    server.admin.config_set("maxmemory", 0)


def fill(store: RecordStore) -> list[str]:
    """Publish zones until one is refused; the origins of those that were not."""
    for number in range(MANY):
        origin = f"zone{number}.example."
        records = hosts(2000, host7=f"10.9.{number >> 8}.{number & 255}")
        try:
            assert store.publish(origin, make_zone(origin, records)) is not None
        except StoreError as error:
            assert "out of memory, nothing was written: raise maxmemory" in str(error)
            return [f"zone{earlier}.example." for earlier in range(number)]
    raise AssertionError("the core is not full")


def test_a_full_core_refuses_a_zone_whole_and_has_all_others(
    full: CoreServer, clock: Clock
) -> None:
    store = reopened(full, clock)
    origins = fill(store)
    assert len(origins) > 3
    refused = f"zone{len(origins)}.example."

    assert set(store.core.origins()) == set(origins)
    for origin in origins:
        assert store.load(origin) is not None, origin
    full.admin.config_set("maxmemory", ROOM)  # the core may have freed some buffers since
    with pytest.raises(StoreError, match="out of memory"):
        store.tombstone(origins[0])
    assert store.load(origins[0]) is not None

    full.admin.config_set("maxmemory", 0)
    made = store.publish(refused, make_zone(refused, hosts(2000)))
    assert made is not None
    assert made.previous is None, "what was refused left no revision"
    assert store.tombstone(origins[0]) is not None


def test_a_replica_heeds_no_limit_of_its_own(
    full: CoreServer, clock: Clock, tmp_path: Path
) -> None:
    """It would refuse or drop what nobody sends again."""
    full.admin.config_set("maxmemory", 0)
    store = reopened(full, clock)
    replica = Valkey(tmp_path / "replica", primary=full)
    replica.start()
    try:
        with replica.client() as client:
            for name, value in settings(redis_settings.REPLICA).items():
                client.config_set(name, value)
            client.config_set("maxmemory", 1)
            for number in range(20):
                origin = f"zone{number}.example."
                store.publish(origin, make_zone(origin, hosts(500)))
            wait_for("the replica has it", lambda: same(full.admin, client), SECONDS)
            assert client.info("stats")["evicted_keys"] == 0
    finally:
        replica.kill()


def same(core: redis.Redis, replica: redis.Redis) -> bool:
    """Whether the replica has every key of the core with its value."""
    found = {key: core.dump(key) for key in core.scan_iter()}
    return bool(found) and found == {key: replica.dump(key) for key in replica.scan_iter()}

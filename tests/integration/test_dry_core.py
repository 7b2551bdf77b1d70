"""A rehearsal's core on a real Valkey: it takes no write, and tells who else wrote."""

import inspect
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import redis
from dnsfleet.replication import ack_slots, keys, pop_commands, pop_slots
from dnsfleet.zones.placements import Fleet
from dnsfleet_operator.zones.downloads import Downloads
from dnsfleet_publisher.core_redis import CoreRedis, connect
from dnsfleet_publisher.dry_core import DryCore
from dnsfleet_publisher.record_store import RecordStore
from dnsfleet_publisher.rehearsals import Rehearsal
from support.documents import documents
from support.valkey import Valkey
from support.zone_writers import KEY, Writer, changed, item, zone

ORIGINS = ("a.example.", "b.example.")


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Valkey]:
    valkey = Valkey(tmp_path)
    valkey.start()
    yield valkey
    valkey.kill()


def test_only_a_publication_of_a_zone_that_was_read_has_moved(core: Valkey) -> None:
    writer = Writer(core)
    writer.run(zone("a"), zone("b"))
    dry = DryCore(core.closing(connect(core.url)))
    store = RecordStore(dry, KEY, writer.store.now)
    store.claim()
    store.read(ORIGINS)
    assert not dry.moved(ORIGINS)
    writer.run(zone("a"), zone("b", 2, generation=2, resourceVersion="2"))
    assert not dry.moved(ORIGINS[:1])
    assert dry.moved(ORIGINS)


class Counting(DryCore):
    """Counts the round trips for heads."""

    asked = 0

    def heads(self, origins: Sequence[str]) -> Iterator[dict[str, tuple[bytes, bytes | None]]]:
        if origins:
            self.asked += 1
        return super().heads(origins)


def test_many_zones_cost_few_round_trips(core: Valkey) -> None:
    """A core behind a port-forward is far away."""
    there = [zone(f"z{number}") for number in range(30)]
    strict = item("ZoneClass", "all", {"suffixes": ["."], "types": ["TXT"]})
    del strict["metadata"]["namespace"]
    Writer(core).run(*there, strict)
    dry = Counting(core.closing(connect(core.url)))
    rehearsal = Rehearsal(dry, KEY, None, Downloads(lambda _: None), by_owner=True)
    rehearsal.begin(documents([*there, strict]))
    found = rehearsal.change(
        documents([changed(each, 2, ttl=60) for each in there]), Fleet(frozenset())
    )
    assert len(found.zones) == 30
    assert dry.asked <= 2


CALLS: dict[str, tuple[Any, ...]] = {
    "claim": (1, 2, 3),
    "state": (),
    "ask_for_all": (),
    "time": (),
    "index": (),
    "fleet": (),
    "origins": (),
    "heads": (ORIGINS,),
    "chunks": (["chunk"], 5),
    "present": ([["chunk"]],),
    "write_chunks": ({"new": b"chunk"},),
    "publish": (1, 2, (0, 0), "new", b"signed"),
    "end": (1, 2, (0, 0), ORIGINS[0], ""),
    "claims": (),
    "absences": (),
    "removals": (),
    "registrations": (),
    "outlines": (),
    "outline": (ORIGINS[0],),
    "kept": (),
    "pops": (["fra"],),
    "pop_names": (),
    "pop_reports": (["fra"],),
    "empty_pops": (["fra"],),
    "acks": (),
    "forget_edges": (["fra/edge"],),
} | {
    f"note_{name}": (10**9, {"field": b"value", ORIGINS[0]: None})
    for name in (
        *("claims", "absences", "pops", "removals", "registrations", "outlines", "kept", "probes"),
    )
}
"""Every method of the core, and arguments with which the core itself would be written."""


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A core that has something of everything, and what a writer would tidy."""
    valkey = Valkey(tmp_path_factory.mktemp("full"))
    valkey.start()
    Writer(valkey).run(zone("a"), zone("b"))
    with valkey.client() as client:
        word = f"fra/edge {int(time.time() * 1000)}\n"
        client.set(ack_slots.key(0), word)
        client.set(ack_slots.key(1), word)
        client.set(ack_slots.key(2), b"x" * (ack_slots.MAX_OCTETS + 1))
        client.hset(keys.ACKS, mapping={str(number): "" for number in range(2 * ack_slots.SLOTS)})
        client.hset(keys.POPS, "fra", "signed")
        client.set(pop_slots.key("fra", 0), "said")
        client.xadd(pop_commands.stream("fra"), {"do": "it"})
    yield valkey
    valkey.kill()


def test_every_method_of_a_core_is_looked_at() -> None:
    named = {name for name, _ in inspect.getmembers(CoreRedis, inspect.isfunction)}
    assert {name for name in named if not name.startswith("_")} == CALLS.keys()


@pytest.mark.parametrize("method", CALLS)
def test_no_method_writes(full: Valkey, method: str) -> None:
    with full.client() as client:
        before = contents(client)
        dry = DryCore(client)
        dry.claim(1, 0, 1)
        said = getattr(dry, method)(*CALLS[method])
        if isinstance(said, Iterator):
            list(said)
        assert contents(client) == before


def contents(client: redis.Redis) -> dict[bytes, object]:
    """All keys with what they hold, but not when it ends."""
    return {name: client.dump(name) for name in client.scan_iter()}

"""How the status page follows a real core: the log, the index, manifests, and what others say."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis
from dnsfleet.replication import (
    ack_slots,
    announcements,
    edge_words,
    keys,
    pop_reports,
    pop_slots,
    telemetry,
)
from dnsfleet.replication.acks import Ack, Load
from dnsfleet.replication.pop_reports import EdgeWord, Report
from dnsfleet.replication.sums import AnnouncementSum
from dnsfleet.replication.telemetry import Sample
from dnsfleet_publisher.record_store import RecordStore
from dnsfleet_status.core_reader import CoreReader
from support.core_servers import A, B, CoreServer
from support.zones import hosts, make_zone

NOW_MS = 1_000_000


class Reading:
    """A reader of the core that a store publishes to."""

    def __init__(self, store: RecordStore, client: redis.Redis) -> None:
        self.client = client
        self.reader = CoreReader()
        self._store = store

    def look(self, *remote: str, now_ms: int = NOW_MS) -> CoreReader:
        self.reader.read(self.client, tuple(self._store.public), remote, now_ms)
        return self.reader

    def ack(self, time_ms: int = NOW_MS, queries: int = 0) -> Ack:
        """What an edge says that was told everything by now and answers it."""
        index: Any = self.client.hgetall(keys.ZONES)
        total = AnnouncementSum(announcements.read_index(index)).total
        lsn, load = self._store.position, Load(queries, 0, 1)
        return Ack(lsn, {}, 0, time_ms, told=lsn, total=total, started_ms=1, load=load)

    def say(self, slot: int, edge: str, ack: Ack) -> None:
        self.client.set(ack_slots.key(slot), ack_slots.encode(edge, ack))

    def proved(self, pop: str) -> list[tuple[str, int]]:
        """Up to which position each edge of a Pop proves that it answers."""
        words = [
            edge_words.word(each.edge, each.ack, self.reader.positions, NOW_MS, each.edges)
            for each in self.reader.said[pop]
        ]
        return [(each.edge, each.answers) for each in words]


@pytest.fixture
def reading(server: CoreServer, store: RecordStore) -> Iterator[Reading]:
    with redis.Redis.from_url(server.url) as client:
        yield Reading(store, client)


def test_an_edge_that_was_told_everything_proves_it(store: RecordStore, reading: Reading) -> None:
    made = store.publish(A, make_zone(A))
    reading.say(0, "fra/fra-0", reading.ack())
    reading.say(700, "fra/fra-1", reading.ack()._replace(total=1))
    assert reading.look().published == {A: made}
    assert reading.proved("fra") == [("fra-0", store.position), ("fra-1", -1)]


def test_changes_are_followed_by_the_log_and_older_words_prove_what_was(
    store: RecordStore, reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.publish(A, make_zone(A))
    first = store.position
    reading.say(0, "fra/fra-0", reading.ack())
    reading.look()
    monkeypatch.setattr(reading.reader, "_read_index", lambda: pytest.fail("it reads the index"))
    made = [store.publish(A, make_zone(A, hosts(3))), store.publish(B, make_zone(B))]
    reading.say(1, "fra/fra-1", reading.ack())
    assert reading.look().published == {A: made[0], B: made[1]}
    assert reading.proved("fra") == [("fra-0", first), ("fra-1", store.position)]


def test_where_the_log_lacks_entries_the_index_is_read(
    store: RecordStore, reading: Reading
) -> None:
    store.publish(A, make_zone(A))
    reading.look()
    store.publish(A, make_zone(A, hosts(3)))
    made = store.publish(A, make_zone(A, hosts(4)))
    reading.client.xtrim(keys.LOG, maxlen=1, approximate=False)
    reading.say(0, "fra/fra-0", reading.ack())
    assert reading.look().published == {A: made}
    assert reading.proved("fra") == [("fra-0", store.position)]


def test_a_zone_that_was_removed_is_not_shown(store: RecordStore, reading: Reading) -> None:
    store.publish(A, make_zone(A))
    store.publish(B, make_zone(B))
    reading.look()
    store.tombstone(A)
    assert list(reading.look().published) == [B]
    reading.reader = CoreReader()
    assert list(reading.look().published) == [B]


def test_what_no_valid_key_signed_is_not_shown_as_published(
    store: RecordStore, reading: Reading
) -> None:
    made = store.publish(A, make_zone(A))
    signed = reading.client.get(keys.manifest(A))
    reading.client.set(keys.manifest(A), b"x" * 100)
    found = reading.look()
    assert found.published == {}
    assert found.unreadable == {A: "the signature is not from this fleet's publisher"}
    reading.client.set(keys.manifest(A), signed)
    reading.reader._index_due = 0.0
    found = reading.look()
    assert (found.published, found.unreadable) == ({A: made}, {})


def test_an_answer_that_was_lost_loses_no_change(
    store: RecordStore, reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading.look()
    made = store.publish(A, make_zone(A))

    def lost(*_: object) -> None:
        raise redis.TimeoutError("lost")

    with monkeypatch.context() as patched, pytest.raises(redis.TimeoutError):
        patched.setattr(reading.client, "mget", lost)
        reading.look()
    assert reading.look().published == {A: made}


def test_the_newest_word_of_an_edge_counts(store: RecordStore, reading: Reading) -> None:
    store.publish(A, make_zone(A))
    reading.say(5, "fra/fra-0", reading.ack(NOW_MS))
    reading.say(6, "fra/fra-0", reading.ack(NOW_MS - 1)._replace(total=1))
    reading.client.set(ack_slots.key(7), "nobody's words")
    reading.look()
    assert reading.proved("fra") == [("fra-0", store.position)]
    assert list(reading.reader.said) == ["fra"]


def test_rates_are_those_between_two_words(store: RecordStore, reading: Reading) -> None:
    store.publish(A, make_zone(A))
    reading.say(0, "fra/fra-0", reading.ack(NOW_MS, 1000))
    assert reading.look().queries == {"fra": 0.0}
    reading.say(0, "fra/fra-0", reading.ack(NOW_MS + 2000, 1500))
    assert reading.look(now_ms=NOW_MS + 2000).queries == {"fra": 250.0}


def test_a_pop_of_another_cluster_is_as_its_report_says(
    store: RecordStore, reading: Reading
) -> None:
    store.publish(A, make_zone(A))
    words = (EdgeWord("ams-0", 3, reading.ack()), EdgeWord("ams-3", 1, None))
    report = Report(NOW_MS, "0.1.0", None, 0, words=words)
    reading.client.set(pop_slots.key("ams", 0), pop_reports.encode(report))
    measured = Sample(NOW_MS, 4, 321.5, 0.0, 1)
    reading.client.set(pop_slots.key("ams", telemetry.SLOT), telemetry.encode(measured))
    found = reading.look("ams", "new")
    assert reading.proved("ams") == [("ams-0", store.position), ("ams-3", -1)]
    assert [each.edges for each in found.said["ams"]] == [3, 1]
    assert (found.said["new"], found.queries) == ([], {"ams": 321.5})
    without_edges = telemetry.encode(measured._replace(edges=0))
    reading.client.set(pop_slots.key("ams", telemetry.SLOT), without_edges)
    assert reading.look("ams").queries == {}, "nothing was measured"
    reading.client.set(pop_slots.key("ams", telemetry.SLOT), telemetry.encode(measured))
    later = NOW_MS + telemetry.SHOWN_MS + 1
    assert reading.look("ams", now_ms=later).queries == {}

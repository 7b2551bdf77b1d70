"""Two real edges behind one replica: one of this version, and one that reads a newer format too.

Format 2 stands for that of a future version: a reader of today only sees that the number is not
one of its own. The writer of these tests knows both.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from dnsfleet.replication import acks, formats, keys
from dnsfleet.replication.acks import Ack
from dnsfleet_publisher.publishing import Desired, Publisher
from support.edge_fleets import NEW, OLD, EdgeFleet
from support.edges import EdgeProcess
from support.signed_zones import PUBLISHER
from support.waiting import wait_for
from support.zones import make_zone

ZONE = "example.com."
WWW = f"www.{ZONE}"
OLDER_FIELD, NEWER_FIELD = "fra/fra-0", "fra/fra-1"
REASON = "format 2, this version reads 1"
KNOWS_BOTH = "from dnsfleet.replication import formats\nformats.READS = (1, 2)"


class TwoEdges:
    """An older edge, a newer one, and a writer that asks them before each pass."""

    def __init__(self, folder: Path) -> None:
        self.fleet = EdgeFleet(folder)
        self.older = self.fleet.edge
        self.newer = EdgeProcess(
            folder / "newer",
            PUBLISHER.public_key(),
            edge="fra-1",
            replica_url=self.fleet.replica.url,
            core_url=self.fleet.core.url,
        )
        self.newer.before = KNOWS_BOTH

    def start(self) -> None:
        self.fleet.start()
        self.publisher = Publisher(self.fleet.store)
        self.publish(OLD)

    def publish(self, address: str) -> int:
        """The format that a pass over the one zone wrote."""
        store = self.fleet.store
        store.hear(store.core.acks())
        wanted = {ZONE: Desired(make_zone(ZONE, [("www", "A", address)]))}
        self.publisher.reconcile(wanted, complete=True)
        manifest = store.manifest(ZONE)
        assert manifest is not None
        return manifest.format

    def ack(self, field: str) -> Ack | None:
        value = self.fleet.client.hget(keys.ACKS, field)
        return acks.decode(value) if isinstance(value, bytes) else None

    def forget(self, field: str) -> None:
        """Forget the acks of an edge that is gone, as the operator does."""
        self.fleet.store.core.forget_edges([field])

    def are_ready(self, *edges: EdgeProcess) -> None:
        for edge in edges:
            edge.start_ready()


@pytest.fixture
def edges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TwoEdges]:
    monkeypatch.setattr(formats, "READS", (1, 2))
    edges = TwoEdges(tmp_path)
    yield edges
    edges.newer.kill()
    edges.fleet.close()


def answers(edge: EdgeProcess, address: str) -> None:
    wait_for(f"{WWW} is {address}", lambda: edge.address(WWW) == address, 10)


def test_an_edge_of_each_is_served_and_the_newer_format_waits_for_the_older_edge(
    edges: TwoEdges,
) -> None:
    edges.start()
    edges.are_ready(edges.older, edges.newer)
    for field, reads in ((OLDER_FIELD, 1), (NEWER_FIELD, 2)):
        ack = wait_for("the ack", lambda field=field: edges.ack(field), 5)
        assert ack.reads == reads
    assert edges.publish(NEW) == 1
    answers(edges.older, NEW)
    answers(edges.newer, NEW)
    assert edges.older.stop() == 0
    assert edges.publish(OLD) == 1, "it was heard within a day"
    edges.forget(OLDER_FIELD)
    assert edges.publish(NEW) == 2
    answers(edges.newer, NEW)
    assert edges.newer.metrics()["dnsfleet_edge_zones_failing"] == 0


def test_an_older_edge_that_comes_back_serves_what_it_has_and_makes_the_writer_go_back(
    edges: TwoEdges,
) -> None:
    edges.start()
    edges.are_ready(edges.older, edges.newer)
    wait_for("the index", lambda: (edges.older.folder / "state" / "index").exists(), 5)
    edges.older.kill()
    edges.forget(OLDER_FIELD)
    wait_for("the ack", lambda: edges.ack(NEWER_FIELD), 5)
    assert edges.publish(NEW) == 2
    answers(edges.newer, NEW)
    edges.older.start_ready()
    ack = wait_for("a failure", lambda: (ack := edges.ack(OLDER_FIELD)) and ack.failing and ack, 10)
    assert (ack.failing, ack.failing_count, ack.reads) == ({ZONE: REASON}, 1, 1)
    assert edges.older.address(WWW) == OLD
    assert edges.publish(NEW) == 1
    answers(edges.older, NEW)
    answers(edges.newer, NEW)
    wait_for("no failure", lambda: (ack := edges.ack(OLDER_FIELD)) and not ack.failing, 10)


def test_an_older_edge_without_a_disk_is_heard_before_it_is_ready(edges: TwoEdges) -> None:
    edges.start()
    edges.are_ready(edges.newer)
    wait_for("the ack", lambda: edges.ack(NEWER_FIELD), 5)
    assert edges.publish(NEW) == 2
    edges.older.start()
    ack = wait_for("a failure", lambda: (ack := edges.ack(OLDER_FIELD)) and ack.failing and ack, 10)
    assert (ack.lsn, ack.failing, ack.reads) == (0, {ZONE: REASON}, 1)
    assert not edges.older.is_ready()
    assert edges.publish(NEW) == 1
    answers(edges.older, NEW)
    wait_for("ready", edges.older.is_ready, 10)

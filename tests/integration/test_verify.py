"""`verify` on a real core, replica and edge: what differs is told, with its place and reason."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from dnsfleet.replication import keys, pop_reports, pop_slots
from dnsfleet.replication.pop_reports import EdgeWord, Report
from dnsfleet_cli.up.local_fleet import asking
from dnsfleet_cli.verifying import running
from dnsfleet_cli.verifying.gathering import Ask
from dnsfleet_cli.verifying.looks import Wanted
from dnsfleet_cli.verifying.wanted import Resources
from dnsfleet_publisher.core_redis import CoreRedis, connect
from support.edge_fleets import FIELD, NEW, OLD, EdgeFleet
from support.edges import HOST
from support.signed_zones import PUBLISHER
from support.valkey import Valkey
from support.waiting import wait_for
from support.zones import make_zone

ORIGIN, OTHER = "example.com.", "example.org."
EDGE, REPLICA = f"edge {FIELD}", "replica of Pop fra"
POP, _, NAME = FIELD.partition("/")


class Verified:
    """One Pop with one edge; it is wanted what the test says."""

    def __init__(self, fleet: EdgeFleet) -> None:
        self.fleet = fleet
        self.core = CoreRedis(fleet.client)
        self.public = [PUBLISHER.public_key()]
        self.wanted: dict[str, Wanted] = {}
        self.remote: frozenset[str] = frozenset()
        self._clients = []

    def want(self, address: str, origin: str = ORIGIN) -> None:
        self.wanted[origin] = Wanted(make_zone(origin, [("www", "A", address)]))

    def resources(self) -> Resources:
        return Resources(self.wanted, frozenset([POP]) | self.remote, [], self.remote)

    def replica(self, pop: str) -> CoreRedis:
        client = connect(self.fleet.replica.url)
        self._clients.append(client)
        return CoreRedis(client)

    def edges(self, pop: str) -> Mapping[str, Ask]:
        return {NAME: asking(HOST, self.fleet.edge.port)}

    def told(self) -> set[tuple[str, str, str]]:
        """Reason, place and zone of all that differs after the last look."""
        _, found = running.verify(self, seed=1)
        return {(each.reason, each.where, each.zone) for each in found}

    def proved(self) -> None:
        """Wait until the edge says that it has all."""

        def current() -> bool:
            ack = self.fleet.ack()
            return ack is not None and ack.told == self.core.state()[1]

        wait_for("the edge's ack is current", current, 60)

    def close(self) -> None:
        for client in self._clients:
            client.close()


@pytest.fixture
def verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Verified]:
    """A zone at OLD, wanted, published and answered."""
    monkeypatch.setattr(running, "PAUSES", (1.0, 1.0))
    fleet = EdgeFleet(tmp_path)
    try:
        fleet.serving()
        verified = Verified(fleet)
        verified.want(OLD)
        verified.proved()
        yield verified
        verified.close()
    finally:
        fleet.close()


def detach(replica: Valkey) -> None:
    """Have it follow its core no more, and stay as it is."""
    with replica.client() as client:
        client.replicaof("NO", "ONE")


def test_an_equal_fleet(verified: Verified) -> None:
    assert verified.told() == set()


def test_a_replica_that_stays_at_an_older_revision(verified: Verified) -> None:
    detach(verified.fleet.replica)
    verified.want(NEW)
    verified.fleet.publish(NEW)
    assert verified.told() == {
        ("Behind", REPLICA, ""),
        ("Behind", EDGE, ""),
        ("Behind", EDGE, ORIGIN),
    }


def test_a_zone_that_no_object_asks_for(verified: Verified) -> None:
    verified.fleet.publish(OLD, OTHER)
    verified.fleet.answers(OLD, OTHER)
    verified.proved()
    assert verified.told() == {("Unwanted", "core", OTHER)}


def test_a_zone_that_was_not_published(verified: Verified) -> None:
    verified.want(OLD, OTHER)
    assert verified.told() == {("NotPublished", "core", OTHER)}


def test_an_edge_that_lacks_the_data_of_a_zone(verified: Verified) -> None:
    """It started with nothing, and its replica has lost a chunk."""
    fleet = verified.fleet
    fleet.publish(OLD, OTHER)
    fleet.answers(OLD, OTHER)
    verified.want(OLD, OTHER)
    manifest = fleet.store.manifest(OTHER)
    assert manifest is not None
    detach(fleet.replica)
    fleet.edge.stop()
    for file in (fleet.edge.folder / "state").rglob("*"):
        if file.is_file():
            file.unlink()
    with fleet.replica.client() as client:
        client.delete(*manifest.snapshot_keys())
    fleet.edge.start_ready()
    fleet.answers("SERVFAIL", OTHER)
    verified.proved()
    assert verified.told() == {("CannotLoad", EDGE, OTHER), ("NotServed", EDGE, OTHER)}


def test_an_edge_that_does_not_answer(verified: Verified) -> None:
    verified.fleet.edge.kill()
    assert verified.told() == {("NoAnswer", EDGE, "")}


def test_a_core_that_went_back(verified: Verified) -> None:
    fleet = verified.fleet
    with fleet.core.client() as client:
        before = {name: client.dump(name) for name in client.keys("dnsfleet:*")}
        fleet.publish(NEW)
        fleet.answers(NEW)
        verified.want(NEW)
        client.flushall()
        for name, value in before.items():
            client.restore(name, 0, value, replace=True)
    told = verified.told()
    assert {("OtherContent", "core", ORIGIN), ("Ahead", EDGE, ORIGIN)} <= told
    assert {zone for _, _, zone in told} <= {ORIGIN, ""}


@pytest.mark.parametrize("part", ["manifest", "content", "head"])
def test_a_core_that_lost_a_part(verified: Verified, part: str) -> None:
    manifest = verified.fleet.store.manifest(ORIGIN)
    assert manifest is not None
    names = {
        "manifest": [keys.manifest(ORIGIN)],
        "content": manifest.snapshot_keys(),
        "head": [keys.FLEET],
    }
    with verified.fleet.core.client() as client:
        client.delete(*names[part])
    told = verified.told()
    assert ("Damaged", "core", "" if part == "head" else ORIGIN) in told
    assert {where for _, where, _ in told} <= {"core", REPLICA}


def test_a_pop_in_another_cluster_is_judged_by_its_report_and_that_is_said(
    verified: Verified, capsys: pytest.CaptureFixture[str]
) -> None:
    verified.remote = frozenset(["sin"])
    assert verified.told() == {("NotHeard", "Pop sin", "")}

    def say() -> None:
        ack = verified.fleet.ack()
        now_ms = time.time_ns() // 1_000_000
        said = Report(now_ms, "0.1.0", None, 1, words=(EdgeWord("e1", 2, ack),))
        verified.fleet.client.set(pop_slots.key("sin", 0), pop_reports.encode(said))

    say()
    assert running.run(verified, 1, heal=False) == 0
    assert "other clusters run sin: their replicas and answers cannot be" in capsys.readouterr().out
    verified.want(NEW)
    verified.fleet.publish(NEW)
    verified.fleet.answers(NEW)
    verified.proved()
    assert verified.told() == {("Behind", "edge sin/e1 and 1 more, in another cluster", "")}

"""A real edge that is told to load all zones anew."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet.replication import pop_commands
from dnsfleet.replication.pop_commands import SNAPSHOT, PopCommand, Request
from dnsfleet.replication.revisions import Revision
from dnsfleet_publisher.command_streams import CommandStreams
from support.edge_fleets import NEW, OLD, EdgeFleet
from support.signed_zones import FORGER, PUBLISHER
from support.waiting import wait_for

SECONDS = 20.0


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[EdgeFleet]:
    fleet = EdgeFleet(tmp_path)
    yield fleet
    fleet.close()


def tell(
    fleet: EdgeFleet, number: int, key: Ed25519PrivateKey, pop: str = "fra", lasts_ms: int = 10**6
) -> Revision:
    """Write a command into the stream of the Pop, as its writer does."""
    now_ms = time.time_ns() // 1_000_000
    request = Request(f"r{number}", SNAPSHOT, "", now_ms, now_ms + lasts_ms)
    command = PopCommand(pop, Revision(fleet.store.fence, number), request)
    CommandStreams(fleet.client).write(fleet.store.fence, "fra", [command], key)
    return command.sequence


def loads(fleet: EdgeFleet) -> float:
    """How many zones were loaded so far."""
    return fleet.edge.metrics()["dnsfleet_edge_zone_loads_total"]


def test_zones_are_loaded_anew_once_and_the_ack_tells(fleet: EdgeFleet) -> None:
    fleet.serving()
    fleet.publish(OLD, "example.org.")
    fleet.answers(OLD, "example.org.")
    fleet.publish(NEW)
    fleet.answers(NEW)
    before = loads(fleet)
    number = tell(fleet, 1, PUBLISHER)

    def told() -> bool:
        ack = fleet.ack()
        return ack is not None and ack.refreshed == number

    wait_for("the ack tells", told, SECONDS)
    assert loads(fleet) == before + 2
    assert (fleet.edge.address("www.example.com."), fleet.edge.log.count("refreshing")) == (NEW, 1)


def test_what_is_forged_or_late_or_of_another_pop_is_not_done(fleet: EdgeFleet) -> None:
    fleet.serving()
    tell(fleet, 1, FORGER)
    tell(fleet, 2, PUBLISHER, pop="iad")
    tell(fleet, 3, PUBLISHER, lasts_ms=0)
    good = tell(fleet, 4, PUBLISHER)
    wait_for("the good one", lambda: "refreshing" in fleet.edge.log, SECONDS)
    assert f"command={good}" in fleet.edge.log
    assert fleet.edge.log.count("refreshing") == 1


def test_a_key_of_another_kind_costs_no_news(fleet: EdgeFleet) -> None:
    fleet.serving()
    fleet.client.set(pop_commands.stream("fra"), "x")
    wait_for("the edge looked there", lambda: _refused(fleet), SECONDS)
    fleet.publish(NEW)
    fleet.answers(NEW)
    assert "link_defect" not in fleet.edge.log
    assert "replica_lost" not in fleet.edge.log


def _refused(fleet: EdgeFleet) -> bool:
    """Whether the replica refused to read the key as a stream."""
    with fleet.replica.client() as client:
        stats = client.info("commandstats").get("cmdstat_xrevrange", {})
        return bool(stats.get("failed_calls", 0) > 0)

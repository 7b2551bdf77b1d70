"""The core, a replica and an edge killed under load: no query lost, no wrong answer."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.fleet import PROBE, Fleet, write_probe_fleet
from support.oracle import Oracle
from support.up_runs import pops, zone
from support.waiting import wait_for

POPS = ("ams", "gru", "sin")
RATE = 5_000  # queries a second over all Pops
LIVE_SECONDS = 10.0
"""The longest until a change is live everywhere after a kill, with the back-off of restarts."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "manifests" / "fleet.yaml"
    path.parent.mkdir()
    write_probe_fleet(path, POPS, 0)
    return path


@pytest.fixture
def fleet(tmp_path: Path, file: Path) -> Iterator[Fleet]:
    with Fleet(file.parent, tmp_path / "state", len(POPS), "--shards", "2") as fleet:
        fleet.wait("ready", 30)
        yield fleet


def change(file: Path, oracle: Oracle, counter: int) -> None:
    """Publish a counter and see it answered by every edge."""
    oracle.publishing(counter)
    write_probe_fleet(file, POPS, counter)
    wait_for(f"{counter} everywhere", lambda: oracle.seen_everywhere(counter), LIVE_SECONDS)


def under_load(oracle: Oracle) -> None:
    """Go on until the queries of one second have been asked."""
    enough = oracle.asked + RATE
    wait_for("a second's worth of queries", lambda: oracle.asked >= enough, 30)


@pytest.mark.parametrize("victims", [["core"], ["replica/gru"], ["core", "replica/ams"]])
def test_edges_answer_through_the_loss_of_redis(
    fleet: Fleet, file: Path, victims: list[str]
) -> None:
    with Oracle(fleet.servers, PROBE, RATE, published=0) as oracle:
        change(file, oracle, 1)
        for victim in victims:
            position = fleet.kill(victim)
            under_load(oracle)
            fleet.wait("started", 10, lambda e, v=victim: e["process"] == v, position)
        change(file, oracle, 2)
        under_load(oracle)
        change(file, oracle, 3)
    assert oracle.faults == []


def test_a_killed_edge_comes_back_from_its_disk_and_the_others_lose_nothing(
    fleet: Fleet, file: Path
) -> None:
    with Oracle(fleet.servers, PROBE, RATE, published=0) as oracle:
        change(file, oracle, 1)
        position = fleet.kill("edge/sin")
        fleet.wait("exited", 10, lambda e: e["process"] == "edge/sin", position)
        oracle.restarted(fleet.servers[2])
        fleet.wait("started", 10, lambda e: e["process"] == "edge/sin", position)
        change(file, oracle, 2)
    others = [oracle.verdicts[server] for server in fleet.servers[:2]]
    assert [(v.lost, v.wrong, v.notes) for v in others] == [(0, 0, [])] * 2
    assert oracle.verdicts[fleet.servers[2]].wrong == 0


def test_an_edge_with_a_damaged_index_refuses_nothing(tmp_path: Path, file: Path) -> None:
    """The zone that is asked for joined last, so an index from before would not have it."""
    (file.parent / "other.yaml").write_text(zone("other", "192.0.2.1"))
    file.write_text(pops(*POPS))
    with Fleet(file.parent, tmp_path / "state", len(POPS), "--shards", "2") as fleet:
        fleet.wait("ready", 30)
        position = len(fleet.events)
        write_probe_fleet(file, POPS, 0)
        fleet.wait("propagated", LIVE_SECONDS, after=position)
        index = tmp_path / "state/pops/sin/edge/index"
        wait_for("its place in the index", lambda: b"example.com." in index.read_bytes(), 10)
        with Oracle(fleet.servers, PROBE, RATE, published=0) as oracle:
            change(file, oracle, 1)
            index.write_bytes(index.read_bytes()[:-1])
            position = fleet.kill("edge/sin")
            fleet.wait("exited", 10, lambda e: e["process"] == "edge/sin", position)
            oracle.restarted(fleet.servers[2])
            fleet.wait("started", 10, lambda e: e["process"] == "edge/sin", position)
            change(file, oracle, 2)
        others = [oracle.verdicts[server] for server in fleet.servers[:2]]
        assert [(v.lost, v.wrong, v.notes) for v in others] == [(0, 0, [])] * 2
        assert oracle.verdicts[fleet.servers[2]].wrong == 0
    assert b"disk_incomplete" in (tmp_path / "state/logs/edge-sin.log").read_bytes()


def test_a_core_that_lost_its_data_takes_nothing_away(
    fleet: Fleet, file: Path, tmp_path: Path
) -> None:
    with Oracle(fleet.servers, PROBE, RATE, published=0) as oracle:
        change(file, oracle, 1)
        for data in (tmp_path / "state").rglob("appendonlydir"):
            for lost in data.iterdir():
                lost.unlink()
        position = fleet.kill("core")
        fleet.wait("started", 10, lambda e: e["process"] == "core", position)
        change(file, oracle, 2)
    assert oracle.faults == []

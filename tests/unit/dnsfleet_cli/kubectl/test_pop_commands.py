"""`kubectl dnsfleet pop restart-replica` and its like: the annotation that asks for it."""

import inspect
from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest
import typer
from dnsfleet.replication.pop_commands import MAX_WAITING, RESTART_REPLICA
from dnsfleet.resources import pop_requests
from dnsfleet_cli.kubectl import pop_commands
from dnsfleet_cli.kubectl.cluster import Cluster
from dnsfleet_cli.kubectl.objects import Object
from dnsfleet_cli.troubles import Trouble
from dnsfleet_edge.refresh_commands import LONGEST_WAIT_SECONDS, RECORD_SECONDS, ZONE_SECONDS
from support.cluster_objects import pop


class FakeCluster:
    """One Pop, and what was asked of it."""

    def __init__(self, state: Mapping[str, str], later: str = "Done") -> None:
        """`state` is that of each request that is there; `later` that of the next one."""
        self.pop: dict[str, Any] = dict(pop("fra"))
        annotations = {pop_requests.PREFIX + name: "{}" for name in state}
        commands = [{"name": name, "state": each} for name, each in state.items() if each]
        self.pop["metadata"]["annotations"] = annotations
        self.pop["status"] = {"commands": commands}
        self.changes: list[dict[str, str | None]] = []
        self._later = later

    def pops(self) -> list[Object]:
        return [self.pop]

    def patch_pop(self, _name: str, change: dict[str, Any]) -> Object:
        self.changes.append(change["metadata"]["annotations"])
        return self.pop

    def states(self, _item: Object, _seconds: float) -> Iterator[Object]:
        (asked,) = (key for key, value in self.changes[-1].items() if value)
        name = asked.removeprefix(pop_requests.PREFIX)
        yield self.pop
        told = {"name": name, "state": self._later, "message": "so it is"}
        yield {**self.pop, "status": {"commands": [told]}}


def test_a_snapshot_is_waited_for_as_long_as_edges_may_wait_before_they_load() -> None:
    default = inspect.signature(pop_commands.snapshot).parameters["timeout"].default
    loading = 10_000 * (ZONE_SECONDS + 10 * RECORD_SECONDS)
    assert default >= LONGEST_WAIT_SECONDS + loading


def give(cluster: FakeCluster, timeout: float | None = None) -> None:
    pop_commands._give(cast(Cluster, cluster), "fra", RESTART_REPLICA, "", 60, timeout)


def test_it_asks_by_an_annotation_that_can_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    cluster = FakeCluster({})
    give(cluster)
    (change,) = cluster.changes
    texts = {key: value for key, value in change.items() if value is not None}
    (request,) = pop_requests.read(texts).requests
    assert (request.verb, request.expires_ms - request.given_ms) == (RESTART_REPLICA, 60_000)
    assert capsys.readouterr().out == f"pop/fra is told: restart-replica ({request.name})\n"


def test_it_clears_away_what_ended_long_ago() -> None:
    ended = {f"r{number:02}": "Done" for number in range(pop_commands.KEPT + 2)}
    cluster = FakeCluster(ended | {"r98": "Waiting", "r99": ""})
    give(cluster)
    removed = [key for key, value in cluster.changes[0].items() if value is None]
    assert removed == [pop_requests.PREFIX + "r00", pop_requests.PREFIX + "r01"]


def test_it_refuses_one_more_than_may_wait() -> None:
    waiting = dict.fromkeys((f"r{number}" for number in range(MAX_WAITING)), "Waiting")
    with pytest.raises(Trouble, match="16 commands to pop/fra wait already"):
        give(FakeCluster(waiting))


def test_it_waits_for_how_it_ends(capsys: pytest.CaptureFixture[str]) -> None:
    give(FakeCluster({}), timeout=1)
    assert capsys.readouterr().out.endswith(" done: so it is\n")
    with pytest.raises(typer.Exit) as ended:
        give(FakeCluster({}, later="Expired"), timeout=1)
    assert ended.value.exit_code == 1
    assert capsys.readouterr().out.endswith(" expired: so it is\n")

"""Two releases of the chart in one cluster, each with a controller and a core of its own."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from dnsfleet_operator.leading.releases import GONE_SECONDS
from support.controlled_fleets import DEADLINE_SECONDS, ControlledFleet
from support.core_servers import PUBLISHER_USER
from support.memory_clusters import MemoryCluster
from support.release_objects import operator
from support.valkey import Valkey
from support.waiting import wait_for

ORIGIN, NAME = "a.example.", "www.a.example."
POP = {"apiVersion": "dnsfleet.io/v1alpha1", "kind": "Pop", "metadata": {"name": "fra"}, "spec": {}}


@pytest.fixture
def cores(tmp_path: Path) -> Iterator[list[Valkey]]:
    with ExitStack() as stack:
        found = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            valkey = Valkey(tmp_path / name, users=[PUBLISHER_USER])
            valkey.start()
            stack.callback(valkey.kill)
            found.append(valkey)
        yield found


def zone(address: str) -> dict[str, Any]:
    records = [{"name": "www", "type": "A", "data": [address]}]
    return {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "Zone",
        "metadata": {"name": "a", "namespace": "dns"},
        "spec": {"origin": "a.example", "nameServers": ["ns1.example.net"], "records": records},
    }


def test_the_second_release_touches_nothing_until_the_first_is_gone(cores: list[Valkey]) -> None:
    cluster = MemoryCluster()
    old = cluster.put(operator("first", "2026-01-01T00:00:00Z"))
    cluster.put(operator("second", "2026-02-01T00:00:00Z"))

    def tell(found: dict[str, Any]) -> None:
        """Change an object, and let both controllers hear of it."""
        made = cluster.put(found)
        for each in (first, second):
            each.controller.event(made["kind"], made, deleted=False)

    def ended_after(before: float) -> bool:
        return second.last_turn() > before

    def turn() -> None:
        """Wait for a whole turn of the second controller; one may be under way."""
        for _ in range(2):
            before = second.last_turn()
            second.controller.wake()
            wait_for("a turn", partial(ended_after, before), DEADLINE_SECONDS)

    with (
        ControlledFleet(cores[0], cluster=cluster, namespace="first") as first,
        ControlledFleet(cores[1], cluster=cluster, namespace="second") as second,
    ):
        for address in ("192.0.2.1", "192.0.2.2", "192.0.2.3"):
            tell(POP)
            tell(zone(address))
            first.wait_until_served(ORIGIN, NAME, address)
            second.precedence.look(0.0)
            turn()
        wait_for("edges of the first", lambda: first.edges("fra") > 0, DEADLINE_SECONDS)
        first.wait_for_condition("Zone", "a", "Programmed", "Published")
        assert second.served(ORIGIN) is None
        assert second.edges("fra") == -1
        assert second.status_writes("Zone") == second.status_writes("Pop") == 0
        assert {each["kind"] for each in cluster.of_namespace("second")} == {
            *("Deployment", "Secret", "Event"),
        }

        cluster.delete(old)
        second.precedence.look(GONE_SECONDS - 1)
        turn()
        assert second.served(ORIGIN) is None
        second.precedence.look(GONE_SECONDS)
        second.wait_until_served(ORIGIN, NAME, "192.0.2.3")
        wait_for("edges of the second", lambda: second.edges("fra") > 0, DEADLINE_SECONDS)
        first.precedence.look(0.0)
        assert "in the namespace second leads" in first.precedence.problem
        assert second.precedence.problem == ""

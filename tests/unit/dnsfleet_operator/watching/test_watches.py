"""Which kinds are watched."""

from collections.abc import Collection
from typing import Any, cast

import pytest
from dnsfleet.resources import GROUP
from dnsfleet_operator.api_calls import APICalls
from dnsfleet_operator.cluster import ClusterError
from dnsfleet_operator.controller import Controller
from dnsfleet_operator.observed.deletions import DEFINITIONS
from dnsfleet_operator.observed.observation import LISTED
from dnsfleet_operator.watching import watches
from dnsfleet_operator.watching.handlers import register
from prometheus_client import CollectorRegistry
from support.memory_clusters import MemoryCluster


@pytest.mark.parametrize("kind", LISTED)
def test_what_is_listed_is_watched_too(kind: str) -> None:
    """Else a change of it would be known only after the next list."""
    controller = cast(Controller, None)  # no event comes
    before = _handlers(controller, [each for each in LISTED if each != kind])
    watched = _handlers(controller, LISTED)
    # RecordSets are watched beside kopf.
    assert kind == "RecordSet" or watched == before + 1


def _handlers(controller: Controller, kinds: Collection[str]) -> int:
    calls = APICalls(CollectorRegistry())
    registry = register(controller, {f"zones.{GROUP}": "uid"}, lambda: None, kinds, calls)
    return len(registry._watching.get_all_handlers())


def definition(kind: str) -> dict[str, Any]:
    return {"kind": "CustomResourceDefinition", "metadata": {"name": DEFINITIONS[kind]}}


def test_it_tells_which_definitions_are_missing_and_what_to_do(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, and it is not ready until they are there."""
    monkeypatch.setattr(watches, "SERVED_SECONDS", 0.01)
    cluster, told = MemoryCluster(), list[str]()
    for kind in DEFINITIONS:
        if kind != "ZoneClass":
            cluster.put(definition(kind))
    missing = (
        f"the API server does not serve zoneclasses.{GROUP}: apply the CustomResourceDefinitions "
        "of this version (the folder crds), or install the chart with crds.enabled=true"
    )
    refused = "list ZoneClass: forbidden (403)"

    def tell(problem: str) -> None:
        told.append(problem)
        if problem == missing:
            cluster.put(definition("ZoneClass"))
            cluster.faults["ZoneClass"] = ClusterError(refused, 403)
        if problem == refused:
            cluster.faults.clear()

    found = watches.served(cluster, list(DEFINITIONS), tell)
    assert found.keys() == set(DEFINITIONS.values())
    assert told == [missing, refused, ""]
    assert [each.message for each in caplog.records] == [missing, refused]


def test_a_namespace_that_refuses_does_not_keep_it_waiting() -> None:
    cluster = MemoryCluster()
    cluster.put(definition("ZoneClass"))
    cluster.limit("dns")
    cluster.forbid("dns")
    name = DEFINITIONS["ZoneClass"]
    assert watches._look(cluster, {"ZoneClass": name}).keys() == {name}

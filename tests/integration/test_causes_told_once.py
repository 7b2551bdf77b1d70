"""One cause is told in one place, however many objects it touches: a table over causes.

For each cause the table has all conditions that are other ones by it, with how many objects show
that, and all Events. What is not in the table must not be told.
"""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from dnsfleet.replication import edge_words
from dnsfleet_operator import controller
from dnsfleet_operator.cluster import ClusterError, Object
from dnsfleet_operator.leading import terms
from dnsfleet_publisher import clocks, key_secrets
from dnsfleet_publisher.clocks import ClockError
from support.answering_edges import AnsweringEdges
from support.controlled_fleets import (
    DEADLINE_SECONDS,
    NAMESPACE,
    ControlledFleet,
    edge_pod,
    new_keys,
)
from support.valkey import Valkey
from support.waiting import wait_for

ZONES = 12
"""More than may leave at once without a question."""
POPS = ("ams", "fra", "iad")
KINDS = ("Zone", "RecordSet", "Pop", "Fleet")
SECRET = ("Secret", "dnsfleet-keys", NAMESPACE)
TURN_SECONDS = 0.1
SILENT_MS = 5_000
"""Of an edge alone: longer than a busy machine keeps the others from being heard."""
UNHEARD_MS = 500
"""Where nobody hears any edge."""
LOOKS = 15
"""So many after a cause was told, all that it is told on has been written."""

Shown = dict[tuple[str, str], dict[str, tuple[str, str]]]
"""The conditions of each object, by its kind and name."""


def item(kind: str, name: str, spec: Object, namespace: str = "dns", **metadata: Any) -> Object:
    found = {"name": name} | ({"namespace": namespace} if namespace else {}) | metadata
    return {"apiVersion": "dnsfleet.io/v1alpha1", "kind": kind, "metadata": found, "spec": spec}


def zone(number: int, address: str = "192.0.2.1") -> Object:
    spec = {
        "origin": f"z{number}.example",
        "nameServers": ["ns1.example.net"],
        "records": [{"name": "www", "type": "A", "data": [address]}],
        "placement": {"popSelector": {"matchLabels": {"region": "eu"}}},
        "recordSets": {"namespaces": {"from": "Same"}},
    }
    return item("Zone", f"z{number}", spec)


def record_set(number: int) -> Object:
    records = [{"name": "shop", "type": "A", "data": ["192.0.2.1"]}]
    return item("RecordSet", f"r{number}", {"zoneRef": {"name": f"z{number}"}, "records": records})


def pop(name: str, region: str = "eu") -> Object:
    spec = {"edge": {"replicas": 1}, "service": {"type": "NodePort"}}
    return item("Pop", name, spec, "", labels={"region": region})


def conditions(found: Object) -> dict[str, tuple[str, str]]:
    """Status and reason of each condition."""
    told = found.get("status", {}).get("conditions", ())
    return {each["type"]: (each["status"], each["reason"]) for each in told}


class Fleet:
    """Zones at three Pops, all of it live. The edge of the last Pop can fall silent alone."""

    def __init__(
        self,
        core: Valkey,
        edges: AnsweringEdges,
        last_edge: AnsweringEdges,
        controlled: ControlledFleet,
    ) -> None:
        self.core = core
        self.edges = edges
        self.last_edge = last_edge
        self.controlled = controlled
        self.cluster = controlled.cluster
        for name in POPS:
            controlled.put(pop(name))
            controlled.put(edge_pod(name))
        for number in range(ZONES):
            controlled.put(zone(number))
            controlled.put(record_set(number))
        wait_for("all is live", self._is_live, DEADLINE_SECONDS)

    def _is_live(self) -> bool:
        ready = self.count("Ready", "True")
        synced = self.count("Synced", "True")
        return ready == 2 * ZONES + len(POPS) + 1 and synced == len(POPS)

    def count(self, condition: str, status: str) -> int:
        """How many objects show a condition with this status."""
        shown = self.shown().values()
        return sum(each.get(condition, ("", ""))[0] == status for each in shown)

    def shown(self) -> Shown:
        """The conditions of each object, by its kind and name."""
        return {
            (kind, each["metadata"]["name"]): conditions(each)
            for kind in KINDS
            for each in self.cluster.objects(kind)
        }

    def events(self) -> Counter[tuple[str, str]]:
        """How many Events were posted, by the kind of the object and the reason."""
        found = self.cluster.objects("Event")
        return Counter((each["regarding"]["kind"], each["reason"]) for each in found)

    def secret(self) -> Object:
        """The Secret with the keys."""
        found = self.cluster.get(*SECRET)
        assert found is not None
        return found


@pytest.fixture(name="fleet")
def _fleet(core: Valkey, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    for module, name in (
        (terms, "FLEET_SECONDS"),
        (terms, "KEYS_SECONDS"),
        (controller, "IDLE_LOOK_SECONDS"),
    ):
        monkeypatch.setattr(module, name, TURN_SECONDS)
    monkeypatch.setattr(edge_words, "SILENT_MS", SILENT_MS)
    with (
        AnsweringEdges(core, POPS[:-1]) as edges,
        AnsweringEdges(core, POPS[-1:]) as last_edge,
        ControlledFleet(core) as controlled,
    ):
        yield Fleet(core, edges, last_edge, controlled)


def the_core_is_away(fleet: Fleet) -> None:
    fleet.core.kill()


def the_core_takes_no_writes(fleet: Fleet) -> None:
    with fleet.core.client() as client:
        client.config_set("maxmemory", 1)
    fleet.controlled.put(zone(0, "192.0.2.9"))


def the_secret_is_deleted(fleet: Fleet) -> None:
    fleet.cluster.delete(fleet.secret())


def the_secret_is_deleted_for_good(fleet: Fleet) -> None:
    create = fleet.cluster.create

    def refused(new: Object) -> Object:
        if new["kind"] == "Secret":
            raise ClusterError("forbidden", 403)
        return create(new)

    fleet.cluster.create = refused  # type: ignore[method-assign]
    fleet.cluster.delete(fleet.secret())


def the_secret_has_other_keys(fleet: Fleet) -> None:
    fleet.cluster.put(fleet.secret() | {"data": key_secrets.data(new_keys())})


def a_rotation_is_asked_for(fleet: Fleet) -> None:
    annotations = {key_secrets.ROTATE_ANNOTATION: "now"}
    found = fleet.secret()
    fleet.cluster.put(found | {"metadata": found["metadata"] | {"annotations": annotations}})


def an_edge_is_silent(fleet: Fleet) -> None:
    fleet.last_edge.follows.clear()


def every_pop_is_relabelled(fleet: Fleet) -> None:
    for name in POPS:
        fleet.controlled.put(pop(name, "ue"))


def the_definition_of_zones_is_deleted(fleet: Fleet) -> None:
    fleet.cluster.delete(
        {"kind": "CustomResourceDefinition", "metadata": {"name": "zones.dnsfleet.io"}}
    )
    for number in range(ZONES):
        fleet.controlled.delete(zone(number))
    fleet.controlled.controller.sync()


class Row(NamedTuple):
    cause: Callable[[Fleet], None]
    conditions: dict[tuple[str, str], int]
    """How many objects show another status or reason, by kind and condition."""
    events: dict[tuple[str, str], int]
    deaf: bool = False
    """Whether nobody hears any edge then."""


TABLE = [
    Row(
        the_core_is_away,
        {("Fleet", "CoreAvailable"): 1, ("Fleet", "Ready"): 1},
        {("Fleet", "CoreUnavailable"): 1},
        deaf=True,
    ),
    Row(
        the_core_takes_no_writes,
        {
            ("Fleet", "CoreAvailable"): 1,
            ("Fleet", "Ready"): 1,
            ("Zone", "Programmed"): 1,
            ("Zone", "Propagated"): 1,
            ("Zone", "Ready"): 1,
        },
        {("Fleet", "CoreUnavailable"): 1},
        deaf=True,
    ),
    Row(
        the_secret_is_deleted,
        {("Fleet", "KeysReady"): 1},
        {("Fleet", "SecretWrittenAgain"): 1},
    ),
    Row(
        the_secret_is_deleted_for_good,
        {("Fleet", "KeysReady"): 1, ("Fleet", "Ready"): 1},
        {("Fleet", "SecretLost"): 1},
    ),
    Row(
        the_secret_has_other_keys,
        {("Fleet", "KeysReady"): 1, ("Fleet", "Ready"): 1},
        {("Fleet", "SecretChanged"): 1},
    ),
    Row(a_rotation_is_asked_for, {("Fleet", "KeysReady"): 1}, {("Secret", "KeyRotation"): 1}),
    Row(an_edge_is_silent, {("Pop", "Connected"): 1}, {}),
    Row(
        every_pop_is_relabelled,
        {("Fleet", "Held"): 1, ("Zone", "Accepted"): ZONES, ("Zone", "Ready"): ZONES},
        {("Fleet", "UnsafePlacement"): 1},
    ),
    Row(
        the_definition_of_zones_is_deleted,
        {
            ("RecordSet", "Accepted"): ZONES,
            ("RecordSet", "Programmed"): ZONES,
            ("RecordSet", "Propagated"): ZONES,
            ("RecordSet", "Ready"): ZONES,
        },
        {("Fleet", "Orphaned"): 1},
    ),
]


def changed(fleet: Fleet, before: Shown) -> Counter[tuple[str, str]]:
    """How many objects show another status or reason, by kind and condition."""
    return Counter(
        (kind, condition)
        for (kind, name), found in fleet.shown().items()
        for condition, shown in found.items()
        if before[kind, name].get(condition) != shown
    )


def wait_for_looks(controlled: ControlledFleet) -> None:
    """Wait until all that was to be told has been."""

    def looks() -> int:
        results = ("success", "error")
        return sum(controlled.passes("Propagation", result) for result in results)

    until = looks() + LOOKS
    wait_for("looks at what was told", lambda: looks() > until, DEADLINE_SECONDS)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.cause.__name__)
def test_a_cause_is_told_where_the_table_says_and_nowhere_else(
    fleet: Fleet, row: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, told = fleet.shown(), fleet.events()
    row.cause(fleet)

    def is_told() -> bool:
        return changed(fleet, before) == row.conditions and fleet.events() - told == row.events

    with contextlib.suppress(AssertionError):  # what is told instead is shown below
        wait_for("it is told", is_told, DEADLINE_SECONDS)
    if row.deaf:
        monkeypatch.setattr(edge_words, "SILENT_MS", UNHEARD_MS)
    wait_for_looks(fleet.controlled)
    assert changed(fleet, before) == row.conditions
    assert fleet.events() - told == row.events


@pytest.mark.parametrize("clock_is_wrong", [False, True])
def test_another_leader_tells_nothing_but_that_its_clock_is_wrong(
    fleet: Fleet, clock_is_wrong: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ahead(*_: object) -> None:
        raise ClockError("the clock of this machine is 400 s ahead")

    before = fleet.shown()
    fleet.controlled.controller.stop()
    if clock_is_wrong:
        monkeypatch.setattr(clocks, "check", ahead)
    with ControlledFleet(fleet.core, before=fleet.controlled) as other:
        if clock_is_wrong:
            other.wait_for_condition("Fleet", "dnsfleet", "CoreAvailable", "CoreUnavailable")
        else:
            other.wait_for_passes("Fleet", more=3)
        wait_for_looks(other)
        away = {("Fleet", "CoreAvailable"): 1, ("Fleet", "Ready"): 1}
        assert changed(fleet, before) == (away if clock_is_wrong else {})
        assert fleet.events() == ({("Fleet", "CoreUnavailable"): 1} if clock_is_wrong else {})

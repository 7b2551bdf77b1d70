"""A revision is propagated when every Ready edge of every Active Pop said so, and never before."""

from typing import Any

import pytest
from dnsfleet.replication.acks import MAX_FAILING, Ack
from dnsfleet.replication.edge_words import SILENT_MS
from dnsfleet.replication.manifests import Manifest
from dnsfleet.replication.revisions import Revision
from dnsfleet_operator.observed import edge_pods
from dnsfleet_operator.observed.edge_pods import EdgePod
from dnsfleet_operator.statuses import propagation
from dnsfleet_operator.statuses.propagation import Fleet, PopState
from support.evidence import known_positions, proved

NOW = 1_000_000


def manifest(lsn: int = 10, pops: tuple[str, ...] | None = None) -> Manifest:
    return Manifest("example.com.", Revision(1, 1), None, lsn, 1, b"", 1, 1, NOW - 2000, pops=pops)


LOG = known_positions()
STARTED = 5000
"""When the containers started."""


def ack(lsn: int, failing: dict[str, str] | None = None, age: int = 0, more: int = 0) -> Ack:
    return proved(lsn, failing, more, NOW - age)._replace(started_ms=STARTED)


def fleet(said: dict[str, Ack], *edges: str, active: tuple[str, ...] = ("fra", "iad")) -> Fleet:
    """`edges` are the Ready ones, as POP/EDGE."""
    ready: dict[str, tuple[EdgePod, ...]] = {}
    for edge in edges:
        pop, _, name = edge.partition("/")
        ready[pop] = (*ready.get(pop, ()), EdgePod(pop, name, True, STARTED))
    return Fleet(active, ready, said, LOG, NOW)


BOTH = ("fra/a", "fra/b", "iad/a")
CASES = [
    # acks, Pops of the zone, current, why the others are not
    ({}, None, 0, {"fra": "Propagating", "iad": "Propagating"}),
    ({"fra/a": ack(10), "fra/b": ack(10), "iad/a": ack(10)}, None, 2, {}),
    ({"fra/a": ack(10), "fra/b": ack(9), "iad/a": ack(11)}, None, 1, {"fra": "Propagating"}),
    ({"fra/a": ack(10), "iad/a": ack(10)}, None, 1, {"fra": "Propagating"}),
    ({"fra/a": ack(10), "fra/b": ack(10)}, ("fra",), 1, {}),
    ({"iad/a": ack(9, age=SILENT_MS + 1)}, ("iad",), 0, {"iad": "PopUnreachable"}),
    ({"iad/a": ack(10, age=SILENT_MS + 1)}, ("iad",), 1, {}),
    ({"iad/a": ack(12, {"example.com.": "bad chunk"})}, ("iad",), 0, {"iad": "LoadFailed"}),
    ({"iad/a": ack(12, {"example.org.": "bad chunk"})}, ("iad",), 1, {}),
    ({"iad/a": ack(12)._replace(total=11)}, ("iad",), 0, {"iad": "Propagating"}),
    ({"iad/a": ack(12)._replace(total=None)}, ("iad",), 0, {"iad": "UnverifiedEdge"}),
    (
        {"iad/a": ack(12)._replace(ahead={"example.com.": b"x"}, ahead_count=1)},
        ("iad",),
        0,
        {"iad": "EdgeAhead"},
    ),
    ({"iad/a": ack(12)._replace(ahead={"example.org.": b"x"}, ahead_count=1)}, ("iad",), 1, {}),
    ({"iad/a": ack(12)._replace(started_ms=2999)}, ("iad",), 0, {"iad": "Propagating"}),
    ({"iad/a": ack(12)._replace(started_ms=3000)}, ("iad",), 1, {}),
    (
        {"iad/a": ack(12, {"example.org.": "x"}, more=MAX_FAILING)},
        ("iad",),
        0,
        {"iad": "Propagating"},
    ),
]


@pytest.mark.parametrize(("said", "pops", "current", "late"), CASES)
def test_zone(
    said: dict[str, Ack], pops: tuple[str, ...] | None, current: int, late: dict[str, str]
) -> None:
    state = fleet(said, *BOTH).zone(manifest(pops=pops))
    assert {each.pop: each.reason for each in state.late} == late
    assert (state.pops, state.current) == (current + len(late), current)
    assert state.propagated is (not late)


def test_a_pop_without_a_ready_edge_has_nothing() -> None:
    state = fleet({"fra/a": ack(10), "iad/a": ack(10)}, "fra/a").zone(manifest())
    assert state.late == (PopState("iad", False, "NoReadyEdge", "no edge is Ready"),)


def test_no_active_pop_is_not_propagated() -> None:
    state = fleet({"fra/a": ack(10)}, "fra/a", active=()).zone(manifest())
    assert (state.pops, state.propagated) == (0, False)


def test_pops_out_of_service_do_not_count() -> None:
    said = {"fra/a": ack(10)}
    assert fleet(said, "fra/a", "iad/a", active=("fra",)).zone(manifest()).propagated


def test_the_worst_five_are_named() -> None:
    active = tuple(f"p{number}" for number in range(7))
    said = {"p6/a": ack(0, {"example.com.": "bad chunk"})}
    state = fleet(said, "p6/a", active=active).zone(manifest())
    assert [each.pop for each in state.late] == ["p6", "p0", "p1", "p2", "p3"]
    assert (state.current, state.seconds) == (0, 1)


def test_silent_edges() -> None:
    said = {"fra/a": ack(1, age=SILENT_MS), "fra/b": ack(1, age=SILENT_MS + 1)}
    assert fleet(said, *BOTH).silent("fra") == ["b"]
    assert fleet(said, *BOTH).silent("iad") == ["a"]


@pytest.mark.parametrize(
    ("seconds", "step"), [(0.0, 0), (0.9, 0), (4.9, 1), (5, 5), (899, 300), (10**9, 86400)]
)
def test_step(seconds: float, step: int) -> None:
    assert propagation.step(seconds) == step


def pod(name: str, ready: str = "True", component: str = "edge", **metadata: str) -> dict[str, Any]:
    labels = {"dnsfleet.io/pop": "fra", "app.kubernetes.io/component": component}
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]}
    return {"metadata": {"name": name, "labels": labels, **metadata}, "status": status}


def test_only_edges_that_clients_are_sent_to_are_ready() -> None:
    ended = pod("ended") | {"status": {"phase": "Failed"}}
    pods = [
        pod("b"),
        pod("a"),
        pod("new", ready="False"),
        pod("going", deletionTimestamp="2026-01-01T00:00:00Z"),
        pod("replica", component="replica"),
        ended,
        {"metadata": {"name": "foreign"}},
    ]
    assert edge_pods.ready_by_pop(pods) == {
        "fra": (EdgePod("fra", "a", True), EdgePod("fra", "b", True))
    }
    serving = edge_pods.serving_by_pop(pods)["fra"]
    assert [(edge.name, edge.ready) for edge in serving] == [
        ("a", True),
        ("b", True),
        ("going", True),
    ], "what is live has to be so at an edge that leaves too"
    assert [edge.name for each in pods if (edge := edge_pods.read(each)) is not None] == [
        "b",
        "a",
        "new",
        "going",
    ]

"""From two looks at a fleet to rows: rates, shares, and who needs attention."""

import math
from dataclasses import replace
from typing import Any

import pytest
from dnsfleet_cli.top.figures import BAD, DOWN, WELL, Row, quantile, rows
from dnsfleet_cli.top.samples import EdgeSample, FleetSample, PopSample

WELL_EDGE = EdgeSample(at=0.0, ready=True, connected=True, zones=3)


def look(*pops: PopSample) -> FleetSample:
    return FleetSample("12:00:00", pops, None)


def pop(*edges: EdgeSample | None, **more: Any) -> PopSample:
    names = {f"e{number}": edge for number, edge in enumerate(edges)}
    return PopSample(**{"name": "fra", "desired": len(edges), "edges": names, **more})


def row(before: PopSample | None, now: PopSample) -> Row:
    (found,) = rows(None if before is None else look(before), look(now))
    return found


def test_rates_are_what_was_counted_between_two_looks() -> None:
    later = replace(
        WELL_EDGE,
        at=2.0,
        queries=100,
        responses=100,
        servfail=1,
        cache_hits=90,
        cache_misses=10,
        durations={0.001: 90, 0.01: 100, math.inf: 100},
    )
    found = row(pop(WELL_EDGE, WELL_EDGE), pop(later, later))
    assert (found.queries, found.servfail, found.hits) == (100.0, 0.01, 0.9)
    assert found.median == pytest.approx(0.001 * 50 / 90)
    assert found.slow == pytest.approx(0.001 + 0.009 * 9 / 10)
    assert (found.ready, found.zones, found.attention) == (2, 3, WELL)


def test_an_edge_that_began_anew_has_counted_from_zero() -> None:
    before = replace(WELL_EDGE, queries=1000, responses=1000)
    later = replace(WELL_EDGE, at=4.0, queries=8, responses=8)
    assert row(pop(before), pop(later)).queries == 2.0


@pytest.mark.parametrize("before", [None, pop(None), pop(name="iad"), pop(WELL_EDGE)])
def test_one_look_says_nothing_of_rates(before: PopSample | None) -> None:
    found = row(before, pop(replace(WELL_EDGE, queries=100)))
    assert (found.queries, found.servfail, found.hits, found.median) == (None,) * 4
    assert found.attention == WELL


@pytest.mark.parametrize(
    ("now", "attention", "reason"),
    [
        (pop(replace(WELL_EDGE, lag=15.0)), WELL, None),
        (pop(replace(WELL_EDGE, lag=15.1)), BAD, "15 s behind"),
        (pop(replace(WELL_EDGE, zones_failing=2)), BAD, "2 zones not loaded"),
        (pop(replace(WELL_EDGE, connected=False)), BAD, "replica does not answer"),
        (pop(WELL_EDGE, None), BAD, "no page of e1; 1 of 2 edges not ready"),
        (pop(None), DOWN, "no page of e0; 1 of 1 edges not ready"),
        (pop(replace(WELL_EDGE, ready=False)), DOWN, "1 of 1 edges not ready"),
        (pop(WELL_EDGE, told=("it is cut off",)), BAD, "it is cut off"),
        (pop(desired=0), WELL, None),
        (pop(None, ready=1), BAD, "no page of e0"),
        (pop(desired=2, ready=2, servfail=0.02), BAD, "2.0% SERVFAIL"),
        (pop(desired=2, ready=2, servfail=0.01, lag=3.0), WELL, None),
    ],
)
def test_who_needs_attention_and_why(now: PopSample, attention: int, reason: str | None) -> None:
    found = row(None, now)
    assert found.attention == attention
    assert "; ".join(found.reasons) == (reason or "")


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ({"queries": 100, "responses": 100, "servfail": 1}, None),
        ({"queries": 100, "responses": 100, "servfail": 2}, "2.0% SERVFAIL"),
        ({"queries": 100, "durations": {0.01: 2, 0.1: 2, math.inf: 2}}, None),
        ({"queries": 100, "durations": {0.01: 0, 0.1: 2, math.inf: 2}}, "99 ms for a response"),
        ({"queries": 100, "durations": {0.01: 0, 0.1: 1, math.inf: 1}}, None),
        ({"queries": 100, "rate_limited": 10}, None),
        ({"queries": 100, "rate_limited": 11}, "11% rate-limited"),
        ({"queries": 2, "rate_limited": 1}, None),
    ],
)
def test_the_bounds_are_those_of_the_alerts(counts: dict[str, Any], reason: str | None) -> None:
    later = replace(WELL_EDGE, at=1.0, **counts)
    assert row(pop(WELL_EDGE), pop(later)).reasons == (() if reason is None else (reason,))


def test_first_who_needs_most_attention_then_by_name() -> None:
    late = replace(WELL_EDGE, lag=60.0)
    found = rows(
        None,
        look(
            pop(WELL_EDGE, name="ams"),
            pop(late, name="sin"),
            pop(late, name="fra"),
            pop(None, name="nrt"),
        ),
    )
    assert [each.pop for each in found] == ["nrt", "fra", "sin", "ams"]


@pytest.mark.parametrize(
    ("share", "buckets", "expected"),
    [
        (0.5, {}, None),
        (0.5, {1.0: 0, math.inf: 0}, None),
        (0.5, {1.0: 10, math.inf: 10}, 0.5),
        (0.5, {1.0: 0, 2.0: 10, math.inf: 10}, 1.5),
        (0.99, {1.0: 5, math.inf: 10}, 1.0),
        (1.0, {1.0: 5, 3.0: 10, math.inf: 10}, 3.0),
    ],
)
def test_quantiles_are_as_prometheus_has_them(
    share: float, buckets: dict[float, float], expected: float | None
) -> None:
    assert quantile(share, buckets) == expected

"""The arithmetic of the operator's figures; the page shows them beside the earlier ones."""

from typing import Any

import pytest

from bench import operator_report, report
from bench.goals import goals
from bench.operator_figures import Delay, Listed, apart, between, growth, lists, quantiles, spread
from bench.operator_objects import Size
from bench.operator_report import BEFORE, HUGE, LARGE, NOW
from bench.ratios import Ratio

MIB = 2**20


def made_up(p50_ms: float) -> dict[str, float]:
    return {"changes": 200, "p50_ms": p50_ms, "p99_ms": 3 * p50_ms, "most_ms": 4 * p50_ms}


def column(times: float) -> dict[str, Any]:
    """Invented figures: a large fleet takes so many times what a small one takes."""
    rounds = [
        {"small": made_up(20 + turn), "large": made_up((20 + turn) * times)} for turn in range(3)
    ]
    return {
        "taken": {"date": "2026-01-02", "processor": "Some", "cores": 2, "kernel": "6.1"},
        "load": [0.5, 1.25],
        "rounds": {LARGE: rounds, HUGE: rounds},
        "listing": made_up(40),
        "events": [
            {
                "config_map_cpu_ms": 2.0,
                "namespace_cpu_ms": 2.0 * times,
                "after_config_maps_ms": 20.0,
                "after_namespaces_ms": 30.0,
            }
        ]
        * 3,
        "idle": [0.004, 0.006, 0.005],
        "lists": [{"cpu_seconds": 5.0, "seconds": 4.0}],
        "memory": {
            "100": {"now": 100 * MIB, "most": 110 * MIB},
            "5000": {"now": 300 * MIB, "most": 310 * MIB},
            "10000": {"now": 500 * MIB, "most": 700 * MIB},
            "100000": {"now": 2000 * MIB, "most": 2000 * MIB},
        },
        "start_seconds": [10.0, 9.0, 30.0],
        "start_full_seconds": [8.0, 8.0, 8.0],
        "wiped_seconds": [8.0, 9.0, 12.0],
        "first_change_seconds": [1.0, 3.0, 1.5],
        "settled_seconds": {"100": 2.0, "10000": 90.0},
    }


def page(part: dict[str, Any]) -> str:
    taken = column(1)["taken"]
    return report.page({"operator": {"taken": taken, **part}})


def test_a_counter_grows_evenly_between_its_samples() -> None:
    samples = [(0.0, 10.0), (1.0, 12.0), (3.0, 12.0)]
    assert between(samples, 0.0, 1.0) == 2.0
    assert between(samples, 0.5, 2.0) == 1.0
    assert between(samples, 1.0, 3.0) == 0.0
    assert between(samples, -5.0, 9.0) == 2.0


def test_a_spread_is_the_median_with_the_least_and_the_most() -> None:
    assert spread([3.0, 1.0, 2.0]) == Ratio(2.0, 1.0, 3.0)


def test_growth_compares_what_an_object_adds() -> None:
    assert growth({100: 5.0, 200: 6.0, 400: 8.0}) == pytest.approx(1.0)
    assert growth({400: 12.0, 100: 5.0, 200: 6.0}) == pytest.approx(3.0)


def listed(plural: str, began: float, ended: float | None) -> dict[str, Any]:
    return {"plural": plural, "by": "client", "pages": 1, "began": began, "ended": ended}


def test_lists_of_several_kinds_that_follow_each_other_are_one() -> None:
    records = [
        listed("zones", 104.0, 106.0),
        listed("namespaces", 100.0, 100.1),
        listed("recordsets", 100.1, 104.0),
        listed("zones", 400.0, 401.0),
        listed("zones", 50.0, 51.0),
        listed("pods", 200.0, 200.1),
    ]
    assert lists(records, 60.0) == [Listed(100.0, 106.0), Listed(400.0, 401.0)]


def test_what_is_no_list_of_zones_or_has_not_ended_is_no_complete_list() -> None:
    assert lists([listed("namespaces", 1.0, 2.0), listed("recordsets", 2.0, 3.0)], 0.0) == []
    assert lists([listed("recordsets", 1.0, 2.0), listed("zones", 2.0, None)], 0.0) == []


def test_quantiles_are_of_whole_changes_in_milliseconds() -> None:
    found = quantiles([Delay(0.0, number / 1000) for number in range(1, 201)])
    assert found == {
        "changes": 200,
        "p50_ms": pytest.approx(101),
        "p99_ms": pytest.approx(199),
        "most_ms": pytest.approx(200),
    }


def test_changes_while_all_is_listed_are_told_apart() -> None:
    calm, late = [Delay(1.0, 0.02), Delay(9.0, 0.03)], [Delay(5.0, 0.5)]
    rounds = [(calm, calm), (calm, [*calm, *late]), (calm, late), (late, calm)]
    found, listing = apart(rounds, [Listed(4.0, 6.0)])
    assert [each["large"]["changes"] for each in found] == [2, 2]
    assert [each["large"]["most_ms"] for each in found] == [30.0, 30.0]
    assert (listing["changes"], listing["most_ms"]) == (2, 500.0)
    assert apart(rounds[:1], []) == (found[:1], {})


def test_the_page_has_a_column_before_and_one_now() -> None:
    text = page({BEFORE: column(50), NOW: column(1.25)})
    assert (
        "| change to core, 10,000 + 50,000, p50, of that at 100 | 1.5 | 50.00 (50.00 to 50.00) "
        "| 1.25 (1.25 to 1.25) |" in text
    )
    assert "| RSS at 10,000 + 50,000, MiB | 600 | 500 | 500 |" in text
    assert "| RSS an object above 5,000 + 25,000, of that below | 1.25 | 0.98" in text
    assert "| idle CPU at 10,000 + 50,000, % of a core | 1 | 0.50 (0.40 to 0.60) |" in text
    assert "Load average in the run before, 2026-01-02: 0.5, 1.2." in text
    assert "| operator: start to all published, empty core, seconds | 15 | 10.00" in text


def test_what_was_not_measured_is_left_empty_and_has_no_goal() -> None:
    partial = column(2)
    del partial["lists"], partial["memory"]["100000"]
    text = page({BEFORE: column(50), NOW: partial})
    assert "| CPU of a complete list, seconds |  | 5.00 (5.00 to 5.00) |  |" in text
    assert "| RSS at 100,000 Zones, MiB |  | 2,000 |  |" in text
    only_before = {"operator": {"taken": column(1)["taken"], BEFORE: column(50)}}
    assert list(goals(only_before)) == []
    assert "Load average in the run now" not in page({BEFORE: column(50)})


def test_goals_are_those_of_now() -> None:
    part = {"taken": {}, BEFORE: column(1), NOW: column(3)}
    reached = {goal.what: goal.reached for goal in goals({"operator": part})}
    assert len(reached) == sum(limit is not None for _, limit, _ in operator_report.rows())
    assert not reached["operator: change to core, 10,000 + 50,000, p50, of that at 100"]
    assert reached["operator: change to core, 10,000 + 50,000, p99, of that at 100"]
    assert reached["operator: first change after the lists of a start, seconds"]


def test_objects_come_in_the_order_in_which_they_can_be_made() -> None:
    found = list(Size(150, 2).objects())
    kinds = [each["kind"] for each in found]
    assert (kinds.count("Zone"), kinds.count("RecordSet")) == (150, 300)
    there = {each["metadata"]["name"] for each in found if each["kind"] == "Namespace"}
    assert {each["metadata"].get("namespace", "others") for each in found} <= there
    assert (
        kinds.index("Pop")
        > len(there) - 1
        == max(at for at, kind in enumerate(kinds) if kind == "Namespace")
    )

"""When a published zone may be removed: a deletion that was meant, or an orphan for long."""

import math
from typing import Any

import pytest
from dnsfleet.resources import Reference
from dnsfleet_operator.observed import deletions
from dnsfleet_operator.observed.deletions import MOST_NAMED
from dnsfleet_operator.zones import orphans

DAY = 86400.0


def found(created: str, deleted: str = "") -> dict[str, Any]:
    metadata = {"creationTimestamp": f"2026-{created}T00:00:00Z"}
    return {"metadata": metadata | ({"deletionTimestamp": deleted} if deleted else {})}


CREATED = "2026-03-01T00:00:00Z"
DELETIONS = [
    # namespace, CRD, why the zone stays
    (found("01-01"), found("02-01"), None),
    (None, found("02-01"), "its namespace is gone too"),
    (found("01-01", "now"), found("02-01"), "its namespace is being deleted"),
    (found("04-01"), found("02-01"), "its namespace was made anew since"),
    (found("01-01"), None, "its CRD is gone too"),
    (found("01-01"), found("02-01", "now"), "its CRD is being deleted"),
    (found("01-01"), found("04-01"), "its CRD was made anew since"),
]


@pytest.mark.parametrize(("namespace", "definition", "why"), DELETIONS)
def test_a_deletion_counts_when_it_was_for_its_own_sake(
    namespace: dict[str, Any] | None, definition: dict[str, Any] | None, why: str | None
) -> None:
    assert deletions.why_not(CREATED, {"namespace": namespace, "CRD": definition}) == why


def published(count: int) -> set[str]:
    return {f"z{number:03}.example." for number in range(count)}


def always(_origin: str) -> bool:
    return True


def never(_origin: str) -> bool:
    return False


def test_an_orphan_is_kept_for_the_grace_period() -> None:
    first = orphans.sweep({"a.", "b."}, {"a."}, {}, 10.0, DAY, never)
    assert first == ({"b.": 10.0}, frozenset())
    later = orphans.sweep({"a.", "b."}, {"a."}, first.since, 10.0 + DAY - 1, DAY, never)
    assert later == ({"b.": 10.0}, frozenset())
    ripe = orphans.sweep({"a.", "b."}, {"a."}, later.since, 10.0 + DAY, DAY, never)
    assert ripe == ({}, {"b."})


def test_a_zone_that_is_named_again_is_no_orphan_any_more() -> None:
    both = {"a.", "b."}
    assert orphans.sweep(both, both, {"b.": 0.0}, 2 * DAY, DAY, always) == ({}, frozenset())


def test_an_empty_list_orphans_what_it_counts_for() -> None:
    known = {"a.": 1.0, "c.": 2.0}
    found = orphans.sweep({"a.", "b.", "c."}, set(), known, 9.0, DAY, lambda each: each != "c.")
    assert found == ({"a.": 1.0, "b.": 9.0, "c.": math.inf}, frozenset())


def test_what_an_empty_list_said_nothing_about_waits_for_one_that_is_not() -> None:
    waiting = {"a.": math.inf}
    assert orphans.sweep({"a."}, set(), waiting, 9 * DAY, DAY, always) == (waiting, frozenset())
    found = orphans.sweep({"a."}, {"b."}, waiting, 9 * DAY, DAY, always)
    assert found == ({"a.": 9 * DAY}, frozenset())


def test_an_empty_list_that_counts_for_nothing_removes_nothing() -> None:
    since = dict.fromkeys(published(5), 0.0)
    found = orphans.sweep(published(5), set(), since, 9 * DAY, DAY, never)
    assert found == (dict.fromkeys(published(5), math.inf), frozenset())


def test_what_was_missed_in_the_future_is_missed_now() -> None:
    """Somebody's clock was ahead; the grace period begins again, which harms nobody."""
    found = orphans.sweep({"a."}, {"b."}, {"a.": 9 * DAY}, DAY, DAY, never)
    assert found == ({"a.": DAY}, frozenset())


@pytest.mark.parametrize(("count", "swept"), [(1, 1), (9, 1), (20, 2), (205, 20)])
def test_a_sweep_removes_a_tenth_at_most(count: int, swept: int) -> None:
    since = dict.fromkeys(published(count), 0.0)
    sweep = orphans.sweep(published(count), {"named."}, since, DAY, DAY, never)
    assert len(sweep.removed) == swept
    assert sweep.since.keys() == published(count) - sweep.removed


def test_the_oldest_orphans_go_first() -> None:
    since = {"a.": 5.0, "b.": 1.0}
    assert orphans.sweep({"a.", "b."}, {"c."}, since, 2 * DAY, DAY, never).removed == {"b."}


def test_the_log_names_the_first_few_objects_that_one_cause_took() -> None:
    zones = [Reference("Zone", "dns", f"z{number:02}") for number in range(MOST_NAMED + 5)]
    found: dict[Reference, str | None] = dict.fromkeys(zones, "its CRD is gone too")
    found |= {Reference("Zone", "web", "a"): "its namespace is gone too"}
    found |= {Reference("Zone", "web", "meant"): None}
    lines = deletions.refused(found, "its zone is served on")
    assert lines[0] == "Zone dns/z00 is gone and its zone is served on: its CRD is gone too"
    assert lines[MOST_NAMED:] == [
        "5 more are gone and its zone is served on: its CRD is gone too",
        "Zone web/a is gone and its zone is served on: its namespace is gone too",
    ]

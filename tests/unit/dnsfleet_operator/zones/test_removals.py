"""When a published zone may be removed: a deletion that was meant, or an orphan for long."""

from typing import Any

import pytest
from dnsfleet_operator.observed import deletions
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


def test_an_orphan_is_kept_for_the_grace_period() -> None:
    first = orphans.sweep({"a.", "b."}, {"a."}, {}, 10.0, DAY)
    assert first == ({"b.": 10.0}, frozenset())
    later = orphans.sweep({"a.", "b."}, {"a."}, first.since, 10.0 + DAY - 1, DAY)
    assert later == ({"b.": 10.0}, frozenset())
    ripe = orphans.sweep({"a.", "b."}, {"a."}, later.since, 10.0 + DAY, DAY)
    assert ripe == ({}, {"b."})


def test_a_zone_that_is_named_again_is_no_orphan_any_more() -> None:
    assert orphans.sweep({"a.", "b."}, {"a.", "b."}, {"b.": 0.0}, 2 * DAY, DAY) == (
        {},
        frozenset(),
    )


def test_an_empty_list_orphans_nothing() -> None:
    since = dict.fromkeys(published(5), 0.0)
    assert orphans.sweep(published(5), set(), since, 9 * DAY, DAY) == ({}, frozenset())


@pytest.mark.parametrize(("count", "swept"), [(1, 1), (9, 1), (20, 2), (205, 20)])
def test_a_sweep_removes_a_tenth_at_most(count: int, swept: int) -> None:
    since = dict.fromkeys(published(count), 0.0)
    sweep = orphans.sweep(published(count), {"named."}, since, DAY, DAY)
    assert len(sweep.removed) == swept
    assert sweep.since.keys() == published(count) - sweep.removed


def test_the_oldest_orphans_go_first() -> None:
    sweep = orphans.sweep({"a.", "b."}, {"c."}, {"a.": 5.0, "b.": 1.0}, 2 * DAY, DAY)
    assert sweep.removed == {"b."}

"""Who leads, by a Lease and by nobody's clock but one's own."""

from typing import Any

import pytest
from dnsfleet_kubernetes import leases

WALL = "2026-01-01T00:00:00.000000Z"


def lease(holder: str, version: str = "1", duration: int = 15) -> dict[str, Any]:
    made = leases.new("dnsfleet-operator", "dns", holder, WALL)
    made["metadata"]["resourceVersion"] = version
    made["spec"]["leaseDurationSeconds"] = duration
    return made


def test_a_lease_that_moves_is_never_free() -> None:
    seen = None
    for second in range(100):
        moving = lease("a", version=str(second))
        seen = leases.observe(moving, seen, float(second))
        assert not leases.free(moving, seen, float(second))


@pytest.mark.parametrize(
    ("duration", "later", "free"), [(15, 15.0, False), (15, 15.1, True), (60, 59.0, False)]
)
def test_a_lease_that_stands_still_is_free_after_its_duration(
    duration: int, later: float, free: bool
) -> None:
    still = lease("a", duration=duration)
    seen = leases.observe(still, None, 100.0)
    assert leases.observe(still, seen, 100.0 + later) == seen
    assert leases.free(still, seen, 100.0 + later) is free


def test_a_lease_that_was_let_go_is_free_at_once() -> None:
    gone = leases.released(lease("a"))
    assert leases.free(gone, leases.observe(gone, None, 0.0), 0.0)
    assert not leases.mine(gone, "a")


def test_taking_counts_a_transition_and_renewing_does_not() -> None:
    taken = leases.held(lease("a"), "b", "2026-01-01T00:01:00.000000Z")
    assert leases.mine(taken, "b")
    assert taken["metadata"]["resourceVersion"] == "1"  # the API server refuses it if it moved
    assert taken["spec"]["leaseTransitions"] == 1
    renewed = leases.held(taken, "b", "2026-01-01T00:01:04.000000Z")
    assert renewed["spec"] == taken["spec"] | {"renewTime": "2026-01-01T00:01:04.000000Z"}


def test_a_leader_stops_before_another_begins() -> None:
    assert leases.DEADLINE_SECONDS < leases.DURATION_SECONDS
    assert 2 * leases.RENEW_SECONDS < leases.DEADLINE_SECONDS

"""What the status of a catalog of primaries says of its members."""

from collections.abc import Iterable
from typing import Any

from dnsfleet.violations import Violation
from dnsfleet.zones.consumed_catalogs import BROKEN, TOO_MANY

from dnsfleet_operator.members.steps import Standing
from dnsfleet_operator.statuses.conditions import MAX_FINDINGS, Condition

CONDITION = "MembersSynced"


def conditions(standing: Standing | None, violations: Iterable[Violation]) -> list[Condition]:
    """Whether each member has its Zone as it is to be; none where there is nothing to say.

    `violations` are those of the newest version: a broken one leaves the members of the one before.
    """
    for each in violations:
        if each.reason in (BROKEN, TOO_MANY):
            return [Condition(CONDITION, False, each.reason, each.message)]
    return [] if standing is None else [_condition(standing)]


def status(standing: Standing) -> dict[str, Any]:
    """`status.catalog` of the Zone."""
    found: dict[str, Any] = {"members": standing.members, "synced": standing.synced}
    if standing.named:
        found["refused"] = [
            {"origin": origin, "reason": refusal.reason, "message": refusal.message}
            for origin, refusal in standing.named
        ]
    return found


def _condition(standing: Standing) -> Condition:
    if standing.refused:
        told = [refusal.message for _, refusal in standing.named[:MAX_FINDINGS]]
        more = standing.refused - len(told)
        message = "; ".join(told) + (f"; and {more} more" if more > 0 else "")
        reason = standing.named[0][1].reason
        return Condition(CONDITION, False, reason, message)
    if standing.waiting:
        return Condition(CONDITION, False, "Syncing", f"{standing.waiting} members wait")
    return Condition(CONDITION, True, "Synced")

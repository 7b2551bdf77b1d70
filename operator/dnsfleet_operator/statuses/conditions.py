"""Conditions as the Kubernetes API conventions want them.

Each carries the generation that it speaks about: `kubectl wait` compares that with the object's,
so that a condition of the last spec never passes for one of this spec.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from dnsfleet.resources.kubernetes_types import NEVER
from dnsfleet.violations import Violation, errors

MAX_MESSAGE = 1000
"""Characters; a status is read by people in a terminal."""
MAX_FINDINGS = 3
"""Findings that one message tells."""

Status = Mapping[str, Any]


class Condition(NamedTuple):
    """A condition without its times."""

    type: str
    status: bool | None
    """None is Unknown."""
    reason: str
    """CamelCase."""
    message: str = ""


def merge(
    found: Iterable[Condition], generation: int, before: Status, now: str
) -> list[dict[str, Any]]:
    """Conditions for a status; one whose status is the same keeps its time. `now` is RFC 3339."""
    old = {each.get("type"): each for each in before.get("conditions") or ()}
    merged = []
    for condition in found:
        status = {True: "True", False: "False", None: "Unknown"}[condition.status]
        known = old.get(condition.type, {})
        since = known.get("lastTransitionTime", NEVER) if known.get("status") == status else NEVER
        merged.append(
            {
                "type": condition.type,
                "status": status,
                "observedGeneration": generation,
                "lastTransitionTime": now if since == NEVER else since,
                "reason": condition.reason,
                "message": condition.message[:MAX_MESSAGE],
            }
        )
    return merged


def kept(before: Status, kind: str) -> Condition | None:
    """The condition of this type as it was told last; None where it never was."""
    for each in before.get("conditions") or ():
        if each.get("type") == kind:
            said = {"True": True, "False": False}.get(each["status"])
            return Condition(kind, said, each["reason"], each.get("message", ""))
    return None


def is_true(status: Status, kind: str) -> bool:
    """Whether a status has this condition as True."""
    found = status.get("conditions") or ()
    return any(each.get("type") == kind and each.get("status") == "True" for each in found)


def accepted(violations: Sequence[Violation], subject: str) -> Condition:
    """Whether an object is taken as it is; `subject` begins the places of its own fields."""
    wrong = errors(violations)
    if wrong:
        return Condition("Accepted", False, wrong[0].reason, _told(wrong, subject))
    if violations:
        return Condition("Accepted", True, "AcceptedWithWarnings", _told(violations, subject))
    return Condition("Accepted", True, "Accepted")


def _told(violations: Sequence[Violation], subject: str) -> str:
    told = [
        f"{violation.where.removeprefix(f'{subject}: ')}: {violation.message}"
        for violation in violations[:MAX_FINDINGS]
    ]
    more = len(violations) - MAX_FINDINGS
    return "; ".join(told) + (f"; and {more} more" if more > 0 else "")

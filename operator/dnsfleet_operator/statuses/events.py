"""Which changes of a status become Events: what somebody has to mend, and that it is mended."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from dnsfleet.resources import API_VERSION, Reference

from dnsfleet_operator.statuses.conditions import Status

MAX_NOTE = 1024
"""Characters, a limit of the API."""
CONTROLLER = "dnsfleet.io/operator"
CLUSTER_NAMESPACE = "default"
"""Where Events about objects without a namespace go."""

_API_VERSIONS = {"Secret": "v1", "Deployment": "apps/v1"}
"""Of kinds that are not our own."""
_WATCHED = ("Accepted", "Programmed", "Drained", "SignaturesValid")
_QUIET = frozenset({"NotAccepted", "Pending", "ZoneFilePending", "Active", "Draining"})
"""Reasons that say nothing by themselves: another condition does, or all is well."""
_WARNINGS = frozenset({"AcceptedWithWarnings", "NearExpiry"})
"""Reasons that somebody has to do something about although their condition is still True."""
_TURNS = frozenset({"SignaturesValid"})
"""Conditions of which only another reason is news: a signer that signs a few records at a time
gives them another message each time."""


class Notice(NamedTuple):
    """What an Event says."""

    type: str
    """Warning or Normal."""
    reason: str
    note: str


def notices(before: Status, status: Status) -> list[Notice]:
    """What the step from one status to the next is to tell."""
    old = {each["type"]: each for each in before.get("conditions") or ()}
    found = []
    for condition in status["conditions"]:
        kind, reason = condition["type"], condition["reason"]
        known = old.get(kind)
        if kind not in _WATCHED or reason in _QUIET:
            continue
        if _is_bad(condition):
            if known is None or _news(known) != _news(condition):
                found.append(Notice("Warning", reason, condition["message"]))
        elif known is not None and _is_bad(known):
            mended = (
                f"{kind} again" if known["status"] == "False" else "nothing to warn of any more"
            )
            found.append(Notice("Normal", reason, condition["message"] or mended))
    return found


def _is_bad(condition: Mapping[str, Any]) -> bool:
    return condition["status"] == "False" or condition["reason"] in _WARNINGS


def _news(condition: Mapping[str, Any]) -> tuple[str, str]:
    """What is told again when it differs."""
    message = "" if condition["type"] in _TURNS else condition["message"]
    return condition["reason"], message


def event(
    notice: Notice, reference: Reference, uid: str, suffix: str, instance: str, wall: str
) -> dict[str, Any]:
    """The Event; `suffix` makes its name unique, `wall` is RFC 3339 with microseconds.

    `uid` is empty for a Secret and a Deployment: it may be gone, or another one than that of which
    something is told.
    """
    namespace = reference.namespace or CLUSTER_NAMESPACE
    regarding = {
        "apiVersion": _API_VERSIONS.get(reference.kind, API_VERSION),
        "kind": reference.kind,
        "name": reference.name,
        "uid": uid,
    }
    if reference.namespace:
        regarding["namespace"] = reference.namespace
    return {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": f"{reference.name}.{suffix}", "namespace": namespace},
        "eventTime": wall,
        "reportingController": CONTROLLER,
        "reportingInstance": instance,
        "action": "Reconcile",
        "reason": notice.reason,
        "type": notice.type,
        "note": notice.note[:MAX_NOTE],
        "regarding": regarding,
    }

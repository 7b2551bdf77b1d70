"""Which changes of a status become Events: what somebody has to mend, and that it is mended.

One cause gets one Event. What is wrong with one object alone is told on it. What one cause does to
many objects is told on the Fleet (see `fleets.notices`), and each object only says it in its
condition:

    told on            what
    Zone, RecordSet    it is refused, has warnings, or cannot be published for a reason of its own;
                       its signatures come near their end
    Pop                it may not be drained; its replica was restarted
    Fleet              the core is away; a change is held; a zone lost its object; the keys are not
                       in their Secret, or were not
    Secret             what the operator did to the keys

So an outage during which ten thousand Zones change costs them a status each, because each owner has
to know that the change is not live, and one Event in all.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from dnsfleet.resources import API_VERSION, Reference
from dnsfleet.zones import placements, plans

from dnsfleet_operator.statuses.conditions import Status
from dnsfleet_operator.zones import without_zone
from dnsfleet_operator.zones.results import AWAY

MAX_NOTE = 1024
"""Characters, a limit of the API."""
CONTROLLER = "dnsfleet.io/operator"
CLUSTER_NAMESPACE = "default"
"""Where Events about objects without a namespace go."""

_API_VERSIONS = {"Secret": "v1", "Deployment": "apps/v1"}
"""Of kinds that are not our own."""
_WATCHED = ("Accepted", "Programmed", "Drained", "SignaturesValid")
_OF_THE_FLEET = frozenset({AWAY, plans.REASON, placements.REASON, without_zone.REASON})
"""Reasons that the Fleet tells, once for all objects."""
_UNTOLD = frozenset({"NotAccepted", "Pending", "ZoneFilePending"}) | _OF_THE_FLEET
"""Reasons of which nothing is told, nor of their end: something else tells it."""
_QUIET = frozenset({"Active", "Draining"}) | _UNTOLD
"""Reasons that are no news."""
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
        elif known is not None and _is_bad(known) and known["reason"] not in _UNTOLD:
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

"""What the Fleet says of orphans: an entry for each of the first few, and one Event for all. Pure.

An orphan is served on and then removed, and nobody sees it where they would look: it has no object.
So it is told when it is missed first, and once more where its end was not known then.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from dnsfleet.resources.fleets import MAX_ORPHANS
from dnsfleet.zones import removals

from dnsfleet_operator.statuses.conditions import Status
from dnsfleet_operator.statuses.events import Notice

MAX_TOLD = 5
"""Orphans that an Event names; the status names more."""


def entries(orphans: Mapping[str, float], served_on: float) -> list[dict[str, Any]]:
    """The first orphans by origin, for a status.

    `orphans` has since when each is missed, Unix time in seconds, infinite for no time; `served_on`
    is for how many seconds it is kept after that.
    """
    return [_entry(*each, served_on) for each in sorted(orphans.items())[:MAX_ORPHANS]]


def notices(before: Status, status: Status) -> Iterator[Notice]:
    """What the step from one status of the Fleet to the next is to tell of orphans."""
    were, found = before.get("orphans") or (), status.get("orphans") or ()
    count_before, count = before.get("orphanCount", 0), status.get("orphanCount", 0)
    known = {_told(each) for each in were}
    new = [each for each in found if _told(each) not in known]
    was_cut_off = len(were) < count_before  # then those that move up in it are not new
    if count <= count_before and (was_cut_off or not new):
        return
    named = new or found
    names = ", ".join(each["origin"] for each in named[:MAX_TOLD])
    others = max(count - count_before, len(new)) - min(len(named), MAX_TOLD)
    more = f" and {others} more" if others > 0 else ""
    end = min((each["removedAfter"] for each in named if "removedAfter" in each), default="")
    until = f" until {end} at least, and then removed" if end else ""
    yield Notice(
        "Warning",
        "Orphaned",
        f"no Zone object names {names}{more}; what is published is served on{until}; "
        "apply the Zone again to keep it",
    )


def _entry(origin: str, since: float, served_on: float) -> dict[str, Any]:
    found = {"origin": origin}
    if isfinite(since):
        found |= {
            "since": _text(since),
            "removedAfter": _text(since + served_on),
            "hash": removals.end_hash(origin, since),
        }
    return found


def _text(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _told(entry: Mapping[str, Any]) -> tuple[str, bool]:
    """What is told again where it differs."""
    return entry["origin"], "removedAfter" in entry

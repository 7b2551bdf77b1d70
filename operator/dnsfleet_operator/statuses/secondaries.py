"""What the status of a Zone says of its secondaries. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, get_args

from dnsfleet.resources.zone_secondaries import MAX_SECONDARIES
from dnsfleet.secondaries.standings import State
from dnsfleet.tsig_keys import Target

CURRENT: State = "Current"

Shown = Mapping[str, Any]
"""The field `secondaries` of a status."""


class Told(NamedTuple):
    """Of one secondary."""

    target: Target
    state: State
    since: str
    """RFC 3339."""
    serial: int | None
    message: str


def field(told: Sequence[Told]) -> Shown:
    """What is to be shown of all secondaries of a zone."""
    ordered = sorted(told, key=lambda each: (each.state == CURRENT, each.target))
    current = sum(each.state == CURRENT for each in told)
    return {
        "count": len(told),
        "current": current,
        "text": f"{current}/{len(told)}",
        "servers": [_server(each) for each in ordered[:MAX_SECONDARIES]],
    }


def _server(told: Told) -> Shown:
    address, port = told.target
    found = {"address": address, "port": port, "state": told.state, "since": told.since}
    if told.serial is not None:
        found["serial"] = told.serial
    if told.message:
        found["message"] = told.message
    return found


def states(shown: Shown | None) -> dict[Target, tuple[State, str]]:
    """State and `since` of each secondary that is shown; what is not understood is left out."""
    return {
        Target(str(each.get("address")), int(each.get("port", 0))): (
            each["state"],
            str(each.get("since", "")),
        )
        for each in (shown or {}).get("servers") or ()
        if each.get("state") in get_args(State)
    }


def is_news(one: Shown | None, other: Shown | None) -> bool:
    """Whether they differ by more than serials and messages."""
    counts = [(each or {}).get("count", 0) for each in (one, other)]
    return counts[0] != counts[1] or states(one) != states(other)


def rfc3339(at: float) -> str:
    """A Unix time in seconds as statuses have it."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"

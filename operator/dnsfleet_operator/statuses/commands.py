"""What the status of a Pop says of the commands that it was given. Pure.

The status is also the memory of that: a new leader reads how requests ended.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from dnsfleet.replication.command_words import DONE, EXPIRED, FAILED, STATES, Outcome
from dnsfleet.replication.pop_commands import MAX_KEPT, Request
from dnsfleet.resources.pop_requests import time_ms, time_text

from dnsfleet_operator.statuses.conditions import Status
from dnsfleet_operator.statuses.events import Notice

WAITING = "Waiting"

Shown = dict[str, Any]
_REASONS = {DONE: "CommandDone", FAILED: "CommandFailed", EXPIRED: "CommandExpired"}


def shown(
    asked: Mapping[str, Request], outcomes: Mapping[str, Outcome], waiting: Iterable[Request]
) -> tuple[Shown, ...]:
    """The entries of a status: the newest MAX_KEPT, the oldest first.

    `asked` are the requests that can be read, by name; `waiting` those of them that have not ended.
    """
    entries = [_entry(each) | {"state": WAITING} for each in waiting]
    for name, outcome in outcomes.items():
        request = asked.get(name)
        entries.append(({"name": name} if request is None else _entry(request)) | _end(outcome))
    entries.sort(key=lambda each: (str(each.get("given", "")), str(each["name"])))
    return tuple(entries[-MAX_KEPT:])


def _entry(request: Request) -> Shown:
    said = {"name": request.name, "verb": request.verb}
    if request.argument:
        said["argument"] = request.argument
    given, expires = time_text(request.given_ms), time_text(request.expires_ms)
    return said | {"given": given, "expires": expires}


def _end(outcome: Outcome) -> Shown:
    said = {"state": outcome.state, "ended": time_text(outcome.ended_ms)}
    return said | ({"message": outcome.message} if outcome.message else {})


def known(status: Status) -> dict[str, Outcome]:
    """By name, the requests that ended, as a status says it."""
    found = {}
    for each in status.get("commands") or ():
        if each.get("state") in STATES:
            try:
                at = time_ms(each["ended"])
            except (KeyError, TypeError, ValueError):
                at = 0
            name = str(each["name"])
            found[name] = Outcome(name, each["state"], str(each.get("message", "")), at)
    return found


def notice(asked: Mapping[str, Request], outcome: Outcome) -> Notice:
    """What the end of a request is to tell."""
    request = asked.get(outcome.request)
    what = outcome.request
    if request is not None:
        what = " ".join(filter(None, (request.verb, request.argument)))
    kind = "Normal" if outcome.state == DONE else "Warning"
    return Notice(kind, _REASONS[outcome.state], f"{what}: {outcome.message}")

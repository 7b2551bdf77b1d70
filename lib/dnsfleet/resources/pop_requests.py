"""Requests to a Pop, as annotations of its object: what `kubectl dnsfleet pop` asks for.

    command.dnsfleet.io/NAME: '{"verb": "forget-edge", "argument": "pop-fra-edge-1",
                                "given": "2026-05-01T10:00:00Z", "expires": "2026-05-01T11:00:00Z"}'

An annotation stays when a tool applies the Pop from Git again. Each request is one of its own, so
two people who ask at the same moment do not undo each other.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from dnsfleet.replication import pop_commands
from dnsfleet.replication.pop_commands import Request

PREFIX = "command.dnsfleet.io/"


class Asked(NamedTuple):
    """What the annotations of a Pop ask for."""

    requests: tuple[Request, ...]
    unreadable: Mapping[str, str]
    """By name, why a request cannot be read."""


def annotation(request: Request) -> tuple[str, str]:
    """The name and the value of the annotation that asks for this."""
    said = {
        "verb": request.verb,
        "given": time_text(request.given_ms),
        "expires": time_text(request.expires_ms),
    }
    if request.argument:
        said["argument"] = request.argument
    return PREFIX + request.name, json.dumps(said)


def read(annotations: Mapping[str, str]) -> Asked:
    """What these annotations ask for; others are not looked at."""
    requests, unreadable = [], {}
    for key, value in annotations.items():
        if key.startswith(PREFIX):
            name = key.removeprefix(PREFIX)
            try:
                requests.append(_request(name, json.loads(value)))
            except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
                unreadable[name] = f"the annotation {key} cannot be read: {error!r}"
    return Asked(tuple(requests), unreadable)


def time_text(time_ms: int) -> str:
    """A time as an object says it (RFC 3339), to the second."""
    return datetime.fromtimestamp(time_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def time_ms(text: str) -> int:
    """Unix time in milliseconds of a time in an object; ValueError where it is none."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone: write it as 2026-05-01T10:00:00Z")
    return int(moment.timestamp()) * 1000


def _request(name: str, said: Mapping[str, str]) -> Request:
    return Request(
        pop_commands.text(name),
        pop_commands.text(said["verb"]),
        pop_commands.text(said.get("argument", "")),
        time_ms(said["given"]),
        time_ms(said["expires"]),
    )

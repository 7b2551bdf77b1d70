"""The views: what each page shows, and what its JSON is. Pure.

A view is a dataclass. The template gets it as it is, and `to_json` gives its fields under the same
names, so a page shows nothing that its JSON has not.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any

from dnsfleet_status import matrix
from dnsfleet_status.looks import Alert, Alerts, Change, Hold, Look, Pop
from dnsfleet_status.matrix import Matrix

NEWEST = 10
"""Changes on the first page, and held changes."""


@dataclass(frozen=True)
class Arrival:
    """One publication, and how far it has come."""

    origin: str
    serial: int | None
    revision: str
    time: str
    current: int
    """Pops in service that answer it; 0 where a newer revision took its place."""
    pops: int
    """Those that are to."""
    superseded: bool
    """Whether a newer revision took its place."""
    seconds: float | None
    """From publication until the last of them answered it; None where that is not known."""


@dataclass(frozen=True)
class Overview:
    """The fleet at a glance."""

    problems: tuple[str, ...]
    pops: tuple[Pop, ...]
    zones: int
    """How many are published."""
    alerts: Alerts
    held: int
    """How many changes wait for an approval."""
    holds: tuple[Hold, ...]
    """The first of them."""
    changes: tuple[Arrival, ...]


@dataclass(frozen=True)
class Pops:
    """All Pops."""

    pops: tuple[Pop, ...]


@dataclass(frozen=True)
class Zones:
    """Which Pop answers the newest revision of which zone."""

    matrix: Matrix


@dataclass(frozen=True)
class Changes:
    """The newest publications."""

    changes: tuple[Arrival, ...]


@dataclass(frozen=True)
class Firing:
    """The alerts that fire."""

    alerts: tuple[Alert, ...]
    problem: str
    """Why it is not known which fire; empty where it is."""


@dataclass(frozen=True)
class Held:
    """What waits for an approval."""

    holds: tuple[Hold, ...]


View = Overview | Pops | Zones | Changes | Firing | Held


def overview(look: Look, alerts: Alerts) -> Overview:
    """The first page."""
    published = sum(bool(zone.revision) for zone in look.zones.values())
    newest = tuple(_arrival(look, each) for each in look.changes[:NEWEST])
    held = look.holds
    return Overview(look.problems, look.pops, published, alerts, len(held), held[:NEWEST], newest)


def changes(look: Look) -> Changes:
    """All changes that are known."""
    return Changes(tuple(_arrival(look, each) for each in look.changes))


def _arrival(look: Look, change: Change) -> Arrival:
    zone = look.zones.get(change.origin)
    newest = zone is not None and zone.revision == change.revision
    reached = matrix.reached(look, zone) if zone is not None and newest else (0, 0)
    return Arrival(
        change.origin,
        change.serial,
        change.revision,
        change.time,
        *reached,
        superseded=not newest,
        seconds=change.seconds,
    )


def to_json(look: Look, view: View) -> dict[str, Any]:
    """A view for programs, with when and of what it is."""
    return {"time": look.time, "fleet": look.fleet, **dataclasses.asdict(view)}

"""Looks: what is known of a fleet at one moment. Pure data; every view is made of it.

What a Pop answers rests on the acks of its edges (`dnsfleet.replication.acks`). An ack is one
position of the log and a few exceptions, so a Look has one `Word` for each edge and one position
for each zone, and not a cell for each zone at each Pop. `matrix` makes those that people look at.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dnsfleet.replication.edge_words import Word


@dataclass(frozen=True)
class Pop:
    """One Pop, as its object and its telemetry say it."""

    name: str
    region: str
    state: str
    """Active or Drained: whether it is in service, and not what was asked."""
    ready: bool | None
    """None where nobody knows."""
    message: str
    """Why it is not Ready."""
    edges_ready: int
    edges_desired: int
    zones_current: int
    zones_assigned: int
    lag_seconds: float | None
    queries_per_second: float | None
    version: str


@dataclass(frozen=True)
class Zone:
    """One published zone, or one that is to be."""

    origin: str
    name: str
    """NAMESPACE/NAME of the object; empty where there is none."""
    serial: int | None
    revision: str
    """EPOCH.SEQ; empty where nothing is published."""
    lsn: int
    """Position of its newest publication in the log."""
    records: int | None
    pops: frozenset[str] | None
    """Names of the Pops that are to serve it; None is every Pop."""
    message: str = ""
    """What stands in its way; empty for nothing."""

    def assigned(self, pop: str) -> bool:
        """Whether a Pop is to serve it."""
        return bool(self.revision) and (self.pops is None or pop in self.pops)


@dataclass(frozen=True)
class Change:
    """One publication of a zone."""

    origin: str
    serial: int
    revision: str
    time: str
    """When it was published, RFC 3339."""
    seconds: float | None
    """Until the last Pop answered it; None while that is not so."""


@dataclass(frozen=True)
class Hold:
    """A change that waits for an approval."""

    about: str
    since: str
    """RFC 3339; empty where it is not known."""
    message: str
    diff: tuple[str, ...]
    """The first records that it removes (`- …`), adds (`+ …`) or changes, or Pops that it takes."""
    approve: str
    """What approves it: a command, or what to write where."""


@dataclass(frozen=True)
class Alert:
    """An alert that fires."""

    name: str
    severity: str
    since: str
    summary: str
    description: str
    runbook: str
    """A URL with http or https; empty for none."""


@dataclass(frozen=True)
class Alerts:
    """What fires, or why that is not known."""

    firing: tuple[Alert, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Look:
    """A fleet at one moment."""

    time: str
    """RFC 3339."""
    fleet: str
    """Its name, for the title."""
    pops: tuple[Pop, ...] = ()
    """By name."""
    zones: Mapping[str, Zone] = field(default_factory=dict)
    """By origin."""
    words: Mapping[str, tuple[Word, ...]] = field(default_factory=dict)
    """By Pop; what its edges say."""
    changes: tuple[Change, ...] = ()
    """The newest first."""
    holds: tuple[Hold, ...] = ()
    problems: tuple[str, ...] = ()
    """What is wrong with the fleet as a whole, or could not be read."""

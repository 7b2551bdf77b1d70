"""What a running fleet reports: each event is shown to people and, with --json, to programs.

The names and fields are an interface: `--json` prints them as they are.
"""

import dataclasses
import re
from dataclasses import dataclass
from typing import Any

from dnsfleet.violations import Violation


@dataclass(frozen=True)
class PopRow:
    """One Pop as the table shows it."""

    pop: str
    addresses: tuple[str, ...]
    """`127.0.0.1:5301`, `[::1]:5301`; UDP and TCP."""
    zones: int
    revision: str
    """The newest revision it answers from."""
    ready: bool


@dataclass(frozen=True)
class Event:
    """Something happened."""


@dataclass(frozen=True)
class Started(Event):
    """A process runs: `core`, `replica/POP`, `edge/POP`, `prometheus` or `alertmanager`."""

    process: str
    pid: int


@dataclass(frozen=True)
class Exited(Event):
    """A process exited by itself and is started again after `seconds`."""

    process: str
    code: int
    seconds: float
    log: str


@dataclass(frozen=True)
class Observing(Event):
    """Prometheus scrapes the edges and tells Alertmanager, at these URLs."""

    prometheus: str
    alertmanager: str


@dataclass(frozen=True)
class Transferring(Event):
    """The gate transfers zones at these addresses, to whoever has a key."""

    addresses: tuple[str, ...]


@dataclass(frozen=True)
class Loading(Event):
    """A large zone file is being read."""

    file: str
    read: int
    total: int


@dataclass(frozen=True)
class Ready(Event):
    """Every Pop answers everything that was published before."""

    pops: tuple[PopRow, ...]
    zones: tuple[str, ...]
    seconds: float
    """Since the command began."""
    dig: str
    """A first query to try."""
    status_page: str
    """Its address."""


@dataclass(frozen=True)
class Waiting(Event):
    """Not every Pop answers yet; told again from time to time."""

    pops: tuple[str, ...]
    logs: str


@dataclass(frozen=True)
class Published(Event):
    """The core has a new revision of a zone."""

    zone: str
    serial: int
    revision: str
    records: int


@dataclass(frozen=True)
class Propagated(Event):
    """Every Pop of the zone answers a revision."""

    zone: str
    serial: int
    revision: str
    pops: int
    seconds: float
    """From when the change was noticed until the last Pop acknowledged it."""


@dataclass(frozen=True)
class Removed(Event):
    """A zone was removed on purpose, and no Pop serves it any more."""

    zone: str
    pops: int
    seconds: float


@dataclass(frozen=True)
class Held(Event):
    """A change waits: it is not published, what was served is served on."""

    zone: str
    message: str


@dataclass(frozen=True)
class Rejected(Event):
    """A document or a zone is wrong; its last good version is served on."""

    where: str
    message: str
    reason: str


@dataclass(frozen=True)
class Warned(Event):
    """Something should be looked at; nothing is refused."""

    where: str
    message: str
    reason: str


@dataclass(frozen=True)
class Stopped(Event):
    """Every process of the fleet has ended."""


def found(violation: Violation) -> Rejected | Warned:
    """A finding of a check as an event."""
    kind = Rejected if violation.severity == "error" else Warned
    return kind(violation.where, violation.message, violation.reason)


def to_json(event: Event) -> dict[str, Any]:
    """The event as `--json` prints it: `event` is the kind in snake case."""
    kind = re.sub(r"(?<!^)(?=[A-Z])", "_", type(event).__name__).lower()
    return {"event": kind, **dataclasses.asdict(event)}

"""Events: what the follower is told. `dnsfleet.follower` says what it makes of each.

An event that answers a command carries it. An answer to another command than the open one is old
news and changes nothing, so answers may come late or twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dnsfleet.replication import commands
from dnsfleet.replication.manifests import Manifest


@dataclass(frozen=True, slots=True)
class Restored:
    """What the engine serves from disk, and what the disk knows to be dropped.

    Each manifest was verified. Told at most once, before the first `Connected`.
    """

    manifests: Sequence[Manifest]


@dataclass(frozen=True, slots=True)
class Connected:
    """The replica answers."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The replica does not answer; what is open will not be answered."""


@dataclass(frozen=True, slots=True)
class Resync:
    """Compare everything again. To be told every minute or so: it bounds how long a zone that
    failed, or a change that the log did not show, stays behind."""


@dataclass(frozen=True, slots=True)
class IndexRead:
    """All fields of the hash, as they are; empty where there is none."""

    command: commands.ReadIndex
    zones: Mapping[bytes, bytes]


@dataclass(frozen=True, slots=True)
class FleetRead:
    """The value; None where there is none."""

    command: commands.ReadFleet
    signed: bytes | None


@dataclass(frozen=True, slots=True)
class LogRead:
    """(id, fields) of the entries that came, oldest first; empty where the wait ended first."""

    command: commands.ReadLog
    entries: Sequence[tuple[bytes, Mapping[bytes, bytes]]]


@dataclass(frozen=True, slots=True)
class ManifestsRead:
    """A value for each origin; None where there is none."""

    command: commands.ReadManifests
    values: Sequence[bytes | None]


@dataclass(frozen=True, slots=True)
class ChunksRead:
    """A value for each key; None where there is none."""

    command: commands.ReadChunks
    chunks: Sequence[bytes | None] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Applied:
    """The engine serves what the command said; or why it does not and goes on as before."""

    command: commands.Load | commands.Apply
    error: str | None = None


Answer = IndexRead | FleetRead | LogRead | ManifestsRead | ChunksRead | Applied
Event = Restored | Connected | Disconnected | Resync | Answer

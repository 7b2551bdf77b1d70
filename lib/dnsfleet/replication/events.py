"""Events: what the follower is told. `follower` says what it makes of each.

An event that answers a command carries that command. An answer to any command but the open one is
ignored, so answers may come late or twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dnsfleet.replication import commands
from dnsfleet.replication.manifests import Manifest
from dnsfleet.replication.public_keys import PublicKeys
from dnsfleet.replication.revisions import Revision


@dataclass(frozen=True, slots=True)
class Restored:
    """The disk was read: these zones are loaded, or are known as not to be served here.

    Each manifest was verified. Told at most once, before the first `Connected`.
    """

    manifests: Sequence[tuple[Manifest, bytes]]
    """With the wire form of each."""


@dataclass(frozen=True, slots=True)
class Connected:
    """The replica answers."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The replica does not answer; a command that is open will not be answered."""


@dataclass(frozen=True, slots=True)
class KeysChanged:
    """Heads are verified by these keys from now on. What is held stays as it is."""

    keys: PublicKeys


@dataclass(frozen=True, slots=True)
class Resync:
    """Compare everything again. To be told every minute or so: it limits how long a zone that
    failed, or a change that the log did not show, waits for the next try."""


@dataclass(frozen=True, slots=True)
class Refresh:
    """All zones that are served are to be loaded anew from their snapshots."""

    number: Revision
    """Of the Pop command that says so."""


@dataclass(frozen=True, slots=True)
class IndexRead:
    """All fields of the hash, as they are; empty where there is none."""

    command: commands.ReadIndex
    zones: Mapping[bytes, bytes]
    position: int
    """The value of `keys.LSN` before; 0 where there is none."""


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
    position: int
    """The value of `keys.LSN` before the wait; 0 where there is none."""


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
    """The engine serves what the command said; with `error`, it serves what it did before."""

    command: commands.Load | commands.Apply
    error: str | None = None


Answer = IndexRead | FleetRead | LogRead | ManifestsRead | ChunksRead | Applied
Event = Restored | Connected | Disconnected | KeysChanged | Resync | Refresh | Answer

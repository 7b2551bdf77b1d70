"""Commands: what the follower wants done. `follower` says when it asks for which.

The first five are reads from the replica and are answered by the event of the same name. `Load`
and `Apply` are work for the engine and are answered by `events.Applied`. `Drop` and `Withhold` are
work for the engine too, and an `Ack` is to be sent to the core; these want no answer. Of the
commands that want one, at most one is open at any time.
"""

from dataclasses import dataclass, field

from dnsfleet.replication.acks import Ack
from dnsfleet.replication.manifests import Manifest


@dataclass(frozen=True, slots=True)
class ReadIndex:
    """GET `keys.LSN`, then HGETALL `keys.ZONES`.

    What is published between the two, the log shows again.
    """


@dataclass(frozen=True, slots=True)
class ReadFleet:
    """GET `keys.FLEET`."""


@dataclass(frozen=True, slots=True)
class ReadLog:
    """GET `keys.LSN`, then XREAD `keys.LOG` after the id `LSN-0`.

    Waiting for entries is allowed, and may end empty.
    """

    after: int
    """An LSN."""


@dataclass(frozen=True, slots=True)
class ReadManifests:
    """GET `keys.manifest(origin)` for each of these zones."""

    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadChunks:
    """GET each of these keys, in this order. They may be many: read a few at a time."""

    origin: str
    keys: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Load:
    """Decode `snapshot`, apply `deltas` in order, check the digest, serve the result."""

    manifest: Manifest
    signed: bytes = field(repr=False)
    """The manifest's wire form, to be kept on disk beside the zone."""
    snapshot: bytes = field(repr=False)
    deltas: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Apply:
    """Apply `deltas` in order to what is served, check the digest, serve the result."""

    manifest: Manifest
    signed: bytes = field(repr=False)
    deltas: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Drop:
    """Stop serving a zone: its publisher removed it, or took it from this Pop.

    Keep the signed manifest in the place of the zone, so that a restart does not forget it.
    """

    manifest: Manifest
    signed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Withhold:
    """Answer SERVFAIL for a zone: it should be served here, and its data cannot be had."""

    origin: str


Command = (
    ReadIndex
    | ReadFleet
    | ReadLog
    | ReadManifests
    | ReadChunks
    | Load
    | Apply
    | Drop
    | Withhold
    | Ack
)

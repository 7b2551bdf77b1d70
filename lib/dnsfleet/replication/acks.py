"""Acks on the wire: an edge's word on what it answers, as JSON in the hash `keys.ACKS`.

Acks are telemetry: each one replaces the edge's last, and one that cannot be read is no ack.
"""

import json
from collections.abc import Mapping
from typing import NamedTuple

MAX_FAILING = 50
"""Failing zones that one ack names, so that it stays small whatever happens. Where
more fail, the ack proves nothing for any zone."""

MAX_REASON = 200
"""Characters of a reason that are kept."""


class Ack(NamedTuple):
    """What one edge said last: `commands.Ack` with its time."""

    lsn: int
    """Every zone last published up to here is served as published, but for `failing`."""
    failing: Mapping[str, str]
    """Origin to reason, of MAX_FAILING zones at most."""
    failing_count: int
    """How many zones fail."""
    time_ms: int
    """When it was sent, Unix time in milliseconds."""


def encode(ack: Ack) -> bytes:
    """The wire form of an ack."""
    named = {origin: ack.failing[origin][:MAX_REASON] for origin in sorted(ack.failing)}
    said = {
        "lsn": ack.lsn,
        "failing": named,
        "failingCount": ack.failing_count,
        "time": ack.time_ms,
    }
    return json.dumps(said, separators=(",", ":")).encode()


def decode(data: bytes) -> Ack | None:
    """The ack in wire form; None where it cannot be read."""
    try:
        said = json.loads(data)
        failing = {str(origin): str(reason) for origin, reason in said["failing"].items()}
        ack = Ack(said["lsn"], failing, said["failingCount"], said["time"])
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return None
    counts = (ack.lsn, ack.failing_count, ack.time_ms)
    return ack if all(type(count) is int and count >= 0 for count in counts) else None


def shows(ack: Ack, origin: str, lsn: int) -> bool:
    """Whether the edge serves the newest publication of a zone, which is at this position."""
    return ack.lsn >= lsn and origin not in ack.failing and ack.failing_count <= len(ack.failing)

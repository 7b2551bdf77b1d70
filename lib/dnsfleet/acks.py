"""Acks on the wire: an edge's word on what it answers, as JSON in the hash `keys.ACKS`.

Acks are telemetry: each one replaces the edge's last, and one that cannot be read is no ack.
"""

import json
from collections.abc import Mapping
from typing import NamedTuple

MAX_FAILING = 50
"""Failing zones that one ack names; the count tells about the rest."""

MAX_REASON = 200
"""Characters of a reason that are kept."""


class Ack(NamedTuple):
    """What one edge said last."""

    lsn: int
    """Everything assigned to its Pop up to here is served, but for the failing zones."""
    failing: Mapping[str, str]
    """Origin to reason, the first MAX_FAILING by name."""
    failing_count: int
    time_ms: int
    """When it was sent, Unix time in milliseconds."""


def encode(lsn: int, failing: Mapping[str, str], time_ms: int) -> bytes:
    """The wire form of an ack."""
    named = {origin: failing[origin][:MAX_REASON] for origin in sorted(failing)[:MAX_FAILING]}
    said = {"lsn": lsn, "failing": named, "failingCount": len(failing), "time": time_ms}
    return json.dumps(said, separators=(",", ":")).encode()


def decode(data: bytes) -> Ack | None:
    """The ack in wire form; None where it cannot be read."""
    try:
        said = json.loads(data)
        failing = {str(origin): str(reason) for origin, reason in said["failing"].items()}
        return Ack(int(said["lsn"]), failing, int(said["failingCount"]), int(said["time"]))
    except (AttributeError, KeyError, TypeError, ValueError):
        return None

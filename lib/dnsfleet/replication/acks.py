"""Acks: an edge's word on what it answers, with the evidence for it.

An ack names two positions of the log. Up to `told`, the index and the log have told the edge what
was published; `total` is the sum of all that (see `sums`), by which the writer knows whether it was
told the truth. Each zone whose newest publication is at or before `lsn` is served as it was
published then. Exceptions are the zones that the ack names:

    failing    the newest revision cannot be loaded
    ahead      the edge serves something newer than it was told of, as after the core's data was
               restored from a backup; the signed manifest that it holds proves it

Nothing that an edge was told is signed, so an ack claims what may be wrong: a replica can show old
data, or entries that nobody wrote. Its sum shows that, and the writer then takes it for nothing
(`shows`).

On the wire an ack is JSON, in a slot of the core (see `ack_slots`). Acks are telemetry: each one
replaces the edge's last, and one that cannot be read is no ack. An edge of an older version says
neither what it was told nor when it started; its ack proves nothing. One of a newer version may say
more, in fields of its own and at the end of lists: that is left out.
"""

import base64
import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dnsfleet.replication.revisions import Revision
from dnsfleet.replication.sums import Positions

MAX_FAILING = 50
"""Failing zones that one ack names, so that it stays small whatever happens. Where
more fail, the ack proves nothing for any zone."""

MAX_REASON = 200
"""Characters of a reason that are kept."""

AHEAD_OCTETS = 48 * 1024
"""Octets of the manifests that prove what an edge has ahead, about 90 of them; at least one is
named. Where there are more, the next acks name them: the writer publishes what was named anew."""

MAX_LOAD = 2**53
"""The largest number of a load: a million queries a second for 285 years."""

FIRST_FORMAT = 1
"""What edges read that say nothing of it: they are older than the field."""


class Load(NamedTuple):
    """What an edge counts since it started (see `telemetry`)."""

    queries: int
    servfail: int
    """Responses with SERVFAIL."""
    memory: int
    """Octets of its process that are in memory now."""


class Ack(NamedTuple):
    """What one edge says of itself; only its newest one counts."""

    lsn: int
    """Every zone last published up to here is served as published, but for the exceptions."""
    failing: Mapping[str, str]
    """Origin to reason, of MAX_FAILING zones at most: their newest revision cannot be loaded."""
    failing_count: int
    """How many zones fail."""
    time_ms: int = 0
    """When it was sent, Unix time in milliseconds; 0 before that."""
    reads: int = FIRST_FORMAT
    """The newest format of publications that the edge reads (see `formats`)."""
    told: int = 0
    """The position up to which it was told what is published."""
    total: int | None = None
    """The sum of all that it was told; None where the edge is too old to say."""
    ahead: Mapping[str, bytes] = {}
    """Origin to the signed manifest that is newer than what it was told, as many as fit."""
    ahead_count: int = 0
    """How many zones are ahead."""
    started_ms: int = 0
    """When the edge's process started, Unix time in milliseconds."""
    keys: tuple[str, ...] = ()
    """The public keys by which the edge verifies (`public_keys.identify`); none where the edge is
    older than the field."""
    refreshed: Revision | None = None
    """Up to which number it has done all commands to load its zones from fresh snapshots (see
    `pop_commands`); None where it has done none."""
    load: Load | None = None
    """None where the edge is older than the field."""


def encode(ack: Ack) -> bytes:
    """The wire form of an ack."""
    said: dict[str, Any] = {
        "lsn": ack.lsn,
        "failing": {origin: ack.failing[origin][:MAX_REASON] for origin in sorted(ack.failing)},
        "failingCount": ack.failing_count,
        "time": ack.time_ms,
        "reads": ack.reads,
        "told": ack.told,
        "started": ack.started_ms,
        "keys": ack.keys,
    }
    if ack.total is not None:
        said["total"] = f"{ack.total:x}"
    if ack.refreshed is not None:
        said["refreshed"] = str(ack.refreshed)
    if ack.load is not None:
        said["load"] = ack.load
    if ack.ahead_count:
        said["ahead"] = {
            origin: base64.b64encode(signed).decode() for origin, signed in ack.ahead.items()
        }
        said["aheadCount"] = ack.ahead_count
    return json.dumps(said, separators=(",", ":")).encode()


def decode(data: bytes) -> Ack | None:
    """The ack in wire form; None where it cannot be read."""
    try:
        said = json.loads(data)
        total = said.get("total")
        ack = Ack(
            said["lsn"],
            {str(origin): str(reason) for origin, reason in said["failing"].items()},
            said["failingCount"],
            said["time"],
            said.get("reads", FIRST_FORMAT),
            said.get("told", 0),
            None if total is None else int(str(total), 16),
            {
                str(origin): base64.b64decode(signed, validate=True)
                for origin, signed in said.get("ahead", {}).items()
            },
            said.get("aheadCount", 0),
            said.get("started", 0),
            tuple(str(key) for key in said.get("keys", ())),
            Revision.parse(said["refreshed"]) if "refreshed" in said else None,
            Load(*said["load"][: len(Load._fields)]) if "load" in said else None,
        )
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return None
    counts = (ack.lsn, ack.failing_count, ack.time_ms, ack.reads, ack.told, ack.ahead_count)
    good = all(type(count) is int and count >= 0 for count in (*counts, ack.started_ms))
    good &= all(type(count) is int and 0 <= count <= MAX_LOAD for count in ack.load or ())
    return ack if good else None


def exceptions(ack: Ack) -> Iterator[str]:
    """The zones that an ack does not speak for."""
    return itertools.chain(ack.failing, ack.ahead)


def answered(ack: Ack, positions: Positions) -> int:
    """Up to where the ack proves that all but its exceptions is answered; -1 for nothing.

    `positions` is what the writer knows of its log. Exceptions that are not all named could be any.
    """
    named = ack.failing_count <= len(ack.failing) and ack.ahead_count <= len(ack.ahead)
    proved = named and ack.total is not None and positions.has(ack.told, ack.total)
    return min(ack.lsn, ack.told) if proved else -1


def shows(ack: Ack, positions: Positions, origin: str, lsn: int) -> bool:
    """Whether the edge serves the newest publication of a zone, which is at this position."""
    return answered(ack, positions) >= lsn and origin not in exceptions(ack)

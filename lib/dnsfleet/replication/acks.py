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
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
from typing import Any, NamedTuple

from dnsfleet.replication.claimed import count, text
from dnsfleet.replication.revisions import Revision
from dnsfleet.replication.sums import MODULUS, Positions

MAX_FAILING = 50
"""Failing zones that one ack names, so that it stays small whatever happens. Where
more fail, the ack proves nothing for any zone."""

MAX_REASON = 200
"""Characters of a reason that are kept."""

AHEAD_OCTETS = 48 * 1024
"""Octets of the manifests that prove what an edge has ahead, about 90 of them; at least one is
named. Where there are more, the next acks name them: the writer publishes what was named anew."""

MAX_AHEAD = 256
"""Those manifests that are read of one ack; they have far more than 200 octets each."""

MAX_ORIGIN = 1024
"""Characters of the longest name: 253 octets, each written in four."""

MAX_KEYS, MAX_KEY = 4, 64
"""Keys of an edge that are read, which has two at most, and characters of one."""

MAX_ADDRESSES = 16
"""Addresses of one edge that are told and read: a node has two, and some that move."""

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
    addresses: tuple[str, ...] = ()
    """Those of its node at which it answers port 53; none where a Service leads to it."""


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
    if ack.addresses:
        said["addresses"] = ack.addresses[:MAX_ADDRESSES]
    if ack.ahead_count:
        said["ahead"] = {
            origin: base64.b64encode(signed).decode() for origin, signed in ack.ahead.items()
        }
        said["aheadCount"] = ack.ahead_count
    return json.dumps(said, separators=(",", ":")).encode()


def decode(data: bytes) -> Ack | None:
    """The ack in wire form; None where it cannot be read.

    What it claims is bounded and cleaned here (see `claimed`), whoever wrote it. An exception that
    is left out is counted, so the ack proves nothing then. Load, commands and addresses are no part
    of the proof: where they cannot be read, the rest counts.
    """
    try:
        said = json.loads(data)
        total, failing, ahead = said.get("total"), said["failing"], said.get("ahead", {})
        return Ack(
            count(said["lsn"]),
            {
                text(origin, MAX_ORIGIN): text(reason, MAX_REASON)
                for origin, reason in itertools.islice(failing.items(), MAX_FAILING)
            },
            max(count(said["failingCount"]), len(failing)),
            count(said["time"]),
            count(said.get("reads", FIRST_FORMAT)),
            count(said.get("told", 0)),
            None if total is None else _total(total),
            dict(fitting(_proofs(ahead))),
            max(count(said.get("aheadCount", 0)), len(ahead)),
            count(said.get("started", 0)),
            tuple(text(each, MAX_KEY) for each in said.get("keys", ())[:MAX_KEYS]),
            _refreshed(said.get("refreshed")),
            _load(said.get("load")),
            _addresses(said.get("addresses", ())),
        )
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return None


def fitting(proofs: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """The first of them that have AHEAD_OCTETS together, or the first alone."""
    octets = 0
    for origin, signed in proofs:
        octets += len(signed)
        if octets > AHEAD_OCTETS and octets > len(signed):
            return
        yield origin, signed


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


def _proofs(said: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    for origin, signed in itertools.islice(said.items(), MAX_AHEAD):
        yield text(origin, MAX_ORIGIN), base64.b64decode(signed, validate=True)


def _total(said: object) -> int:
    total = int(str(said), 16)
    if not 0 <= total < MODULUS:
        raise ValueError("it is no sum")
    return total


def _refreshed(said: Any) -> Revision | None:
    try:
        return Revision.parse(said)
    except (TypeError, ValueError):
        return None


def _addresses(said: Any) -> tuple[str, ...]:
    try:
        return tuple(str(ip_address(each)) for each in said[:MAX_ADDRESSES])
    except (TypeError, ValueError):
        return ()


def _load(said: Any) -> Load | None:
    try:
        queries, servfail, memory = map(count, said[:3])
    except (KeyError, TypeError, ValueError):
        return None
    return Load(queries, servfail, memory)

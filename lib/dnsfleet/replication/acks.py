"""Acks: an edge's word on what it answers; what it may claim, and how that is written.

An ack is one position of the log. Each zone whose newest publication is at or before it is served
as it was published then, except the zones that the ack names as failing. The position that an edge
may claim is the least of three:

    where all before it was announced    a manifest can be ahead of the log, and a change of another
                                         zone that is not announced yet can lie between
    the newest manifest that is verified an announcement is not signed, so it must not raise a claim
    just before the oldest pending change

A claim goes back only where a failure is dropped (`Progress.read_index`).

On the wire an ack is JSON, a field of the hash `keys.ACKS`. Acks are telemetry: each one replaces
the edge's last, and one that cannot be read is no ack.
"""

import itertools
import json
from collections.abc import Container, KeysView, Mapping
from typing import NamedTuple

from dnsfleet.replication.revisions import Revision

MAX_FAILING = 50
"""Failing zones that one ack names, so that it stays small whatever happens. Where
more fail, the ack proves nothing for any zone."""

MAX_REASON = 200
"""Characters of a reason that are kept."""

FIRST_FORMAT = 1
"""What edges read that say nothing of it: they are older than the field."""


class Ack(NamedTuple):
    """What one edge says of itself; only its newest one counts."""

    lsn: int
    """Every zone last published up to here is served as published, but for `failing`."""
    failing: Mapping[str, str]
    """Origin to reason, of MAX_FAILING zones at most: their newest revision cannot be loaded."""
    failing_count: int
    """How many zones fail."""
    time_ms: int = 0
    """When it was sent, Unix time in milliseconds; 0 before that."""
    reads: int = FIRST_FORMAT
    """The newest format of publications that the edge reads (see `formats`)."""
    keys: tuple[str, ...] = ()
    """The public keys by which the edge verifies (`public_keys.identify`); none where the edge is
    older than the field."""


def encode(ack: Ack) -> bytes:
    """The wire form of an ack."""
    named = {origin: ack.failing[origin][:MAX_REASON] for origin in sorted(ack.failing)}
    said = {
        "lsn": ack.lsn,
        "failing": named,
        "failingCount": ack.failing_count,
        "time": ack.time_ms,
        "reads": ack.reads,
        "keys": ack.keys,
    }
    return json.dumps(said, separators=(",", ":")).encode()


def decode(data: bytes) -> Ack | None:
    """The ack in wire form; None where it cannot be read."""
    try:
        said = json.loads(data)
        failing = {str(origin): str(reason) for origin, reason in said["failing"].items()}
        reads = said.get("reads", FIRST_FORMAT)
        keys = tuple(str(key) for key in said.get("keys", ()))
        ack = Ack(said["lsn"], failing, said["failingCount"], said["time"], reads, keys)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return None
    counts = (ack.lsn, ack.failing_count, ack.time_ms, ack.reads)
    return ack if all(type(count) is int and count >= 0 for count in counts) else None


def shows(ack: Ack, origin: str, lsn: int) -> bool:
    """Whether the edge serves the newest publication of a zone, which is at this position."""
    return ack.lsn >= lsn and origin not in ack.failing and ack.failing_count <= len(ack.failing)


class Failure(NamedTuple):
    """Why a zone is not served as it was published last."""

    reason: str
    lsn: int
    """Of the oldest change that is missed."""
    revision: Revision
    """The revision that could not be loaded."""
    verified: bool
    """Whether a manifest has that revision, or only an announcement."""


class Progress:
    """How far one edge has come."""

    def __init__(self) -> None:
        self.announced = 0
        """Up to which position the index and the log have announced everything."""
        self._verified = 0
        self._claimed = 0
        self._failing: dict[str, Failure] = {}
        self._last: Ack | None = None

    @property
    def failing(self) -> KeysView[str]:
        """The zones that are not served as they were published last."""
        return self._failing.keys()

    def verify(self, lsn: int) -> None:
        """A manifest from this position has a good signature."""
        self._verified = max(self._verified, lsn)

    def fail(self, zone: str, failure: Failure) -> None:
        """The newest revision of a zone cannot be loaded."""
        self._failing[zone] = failure

    def settle(self, zone: str, revision: Revision) -> None:
        """A zone is served as this revision says, or no more if it says so."""
        failure = self._failing.get(zone)
        if failure is not None and failure.revision <= revision:
            del self._failing[zone]

    def read_index(self, held: Container[str]) -> None:
        """A new index was read, which announces every zone again.

        A failure that only an announcement told of is dropped: the index repeats the announcement
        if it is still true. So is one of a zone that is not held, because such a zone would keep
        this edge incomplete for ever. The claim goes back to before each failure that is dropped.
        """
        for zone, failure in list(self._failing.items()):
            if not failure.verified or zone not in held:
                del self._failing[zone]
                self._claimed = min(self._claimed, max(0, failure.lsn - 1))

    def ack(self, oldest_pending: int | None) -> Ack | None:
        """What to tell, None where it was told; `oldest_pending` is a position, None for none."""
        self._claimed = max(self._claimed, min(self.announced, self._verified))
        if oldest_pending is not None:
            self._claimed = min(self._claimed, oldest_pending - 1)
        named = itertools.islice(self._failing.items(), MAX_FAILING)
        failing = {zone: failure.reason for zone, failure in named}
        ack = Ack(self._claimed, failing, len(self._failing))
        if ack == self._last:
            return None
        self._last = ack
        return ack

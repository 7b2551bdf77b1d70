"""Telemetry: how much a Pop answers, in one value of a fixed size. The third of the three channels.

The newest value is all that counts. It is overwritten now and then, lost where it cannot be sent,
and nothing is made of it but figures for people. So it holds up neither records nor commands.

    edge ──▶ counts in its ack ──▶ rates of the Pop ──▶ slot of the Pop ──▶ metrics of the operator

Edges count since they started. Whoever hears several acks of an edge makes rates of them (`Meter`),
and adds up what the edges of a Pop say; whoever hears several Pops has a meter for each (`Meters`).
Each Pop of another cluster is condensed there, so nobody has to divide Pops (ADR 0050).
"""

import math
import struct
from collections.abc import Mapping
from typing import NamedTuple

from dnsfleet.replication.acks import Ack
from dnsfleet.replication.claimed import MAX_COUNT

SLOT = 1
"""The slot of a Pop that has it (see `pop_slots`)."""
SECONDS = 10.0
"""Between two values: two acks of each edge come meanwhile, and Prometheus looks less often."""
HEARD_MS = 30_000
"""An edge counts for so long after its last ack."""
SHOWN_MS = 60_000
"""A value is shown for so long: later nobody knows."""

_WIRE = struct.Struct(">BQHddQ")
_VERSION = 1
OCTETS = _WIRE.size
"""Octets of a value, whatever it says."""
_MAX_EDGES = 2**16 - 1


class Sample(NamedTuple):
    """How much one Pop answers."""

    time_ms: int
    """When that was, Unix time in milliseconds."""
    edges: int
    """How many edges it is of."""
    queries: float
    """A second."""
    servfail: float
    """The share of them that was answered with SERVFAIL; 0 to 1."""
    memory: int
    """Octets of all its edges together."""


class _Rate(NamedTuple):
    ack: Ack
    queries: float
    servfail: float


class Meter:
    """Makes rates of what the edges of one Pop say."""

    def __init__(self) -> None:
        self._rates: dict[str, _Rate] = {}

    def take(self, said: Mapping[str, Ack], now_ms: int) -> Sample:
        """How much the Pop answers, by the newest ack of each edge; nothing by an edge's first."""
        heard = {
            edge: ack
            for edge, ack in said.items()
            if ack.load is not None and now_ms - ack.time_ms <= HEARD_MS
        }
        self._rates = {edge: _rate(self._rates.get(edge), ack) for edge, ack in heard.items()}
        queries = math.fsum(each.queries for each in self._rates.values())
        servfail = math.fsum(each.servfail for each in self._rates.values())
        memory = sum(ack.load.memory for ack in heard.values() if ack.load is not None)
        return Sample(
            now_ms,
            min(len(heard), _MAX_EDGES),
            queries,
            min(1.0, servfail / queries) if queries else 0.0,
            min(memory, MAX_COUNT),
        )


class Meters:
    """A meter for each Pop."""

    def __init__(self) -> None:
        self._of_pops: dict[str, Meter] = {}

    def take(self, said: Mapping[str, Mapping[str, Ack]], now_ms: int) -> dict[str, Sample]:
        """By Pop, how much it answers, by the newest ack of each of its edges.

        Pops of which nothing is known to show are left out; those not named are forgotten.
        """
        self._of_pops = {pop: self._of_pops.get(pop) or Meter() for pop in said}
        samples = {pop: meter.take(said[pop], now_ms) for pop, meter in self._of_pops.items()}
        return {pop: sample for pop, sample in samples.items() if is_shown(sample, now_ms)}


def is_shown(sample: Sample, now_ms: int) -> bool:
    """Whether a sample says how much a Pop answers now: it is of some edge, and not too old."""
    return sample.edges > 0 and now_ms - sample.time_ms <= SHOWN_MS


def encode(sample: Sample) -> bytes:
    """The wire form, OCTETS long."""
    return _WIRE.pack(_VERSION, *sample)


def decode(data: bytes) -> Sample | None:
    """The sample in wire form; None for anything else."""
    try:
        version, *fields = _WIRE.unpack(data)
    except struct.error:
        return None
    sample = Sample(*fields)
    good = 0 <= sample.queries < math.inf and 0 <= sample.servfail <= 1
    return sample if version == _VERSION and good else None


def _rate(before: _Rate | None, ack: Ack) -> _Rate:
    """The rate of one edge between two acks of the same process."""
    if before is None or before.ack.started_ms != ack.started_ms:
        return _Rate(ack, 0.0, 0.0)
    seconds = (ack.time_ms - before.ack.time_ms) / 1000
    old, new = before.ack.load, ack.load
    if seconds <= 0 or old is None or new is None:
        return before
    queries, servfail = new.queries - old.queries, new.servfail - old.servfail
    return _Rate(ack, max(0, queries) / seconds, max(0, servfail) / seconds)

"""Acks with the evidence for what they say, for tests that are about something else."""

from collections.abc import Mapping

from dnsfleet.replication.acks import Ack
from dnsfleet.replication.sums import Positions

POSITIONS = 1000


def known_positions() -> Positions:
    """A log whose sum is the position itself, up to POSITIONS."""
    positions = Positions()
    for lsn in range(POSITIONS):
        positions.note(lsn, lsn)
    return positions


def proved(
    lsn: int, failing: Mapping[str, str] | None = None, more: int = 0, time_ms: int = 0
) -> Ack:
    """An ack that such a log confirms; `more` zones fail than it names."""
    failing = failing or {}
    return Ack(lsn, failing, len(failing) + more, time_ms, told=lsn, total=lsn)

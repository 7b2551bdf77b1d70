"""What edges say of the zones that they answer, judged by what is known of the log. Pure.

The operator, the status page and what probers are told all rest on this, so they agree on which ack
proves what, and on how old the word of an edge may be. Which edges of a Pop count is for each of
them to say: only the operator knows which are Ready.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from dnsfleet.replication import acks, intervals
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.sums import Positions

SILENT_MS = round(intervals.OLDEST_SECONDS * 1000)
"""The word of an edge is older only where the edge, its Pop or the way to the core is not well."""
AHEAD = "it answers a newer revision than the core has; the core publishes above it"


class Word(NamedTuple):
    """What one edge of a Pop says, or several that say the same."""

    edge: str
    edges: int
    answers: int
    """Everything up to this position of the log is answered, but for exceptions; -1: it proves
    nothing."""
    failing: Mapping[str, str] = {}
    """Origin to reason: the newest revision cannot be loaded."""
    ahead: Collection[str] = frozenset()
    """Origins of which the edge has something newer than the core."""
    silent: bool = False
    """Whether it was not heard lately."""

    def proves(self, origin: str, lsn: int) -> bool:
        """Whether the edges answer a zone that was published last at this position."""
        return self.answers >= lsn and origin not in self.failing and origin not in self.ahead

    def exception(self, origin: str) -> tuple[str | None, bool]:
        """Why a zone fails, or None, and whether it is ahead."""
        return self.failing.get(origin), origin in self.ahead


def word(edge: str, ack: Ack | None, positions: Positions, now_ms: int, edges: int = 1) -> Word:
    """What an ack says, judged by what is known of the log; None is no ack."""
    if ack is None:
        return Word(edge, edges, -1, silent=True)
    answers = acks.answered(ack, positions)
    return Word(edge, edges, answers, ack.failing, frozenset(ack.ahead), is_silent(ack, now_ms))


def is_silent(ack: Ack, now_ms: int) -> bool:
    """Whether an edge that said this last was not heard for SILENT_MS."""
    return now_ms - ack.time_ms > SILENT_MS


def floor(words: Collection[Word]) -> int:
    """Everything up to here is answered by all of them, exceptions aside; -1 for nothing."""
    return min((each.answers for each in words), default=-1)


def exceptions(words: Collection[Word]) -> frozenset[str]:
    """The origins that some of them do not speak for."""
    return frozenset(origin for each in words for origin in (*each.failing, *each.ahead))

"""Ratios of figures that were taken in turns, with their spread.

Other work of a machine changes from second to second, so figures of two servers are only compared
within a round, where one was measured right after the other. The result of all rounds is the median
of their ratios, with the smallest and the largest.
"""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple

Rounds = Sequence[Mapping[str, float]]
"""Figures by name, of one server and one workload, round by round."""

WHOLE = 0.9
"""Servers are compared only if a reply is at least this part of the other's reply: gdnsd answers
with the first CNAME of a chain, the others with the whole chain."""


class Ratio(NamedTuple):
    """The median of some rounds' ratios, and the smallest and largest of them."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f} to {self.high:.2f})"


def ratio(over: Sequence[float], under: Sequence[float]) -> Ratio:
    """Each round's figure in `over`, divided by that of the same round in `under`."""
    rounds = [a / b for a, b in zip(over, under, strict=True)]
    return Ratio(median(rounds), min(rounds), max(rounds))


def answers_as_much(server: Rounds, other: Rounds) -> bool:
    """Whether the replies of a server are as large as another's, by the medians of rounds."""
    mine, theirs = (median(figures["octets"] for figures in rounds) for rounds in (server, other))
    return mine >= WHOLE * theirs

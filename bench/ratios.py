"""Ratios of figures that were taken in turns, with their spread.

What else a machine does changes from second to second, so figures of two servers are only compared
within a round, where one was measured right after the other. What is told of all rounds is the
median of the rounds' ratios and the smallest and largest of them.
"""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple

Rounds = Sequence[Mapping[str, float]]
"""Figures by name, of one server and one workload, round by round."""

WHOLE = 0.9
"""The part of the other's reply that a reply must be as large as to compare: gdnsd answers with the
first CNAME of a chain, the others with all of it."""


class Ratio(NamedTuple):
    """The median of some rounds' ratios, and the smallest and largest of them."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f} to {self.high:.2f})"


def ratio(over: Sequence[float], under: Sequence[float]) -> Ratio:
    """Each round's figure in `over` divided by the same round's in `under`."""
    rounds = [a / b for a, b in zip(over, under, strict=True)]
    return Ratio(median(rounds), min(rounds), max(rounds))


def answers_as_much(server: Rounds, other: Rounds) -> bool:
    """Whether the replies of a server, over its rounds, hold what those of another do."""
    mine, theirs = (median(figures["octets"] for figures in rounds) for rounds in (server, other))
    return mine >= WHOLE * theirs

"""The arithmetic of the operator's figures."""

import bisect
import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple

from bench.figures import quantile
from bench.ratios import Ratio

GAP_SECONDS = 5.0
"""The longest pause between lists that belong together: the operator takes in objects meanwhile."""

Sample = tuple[float, float]


def spread(values: Sequence[float]) -> Ratio:
    """The median of some rounds' figures, and the smallest and largest of them."""
    return Ratio(median(values), min(values), max(values))


def growth(octets: Mapping[int, float]) -> float:
    """What an object adds between the two larger of three sizes, divided by what it adds between
    the two smaller: 1 where memory is linear."""
    (few, least), (some, more), (many, most) = sorted(octets.items())
    return ((most - more) / (many - some)) / ((more - least) / (some - few))


def between(samples: Sequence[Sample], begin: float, end: float) -> float:
    """By how much a counter grew between two moments; between samples it is interpolated."""
    return _at(samples, end) - _at(samples, begin)


def _at(samples: Sequence[Sample], moment: float) -> float:
    after = bisect.bisect(samples, moment, key=lambda sample: sample[0])
    if after == 0 or after == len(samples):
        return samples[min(after, len(samples) - 1)][1]
    (t0, before), (t1, then) = samples[after - 1], samples[after]
    return before + (then - before) * (moment - t0) / (t1 - t0)


class Delay(NamedTuple):
    """How long a change took."""

    accepted: float
    """When the API server had it."""
    seconds: float


class Listed(NamedTuple):
    """One complete list of everything, from the first page to the last."""

    began: float
    ended: float


def lists(records: Iterable[Mapping[str, Any]], since: float) -> list[Listed]:
    """The complete lists of Zones that began after a moment and have ended, with those of the
    other kinds that were listed along with them.

    `records` are the API server's (`APIServer.lists`).
    """
    found: list[Listed] = []
    kinds = ("zones", "recordsets", "pops", "namespaces")
    # A list that nobody read to its end was asked for its version, or whether there is such a kind.
    own = [
        each
        for each in records
        if each["plural"] in kinds and each["began"] > since and each["ended"] is not None
    ]
    group: list[Mapping[str, Any]] = []
    for record in [*sorted(own, key=lambda each: each["began"]), None]:
        if group and (record is None or record["began"] > _ended(group) + GAP_SECONDS):
            if any(each["plural"] == "zones" for each in group) and _ended(group) < math.inf:
                found.append(Listed(group[0]["began"], _ended(group)))
            group = []
        group += [record] if record is not None else []
    return found


def _ended(group: Iterable[Mapping[str, Any]]) -> float:
    return max(math.inf if each["ended"] is None else each["ended"] for each in group)


def apart(
    rounds: Iterable[Sequence[Sequence[Delay]]], listed: Sequence[Listed]
) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """The figures of the changes of a small and a large fleet, round by round; and of those of the
    large one that were made during a complete list, which count in no round.

    A round in which no other changes were made is left out.
    """

    def during(delay: Delay) -> bool:
        return any(each.began <= delay.accepted <= each.ended for each in listed)

    figures, overtaking = [], []
    for small, large in rounds:
        calm = [[each for each in own if not during(each)] for own in (small, large)]
        if all(calm):
            figures.append({"small": quantiles(calm[0]), "large": quantiles(calm[1])})
        overtaking += [each for each in large if during(each)]
    return figures, quantiles(overtaking) if overtaking else {}


def quantiles(delays: Sequence[Delay]) -> dict[str, float]:
    """Of how long changes took, in milliseconds."""
    seconds = [each.seconds for each in delays]
    return {
        "changes": len(seconds),
        "p50_ms": quantile(seconds, 0.5) * 1000,
        "p99_ms": quantile(seconds, 0.99) * 1000,
        "most_ms": max(seconds) * 1000,
    }

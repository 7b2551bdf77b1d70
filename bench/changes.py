"""One change after another in a running fleet, and how long until all Pops answered it."""

import time
from collections.abc import Callable, Iterator
from functools import partial

from support.oracle import Oracle
from support.waiting import wait_for

LIVE_SECONDS = 30
"""A change that takes longer ends the benchmark: the other figures would be useless too."""


def live_seconds(oracle: Oracle, changes: int, make: Callable[[int], None]) -> Iterator[float]:
    """Make the changes 1, 2, …; for each, the seconds until the last Pop answered it."""
    for counter in range(1, changes + 1):
        oracle.publishing(counter)
        written = time.monotonic()
        make(counter)
        wait_for(f"{counter} everywhere", partial(oracle.seen_everywhere, counter), LIVE_SECONDS)
        first = [verdict.first_seen[counter] for verdict in oracle.verdicts.values()]
        yield max(first) - written


def faults(oracle: Oracle) -> str:
    """What was lost or wrong, in one line."""
    return "; ".join(oracle.faults or ["none lost, none wrong"])

"""Whole zones swapped under load: how many queries are lost, and what happens to the latency.

The load is nine tenths of the highest without loss, because at that limit even a run without swaps
loses some. Each round looks for the limit, then makes one run without swaps and one with a swap
every second, each to a zone that shares no memory with the one before. A virtual machine may change
its speed by a quarter for a minute. A round during such a change compares nothing and is repeated:
the cost of a query is measured before and after the round.
"""

import sys
import tempfile
import time
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import NamedTuple

from support.ports import free_port

from bench import datasets, engine_server, loads, results
from bench.asking import Asking, Workload
from bench.ratios import ratio
from bench.side_by_side import ROUNDS

SECONDS = 3
SWAPS = 3
"""Swaps in a run, at equal distances."""

LOAD = 0.9
"""The share of the highest rate without loss."""

SAME_SPEED = 0.05
"""How much the cost of a query may differ before and after a round: normally it is a hundredth."""

MOST_TRIES = 6
"""Tries of one round: a machine that never keeps its speed that long cannot be measured."""


class Round(NamedTuple):
    """One run without swaps and one with them, at the same rate."""

    rate: float
    calm: loads.Report
    swapped: loads.Report


def run() -> None:
    loads.build()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        zone = folder / "names.zone"
        zone.write_bytes(datasets.names(datasets.SMALL))
        work = Workload(datasets.uniform(folder / "queries", datasets.SMALL))
        target = loads.Target(f"127.0.0.1:{free_port()}")
        with engine_server.running(zone, target, 1) as engine:
            measure(engine, work)


def measure(engine: engine_server.Engine, work: Workload) -> None:
    """Rounds without and with swaps, in turns."""
    asking = Asking()
    asking.fill(engine, work)
    with ThreadPoolExecutor(1) as swapper:
        rounds = [steady(engine, work, asking, swapper) for _ in range(ROUNDS)]
    calm, swapped = [each.calm for each in rounds], [each.swapped for each in rounds]
    rate = median(each.rate for each in rounds)
    over = ratio([run.p99_us for run in swapped], [run.p99_us for run in calm])
    lost, sent = sum(run.lost for run in swapped), sum(run.sent for run in swapped)
    print(
        f"{rate:.0f} queries a second, a swap of {datasets.SMALL} records every "
        f"{SECONDS / SWAPS:.0f} s: {lost} of {sent} lost "
        f"({sum(run.lost for run in calm)} without swaps), p99 {over} of that without"
    )
    results.save(
        "swaps",
        {
            "records": datasets.SMALL,
            "rate": rate,
            "calm": [{"lost": run.lost, "p99_us": run.p99_us} for run in calm],
            "swapped": [{"lost": run.lost, "p99_us": run.p99_us} for run in swapped],
            "sent": sent,
        },
    )


def steady(
    engine: engine_server.Engine, work: Workload, asking: Asking, swapper: Executor
) -> Round:
    """A round in which the machine kept its speed."""
    for _ in range(MOST_TRIES):
        before, busy = asking.cost(engine, work)
        found = one(engine, work, asking, swapper, LOAD * asking.highest(engine, work, busy))
        after, _ = asking.cost(engine, work)
        if abs(after / before - 1) < SAME_SPEED:
            return found
        print(f"a query cost {before:.2f} µs before and {after:.2f} after: again", flush=True)
    sys.exit(f"the machine changed its speed in {MOST_TRIES} rounds: measure when it is quiet")


def one(
    engine: engine_server.Engine, work: Workload, asking: Asking, swapper: Executor, rate: float
) -> Round:
    """A round at a rate."""
    for _ in range(SWAPS):
        engine.prepare()
    calm = asking.at(engine, work, rate, SECONDS)
    swaps = swapper.submit(swap, engine)
    swapped = asking.at(engine, work, rate, SECONDS)
    swaps.result()
    return Round(rate, calm, swapped)


def swap(engine: engine_server.Engine) -> None:
    """Swap the zone during a run, the first time in the middle of the first interval."""
    time.sleep(SECONDS / SWAPS / 2)
    for _ in range(SWAPS - 1):
        engine.load()
        time.sleep(SECONDS / SWAPS)
    engine.load()

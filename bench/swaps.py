"""Whole zones swapped under load: what is lost, and what it does to the latency.

The load is the highest without loss, less a tenth: at the edge itself a run without swaps loses,
too. Each round is one run without swaps and one with a swap every second, of a zone of which no
part is the same memory as before.
"""

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support.ports import free_port

from bench import datasets, engine_server, loads, results
from bench.asking import Asking, Workload
from bench.ratios import ratio
from bench.side_by_side import ROUNDS

SECONDS = 3
SWAPS = 3
"""In a run, at equal distances."""

LOAD = 0.9
"""Of the highest rate without loss."""


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
    _, busy = asking.busy(engine, work, 1)
    rate = LOAD * asking.highest(engine, work, busy.rate)
    calm, swapped = [], []
    with ThreadPoolExecutor(1) as swapper:
        for _ in range(ROUNDS):
            for _ in range(SWAPS):
                engine.prepare()
            calm.append(asking.at(engine, work, rate, SECONDS))
            swaps = swapper.submit(swap, engine)
            swapped.append(asking.at(engine, work, rate, SECONDS))
            swaps.result()
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


def swap(engine: engine_server.Engine) -> None:
    """Swap the zone while a run goes on, the first time in the middle of its first part."""
    time.sleep(SECONDS / SWAPS / 2)
    for _ in range(SWAPS - 1):
        engine.load()
        time.sleep(SECONDS / SWAPS)
    engine.load()

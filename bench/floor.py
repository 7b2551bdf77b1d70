"""What a query costs the engine, divided by what it costs to send it back unread; one minute.

For work on the engine: run it before and after a change. Both servers run all the time and take
turns, so that other work of the machine slows both.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench import datasets, loads
from bench.asking import Asking, Workload
from bench.servers import DNSFLEET, ECHO, Running, serving

ROUNDS = 9
SECONDS = 0.5


def run() -> None:
    loads.build()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        zone = folder / "names.zone"
        zone.write_bytes(datasets.names(datasets.SMALL))
        asked = {
            "cached": datasets.uniform(folder / "cached", datasets.CACHED),
            "uniform": datasets.uniform(folder / "uniform", datasets.SMALL),
            "absent": datasets.absent(folder / "absent"),
        }
        with serving([ECHO, DNSFLEET], zone, folder) as running:
            for what, queries in asked.items():
                costs = list(_rounds(running, queries))
                ratios = sorted(engine / echo for echo, engine in costs)
                print(
                    f"{what:8} engine {median(engine for _, engine in costs):.2f} µs a query, "
                    f"echo {median(echo for echo, _ in costs):.2f}: "
                    f"{median(ratios):.2f} of the floor ({ratios[0]:.2f} to {ratios[-1]:.2f})",
                    flush=True,
                )


def _rounds(running: dict[str, Running], queries: loads.Queries) -> Iterator[tuple[float, float]]:
    """µs a query of echo and engine, round by round, once the engine has filled its cache."""
    asking, work = Asking(), Workload(queries)
    asking.fill(running[DNSFLEET], work)
    for _ in range(ROUNDS):
        echo, engine = (asking.busy(running[name], work, SECONDS)[0] for name in (ECHO, DNSFLEET))
        yield echo, engine

"""dnsfleet, Knot, NSD, gdnsd, BIND and the echo: the same zones, the same queries, in turns.

All servers of a zone run at once on one core, and only one of them is asked at a time. So a round
takes seconds, and other work of the machine slows all of them. For each workload and round:

- CPU time per query, while a window of queries keeps the server busy, of all servers one right
  after the other;
- the highest rate without loss, sent by the clock, found by halving;
- p50 and p99 of the latency at half of that rate.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from bench import datasets, loads, results
from bench.asking import Asking, Workload
from bench.servers import COMMANDS, Running, serving

ROUNDS = 5
CONNECTIONS = 100


def run() -> None:
    loads.build()
    found: dict[str, dict[str, list[dict[str, float]]]] = {}
    resident: dict[str, dict[str, int]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for dataset, zone, workloads in prepared(folder):
            home = folder / dataset
            home.mkdir()
            with serving(list(COMMANDS), zone, home) as servers:
                resident[dataset] = {
                    server.name: server.resident_octets() for server in servers.values()
                }
                measure(servers, workloads, found)
    results.save("servers", {"workloads": found, "resident_octets": resident})


def prepared(folder: Path) -> list[tuple[str, Path, dict[str, Workload]]]:
    """Zones and the queries for each, written to `folder`."""
    small, large, chains = datasets.SMALL, datasets.LARGE, datasets.CHAINS
    uniform = datasets.uniform(folder / "uniform", small)
    names = {
        "cached": Workload(datasets.uniform(folder / "cached", datasets.CACHED)),
        "uniform": Workload(uniform),
        "zipf": Workload(datasets.zipf(folder / "zipf", small)),
        "absent": Workload(datasets.absent(folder / "absent")),
        "tcp": Workload(uniform, CONNECTIONS),
    }
    million = {"million": Workload(datasets.uniform(folder / "million-queries", large))}
    aliases = {"chains": Workload(datasets.uniform(folder / "chains-queries", chains))}
    return [
        ("1", _zone(folder / "one.zone", datasets.names(1)), {}),
        ("100000", _zone(folder / "names.zone", datasets.names(small)), names),
        ("1000000", _zone(folder / "million.zone", datasets.names(large)), million),
        ("chains", _zone(folder / "chains.zone", datasets.chains(chains)), aliases),
    ]


def measure(
    servers: Mapping[str, Running],
    workloads: Mapping[str, Workload],
    found: dict[str, dict[str, list[dict[str, float]]]],
) -> None:
    """Rounds of every workload at every server."""
    asking = Asking()
    for server in servers.values():
        for work in workloads.values():
            asking.fill(server, work)
    for number in range(1, ROUNDS + 1):
        for what, work in workloads.items():
            # Without a pause: the speed of a virtual machine changes from minute to minute.
            costs = {name: asking.cost(server, work) for name, server in servers.items()}
            for name, server in servers.items():
                figures = asking.figures(server, work, *costs[name])
                found.setdefault(what, {}).setdefault(name, []).append(asdict(figures))
                print(
                    f"{what} round {number} {name}: {figures.cpu_us:.2f} µs of CPU a query, "
                    f"{figures.rate:.0f} a second without loss, at half of it "
                    f"p50 {figures.p50_us:.0f} µs, p99 {figures.p99_us:.0f} µs",
                    flush=True,
                )


def _zone(file: Path, text: bytes) -> Path:
    file.write_bytes(text)
    return file

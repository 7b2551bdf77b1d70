"""Two shards on two cores against one: the gain when the kernel picks the shard by name.

Each shard has an answer cache of its own. Where queries are spread by client (plain
`SO_REUSEPORT`), both caches hold the same names; spread by name, they hold twice as many. Names are
asked by a Zipf law, again and again from a file that has more of them than one cache holds and
fewer than two hold.

The rate is fixed. The generator is in another network namespace: it asks over a pair of
interfaces, as from another machine, and from as many ports as the kernel needs to spread clients
evenly. The namespaces have no uplink, and are removed after the run.
"""

import os
import resource
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from bench import datasets, engine_server, loads, results

ROUNDS = 5
RATE = 60_000
SECONDS = 4
FILL_QUERIES = 4 * datasets.ASKED
"""Queries to each engine before the first round: the whole file twice to each of two shards by
client, because a cache keeps a name when it is asked for the second time."""

SOURCES = 64
OPTIONS = ("--rate", str(RATE), "--sleep", "--sources", str(SOURCES))
"""Options of the generator: it sleeps, because it shares the cores with two shards."""

ADDRESS, CLIENT, PREFIX = "192.0.2.1", "192.0.2.2", 30  # RFC 5737: documentation
LINK = "bench"
PORT = 5300
STRIDE = RATE * SECONDS

ENGINES: dict[str, tuple[int, tuple[str, ...]]] = {
    "one shard": (1, ()),
    "two shards by client": (2, ("plain",)),
    "two shards by name": (2, ()),
}
"""Shards, and options of the engine server."""


@dataclass(frozen=True)
class Figures:
    """One engine, one round."""

    hits: float
    """Share of the queries that were answered from a cache."""
    cpu_us: float
    """CPU time per query of the engine."""
    generator_us: float
    """CPU time per query of the generator: the kernel picks the shard in the time of the sender."""
    lost: int


def run() -> None:
    if os.geteuid() != 0:
        print("not measured: it makes network namespaces, which takes root")
        return
    loads.build()
    with tempfile.TemporaryDirectory() as name, namespaces() as (server, client):
        folder = Path(name)
        zone = folder / "million.zone"
        zone.write_bytes(datasets.names(datasets.LARGE))
        queries = datasets.zipf(folder / "zipf", datasets.LARGE)
        with ExitStack() as stack:
            engines = {}
            for port, (what, (shards, options)) in enumerate(ENGINES.items(), PORT):
                target = loads.Target(f"{ADDRESS}:{port}", client)
                engines[what] = stack.enter_context(
                    engine_server.running(zone, target, shards, *options, command=server)
                )
            measure(engines, queries)


def measure(engines: dict[str, engine_server.Engine], queries: loads.Queries) -> None:
    """Fill the caches, then rounds of all in turns."""
    found: dict[str, list[Figures]] = {what: [] for what in engines}
    for engine in engines.values():
        asked = 0
        while asked < FILL_QUERIES:
            asked += loads.run(engine.target, queries, SECONDS, asked, *loads.BUSY).received
    for number in range(ROUNDS):
        for what, engine in engines.items():
            found[what].append(one(engine, queries, number))
    for what, rounds in found.items():
        print(
            f"{what}: {median(r.hits for r in rounds):.1%} from the cache, "
            f"{median(r.cpu_us for r in rounds):.2f} µs of CPU a query, "
            f"{median(r.generator_us for r in rounds):.2f} µs at the generator"
        )
    rows = {what: [asdict(figures) for figures in rounds] for what, rounds in found.items()}
    results.save("shards", {"rate": RATE, "names": datasets.LARGE, "engines": rows})


def one(engine: engine_server.Engine, queries: loads.Queries, number: int) -> Figures:
    """One round of one engine."""
    hits, engine_seconds = engine.counters()["cache_hits"], engine.cpu_seconds()
    generator_seconds = children_seconds()
    report = loads.run(engine.target, queries, SECONDS, number * STRIDE, *OPTIONS)
    return Figures(
        (engine.counters()["cache_hits"] - hits) / report.received,
        (engine.cpu_seconds() - engine_seconds) / report.received * 1e6,
        (children_seconds() - generator_seconds) / report.sent * 1e6,
        report.lost,
    )


def children_seconds() -> float:
    """CPU time of the processes that this one started and that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@contextmanager
def namespaces() -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Two network namespaces with a link between them; the prefix of a command for each."""
    server, client = (f"dnsfleet-{role}-{os.getpid()}" for role in ("server", "client"))
    made: list[str] = []
    try:
        for namespace in (server, client):
            ip("netns", "add", namespace)
            made.append(namespace)
        peer = ("type", "veth", "peer", LINK, "netns", client)
        ip("link", "add", LINK, "netns", server, *peer)
        for namespace, address in ((server, ADDRESS), (client, CLIENT)):
            ip("-n", namespace, "address", "add", f"{address}/{PREFIX}", "dev", LINK)
            ip("-n", namespace, "link", "set", LINK, "up")
        yield ("ip", "netns", "exec", server), ("ip", "netns", "exec", client)
    finally:
        for namespace in made:
            ip("netns", "delete", namespace)


def ip(*arguments: str) -> None:
    """Run ip(8)."""
    subprocess.run(["ip", *arguments], check=True)

"""`docs/benchmarks.md`: the figures of `docs/benchmarks.json` for people.

The page is made from the file alone, and a test compares them.
"""

from collections.abc import Iterable, Iterator, Sequence
from statistics import median
from textwrap import wrap
from typing import Any

from bench import operator_report, picture, results, signed_report, transfers_report
from bench.goals import goals
from bench.ratios import answers_as_much, ratio
from bench.servers import DNSFLEET, ECHO, PEERS

PAGE = results.FILE.with_suffix(".md")
PICTURE = PAGE.parent / "images/benchmarks.svg"

WIDTH = 100
"""The width of the page's prose, as in the other documents."""

WORKLOADS = {
    "cached": "1,000 names, which every answer cache holds",
    "uniform": "100,000 names, each as likely as any other",
    "zipf": "100,000 names by a Zipf law with exponent 1",
    "absent": "absent names, each a new one (a random-subdomain attack)",
    "million": "a zone of 1,000,000 records, each name as likely as any other",
    "chains": "chains of four CNAMEs to an address, 25,000 of them",
    "tcp": "100,000 names over 100 TCP connections, 4 queries in flight on each",
}

HEAD = """\
# Benchmarks

<!-- Written by `make bench` from benchmarks.json; do not edit. -->

dnsfleet beside Knot DNS, NSD, gdnsd and BIND as Debian packages them, and beside an echo that sends
every query back unread: the floor under every server on the machine. `make bench` measures all of
it anew and writes this page; `make bench ONLY=servers` one part. It takes knot, nsd, gdnsd and
bind9 from Debian, and root for the part about shards.

Each server has one worker on one core, the load generator the other core. They are measured in
turns, round by round; ratios are those of figures of the same round, told as the median of the
rounds and, in brackets, the smallest and the largest. Figures of different machines do not compare,
ratios mostly do. Every server has the receive buffer that its configuration allows, at most the
engine's 4 MiB; Knot's is the kernel's default.

"""


def write() -> None:
    """Write page and picture from the figures."""
    parts = results.load()
    PAGE.write_text(page(parts))
    if "servers" in parts:
        PICTURE.write_text(picture.svg(parts["servers"]["workloads"], WORKLOADS))


def page(parts: dict[str, results.Part]) -> str:
    """The whole page: a section for each part that was run."""
    sections = {
        "servers": servers,
        "signed": signed,
        "starts": starts,
        "swaps": swaps,
        "shards": shards,
        "transfers": transfers,
        "operator": operator,
    }
    text = [HEAD, *_lines(goal_table(parts) if parts else ["Not measured yet."])]
    for name, section in sections.items():
        if name in parts:
            text += ["\n", *_lines(section(parts[name])), "\n", _taken(parts[name]["taken"])]
    return "".join(text)


def goal_table(parts: dict[str, results.Part]) -> Iterator[str]:
    """The goals, and what was reached."""
    yield "## Goals"
    yield ""
    yield from _table(
        ["goal", "at most", "measured", "reached"],
        (
            [goal.what, f"{goal.limit:g}", goal.text, "yes" if goal.reached else "**no**"]
            for goal in goals(parts)
        ),
    )


def servers(part: results.Part) -> Iterator[str]:
    """Every workload at every server, and the memory that they take."""
    yield "## Side by side"
    yield ""
    yield from wrap(
        "CPU time is that of all threads, user and system, while a window of queries keeps the "
        "server busy. The highest rate is sent by the clock, and nothing is lost or waits longer "
        "and longer; latencies are at half of it, from when a query should have left.",
        WIDTH,
    )
    yield ""
    yield "![CPU time a query of each server, by workload](images/benchmarks.svg)"
    for what, title in WORKLOADS.items():
        rows = part["workloads"][what]
        cost = {name: [figures["cpu_us"] for figures in rounds] for name, rounds in rows.items()}
        yield ""
        yield f"### {title[0].upper()}{title[1:]}"
        yield ""
        yield from _table(
            [
                "server",
                "CPU µs a query",
                "of the floor",
                "queries/s without loss",
                "p50 µs",
                "p99 µs",
                "octets a reply",
            ],
            (
                [
                    name,
                    f"{median(cost[name]):.2f}",
                    str(ratio(cost[name], cost[ECHO])),
                    f"{_median(rounds, 'rate'):,.0f}",
                    f"{_median(rounds, 'p50_us'):.0f}",
                    f"{_median(rounds, 'p99_us'):.0f}",
                    f"{_median(rounds, 'octets'):.0f}",
                ]
                for name, rounds in rows.items()
            ),
        )
        yield ""
        yield from wrap(_beside_peers(rows), WIDTH)
    yield ""
    yield from memory(part["resident_octets"])


def _beside_peers(rows: dict[str, list[dict[str, float]]]) -> str:
    """The engine's CPU time and rate, divided by the best time and rate of the peers."""

    def every(name: str, figure: str) -> list[float]:
        return [figures[figure] for figures in rows[name]]

    peers = [name for name in PEERS if answers_as_much(rows[name], rows[DNSFLEET])]
    least = min(peers, key=lambda name: _median(rows[name], "cpu_us"))
    most = max(peers, key=lambda name: _median(rows[name], "rate"))
    cost = ratio(every(DNSFLEET, "cpu_us"), every(least, "cpu_us"))
    rate = ratio(every(DNSFLEET, "rate"), every(most, "rate"))
    text = (
        f"dnsfleet takes {cost} of the CPU time of the peer with the least, {least}, and answers "
        f"{rate} of the rate of the one with the highest, {most}."
    )
    for name in PEERS:
        if name not in peers:
            text += f" {name} answers with less than the others here, so it is not compared."
    return text


def memory(resident: dict[str, dict[str, int]]) -> Iterator[str]:
    """Resident memory after loading, and how much a record adds."""
    yield "### Memory"
    yield ""
    yield from wrap(
        "Resident memory (RSS; pages that several processes of a server share count once) after "
        "loading, MB, and octets that each of the million A records adds to it.",
        WIDTH,
    )
    yield ""
    yield from _table(
        ["server", "1 record", "100,000", "1,000,000", "octets a record"],
        (
            [
                name,
                *(f"{resident[records][name] / 1e6:.1f}" for records in ("1", "100000", "1000000")),
                f"{(resident['1000000'][name] - resident['1'][name]) / 1e6:.0f}",
            ]
            for name in resident["1"]
            if name != ECHO
        ),
    )


def signed(part: results.Part) -> Iterator[str]:
    """Signed answers, and the memory that signed zones take."""
    yield "## Signed zones"
    for text, (head, rows) in (
        (signed_report.TEXT, signed_report.costs(part)),
        (signed_report.MEMORY, signed_report.memory(part)),
    ):
        yield ""
        yield from wrap(text, WIDTH)
        yield ""
        yield from _table(head, iter(rows))


def starts(part: results.Part) -> Iterator[str]:
    """From the command to the first answer."""
    yield "## Starting"
    yield ""
    records, seconds = part["records"], part["seconds"]
    yield from wrap(
        f"From the command to the first answer from a master file of {records:,} A records, with "
        "all cores.",
        WIDTH,
    )
    yield ""
    yield from _table(
        ["server", "seconds", "dnsfleet's of it"],
        (
            [name, f"{median(taken):.2f}", str(ratio(seconds[DNSFLEET], taken))]
            for name, taken in seconds.items()
        ),
    )


def swaps(part: results.Part) -> Iterator[str]:
    """Swapping a zone under load."""
    calm, swapped = part["calm"], part["swapped"]
    over = ratio([run["p99_us"] for run in swapped], [run["p99_us"] for run in calm])
    yield "## Swapping a zone under load"
    yield ""
    yield from wrap(
        f"{part['rate']:,.0f} queries a second, nine tenths of the highest rate without loss, "
        f"while a zone of {part['records']:,} records is replaced by another every second: "
        f"{sum(run['lost'] for run in swapped)} of {part['sent']:,} queries lost "
        f"({sum(run['lost'] for run in calm)} in as many without swaps); p99 is "
        f"{_median(swapped, 'p99_us'):.0f} µs, {over} of that without swaps. "
        "Rounds in which the machine changed its speed were made again.",
        WIDTH,
    )


def shards(part: results.Part) -> Iterator[str]:
    """Two shards against one, by name and by client."""
    yield "## Two shards"
    yield ""
    yield from wrap(
        f"{part['rate']:,} queries a second from another network namespace, for {part['names']:,} "
        "names by a Zipf law: more than the answer cache of a shard holds. By name: the kernel "
        "picks the shard by a hash of the query name. By client: plain `SO_REUSEPORT`. It picks "
        "where the datagram arrives, here in the time of the generator.",
        WIDTH,
    )
    yield ""
    engines = part["engines"]
    one = [figures["cpu_us"] for figures in next(iter(engines.values()))]
    yield from _table(
        ["", "from a cache", "CPU µs a query", "of one shard's", "generator's CPU µs", "lost"],
        (
            [
                what,
                f"{_median(rounds, 'hits'):.1%}",
                f"{_median(rounds, 'cpu_us'):.2f}",
                str(ratio([figures["cpu_us"] for figures in rounds], one)),
                f"{_median(rounds, 'generator_us'):.2f}",
                str(sum(figures["lost"] for figures in rounds)),
            ]
            for what, rounds in engines.items()
        ),
    )


def transfers(part: results.Part) -> Iterator[str]:
    """Zone transfers of the gate beside those of Knot."""
    yield "## Zone transfers"
    yield ""
    yield from wrap(transfers_report.TEXT, WIDTH)
    yield ""
    head, told = transfers_report.seconds(part)
    yield from _table(head, iter(told))


def operator(part: results.Part) -> Iterator[str]:
    """The operator by the size of its fleet, beside earlier figures."""
    yield from operator_report.section(part, WIDTH)
    head, told = operator_report.table(part)
    yield from _table(head, iter(told))


def _median(rounds: Sequence[dict[str, float]], figure: str) -> float:
    return median(figures[figure] for figures in rounds)


def _table(head: Sequence[str], rows: Iterator[list[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _lines(text: Iterable[str]) -> Iterator[str]:
    return (f"{line}\n" for line in text)


def _taken(taken: dict[str, Any]) -> str:
    return (
        f"Taken on {taken['date']}, {taken['processor']} with {taken['cores']} cores, "
        f"Linux {taken['kernel']}.\n"
    )

"""The goals of engine and operator, as limits on ratios of one run."""

from collections.abc import Iterator
from typing import NamedTuple

from bench import operator_report, signed_report, transfers_report
from bench.ratios import Ratio, ratio
from bench.results import Part
from bench.servers import DNSFLEET, ECHO

FLOOR = {"cached": 1.10, "uniform": 1.15, "absent": 1.15}
"""CPU time per query, divided by that of the echo."""

PEER = "gdnsd"
"""The fastest of the peers when the goals were set: our CPU time per query is to be below its."""

LARGE = 1.3
"""CPU time per query in a zone of a million records, divided by that in one of 100,000."""

OCTETS = 120
"""Octets of memory for an A record."""

START = 1.0
"""Seconds to the first answer from a million records, divided by those of Knot."""

SIGNED = 1.0
"""CPU time per query with DO, divided by that of the better of Knot and NSD."""

SWAPPED = 1.5
"""p99 with swaps, divided by p99 without."""


TRANSFER = 1.5
"""Seconds of an AXFR of a million records from the gate, divided by those from Knot."""


class Goal(NamedTuple):
    """One goal."""

    what: str
    limit: float
    measured: Ratio | float

    @property
    def reached(self) -> bool:
        """Whether the median is within the limit."""
        measured = self.measured
        return (measured.median if isinstance(measured, Ratio) else measured) <= self.limit

    @property
    def text(self) -> str:
        """What was measured: a ratio with its spread, or a whole number."""
        return str(self.measured) if isinstance(self.measured, Ratio) else f"{self.measured:.0f}"


def goals(parts: dict[str, Part]) -> Iterator[Goal]:
    """The goals of the parts that were run."""
    if "servers" in parts:
        yield from _servers(parts["servers"])
    if "signed" in parts:
        workloads = parts["signed"]["workloads"]
        for what in signed_report.UNCACHED:
            peer, measured = signed_report.beside_better(workloads[what])
            title = signed_report.ANSWERS[what]
            yield Goal(f"signed, {title}: CPU a query, of {peer}'s", SIGNED, measured)
    if "starts" in parts:
        seconds = parts["starts"]["seconds"]
        measured = ratio(seconds[DNSFLEET], seconds["knotd"])
        yield Goal("start from a master file of 1,000,000 records, of Knot's", START, measured)
    if "swaps" in parts:
        calm, swapped = parts["swaps"]["calm"], parts["swaps"]["swapped"]
        yield Goal("queries lost by swaps of a zone", 0, sum(run["lost"] for run in swapped))
        measured = ratio([run["p99_us"] for run in swapped], [run["p99_us"] for run in calm])
        yield Goal("p99 with swaps, of that without", SWAPPED, measured)
    if "transfers" in parts:
        measured = transfers_report.of_knotd(parts["transfers"])
        yield Goal("AXFR of 1,000,000 records from the gate, of Knot's", TRANSFER, measured)
    if "operator" in parts:
        for what, limit, found in operator_report.measured(parts["operator"]):
            yield Goal(f"operator: {what}", limit, found)


def _servers(part: Part) -> Iterator[Goal]:
    def costs(workload: str, server: str) -> list[float]:
        return [figures["cpu_us"] for figures in part["workloads"][workload][server]]

    for workload, limit in FLOOR.items():
        engine = costs(workload, DNSFLEET)
        yield Goal(
            f"{workload}: CPU a query, of the floor", limit, ratio(engine, costs(workload, ECHO))
        )
        yield Goal(f"{workload}: CPU a query, of {PEER}'s", 1, ratio(engine, costs(workload, PEER)))
    large = ratio(costs("million", DNSFLEET), costs("uniform", DNSFLEET))
    yield Goal("CPU a query in 1,000,000 records, of that in 100,000", LARGE, large)
    resident = {records: octets[DNSFLEET] for records, octets in part["resident_octets"].items()}
    added = (resident["1000000"] - resident["1"]) / 1e6
    yield Goal("octets of memory an A record", OCTETS, added)

"""Asks one server one kind of queries: what a query costs, and the highest rate without loss."""

from dataclasses import dataclass
from typing import Protocol

from bench import loads
from bench.loads import Queries

FILL_SECONDS = 3
"""Once, before the first round: an answer cache keeps a name when it is asked for the second time,
and the figures are to be those of servers that have been running."""

WARM_SECONDS = 0.15
"""Before each round: after that the processor's caches hold the data of this server."""

BUSY_SECONDS = 0.6
STEP_SECONDS = 0.3
STEPS = 5
"""Halvings: they find the highest rate to 1/64 of the rate of the busy server."""

BACKLOG_SECONDS = 0.005
"""How late the last reply of a step may be. Above the rate that a server can answer, its receive
buffer may hold the rest of a whole step: nothing would be lost, but all of it would be late."""

PIPELINED = 4
"""Queries in flight on each connection of a busy run."""

STRIDE = 300_000
"""The distance of the first queries of two runs: more than a run sends."""


@dataclass(frozen=True)
class Workload:
    """What is asked, and over what."""

    queries: Queries
    connections: int = 0
    """TCP connections; 0 is UDP."""

    def transport(self) -> tuple[str, ...]:
        """The generator's options for it."""
        return ("--tcp", "--sources", str(self.connections)) if self.connections else ()

    def window(self) -> tuple[str, ...]:
        """The generator's options for a busy run."""
        size = self.connections * PIPELINED or loads.WINDOW
        return ("--window", str(size), *self.transport())


@dataclass(frozen=True)
class Figures:
    """One server, one workload, one round."""

    cpu_us: float
    rate: float
    p50_us: float
    p99_us: float
    octets: float
    """Octets of a reply: not every server answers with the same records."""


class Server(Protocol):
    """A server that can be asked, and tells the CPU time that it used."""

    @property
    def target(self) -> loads.Target: ...

    def cpu_seconds(self) -> float: ...


class Asking:
    """Runs the generator; each run begins at another query."""

    def __init__(self) -> None:
        self._runs = 0

    def run(self, server: Server, work: Workload, seconds: float, *options: str) -> loads.Report:
        """One run of the generator."""
        self._runs += 1
        return loads.run(server.target, work.queries, seconds, self._runs * STRIDE, *options)

    def fill(self, server: Server, work: Workload) -> None:
        """Ask until the caches are filled."""
        self.run(server, work, FILL_SECONDS, *work.window())

    def cost(self, server: Server, work: Workload) -> tuple[float, float]:
        """CPU time per reply in microseconds, and replies per second, of a server kept busy."""
        self.run(server, work, WARM_SECONDS, *work.window())
        cpu_us, busy = self.busy(server, work, BUSY_SECONDS)
        return cpu_us, busy.rate

    def figures(self, server: Server, work: Workload, cpu_us: float, busy: float) -> Figures:
        """All figures of one round; `cost` was measured before."""
        rate = self.highest(server, work, busy)
        calm = self.at(server, work, rate / 2, BUSY_SECONDS)
        return Figures(cpu_us, rate, calm.p50_us, calm.p99_us, calm.octets)

    def busy(self, server: Server, work: Workload, seconds: float) -> tuple[float, loads.Report]:
        """A run that keeps the server busy, and its CPU time per reply in microseconds."""
        before = server.cpu_seconds()
        report = self.run(server, work, seconds, *work.window())
        return (server.cpu_seconds() - before) / report.received * 1e6, report

    def highest(self, server: Server, work: Workload, busy: float) -> float:
        """The highest rate without loss, between 0.5 and 1.5 times the rate of the busy server; the
        lower end where even that is too much."""
        low, high = busy / 2, busy * 1.5
        for _ in range(STEPS):
            rate = (low + high) / 2
            report = self.at(server, work, rate, STEP_SECONDS)
            if report.lost == 0 and report.seconds < STEP_SECONDS + BACKLOG_SECONDS:
                low = rate
            else:
                high = rate
        return low

    def at(self, server: Server, work: Workload, rate: float, seconds: float) -> loads.Report:
        """A run at a rate, by the clock."""
        return self.run(server, work, seconds, "--rate", f"{rate:.0f}", *work.transport())

"""The load generator and the echo: builds them, runs them, and tells what a query cost the server.

Server and generator have a core each. Over loopback, the kernel delivers a datagram in the CPU time
of its sender: the server pays for its replies up to the generator's socket, the generator pays for
its queries up to the server's. This is the same for every server and for the echo.
"""

import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
MANIFEST = ROOT / "bench/load/Cargo.toml"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "edge/engine/target"))
BINARIES = TARGET / "release"

SERVER_CORE = 0
LOAD_CORE = 1

WINDOW = 192
"""Unanswered queries that keep a server busy: some batches of 32, and even Linux's default receive
buffer (which Knot keeps) holds 256."""

GRACE_SECONDS = 30
"""How much longer a run may take than it sends."""


def build() -> None:
    """Compile both; takes a second when nothing changed."""
    subprocess.run(
        ["cargo", "--locked", "build", "--release", "--quiet", "--manifest-path", MANIFEST],
        check=True,
        env={**os.environ, "CARGO_TARGET_DIR": str(TARGET)},
    )


@dataclass(frozen=True)
class Queries:
    """What is asked: a file of queries, and whether each gets its own first label."""

    file: Path
    random: bool = False


@dataclass(frozen=True)
class Report:
    """One run: counts, replies a second, latencies in microseconds, replies by rcode."""

    sent: int
    received: int
    lost: int
    seconds: float
    rate: float
    idle: float
    octets: float
    p50_us: float
    p99_us: float
    max_us: float
    rcodes: dict[str, int]


BUSY = ("--window", str(WINDOW))
"""The generator's options to keep a server busy over UDP."""


@dataclass(frozen=True)
class Target:
    """The server that is asked, and the place of the generator."""

    server: str
    """ADDR:PORT."""
    generator: tuple[str, ...] = ("taskset", "--cpu-list", str(LOAD_CORE))
    """A command in front of the generator's own, such as one that enters a namespace."""


def run(target: Target, queries: Queries, seconds: float, first: int, *options: str) -> Report:
    """Ask for some seconds; `first` is another one in each run, so that no run repeats queries."""
    command: list[str | Path] = [*target.generator, BINARIES / "dnsfleet-load"]
    command += ["--server", target.server, "--queries", queries.file, "--seconds", str(seconds)]
    command += ["--random" if queries.random else "--first", str(first), *options]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=seconds + GRACE_SECONDS
    )
    return Report(**json.loads(done.stdout))


def cpu_seconds(pid: int) -> float:
    """CPU time of all threads of a process, of ended ones too.

    The clock of another process: clock_getcpuclockid(3) computes its id like this.
    """
    return time.clock_gettime(~pid << 3 | 2)


def waited_seconds(pid: int) -> float:
    """How long the threads of a process could have run but had no processor, of all that still run.

    The second number of proc_pid_schedstat, in nanoseconds.
    """
    stats = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(each.read_text().split()[1]) for each in stats) / 1e9

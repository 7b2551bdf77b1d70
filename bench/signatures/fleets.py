"""The fleet of one event: two Pops, a load, zones that change, and what can be done to it."""

import json
import os
import signal
import struct
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dns.message
import redis
from dnsfleet_cli.up.redis_servers import embedded_core
from dnsfleet_publisher.core_redis import connect
from support.fleet import Fleet, replace
from support.up_runs import pops, zone

from bench import loads

POPS = ("fra", "iad")
NAMES = 200
"""Different names that the load asks for: each of them less often than the rate limit allows."""
BASE_RATE = 1000
"""Queries a second to each Pop, all the time."""
READY_SECONDS = 60.0
CHANGE_SECONDS = 1.0
"""Between two changes of the zone `changed`."""


class EventFleet:
    """A fleet that is ready, for as long as the context lasts."""

    def __init__(self, folder: Path, environment: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.files, self.state = folder / "manifests", folder / "state"
        self._environment = environment
        self._stack = ExitStack()
        self._changes = 0

    def __enter__(self) -> "EventFleet":
        with self._stack as stack:
            self.files.mkdir()
            replace(self.files / "pops.yaml", pops(*POPS))
            replace(self.files / "load.yaml", _loaded())
            self.change()
            self.up = stack.enter_context(
                Fleet(self.files, self.state, len(POPS), environment=self._environment)
            )
            self.up.wait("ready", READY_SECONDS)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def pages(self) -> dict[str, str]:
        """Where the metrics of each Pop's edge are."""
        found = {}
        for pop in POPS:
            host, port = json.loads(self.told(pop).read_text())["http"]
            found[pop] = f"http://{host}:{port}/metrics"
        return found

    def told(self, pop: str) -> Path:
        """The file with what the edge of a Pop is told."""
        return self.state / "pops" / pop / "edge.json"

    def change(self) -> None:
        """Give the zone `changed` another address."""
        self._changes += 1
        address = f"192.0.2.{self._changes % 250 + 1}"
        replace(self.files / "changed.yaml", zone("changed", address))

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Change it again and again meanwhile."""
        stopping = threading.Event()

        def run() -> None:
            while not stopping.wait(CHANGE_SECONDS):
                self.change()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stopping.set()
            thread.join()

    def ask(
        self, pop: str, seconds: float, rate: int, queries: str = "usual"
    ) -> subprocess.Popen[bytes]:
        """Begin to ask a Pop at a rate for some seconds."""
        host, port = self.up.servers[POPS.index(pop)]
        file = self.folder / f"{queries}.queries"
        if not file.exists():
            file.write_bytes(_wire(QUERIES[queries]))
        command = [str(loads.BINARIES / "dnsfleet-load"), "--server", f"{host}:{port}"]
        command += ["--queries", str(file), "--seconds", f"{seconds:g}", "--rate", str(rate)]
        command += ["--sleep", *(("--random", "1") if queries == "random" else ())]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    @contextmanager
    def frozen(self, process: str) -> Iterator[None]:
        """A process does nothing meanwhile; `up` is the writer."""
        pid = self._pid(process)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def end(self, process: str) -> None:
        """End it, and wait until `up` has started it again."""
        after = len(self.up.events)
        os.kill(self._pid(process), signal.SIGTERM)
        self.up.wait("started", READY_SECONDS, lambda e: e["process"] == process, after)

    def _pid(self, process: str) -> int:
        return self.up.process.pid if process == "up" else self.up.pid(process)

    def core_port(self) -> int:
        return int(json.loads((self.state / "ports.json").read_text())["core"])

    def core(self) -> redis.Redis:
        """The core, with the rights of its writer."""
        password = json.loads((self.state / "passwords.json").read_text()).__getitem__
        return connect(embedded_core(self.core_port(), password).publisher_url)


def settle(seconds: float) -> None:
    """Let time go by: the picture is of time."""
    time.sleep(seconds)


def _loaded() -> str:
    records = "".join(
        f"    - {{name: host{number}, type: A, data: [192.0.2.1]}}\n" for number in range(NAMES)
    )
    head = zone("load", "192.0.2.1").rpartition("    - ")[0]
    return head + records


QUERIES: dict[str, Sequence[str]] = {
    "usual": [f"host{number}.load.example" for number in range(NAMES)],
    "random": ["abcdefghijkl.load.example"],
}
"""The names that are asked for; of `random` the first label is made anew each time."""


def _wire(names: Sequence[str]) -> bytes:
    messages = [dns.message.make_query(each, "A", flags=0).to_wire() for each in names]
    return b"".join(struct.pack("!H", len(each)) + each for each in messages)

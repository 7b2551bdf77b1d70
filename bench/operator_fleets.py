"""A whole operator at work: its process, a Valkey, an API server, and an edge that acks.

The operator is any command that starts one; it is configured as the chart does it. Its CPU time is
sampled all the time, so that the cost of a list or of an idle minute can be computed afterwards.
"""

import bisect
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from support.api_servers import APIError, APIServer, api_server
from support.ports import free_port
from support.valkey import Valkey

from bench import loads
from bench import operator_figures as figures
from bench.operator_objects import EDGE, POP, SYSTEM, Size, origin
from bench.simulated_edge import SimulatedEdge

OPERATOR = (str(Path(sys.executable).parent / "dnsfleet-operator"),)
"""The command of this checkout."""
USERS = ("user publisher on nopass resetchannels ~dnsfleet:* +@all",)
"""The operator makes its own passwords, and the core here takes any."""

SAMPLE_SECONDS = 0.1
LOOK_SECONDS = 0.2
QUIET_SECONDS = 5.0
IDLE_SHARE = 0.5
"""An operator is idle if it wrote nothing for so long, and took less of a core."""

Sample = tuple[float, float]
"""When (`time.monotonic()`), and the CPU seconds of the process until then."""


class OperatorFleet:
    """One fleet; `running` makes one."""

    def __init__(
        self, size: Size, command: Sequence[str], api: APIServer, core: Valkey, folder: Path
    ) -> None:
        self.size = size
        self.api = api
        self.core = core
        self._published: dict[str, list[float]] = {}
        self.samples: list[Sample] = []
        """Of the operator's CPU time."""
        self.http_port = 0
        """Of the operator that was started last."""
        self._command = command
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._news = threading.Condition()
        self._ended = threading.Event()
        self._sampler: threading.Thread | None = None
        self._edge: SimulatedEdge | None = None

    @property
    def pid(self) -> int:
        """Of the operator."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> float:
        """Start the operator; when (`time.monotonic()`)."""
        self.http_port = free_port()
        environment = {
            **os.environ,
            "KUBECONFIG": str(self.api.kubeconfig),
            "DNSFLEET_NAMESPACE": SYSTEM,
            "POD_NAME": "operator-0",
            "DNSFLEET_EDGE_IMAGE": "edge",
            "DNSFLEET_CORE_HOST": "127.0.0.1",
            "DNSFLEET_CORE_PORT": str(self.core.port),
            "DNSFLEET_HTTP_PORT": str(self.http_port),
        }
        # It imports what its own environment has, not what this process has.
        environment.pop("PYTHONPATH", None)
        self._edge = SimulatedEdge(self.core.url, POP, EDGE, self.hear)
        self._edge.start()
        began = time.monotonic()
        with (self._folder / "operator.log").open("ab") as log:
            self._process = subprocess.Popen(self._command, env=environment, stdout=log, stderr=log)
        self._ended.clear()
        self.samples.clear()
        self._sampler = threading.Thread(target=self._sample, name="sampler", daemon=True)
        self._sampler.start()
        return began

    def stop(self) -> None:
        """End the operator as a crash does, and remove its Lease: the next one need not wait."""
        self._ended.set()
        if self._sampler is not None:
            self._sampler.join()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._edge is not None:
            self._edge.stop()
        self._process = self._sampler = self._edge = None
        try:
            self.api.delete("Lease", "dnsfleet-operator", SYSTEM)
        except (APIError, OSError):
            return  # it never had one, or the API server has ended too

    def hear(self, origin: str, at: float) -> None:
        """Note a publication."""
        with self._news:
            self._published.setdefault(origin, []).append(at)
            self._news.notify_all()

    def published(self, origin: str, after: float) -> float | None:
        """When an origin was first published after a moment, or the fleet's head where `origin` is
        empty; None where it was not published yet."""
        times = self._published.get(origin, [])
        at = bisect.bisect(times, after)
        return times[at] if at < len(times) else None

    def wait_for_all(self, after: float, seconds: float) -> float:
        """Wait until each zone was published after a moment; when the last one was."""
        waiting = [origin(number) for number in range(self.size.zones)]

        def all_are() -> bool:
            while waiting and self.published(waiting[-1], after) is not None:
                waiting.pop()
            return not waiting

        self.wait_until("all zones in the core", all_are, seconds)
        first = (self.published(origin(number), after) for number in range(self.size.zones))
        return max(at for at in first if at is not None)

    def wait_until(self, what: str, done: Callable[[], bool], seconds: float) -> None:
        """Wait for publications; AssertionError names `what` where they do not come."""
        deadline = time.monotonic() + seconds
        with self._news:
            while not done():
                self.check()
                if time.monotonic() > deadline:
                    raise AssertionError(f"{self.size}: not within {seconds:.0f} s: {what}")
                self._news.wait(1.0)

    def settle(self, seconds: float) -> float:
        """Wait until the operator is idle: each Zone and RecordSet is Propagated, nothing is
        written, and hardly any CPU time is used. The moment at which that began."""
        deadline = time.monotonic() + seconds
        writes, since = self._writes(), time.monotonic()
        while True:
            time.sleep(LOOK_SECONDS)
            self.check()
            now = time.monotonic()
            if now > deadline:
                raise AssertionError(f"{self.size}: not idle within {seconds:.0f} s")
            if (seen := self._writes()) != writes:
                writes, since = seen, now
            busy = self.cpu_between(now - QUIET_SECONDS, now) / QUIET_SECONDS
            # An operator without the Lease is quiet too, so the objects themselves are checked.
            if now - since > QUIET_SECONDS and busy < IDLE_SHARE:
                if self._all_propagated():
                    return since
                since = now

    def cpu_between(self, begin: float, end: float) -> float:
        """CPU seconds that the operator took between two moments."""
        return figures.between(self.samples, begin, end)

    def check(self) -> None:
        """AssertionError with the end of its log where the operator has ended."""
        assert self._process is not None
        if self._process.poll() is not None:
            text = (self._folder / "operator.log").read_text()[-2000:]
            raise AssertionError(f"the operator ended with {self._process.returncode}:\n{text}")

    def _all_propagated(self) -> bool:
        return all(
            any(
                each["type"] == "Propagated" and each["status"] == "True"
                for each in found.get("status", {}).get("conditions", ())
            )
            for kind in ("Zone", "RecordSet")
            for found in self.api.all(kind)
        )

    def _writes(self) -> Counter[str]:
        written = Counter(self.api.writes())
        del written["leases"]
        return written

    def _sample(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            try:
                self.samples.append((time.monotonic(), loads.cpu_seconds(self.pid)))
            except OSError:
                return  # it has ended


@contextmanager
def running(size: Size, folder: Path, command: Sequence[str] = OPERATOR) -> Iterator[OperatorFleet]:
    """A fleet whose operator is not started yet; all its processes end on leaving."""
    core = Valkey(folder / "core", users=USERS)
    with api_server(folder / "api", size.objects()) as api:
        try:
            core.start()
            fleet = OperatorFleet(size, command, api, core, folder)
            try:
                yield fleet
            finally:
                fleet.stop()
        finally:
            core.kill()

"""A real fleet for tests and benchmarks: `dnsfleet up --json` as its own process."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from support.ports import free_ports
from support.waiting import wait_for

Event = dict[str, Any]

STOP_SECONDS = 20.0


class Fleet:
    """Starts on entering, ends with SIGINT on leaving; keeps every event that the fleet told.

    `environment` are variables for it beside ours. `heard` is called with each event as it comes.
    """

    def __init__(
        self,
        files: Path,
        state_dir: Path,
        pops: int,
        *options: str,
        environment: Mapping[str, str] | None = None,
        heard: Callable[[Event], None] = lambda _: None,
    ) -> None:
        self.dns_port = free_ports(pops)
        self.events: list[Event] = []
        self.environment = {**os.environ, **(environment or {})}
        self._heard = heard
        self._command = [
            *(sys.executable, "-m", "dnsfleet_cli", "up", "--json", "-f", str(files)),
            *("--state-dir", str(state_dir), "--dns-port", str(self.dns_port), *options),
        ]
        self.servers = [("127.0.0.1", self.dns_port + index) for index in range(pops)]

    def __enter__(self) -> "Fleet":
        self.process = subprocess.Popen(
            self._command, stdout=subprocess.PIPE, text=True, env=self.environment
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.wait(STOP_SECONDS)
        self._reader.join()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                event = json.loads(line)
                self.events.append(event)
                self._heard(event)

    def wait(
        self,
        kind: str,
        seconds: float,
        matches: Callable[[Event], bool] = lambda _: True,
        after: int = 0,
    ) -> Event:
        """The first event of a kind at or after position `after` of `events`."""

        def find() -> Event | None:
            if self.process.poll() not in (None, 0):
                raise AssertionError(f"`up` ended with {self.process.returncode}: {self.events}")
            return next((e for e in self.events[after:] if e["event"] == kind and matches(e)), None)

        found = wait_for(f"event {kind}", find, seconds)
        assert found is not None
        return found

    def pid(self, process: str) -> int:
        """The newest process id of `core`, `replica/POP` or `edge/POP`."""
        started = [e for e in self.events if e["event"] == "started" and e["process"] == process]
        return int(started[-1]["pid"])

    def kill(self, process: str) -> int:
        """SIGKILL one process of the fleet; the position in `events` of what comes after."""
        position = len(self.events)
        os.kill(self.pid(process), signal.SIGKILL)
        return position


PROBE = "probe.example.com."


def write_probe_fleet(path: Path, pops: Sequence[str], counter: int) -> None:
    """A file with one zone, in which the TXT at PROBE is `counter`, and with Pops."""
    documents = [
        f"""\
apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata: {{name: example-com, namespace: dns}}
spec:
  origin: example.com
  nameServers: [ns1.example.net]
  soa: {{rname: hostmaster.example.com}}
  records:
    - {{name: probe, type: TXT, ttl: 1, data: ["{counter}"]}}
    - {{name: www, type: A, data: ["192.0.2.1"]}}
"""
    ]
    documents += [
        f"apiVersion: dnsfleet.io/v1alpha1\nkind: Pop\nmetadata: {{name: {pop}}}\nspec: {{}}\n"
        for pop in pops
    ]
    replace(path, "---\n".join(documents))


def replace(path: Path, text: str) -> None:
    """Put a file in place in one step, as editors and deploy tools do."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.rename(path)

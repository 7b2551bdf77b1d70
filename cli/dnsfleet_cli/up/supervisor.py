"""Starts the fleet's processes, starts those again that exit by themselves, and ends all of them.

One thread owns every child, and it must live as long as the fleet: the kernel sends the signal of
`parent_death` when the *thread* that forked ends. The rest of the program sends it requests through
a queue, and is told of starts and exits by a callback.

    start ─▶ running ──exit──▶ waiting ──backoff over──▶ running
                │                 │
              stop              stop
                ▼                 ▼
            stopping ──exit, or KILL after STOP_SECONDS──▶ gone
"""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dnsfleet_cli.up import logs

TICK_SECONDS = 0.02
"""Between looks for exits: the longest that one goes unnoticed."""
FIRST_BACKOFF_SECONDS = 0.1
MAX_BACKOFF_SECONDS = 5.0
STEADY_SECONDS = 10.0
"""After a process has run this long, its next exit is followed by the first backoff again."""
STOP_SECONDS = 5.0
"""From TERM to KILL: an edge that drains and a Redis that flushes its log need less."""

_PARENT_DEATH = Path(__file__).with_name("parent_death.py")


@dataclass(frozen=True)
class Program:
    """What to run: an absolute command line, and the file that takes its output."""

    name: str
    command: tuple[str, ...]
    log: Path


@dataclass(frozen=True)
class Started:
    """A process of ours runs."""

    name: str
    pid: int
    started_ms: int
    """Just before its start, Unix time in milliseconds."""


@dataclass(frozen=True)
class Exited:
    """A process of ours exited by itself; it is started again after `seconds`."""

    name: str
    code: int
    seconds: float
    log: Path


class _Child:
    """One program's life. Only the supervisor's thread touches it."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.stopping = False
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._backoff = FIRST_BACKOFF_SECONDS
        self._due = 0.0
        logs.open_new(program.log)  # a log holds one run of the fleet

    @property
    def gone(self) -> bool:
        return self.stopping and self._process is None

    def tend(self, now: float) -> Started | Exited | None:
        """Do what is due at `now` (monotonic seconds)."""
        if self._process is not None:
            return self._look(self._process, now)
        if self.stopping or now < self._due:
            return None
        return self._start(now)

    def _start(self, now: float) -> Started:
        bound = (sys.executable, "-I", "-S", str(_PARENT_DEATH), str(os.getpid()))
        started_ms = time.time_ns() // 1_000_000
        with logs.append(self.program.log) as log:
            self._process = subprocess.Popen(
                (*bound, *self.program.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches only us; we end them in order
            )
        self._started = now
        return Started(self.program.name, self._process.pid, started_ms)

    def _look(self, process: subprocess.Popen[bytes], now: float) -> Exited | None:
        code = process.poll()
        if code is None:
            if self.stopping and now >= self._due:
                process.kill()
            return None
        self._process = None
        if self.stopping:
            return None
        if now - self._started >= STEADY_SECONDS:
            self._backoff = FIRST_BACKOFF_SECONDS
        wait, self._backoff = self._backoff, min(self._backoff * 2, MAX_BACKOFF_SECONDS)
        self._due = now + wait
        return Exited(self.program.name, code, wait, self.program.log)

    def stop(self, now: float) -> None:
        if not self.stopping and self._process is not None:
            self._process.send_signal(signal.SIGTERM)
        self.stopping = True
        self._due = now + STOP_SECONDS


class Supervisor:
    """Runs programs until told to stop. `report` is called from the supervisor's own thread."""

    def __init__(self, report: Callable[[Started | Exited], None]) -> None:
        self._report = report
        self._requests: queue.SimpleQueue[Program | str | None] = queue.SimpleQueue()
        self._codes: dict[str, int] = {}
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)
        self._thread.start()

    def start(self, program: Program) -> None:
        """Run a program, and again after every exit; an older one of that name has to end first."""
        self._requests.put(program)

    def stop(self, name: str) -> None:
        """End one program; returns at once."""
        self._requests.put(name)

    def exit_code(self, name: str) -> int | None:
        """How a program ended by itself last, as `Popen.returncode`; None where it never did."""
        return self._codes.get(name)

    def close(self) -> None:
        """Tell every program to end, the latest first, and wait until all are gone."""
        self._requests.put(None)
        self._thread.join()

    def _run(self) -> None:
        children: list[_Child] = []
        closing = False
        look_due = 0.0
        while not (closing and not children):
            try:
                request = self._requests.get(timeout=TICK_SECONDS)
            except queue.Empty:
                pass
            else:
                closing = closing or request is None
                if isinstance(request, Program):
                    children.append(_Child(request))
                for child in reversed(children):
                    if request is None or child.program.name == request:
                        child.stop(time.monotonic())
            for index, child in enumerate(children):
                name = child.program.name
                if any(earlier.program.name == name for earlier in children[:index]):
                    continue  # its predecessor has not ended yet
                event = child.tend(time.monotonic())
                if isinstance(event, Exited):
                    self._codes[name] = event.code
                if event is not None:
                    self._report(event)
            children = [child for child in children if not child.gone]
            if time.monotonic() >= look_due:
                look_due = time.monotonic() + logs.LOOK_SECONDS
                for child in children:
                    with suppress(OSError):  # a full disk must not end the supervisor
                        logs.limit(child.program.log)

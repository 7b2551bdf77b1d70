"""The supervisor against real processes: restarts, stops with a time limit, and no orphan."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from dnsfleet_cli.up import logs
from dnsfleet_cli.up.supervisor import Exited, Program, Started, Supervisor
from support.waiting import wait_for

SLEEPER = "import time; print('up', flush=True); time.sleep(600)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SLEEPER

KEEPER = """
import sys
import time
from pathlib import Path
from dnsfleet_cli.up.supervisor import Program, Supervisor
supervisor = Supervisor(lambda event: print(event.pid, flush=True))
supervisor.start(Program("child", (sys.executable, "-c", sys.argv[1]), Path(sys.argv[2])))
time.sleep(600)
"""


def program(name: str, source: str, folder: Path) -> Program:
    return Program(name, (sys.executable, "-c", source), folder / f"{name}.log")


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


class Events:
    """What a supervisor reported."""

    def __init__(self) -> None:
        self.seen: list[Started | Exited] = []

    def pids(self, name: str) -> list[int]:
        return [e.pid for e in self.seen if isinstance(e, Started) and e.name == name]


def test_a_fallen_process_comes_back_after_a_growing_pause(tmp_path: Path) -> None:
    events = Events()
    supervisor = Supervisor(events.seen.append)
    supervisor.start(program("falls", "raise SystemExit(3)", tmp_path))
    wait_for("two restarts", lambda: len(events.pids("falls")) >= 3, 10)
    supervisor.close()
    exits = [event for event in events.seen if isinstance(event, Exited)]
    assert [exit.code for exit in exits[:2]] == [3, 3]
    assert exits[1].seconds == 2 * exits[0].seconds


def test_a_killed_process_comes_back_with_another_pid(tmp_path: Path) -> None:
    events = Events()
    supervisor = Supervisor(events.seen.append)
    supervisor.start(program("killed", SLEEPER, tmp_path))
    wait_for("the start", lambda: len(events.pids("killed")) == 1, 10)
    os.kill(events.pids("killed")[0], signal.SIGKILL)
    wait_for("the restart", lambda: len(events.pids("killed")) == 2, 10)
    supervisor.close()
    assert not any(alive(pid) for pid in events.pids("killed"))


def test_stop_ends_one_process_and_leaves_the_others(tmp_path: Path) -> None:
    events = Events()
    supervisor = Supervisor(events.seen.append)
    for name in ("one", "two"):
        supervisor.start(program(name, SLEEPER, tmp_path))
    wait_for("both started", lambda: len(events.seen) == 2, 10)
    supervisor.stop("one")
    wait_for("one ended", lambda: not alive(events.pids("one")[0]), 10)
    assert alive(events.pids("two")[0])
    supervisor.close()
    assert not alive(events.pids("two")[0])


def test_a_process_that_ignores_term_is_killed(tmp_path: Path) -> None:
    events = Events()
    supervisor = Supervisor(events.seen.append)
    deaf = program("deaf", DEAF, tmp_path)
    supervisor.start(deaf)
    wait_for("deaf runs", lambda: deaf.log.exists() and b"up" in deaf.log.read_bytes(), 10)
    began = time.monotonic()
    supervisor.close()
    assert 4 < time.monotonic() - began < 10
    assert not alive(events.pids("deaf")[0])


CHATTY = "import time\nwhile True: print('x' * 99, flush=True); time.sleep(0.001)"


def test_what_a_process_writes_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LOG_OCTETS", 10_000)
    monkeypatch.setattr(logs, "LOOK_SECONDS", 0.05)
    supervisor = Supervisor(lambda event: None)
    chatty = program("chatty", CHATTY, tmp_path)
    supervisor.start(chatty)
    oldest = chatty.log.with_name(f"{chatty.log.name}.{logs.LOGS_KEPT}")
    wait_for("old logs", oldest.exists, 20)
    supervisor.close()
    files = list(tmp_path.glob("chatty.log*"))
    assert len(files) == 1 + logs.LOGS_KEPT
    assert set(oldest.read_text().split()) == {"x" * 99}


def test_how_a_process_ended_is_known(tmp_path: Path) -> None:
    supervisor = Supervisor(lambda event: None)
    assert supervisor.exit_code("falls") is None
    supervisor.start(program("falls", "raise SystemExit(3)", tmp_path))
    wait_for("the end", lambda: supervisor.exit_code("falls") == 3, 10)
    supervisor.close()


def test_children_die_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    keeper = subprocess.Popen(
        [sys.executable, "-c", KEEPER, DEAF, str(tmp_path / "child.log")], stdout=subprocess.PIPE
    )
    assert keeper.stdout is not None
    child = int(keeper.stdout.readline())
    log = tmp_path / "child.log"
    wait_for("the child runs", lambda: b"up" in log.read_bytes(), 10)
    keeper.kill()
    keeper.communicate()
    wait_for("the child died with its keeper", lambda: not alive(child), 10)

"""An engine that answers, and takes commands of its benchmark while it answers.

`python -m bench.engine_server ZONE-FILE ADDR:PORT SHARDS [plain]` runs it; each line of standard
input is a command, answered by a line of JSON. `Engine` is the other end.

`plain` removes the BPF program from the sockets of the engine: then the kernel spreads queries by
addresses and ports, as it does for every server that only sets `SO_REUSEPORT`. This is for
comparison; users cannot choose it. No server here limits the rate of responses, so neither does the
engine: over loopback it never does, and in another network namespace all queries come from one
network.
"""

import json
import os
import socket
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import dnsfleet_engine
from dnsfleet.zones import master_files

from bench import loads
from bench.datasets import ORIGIN

SO_DETACH_REUSEPORT_BPF = 68  # asm-generic/socket.h; the socket module has no name for it
STOP_SECONDS = 20


class Engine:
    """A running engine server, as its benchmark uses it."""

    def __init__(self, process: "subprocess.Popen[str]", target: loads.Target) -> None:
        """Take a process that was just started; `target` says where it will answer."""
        assert process.stdin is not None
        assert process.stdout is not None
        self._commands: IO[str] = process.stdin
        self._answers: IO[str] = process.stdout
        self.pid = process.pid
        self.target = target
        self._answer()  # that it serves

    def prepare(self) -> None:
        """Make another version of the zone that shares no memory with the first."""
        self._ask("prepare")

    def load(self) -> None:
        """Serve the oldest version that was made and not served yet; the one before is freed."""
        self._ask("load")

    def counters(self) -> dict[str, int]:
        """The counters of all shards together."""
        counters: dict[str, int] = self._ask("counters")
        return counters

    def cpu_seconds(self) -> float:
        """CPU time since it started."""
        return loads.cpu_seconds(self.pid)

    def _ask(self, command: str) -> Any:
        self._commands.write(f"{command}\n")
        self._commands.flush()
        return self._answer()

    def _answer(self) -> Any:
        line = self._answers.readline()
        if not line:
            sys.exit("the engine ended; what it said is above")
        return json.loads(line)


@contextmanager
def running(
    zone: Path, target: loads.Target, shards: int, *options: str, command: Sequence[str] = ()
) -> Iterator[Engine]:
    """Start an engine server; `command` is put in front of its own command."""
    own = [sys.executable, "-m", "bench.engine_server", str(zone), target.server, str(shards)]
    process = subprocess.Popen(
        [*command, *own, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        try:
            yield Engine(process, target)
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)


def main(file: str, address: str, shards: str, *options: str) -> None:
    """Serve until standard input ends."""
    zone, violations = master_files.read(Path(file).read_bytes(), file, ORIGIN)
    if zone is None:
        sys.exit(f"{file} is refused: {violations[:3]}")
    engine = dnsfleet_engine.Engine()
    engine.load(zone)
    encoded = zone.encode()
    del zone
    host, _, port = address.rpartition(":")
    engine.start([(host, int(port))], int(shards), responses_per_second=0)
    pin_shards()
    if "plain" in options:
        detach((host, int(port)))
    print(json.dumps("serves"), flush=True)
    versions: deque[dnsfleet_engine.Zone] = deque()
    for line in sys.stdin:
        match line.strip():
            case "prepare":
                versions.append(dnsfleet_engine.Zone.decode(encoded))
                print(json.dumps("prepared"), flush=True)
            case "load":
                engine.load(versions.popleft())
                print(json.dumps("loaded"), flush=True)
            case _:
                total: Counter[str] = Counter()
                for row in engine.counters():
                    total.update(row)
                print(json.dumps(total), flush=True)


def pin_shards() -> None:
    """Give each shard a core of its own; the thread that makes zones may use any core."""
    for task in Path("/proc/self/task").iterdir():
        name = (task / "comm").read_text().strip()
        if name.startswith("shard-"):
            os.sched_setaffinity(int(task.name), {int(name.removeprefix("shard-"))})


def detach(address: tuple[str, int]) -> None:
    """Take the BPF program off the UDP sockets of this process at an address."""
    for entry in Path("/proc/self/fd").iterdir():
        if not entry.is_socket():
            continue
        with socket.socket(fileno=os.dup(int(entry.name))) as found:
            if found.type == socket.SOCK_DGRAM and found.getsockname() == address:
                found.setsockopt(socket.SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, 0)
                return
    raise SystemExit(f"no UDP socket of this process is bound to {address}")


if __name__ == "__main__":
    main(*sys.argv[1:])

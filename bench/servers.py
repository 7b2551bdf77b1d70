"""The servers that are measured: one worker each, on its own core, with one zone from a file.

They do what dnsfleet does and no more: minimal responses, no rate limit, no control channel. Where
a server can be configured so, its UDP receive buffer is as large as the engine's.
"""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support import nameservers
from support.ports import free_port

from bench import datasets, loads
from bench.datasets import ORIGIN
from bench.figures import memory_octets

START_SECONDS = 120
STOP_SECONDS = 20
LOOK_SECONDS = 0.005
"""Between two questions to a starting server: the precision of a measured start."""

RECEIVE_BUFFER = 4 << 20
"""Octets of the receive buffer: as the engine has it (`serve/sockets.rs`)."""

GDNSD_BUFFER = 1 << 20
"""The largest receive buffer that gdnsd accepts."""

PINNED = ("taskset", "--cpu-list", str(loads.SERVER_CORE))
"""A command in front of a server's own, such as one that enters a namespace."""

ANCOUNT = slice(6, 8)
"""The place of ANCOUNT in the header of a reply (RFC 1035 section 4.1.1)."""

CONNECTIONS = 300
"""TCP connections that a server must accept: more than any benchmark opens."""

Command = list[str | Path]


def _echo(_folder: Path, port: int, _zone: Path) -> Command:
    return [loads.BINARIES / "dnsfleet-echo", f"127.0.0.1:{port}"]


def _dnsfleet(_folder: Path, port: int, zone: Path) -> Command:
    program = Path(sys.executable).parent / "dnsfleet"
    listen = f"127.0.0.1:{port}"
    return [program, "serve", "--zone", f"{ORIGIN}={zone}", "--listen", listen, "--shards", "1"]


def _knotd(folder: Path, port: int, zone: Path) -> Command:
    config = folder / "knot.conf"
    config.write_text(nameservers.KNOT.configure({ORIGIN: zone}, folder, port))
    return [_program("knotd", "knot"), "-c", config]


def _nsd(folder: Path, port: int, zone: Path) -> Command:
    config = folder / "nsd.conf"
    config.write_text(f"""\
server:
    ip-address: 127.0.0.1@{port}
    server-count: 1
    tcp-count: {CONNECTIONS}
    receive-buffer-size: {RECEIVE_BUFFER}
    minimal-responses: yes
    rrl-ratelimit: 0
    username: ""
    database: ""
    zonesdir: "{folder}"
    zonelistfile: "{folder}/zone.list"
    xfrdfile: "{folder}/xfrd.state"
    xfrdir: "{folder}"
    pidfile: "{folder}/nsd.pid"
remote-control:
    control-enable: no
zone:
    name: {ORIGIN}
    zonefile: "{zone}"
""")
    return [_program("nsd", "nsd"), "-d", "-c", config]


def _gdnsd(folder: Path, port: int, zone: Path) -> Command:
    (folder / "zones").mkdir()
    (folder / "zones" / ORIGIN).symlink_to(zone)
    (folder / "config").write_text(f"""\
options => {{
  listen => 127.0.0.1:{port}
  udp_threads => 1
  tcp_threads => 1
  tcp_clients_per_thread => {CONNECTIONS}
  udp_rcvbuf => {min(RECEIVE_BUFFER, GDNSD_BUFFER)}
  run_dir => {folder}
  state_dir => {folder}
}}
""")
    return [_program("gdnsd", "gdnsd"), "-c", folder, "start"]


def _named(folder: Path, port: int, zone: Path) -> Command:
    config = folder / "named.conf"
    config.write_text(f"""\
options {{
    directory "{folder}";
    pid-file "{folder}/named.pid";
    session-keyfile "{folder}/session.key";
    listen-on port {port} {{ 127.0.0.1; }};
    listen-on-v6 {{ none; }};
    recursion no;
    minimal-responses yes;
    tcp-clients {CONNECTIONS};
    udp-receive-buffer {RECEIVE_BUFFER};
    notify no;
}};
controls {{}};
zone "{ORIGIN}" {{ type primary; file "{zone}"; }};
""")
    return [_program("named", "bind9"), "-g", "-n", "1", "-c", config]


ECHO = "echo"
DNSFLEET = "dnsfleet"
PEERS = ("knotd", "nsd", "gdnsd", "named")
COMMANDS: dict[str, Callable[[Path, int, Path], Command]] = {
    ECHO: _echo,
    DNSFLEET: _dnsfleet,
    "knotd": _knotd,
    "nsd": _nsd,
    "gdnsd": _gdnsd,
    "named": _named,
}


def _program(name: str, package: str) -> str:
    # Debian installs servers where ordinary users do not look.
    found = shutil.which(name, path=nameservers.SEARCHED)
    if found is None:
        sys.exit(f"{name} is missing: install the Debian package {package}")
    return found


@dataclass(frozen=True)
class Running:
    """A server that answers."""

    name: str
    port: int
    pid: int
    start_seconds: float
    """From the command to the first answer."""

    @property
    def target(self) -> loads.Target:
        """Where the generator asks it."""
        return loads.Target(f"127.0.0.1:{self.port}")

    def cpu_seconds(self) -> float:
        """CPU time of all its processes since they started."""
        return sum(loads.cpu_seconds(pid) for pid in _family(self.pid))

    def resident_octets(self) -> int:
        """Resident memory (RSS); what several processes share counts once (PSS)."""
        family = _family(self.pid)
        field = "Rss" if len(family) == 1 else "Pss"
        return sum(memory_octets(pid, field) for pid in family)


@contextmanager
def serving(
    names: Sequence[str], zone: Path, folder: Path, pinned: Sequence[str] = PINNED
) -> Iterator[dict[str, Running]]:
    """Start servers one after another with the same zone; end them all.

    `pinned` is put in front of their commands.
    """
    processes: list[subprocess.Popen[bytes]] = []
    running = {}
    try:
        for name in names:
            home = folder / name
            home.mkdir()
            port = free_port()
            command = COMMANDS[name](home, port, zone)
            start = time.monotonic()
            with (home / "log").open("wb") as log:
                process = subprocess.Popen([*pinned, *command], stdout=log, stderr=log)
            processes.append(process)
            if not _answers(process, port, name == ECHO):
                sys.exit(f"{name} does not answer:\n{(home / 'log').read_text()}")
            running[name] = Running(name, port, process.pid, time.monotonic() - start)
        yield running
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(STOP_SECONDS)


def _answers(process: subprocess.Popen[bytes], port: int, echoes: bool) -> bool:
    """Ask until the address of the first name comes; the echo sends the query itself."""
    query = datasets.query(datasets.host(0))
    deadline = time.monotonic() + START_SECONDS
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", port))
        client.settimeout(LOOK_SECONDS)
        while process.poll() is None and time.monotonic() < deadline:
            try:
                client.send(query)
                reply = client.recv(datasets.PAYLOAD)
            except TimeoutError:
                continue  # bound, and not yet answering
            except ConnectionRefusedError:
                time.sleep(LOOK_SECONDS)
                continue
            if reply[ANCOUNT] != b"\0\0" or echoes:
                return True
            time.sleep(LOOK_SECONDS)
    return False


def _family(pid: int) -> list[int]:
    """A process and all its descendants."""
    family = [pid]
    for member in family:
        for children in Path(f"/proc/{member}/task").glob("*/children"):
            family += map(int, children.read_text().split())
    return family

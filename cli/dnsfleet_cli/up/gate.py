"""The gate of a fleet on this machine: a replica of its own, and a process that transfers zones.

What it is told by updates it writes as RecordSets into a folder, which is read as manifests are.
"""

import json
import socket
import sys
from collections.abc import Sequence

from dnsfleet import tsig_keys
from dnsfleet.tsig_keys import UsableKey

from dnsfleet_cli.up import addresses, events, redis_servers, state_files
from dnsfleet_cli.up.redis_servers import Core
from dnsfleet_cli.up.state import StateFolder
from dnsfleet_cli.up.state_files import Show
from dnsfleet_cli.up.supervisor import Program, Supervisor

NAME, REPLICA = "gate", "gate/replica"
"""Of its processes."""
CONNECT_SECONDS = 0.1
"""On loopback a port that is bound takes a connection at once."""


class LocalGate:
    """Runs from `start` on; what ends it is the supervisor."""

    def __init__(self, port: int, state: StateFolder, pops: range) -> None:
        """Trouble where the port is taken; `pops` are the ports of the Pops."""
        addresses.check_free(range(port, port + 1), "--gate")
        self._port = port
        self._state = state
        self._avoid = range(min(port, pops.start), max(port + 1, pops.stop))
        self._folder = state_files.folder(state.root / "gate")
        self._table: bytes | None = None
        self._told = False

    def update(self, keys: Sequence[UsableKey]) -> None:
        """Have these keys, and no others, be accepted within a second or so."""
        table = tsig_keys.encode(sorted(keys))
        if table != self._table:
            state_files.write(self._folder / "tsig-keys.json", table)
            self._table = table

    def start(self, core: Core, supervisor: Supervisor, notify: int) -> None:
        """Start both processes; `update` was called before. NOTIFY is passed on to this port."""
        port = self._state.port(REPLICA, self._avoid)
        config = {
            "listen": [(host, self._port) for host in addresses.hosts()],
            "http": (redis_servers.HOST, self._state.port(NAME, self._avoid)),
            "replica_url": redis_servers.replica_url(port, self._state.password),
            "public_key": str(self._state.public_key),
            "tsig_keys": str(self._folder / "tsig-keys.json"),
            "updates_folder": str(self._state.updates),
            "notify": (redis_servers.HOST, notify),
        }
        file = self._folder / "gate.json"
        state_files.write(file, json.dumps(config, indent=1).encode())
        supervisor.start(
            redis_servers.replica_program(
                REPLICA,
                self._folder / "replica",
                port,
                core,
                self._state.password,
                self._state.log(REPLICA),
            )
        )
        command = (sys.executable, "-m", "dnsfleet_gate", str(file))
        supervisor.start(Program(NAME, command, self._state.log(NAME)))

    def tell(self, show: Show) -> None:
        """Say once where it answers, when it does."""
        hosts = addresses.hosts()
        if self._told or not all(_answers(host, self._port) for host in hosts):
            return
        self._told = True
        show(events.Transferring(tuple(addresses.text(host, self._port) for host in hosts)))


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), CONNECT_SECONDS):
            return True
    except OSError:
        return False

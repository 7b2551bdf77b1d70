"""The Pops of a fleet on one machine: for each a replica and one edge, on addresses of its own."""

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from dnsfleet import names
from dnsfleet.replication.manifests import Manifest
from dnsfleet.resources import Pop, Zone

from dnsfleet_cli.options import UpOptions
from dnsfleet_cli.troubles import Trouble
from dnsfleet_cli.up import addresses, events, redis_servers, state_files
from dnsfleet_cli.up.redis_servers import Core
from dnsfleet_cli.up.state import StateFolder
from dnsfleet_cli.up.supervisor import Program, Supervisor

MAX_POPS = 256
"""Ports that are reserved from --dns-port up: for many more processes than a laptop runs."""
UNREADY_SECONDS = 0.2
"""Short: on one machine there is no load balancer that has to notice."""
EDGE_NAME = "0"
"""A Pop here has one edge."""


EdgeSettings = dict[str, object]


class InnerPorts(NamedTuple):
    """Loopback ports that a running Pop has beside its own."""

    replica: int
    http: int


@dataclass(frozen=True)
class RunningPop:
    """Where a Pop answers."""

    name: str
    port: int
    addresses: tuple[str, ...]


class Pops:
    """Starts and stops Pops as their documents come and go."""

    def __init__(
        self, options: UpOptions, state: StateFolder, core: Core, supervisor: Supervisor
    ) -> None:
        self._options = options
        self._state = state
        self._core = core
        self._supervisor = supervisor
        self._hosts = addresses.hosts()
        self._ports = _ports(options)
        self._avoid = range(self._ports[0], self._ports[-1] + 1)
        self._port_of: dict[str, int] = {}
        self._inner_ports: dict[str, InnerPorts] = {}
        self._settings: dict[str, EdgeSettings] = {}
        self.running: dict[str, RunningPop] = {}
        self.wanted: Sequence[Pop] = ()
        """Those that `update` got last, drained ones too."""
        for old in state.root.glob("pops/*/edge.json"):  # of Pops that another run had
            old.unlink()

    def update(self, pops: Sequence[Pop]) -> None:
        """Run these Pops and no others; one that is new takes the next port, and keeps it.

        An edge is started again when its settings in the Pop change.
        """
        self.wanted = pops
        wanted = {pop.metadata.name: pop.spec.edge.settings() for pop in active(pops)}
        for name in [name for name in self.running if name not in wanted]:
            del self.running[name]
            self._supervisor.stop(f"edge/{name}")
            self._supervisor.stop(f"replica/{name}")
            self._config(name).unlink(missing_ok=True)
        for name, settings in wanted.items():
            port = self._port(name)
            if name not in self.running:
                inner = InnerPorts(
                    self._state.port(f"replica/{name}", self._avoid),
                    self._state.port(f"http/{name}", self._avoid),
                )
                self._inner_ports[name] = inner
                self._start_replica(name)
                self._start_edge(name, port, settings)
                texts = tuple(addresses.text(host, port) for host in self._hosts)
                self.running[name] = RunningPop(name, port, texts)
            elif settings != self._settings[name]:
                self._supervisor.stop(f"edge/{name}")
                self._start_edge(name, port, settings)
            self._settings[name] = settings

    def http_ports(self) -> dict[str, int]:
        """By running Pop: the port of the pages of its edge."""
        return {name: self._inner_ports[name].http for name in self.running}

    def _config(self, name: str) -> Path:
        """What the edge of a Pop is told."""
        return self._state.pop(name) / "edge.json"

    def _port(self, name: str) -> int:
        if name not in self._port_of:
            if len(self._port_of) == MAX_POPS:
                raise Trouble(f"{MAX_POPS} Pops have run, which is the limit; run some elsewhere")
            self._port_of[name] = self._ports[len(self._port_of)]
        return self._port_of[name]

    def _start_replica(self, name: str) -> None:
        self._supervisor.start(
            redis_servers.replica_program(
                f"replica/{name}",
                self._state.pop(name) / "replica",
                self._inner_ports[name].replica,
                self._core,
                self._state.password,
                self._state.log(f"replica/{name}"),
            )
        )

    def _start_edge(self, name: str, port: int, settings: EdgeSettings) -> None:
        folder = self._state.pop(name)
        inner = self._inner_ports[name]
        config = {
            "pop": name,
            "edge": EDGE_NAME,
            "listen": [(host, port) for host in self._hosts],
            "http": (redis_servers.HOST, inner.http),
            "replica_url": redis_servers.replica_url(inner.replica, self._state.password),
            "core_url": self._core.ack_url,
            "public_key": str(self._state.public_key),
            "state_dir": str(folder / "edge"),
            "shards": self._options.shards,
            "cookie_secrets": str(self._state.cookie_secrets),
            "unready_seconds": UNREADY_SECONDS,
            **settings,
        }
        state_files.folder(folder / "edge")
        file = self._config(name)
        state_files.write(file, json.dumps(config, indent=1).encode())
        self._supervisor.start(
            Program(
                f"edge/{name}",
                (sys.executable, "-m", "dnsfleet_edge", str(file)),
                self._state.log(f"edge/{name}"),
            )
        )


def active(pops: Iterable[Pop]) -> list[Pop]:
    """Those that are to run."""
    return [pop for pop in pops if not pop.drain_asked_by]


def free_ports(options: UpOptions, pops: Iterable[Pop]) -> range:
    """From the first to the last port of the Pops that are to run; Trouble where one is in use, or
    where there is no Pop.
    """
    count = len(active(pops))
    if not count:
        given = ", ".join(map(str, options.paths))
        raise Trouble(f"no good Pop that is Active in {given}; a fleet needs at least one")
    ports = _ports(options)[:count]
    addresses.check_free(ports)
    return range(ports[0], ports[-1] + 1)


def _ports(options: UpOptions) -> list[int]:
    """Those that Pops take one after the other: from --dns-port up, without that of the gate."""
    ports = range(options.dns_port, options.dns_port + MAX_POPS + 1)
    return [port for port in ports if port != options.gate][:MAX_POPS]


def rows(pops: Iterable[RunningPop], manifests: Sequence[Manifest]) -> tuple[events.PopRow, ...]:
    """A row for each Pop, once all of them answer what `manifests` say."""
    found = []
    for pop in pops:
        own = [manifest.revision for manifest in manifests if manifest.assigned(pop.name)]
        revision = str(max(own)) if own else "-"
        found.append(events.PopRow(pop.name, pop.addresses, len(own), revision, ready=True))
    return tuple(found)


def first_query(zones: Sequence[Zone], pops: Iterable[RunningPop]) -> str:
    """A query to try at the first Pop: an address that a Zone lists, of www if there is one."""
    found = [
        (owner != names.normalise("www", zone.origin), f"{owner.removesuffix('.')} {rtype}")
        for zone in zones
        for owner, rtype in _keys(zone)
        if rtype in ("A", "AAAA") and "*" not in owner
    ]
    found += [(True, f"{zone.origin} SOA") for zone in zones]
    question = min(found, key=lambda pair: pair[0])[1] if found else ". SOA"
    return f"dig @127.0.0.1 -p {next(iter(pops)).port} {question}"


def _keys(zone: Zone) -> Iterator[tuple[str, str]]:
    """The RRsets that a Zone lists; it may be a version that is wrong and not published."""
    for record in zone.spec.records or ():
        with contextlib.suppress(ValueError):
            yield record.key(zone.origin)

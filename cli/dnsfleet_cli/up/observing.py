"""`dnsfleet up --observe`: Prometheus and Alertmanager of this machine beside the fleet.

Both are programs that somebody installed. They are started, restarted and ended as the fleet's own
processes are, listen on loopback only, and keep what they have in the state folder, with a bound.
Each Pop gets a prober, as `probes.enabled` of the chart gives it one.

Prometheus scrapes edges and probers, and evaluates the rules that the chart ships. What is to be
scraped is in a file that it watches, so a Pop that comes or goes needs no restart of it. An edge
gets the labels that the chart's PodMonitor gives it: `pop`, and `pod`. No operator runs here, so a
rule is left out that fires where there is none; what else asks for its metrics finds nothing.
"""

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from dnsfleet_cli.troubles import Trouble
from dnsfleet_cli.up import events, state_files
from dnsfleet_cli.up.state import StateFolder
from dnsfleet_cli.up.state_files import Show
from dnsfleet_cli.up.supervisor import Program, Supervisor

HOST = "127.0.0.1"
SCRAPE_SECONDS = 5
"""Between two looks at an edge: its page costs a few milliseconds, and nobody likes to wait."""
RETENTION = "2d"
"""An alert compares with the day before, beginning 15 minutes ago."""
RETENTION_SIZE = "256MB"
"""Two days of four edges take about a tenth of it: 500 series each, a sample two octets."""
PROMETHEUS = ("prometheus",)
ALERTMANAGER = ("prometheus-alertmanager", "alertmanager")
"""By the name that Debian gives it, or by its own."""
_NEEDS_OPERATOR = "DnsfleetOperatorStalled"
"""The alert that fires where no operator runs, as none does beside a fleet of `up`."""
WHEEL_RULES = Path(__file__).with_name("alerts.yaml")
SOURCE_RULES = Path(__file__).parents[3] / "helm/dnsfleet/files/alerts.yaml"


class Target(NamedTuple):
    """An edge or a prober that is scraped."""

    pop: str
    name: str
    """Which one of that Pop it is."""
    port: int


class Observers:
    """The pair beside one fleet."""

    def __init__(self, state: StateFolder, supervisor: Supervisor, avoid: range) -> None:
        """Start both; Trouble where one is not installed, and then none is started."""
        programs = _program(PROMETHEUS), _program(ALERTMANAGER)
        self._state, self._supervisor, self._avoid = state, supervisor, avoid
        self._probers: dict[str, int] = {}
        """By Pop, where its prober serves its page."""
        self._folder = state_files.folder(state.root / "observe")
        ports = state.port("prometheus", avoid), state.port("alertmanager", avoid)
        self.prometheus, self.alertmanager = (f"http://{HOST}:{port}" for port in ports)
        self._targets: bytes | None = None
        self.scrape(())
        for name, content in (
            ("rules.yaml", rules()),
            ("prometheus.yaml", _prometheus_config(ports[1])),
            ("alertmanager.yaml", _ALERTMANAGER_CONFIG),
        ):
            state_files.write(self._folder / name, yaml.safe_dump(content).encode())
        prometheus = [
            *prometheus_command(programs[0], self._folder, ports[0]),
            f"--storage.tsdb.retention.time={RETENTION}",
            f"--storage.tsdb.retention.size={RETENTION_SIZE}",
        ]
        alertmanager = alertmanager_command(programs[1], self._folder, ports[1])
        for name, command in (("alertmanager", alertmanager), ("prometheus", prometheus)):
            supervisor.start(Program(name, tuple(command), state.log(name)))

    def scrape(self, edges: Sequence[Target]) -> None:
        """Scrape these edges from now on, with a prober in each of their Pops, and no others."""
        self._probe([each.pop for each in edges])
        probers = [Target(pop, "probe", port) for pop, port in self._probers.items()]
        groups = [
            {
                "targets": [f"{HOST}:{each.port}"],
                "labels": {"pop": each.pop, "pod": f"{each.pop}-{each.name}"},
            }
            for each in (*edges, *probers)
        ]
        wanted = json.dumps(groups).encode()
        if wanted != self._targets:
            state_files.write(self._folder / "targets.json", wanted)
            self._targets = wanted

    def _probe(self, pops: Sequence[str]) -> None:
        """Run a prober in each of these Pops, and no other."""
        for gone in self._probers.keys() - set(pops):
            self._supervisor.stop(f"probe/{gone}")
            del self._probers[gone]
        for pop in pops:
            if pop not in self._probers:
                name = f"probe/{pop}"
                port = self._probers[pop] = self._state.port(name, self._avoid)
                command = (
                    *(sys.executable, "-m", "dnsfleet_cli", "probe", f"--place={pop}"),
                    *(f"--state-dir={self._state.root}", f"--http={HOST}:{port}"),
                )
                self._supervisor.start(Program(name, command, self._state.log(name)))

    def tell(self, show: Show) -> None:
        """Where both are."""
        show(events.Observing(self.prometheus, self.alertmanager))


def check_installed() -> None:
    """Trouble where one of both is missing, before anything is started."""
    for names in (PROMETHEUS, ALERTMANAGER):
        _program(names)


def prometheus_command(program: str, folder: Path, port: int) -> list[str]:
    """Prometheus on loopback with the configuration and the data of a folder."""
    return [
        program,
        f"--config.file={folder}/prometheus.yaml",
        f"--storage.tsdb.path={folder}/prometheus",
        f"--web.listen-address={HOST}:{port}",
        f"--web.external-url=http://{HOST}:{port}/",
    ]


def alertmanager_command(program: str, folder: Path, port: int) -> list[str]:
    """Alertmanager, likewise; it looks for no others of its kind."""
    return [
        program,
        f"--config.file={folder}/alertmanager.yaml",
        f"--storage.path={folder}/alertmanager",
        f"--web.listen-address={HOST}:{port}",
        f"--web.external-url=http://{HOST}:{port}/",
        "--cluster.listen-address=",
    ]


def alerting(alertmanager_port: int) -> dict[str, Any]:
    """The part of a configuration of Prometheus that says which rules, and who is told."""
    targets = [{"static_configs": [{"targets": [f"{HOST}:{alertmanager_port}"]}]}]
    return {"rule_files": ["rules.yaml"], "alerting": {"alertmanagers": targets}}


def shipped_rules() -> dict[str, Any]:
    """The rules file of the chart; a wheel carries a copy beside this module."""
    path = WHEEL_RULES if WHEEL_RULES.exists() else SOURCE_RULES
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


def rules() -> dict[str, Any]:
    """The shipped rules but for the one that fires where no operator runs."""
    return {
        "groups": [
            {
                **group,
                "rules": [each for each in group["rules"] if each["alert"] != _NEEDS_OPERATOR],
            }
            for group in shipped_rules()["groups"]
        ]
    }


def _program(names: Sequence[str]) -> str:
    """The absolute path of the first of these programs that is installed."""
    for name in names:
        if found := shutil.which(name):
            return found
    raise Trouble(
        f"--observe needs {' or '.join(names)}, which is not in the PATH; on Debian: "
        "apt install prometheus prometheus-alertmanager"
    )


def _prometheus_config(alertmanager_port: int) -> dict[str, Any]:
    job = {
        "job_name": "dnsfleet",
        "honor_labels": True,
        "file_sd_configs": [{"files": ["targets.json"]}],
    }
    every = f"{SCRAPE_SECONDS}s"
    return {
        "global": {"scrape_interval": every, "evaluation_interval": every},
        "scrape_configs": [job],
        **alerting(alertmanager_port),
    }


# It tells nobody: who runs a fleet on a laptop looks at its page.
_ALERTMANAGER_CONFIG = {
    "route": {"receiver": "page", "group_by": ["..."]},
    "receivers": [{"name": "page"}],
}

"""A core whose file went back to an older copy, or whose writer had a wrong clock.

Each case is a whole fleet: `dnsfleet up` with a core and two Pops. A client asks the edges all the
time, also across a restart, after which they answer from their disks. Every claim of the fleet is
compared with what each edge answers at that moment. When all is as wanted, an edge loses its disk:
what it answers then is what the core has.
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.exception
import pytest
from support import wrong_clocks
from support.claims import Claims, address_of
from support.fleet import PROBE, Fleet, replace, write_probe_fleet
from support.oracle import Oracle
from support.up_runs import zone
from support.waiting import wait_for

POPS = ("fra", "sin")
RATE = 1_000  # queries a second over both Pops
CONVERGED_SECONDS = 10.0
"""The longest until every edge answers what is wanted."""
OLD, NEW = "192.0.2.1", "192.0.2.2"
UNCHANGED, CHANGED, REMOVED, CREATED = "unchanged", "changed", "removed", "created"
BACKUP = {UNCHANGED: OLD, CHANGED: OLD, REMOVED: OLD}
LOST = {
    "second": [{CHANGED: NEW}],
    "hour": [{CHANGED: "192.0.2.3"}, {CREATED: OLD}, {REMOVED: None}, {CHANGED: NEW}],
}
"""What changes after the copy, step by step, as in such a time; None removes a zone."""


class System:
    """The folders of one fleet, what it is to serve, and a run of it at a time."""

    def __init__(self, folder: Path) -> None:
        self.manifests, self.state = folder / "manifests", folder / "state"
        self.manifests.mkdir()
        self.wanted: dict[str, str | None] = {}
        self._stopped_with: dict[str, str | None] = {}
        self._counter = 0
        self._seen = [-1] * len(POPS)
        self._claims = Claims({})
        write_probe_fleet(self.manifests / "probe.yaml", POPS, 0)

    @contextmanager
    def run(self, environment: dict[str, str] | None = None) -> Iterator[Fleet]:
        """The fleet runs until it is left; then all that it claimed must have been so."""
        claims = self._claims = Claims(self._allowed_at_start())
        with Fleet(
            self.manifests,
            self.state,
            len(POPS),
            *("--shards", "1"),
            environment=environment,
            heard=claims.heard,
        ) as fleet:
            self._fleet = fleet
            self._servers = claims.servers = fleet.servers
            ready = fleet.wait("ready", 30)
            print(f"ready after {ready['seconds']:.2f} s")
            yield fleet
            claims.edges_stop()
        self._stopped_with = dict(self.wanted)
        assert claims.judged
        assert claims.finish() == []

    @contextmanager
    def asked(self) -> Iterator[None]:
        """A client asks all edges until it is left; then it must have seen no fault."""
        oracle = self._oracle = Oracle(self._servers, PROBE, RATE, published=self._counter)
        for server, seen in zip(self._servers, self._seen, strict=True):
            oracle.verdicts[server].newest = seen  # from the run before: an edge never goes back
        with oracle:
            yield
        self._seen = [oracle.verdicts[server].newest for server in self._servers]
        assert oracle.faults == []

    def want(self, changes: dict[str, str | None]) -> None:
        """Write manifests that say so."""
        self._claims.allowed = self._allowed(changes)
        self.wanted |= changes
        found = [zone(name, address) for name, address in self.wanted.items() if address]
        replace(self.manifests / "zones.yaml", "---\n".join(found))

    def count(self) -> None:
        """Publish the next counter, see every edge answer it, and hear that it is so."""
        self._counter += 1
        position = len(self._fleet.events)
        self._oracle.publishing(self._counter)
        write_probe_fleet(self.manifests / "probe.yaml", POPS, self._counter)
        wait_for("counter", lambda: self._oracle.seen_everywhere(self._counter), CONVERGED_SECONDS)
        self._fleet.wait(
            "propagated",
            CONVERGED_SECONDS,
            lambda each: each["zone"] == "example.com.",
            position,
        )

    def converge(self) -> None:
        """Wait until every edge answers what is wanted; from then on no claim may be older."""
        now = self._allowed({})

        def differ() -> list[str]:
            found = [(o, address_of(server, o)) for o in now for server in self._servers]
            return [origin for origin, address in found if address not in now[origin]]

        wait_for("all as wanted", lambda: not differ(), CONVERGED_SECONDS)
        self._claims.allowed = now

    def begin_edge_without_disk(self) -> None:
        """An edge loses all that it has, and must answer what is wanted.

        Not before each claim was compared with what this edge answers: it answers nothing for a
        while.
        """
        wait_for("all claims judged", lambda: not self._claims.unsettled, CONVERGED_SECONDS)
        name, edge = f"edge/{POPS[1]}", self.state / "pops" / POPS[1] / "edge"
        edge.rename(edge.with_name("lost"))
        position = self._fleet.kill(name)
        self._fleet.wait("started", 10, lambda each: each["process"] == name, position)
        wait_for("an answer", lambda: _answers(self._servers[1]), CONVERGED_SECONDS)
        self.converge()

    def _allowed_at_start(self) -> dict[str, set[str | None]]:
        """What is wanted, and zones whose documents vanished while no fleet ran.

        They are served, and `ready` names them, until it is sure that their file is whole.
        """
        found = self._allowed({})
        for name, address in self._stopped_with.items():
            if address is not None and self.wanted.get(name) is None:
                found[f"{name}.example."].add(address)
        return found

    def _allowed(self, changes: dict[str, str | None]) -> dict[str, set[str | None]]:
        return {
            f"{name}.example.": {self.wanted.get(name), changes.get(name, self.wanted.get(name))}
            for name in self.wanted | changes
        }


def _answers(server: tuple[str, int]) -> bool:
    try:
        return address_of(server, f"{UNCHANGED}.example.") is not None
    except (OSError, dns.exception.Timeout):
        return False


@pytest.fixture
def system(tmp_path: Path) -> System:
    system = System(tmp_path)
    system.want(dict(BACKUP))
    return system


def core_files(system: System) -> Path:
    return system.state / "core" / "appendonlydir"


def lose(system: System, lost: str) -> Path:
    """Copy the core's files, then make changes that the copy does not have; where it is."""
    backup = system.state.with_name("backup")
    system.count()
    shutil.copytree(core_files(system), backup)
    for change in LOST[lost]:
        system.want(change)
        system.converge()
        system.count()
    return backup


def put_back(system: System, backup: Path) -> None:
    """The core finds the older files when it starts; until then it writes to those that it has."""
    core_files(system).rename(system.state / "core" / "lost")
    shutil.copytree(backup, core_files(system))


def restore(system: System, lost: str, manifests: str) -> None:
    """Have the manifests of the backup, where they are restored with the core."""
    if manifests == "restored":
        system.want({name: BACKUP.get(name) for change in LOST[lost] for name in change})


def settle(system: System) -> None:
    """A change arrives after the fault, and all is as wanted."""
    began = time.monotonic()
    system.count()
    system.converge()
    print(f"a change arrived and all was as wanted after {time.monotonic() - began:.2f} s")


def look_at_core(system: System, fleet: Fleet, position: int = 0) -> None:
    """The core has everything again, and nothing was written there without need."""
    system.begin_edge_without_disk()
    told = [each for each in fleet.events[position:] if each["event"] == "published"]
    assert f"{UNCHANGED}.example." not in {each["zone"] for each in told}


@pytest.mark.parametrize("manifests", ["newest", "restored"])
@pytest.mark.parametrize("lost", LOST)
def test_a_core_that_goes_back_while_its_writer_lives(
    system: System, lost: str, manifests: str
) -> None:
    with system.run() as fleet:
        with system.asked():
            backup = lose(system, lost)
            position = len(fleet.events)
            put_back(system, backup)
            fleet.kill("core")
            restore(system, lost, manifests)
            settle(system)
        look_at_core(system, fleet, position)


@pytest.mark.parametrize("manifests", ["newest", "restored"])
@pytest.mark.parametrize("lost", LOST)
def test_a_core_that_went_back_before_its_writer_starts(
    system: System, lost: str, manifests: str
) -> None:
    with system.run(), system.asked():
        backup = lose(system, lost)
    put_back(system, backup)
    restore(system, lost, manifests)
    with system.run() as fleet:
        with system.asked():
            settle(system)
        look_at_core(system, fleet)


@pytest.mark.parametrize(("days", "core"), [(-1, "wiped"), (3650, "wiped"), (3650, "kept")])
def test_a_clock_that_was_wrong_for_one_start(
    system: System, tmp_path: Path, days: int, core: str
) -> None:
    wrong = wrong_clocks.environment(tmp_path / "clock", days)
    for address, environment in ((OLD, None), (NEW, wrong), ("192.0.2.3", None)):
        system.want({CHANGED: address})
        with system.run(environment), system.asked():
            settle(system)
        if core == "wiped":
            shutil.rmtree(core_files(system))

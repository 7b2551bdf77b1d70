"""`dnsfleet verify` on a fleet that `dnsfleet up` runs: what it prints, and its exit status."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from dnsfleet.replication import announcements, keys
from dnsfleet.replication.revisions import Revision
from dnsfleet_cli.up.redis_servers import embedded_core
from dnsfleet_publisher.core_redis import connect
from support.fleet import Fleet, replace
from support.up_runs import ask, pops, zone
from support.waiting import wait_for

VERIFY_SECONDS = 200.0
"""Four looks with seven seconds between them, or the time until a writer takes up a wish."""
WAIT_SECONDS = 60.0
"""A replica that hung is cut off by the core meanwhile, and a machine may be busy."""
RICH = """\
apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata: {name: rich}
spec:
  origin: rich.example
  nameServers: [ns1.example.net]
  records:
    - {name: www, type: A, data: [192.0.2.1, 192.0.2.2]}
    - {name: alias, type: CNAME, data: [www]}
    - {name: "*.wild", type: TXT, data: [any]}
    - {name: sub, type: NS, data: [ns.sub]}
    - {name: ns.sub, type: A, data: [192.0.2.3]}
    - {name: tree, type: DNAME, data: [example.net.]}
"""


class Running:
    """A fleet of two zones at two Pops."""

    def __init__(self, root: Path) -> None:
        self.files, self.state = root / "manifests", root / "state"
        self.files.mkdir()
        replace(self.files / "pops.yaml", pops("fra", "iad"))
        replace(self.files / "rich.yaml", RICH)
        self.change("192.0.2.1")
        self.fleet = Fleet(self.files, self.state, 2)

    def change(self, address: str) -> None:
        replace(self.files / "one.yaml", zone("one", address))

    def live(self, address: str) -> None:
        """Wait until both Pops answer this."""
        wait_for(address, lambda: self.answers() == [[address]] * 2, WAIT_SECONDS)

    def answers(self) -> list[list[str] | None]:
        return [ask(server, "www.one.example") for server in self.fleet.servers]

    def start(self, *options: str, files: Path | None = None) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "dnsfleet_cli", "verify", *options]
        places = ["-f", str(files or self.files), "--state-dir", str(self.state)]
        return subprocess.Popen(
            [*command, *places], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def verify(self, *options: str, files: Path | None = None) -> tuple[int, str]:
        """Exit status and text."""
        return self.end(self.start(*options, files=files))

    def end(self, started: subprocess.Popen[str]) -> tuple[int, str]:
        said, _ = started.communicate(timeout=VERIFY_SECONDS)
        return started.returncode, said

    @contextmanager
    def frozen(self, pid: int) -> Iterator[None]:
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def core(self) -> redis.Redis:
        """The core, with the rights of the publisher."""
        password = json.loads((self.state / "passwords.json").read_text()).__getitem__
        port = json.loads((self.state / "ports.json").read_text())["core"]
        return connect(embedded_core(port, password).publisher_url)

    def revisions(self) -> dict[str, Revision]:
        with self.core() as client:
            index = client.hgetall(keys.ZONES)
        return {each.zone: each.revision for each in announcements.read_index(index)}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("verify"))
    with running.fleet:
        running.fleet.wait("ready", 60)
        yield running


def test_a_fleet_that_is_equal(running: Running) -> None:
    status, said = running.verify("--seed", "1034")
    assert (status, said) == (
        0,
        "all equal: 2 zones, 2 Pops, 2 edges, at most 8 queries for a zone, seed 1034\n",
    )


@pytest.mark.timeout(600)
def test_changes_are_no_alarm(running: Running) -> None:
    done = threading.Event()

    def change() -> None:
        number = 0
        while not done.wait(0.2):
            number += 1
            running.change(f"192.0.2.{number % 200 + 1}")

    changing = threading.Thread(target=change)
    changing.start()
    try:
        for _ in range(2):
            status, said = running.verify()
            assert status == 0, said
    finally:
        done.set()
        changing.join()


@pytest.mark.timeout(600)
def test_a_replica_that_hangs(running: Running) -> None:
    running.change("192.0.2.201")
    running.live("192.0.2.201")
    with running.frozen(running.fleet.pid("replica/fra")):
        running.change("192.0.2.202")
        now = [["192.0.2.201"], ["192.0.2.202"]]
        wait_for("iad has it", lambda: running.answers() == now, WAIT_SECONDS)
        status, said = running.verify()
    assert status == 1, said
    assert "replica of Pop fra: Redis 127.0.0.1:" in said
    assert "edge fra/0: one.example.: serial " in said
    assert "the replica of Pop fra brings it no news; restart that [Behind]" in said
    assert "iad" not in said
    running.live("192.0.2.202")
    assert running.verify()[0] == 0


def test_a_zone_that_no_object_asks_for_and_one_that_is_missing(
    running: Running, tmp_path: Path
) -> None:
    replace(tmp_path / "pops.yaml", pops("fra", "iad"))
    replace(tmp_path / "one.yaml", (running.files / "one.yaml").read_text())
    replace(tmp_path / "two.yaml", zone("two", "192.0.2.1"))
    status, said = running.verify(files=tmp_path)
    assert status == 1, said
    assert "core: rich.example.: published, and no object asks for it" in said
    assert "core: two.example.: asked for, and not published" in said
    assert said.splitlines()[-1].startswith("2 differences in 2 zones, 2 Pops, 2 edges")


@pytest.mark.timeout(600)
def test_heal_publishes_everything_again_under_a_new_fence(running: Running) -> None:
    before = running.revisions()
    status, said = running.verify("--heal")
    assert status == 0, said
    after = running.revisions()
    assert after.keys() == before.keys()
    newest = max(each.epoch for each in before.values())
    assert all(each.epoch > newest for each in after.values())
    fence = max(each.epoch for each in after.values())
    assert said.startswith(f"everything is published again under fence {fence}\nall equal: ")


@pytest.mark.timeout(600)
def test_a_core_that_went_back_is_told_and_healed(running: Running) -> None:
    running.change("192.0.2.203")
    running.live("192.0.2.203")
    names = (keys.LSN, keys.FLEET, keys.manifest("one.example."))
    with running.core() as core:
        values, index = core.mget(names), core.hgetall(keys.ZONES)
        running.change("192.0.2.204")
        running.live("192.0.2.204")
        with running.frozen(running.fleet.process.pid):
            for name, value in zip(names, values, strict=True):
                core.set(name, value)
            core.hset(keys.ZONES, mapping=index)
            core.delete(keys.LOG)
            status, said = running.verify()
            assert status == 1, said
            assert "core: one.example.: not what its objects say: 0 RRsets are missing" in said
            for pop in ("fra", "iad"):
                assert f"edge {pop}/0: one.example.: serial " in said
            assert "as it went back: --heal publishes it again [Ahead]" in said
            healing = running.start("--heal")
            wait_for(
                "the wish is in the core",
                lambda: core.get(keys.FLOOR) == core.get(keys.FENCE),
                WAIT_SECONDS,
            )
    status, said = running.end(healing)
    assert status == 0, said
    running.live("192.0.2.204")


def test_without_a_fleet_it_could_not_look(running: Running, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dnsfleet_cli", "verify", "-f", str(running.files)]
    ended = subprocess.run(
        [*command, "--state-dir", str(tmp_path / "none")],
        capture_output=True,
        text=True,
        check=False,
        timeout=VERIFY_SECONDS,
    )
    assert ended.returncode == 2
    assert "see that `dnsfleet up` runs from this folder" in ended.stderr

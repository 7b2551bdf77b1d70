"""`dnsfleet plan` about a fleet that `dnsfleet up` runs: what it foresees is what then happens."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.fleet import Fleet, replace
from support.up_runs import ask, pops, zone
from support.waiting import wait_for

PLAN_SECONDS = 60.0
WAIT_SECONDS = 60.0
MANY = "".join(f"    - {{name: h{n}, type: A, data: [192.0.2.1]}}\n" for n in range(20))
LARGE = f"""\
apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata: {{name: large}}
spec:
  origin: large.example
  nameServers: [ns1.example.net]
  records:
{MANY}"""
SMALL = LARGE.replace(MANY, MANY.splitlines(keepends=True)[0])


class Running:
    """A fleet of two zones at two Pops, and the files of a change beside its own."""

    def __init__(self, root: Path) -> None:
        self.files, self.state, self.next = (root / name for name in ("files", "state", "next"))
        for folder in (self.files, self.next):
            folder.mkdir()
            replace(folder / "pops.yaml", pops("fra", "iad"))
            replace(folder / "large.yaml", LARGE)
            replace(folder / "one.yaml", zone("one", "192.0.2.1"))
        self.fleet = Fleet(self.files, self.state, 2)

    def plan(self, *options: str) -> tuple[int, str]:
        """Exit status, and what is printed."""
        command = [sys.executable, "-m", "dnsfleet_cli", "plan", "-f", str(self.next)]
        ended = subprocess.run(
            [*command, "--state-dir", str(self.state), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PLAN_SECONDS,
        )
        return ended.returncode, ended.stdout

    def planned(self) -> tuple[int, dict[str, Any]]:
        """The same as a document, with the zones by origin."""
        status, text = self.plan("-o", "json")
        found = json.loads(text)
        return status, found | {"zones": {each["origin"]: each for each in found["zones"]}}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    made = Running(tmp_path)
    with made.fleet as fleet:
        fleet.wait("ready", WAIT_SECONDS)
        yield made


def test_files_as_they_are_change_nothing(running: Running) -> None:
    assert running.plan() == (0, "no changes; 2 zones as before\n")


def test_a_change_is_told_and_then_happens_and_no_zone_goes(running: Running) -> None:
    changed = zone("one", "192.0.2.2") + "---\n" + zone("two", "192.0.2.3")
    replace(running.next / "one.yaml", changed)
    (running.next / "large.yaml").unlink()
    status, found = running.planned()
    assert status == 2
    assert found["zones"].keys() == {"one.example.", "two.example."}
    assert found["zones"]["one.example."]["rrsets"] == [
        {
            "name": "www.one.example.",
            "type": "A",
            "removed": ["300 192.0.2.1"],
            "added": ["300 192.0.2.2"],
        }
    ]
    assert found["zones"]["two.example."]["new"]
    assert ask(running.fleet.servers[0], "www.one.example") == ["192.0.2.1"], "it changed nothing"
    assert ask(running.fleet.servers[0], "www.two.example") is None
    replace(running.files / "one.yaml", changed)
    for server in running.fleet.servers:
        for name, address in (("one", "192.0.2.2"), ("two", "192.0.2.3")):
            wait_for(
                f"{name} at {server}",
                lambda s=server, n=name, a=address: ask(s, f"www.{n}.example") == [a],
                WAIT_SECONDS,
            )
    assert running.plan()[0] == 0


def test_what_would_be_held_is_named_with_the_hash_that_the_fleet_then_asks_for(
    running: Running,
) -> None:
    replace(running.next / "large.yaml", SMALL)
    status, found = running.planned()
    [hold] = found["zones"]["large.example."]["holds"]
    assert status == 2
    assert found["zones"]["large.example."]["rrsets"] == []
    replace(running.files / "large.yaml", SMALL)
    held = running.fleet.wait("held", WAIT_SECONDS)
    assert hold["hash"] in held["message"]


def test_what_is_wrong_with_the_files_is_told_where(running: Running) -> None:
    replace(running.next / "one.yaml", zone("one", "192.0.2.300"))
    status, told = running.plan()
    assert status == 1
    assert f"{running.next / 'one.yaml'}:" in told
    assert "192.0.2.300" in told
    assert "no changes" not in told


def test_trouble_and_wrong_usage_are_no_changes(running: Running, tmp_path: Path) -> None:
    assert running.plan("--no-such-option")[0] == 1
    assert running.plan("-o", "xml")[0] == 1
    assert running.plan("--state-dir", str(tmp_path / "nothing"))[0] == 1

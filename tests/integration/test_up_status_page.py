"""The status page of `dnsfleet up`: real edges, from their acks to what a page says."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.fleet import Fleet, replace
from support.status_pages import PATHS, get, parse
from support.up_runs import pops
from support.waiting import wait_for

POPS = ("fra", "iad")
ORIGIN = "held.example."
SECONDS = 60.0
"""For what takes less than one: the machine may be busy."""


def zone(records: int) -> str:
    lines = [f"    - {{name: h{n}, type: A, data: [192.0.2.{n}]}}\n" for n in range(records)]
    return f"""\
apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata: {{name: held}}
spec:
  origin: held.example
  nameServers: [ns1.example.net]
  records:
{"".join(lines)}"""


class Running:
    def __init__(self, root: Path) -> None:
        self.file = root / "zone.yaml"
        self.file.write_text(zone(30))
        (root / "pops.yaml").write_text(pops(*POPS))
        self.fleet = Fleet(root, root.with_name("state"), len(POPS))

    def page(self, path: str) -> str:
        ready = self.fleet.wait("ready", SECONDS)
        reply = get(f"{ready['status_page']}{path}", {})
        assert reply.status == 200, reply.text
        return reply.text

    def json(self, path: str) -> Any:
        return json.loads(self.page(path))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    root = tmp_path_factory.mktemp("up") / "manifests"
    root.mkdir()
    running = Running(root)
    with running.fleet:
        running.fleet.wait("ready", SECONDS)
        yield running


def test_every_pop_is_ready_and_current(running: Running) -> None:
    shown = running.json("pops.json")["pops"]
    assert [pop["name"] for pop in shown] == list(POPS)
    for pop in shown:
        assert (pop["ready"], pop["edges_ready"], pop["edges_desired"]) == (True, 1, 1)
        assert (pop["zones_current"], pop["zones_assigned"], pop["lag_seconds"]) == (1, 1, 0.0)


def test_every_page_is_there(running: Running) -> None:
    for path in PATHS:
        assert parse(running.page(path.removeprefix("/"))).all("h1")


def test_a_change_is_shown_with_its_time(running: Running) -> None:
    after = len(running.fleet.events)
    replace(running.file, zone(31))
    told = running.fleet.wait("propagated", SECONDS, after=after)
    (row,) = running.json("zones.json?zone=held")["matrix"]["rows"]
    assert (row["name"], row["revision"]) == ("default/held", told["revision"])
    assert [cell["state"] for cell in row["cells"]] == ["current"] * len(POPS)
    newest = running.json("changes.json")["changes"][0]
    assert (newest["origin"], newest["revision"]) == (ORIGIN, told["revision"])
    assert (newest["current"], newest["pops"], newest["seconds"]) == (2, 2, told["seconds"])


def test_a_pop_that_does_not_follow_is_late(running: Running) -> None:
    def states() -> list[str]:
        (row,) = running.json("zones.json?late=on")["matrix"]["rows"] or [{"cells": []}]
        return [cell["state"] for cell in row["cells"]]

    stopped = running.fleet.pid("edge/iad")
    os.kill(stopped, signal.SIGSTOP)
    try:
        replace(running.file, zone(32))
        wait_for("iad is late", lambda: states() == ["current", "late"], SECONDS)
        fra, iad = running.json("pops.json")["pops"]
        assert (fra["zones_current"], iad["zones_current"]) == (1, 0)
        assert fra["lag_seconds"] == 0.0 < iad["lag_seconds"]
        newest = running.json("changes.json")["changes"][0]
        assert (newest["current"], newest["pops"], newest["seconds"]) == (1, 2, None)
    finally:
        os.kill(stopped, signal.SIGCONT)
    wait_for("nothing is late", lambda: states() == [], SECONDS)


def test_a_held_change_is_shown_until_it_is_approved(running: Running) -> None:
    after = len(running.fleet.events)
    replace(running.file, zone(5))
    running.fleet.wait("held", SECONDS, after=after)
    (hold,) = running.json("held.json")["holds"]
    assert hold["about"] == f"the records of {ORIGIN}"
    assert len(hold["diff"]) == 10
    assert all(line.startswith("- ") for line in hold["diff"])
    assert hold["approve"] in running.page("held").replace("&#39;", "'")
    assert "removes 27" in running.json("zones.json")["matrix"]["rows"][0]["message"]
    approved = hold["approve"].removesuffix("}") + ", name: held}"
    replace(running.file, zone(5).replace("metadata: {name: held}", approved))
    running.fleet.wait("published", SECONDS, after=after)
    wait_for("no hold", lambda: not running.json("held.json")["holds"], SECONDS)

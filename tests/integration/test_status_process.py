"""`dnsfleet-status` as a process of its own: a whole operator, a real core, and an API server."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from dnsfleet.replication import ack_slots, acks
from dnsfleet_publisher import redis_users
from support import metrics_document, scraped
from support.api_servers import APIError
from support.ports import free_port
from support.status_pages import PATHS, get
from support.waiting import wait_for

from bench import operator_fleets
from bench.operator_fleets import OperatorFleet, running
from bench.operator_objects import EDGE, POP, SYSTEM, Size, origin, team
from bench.simulated_edge import SimulatedEdge

SECONDS = 60.0
STATUS = str(Path(sys.executable).parent / "dnsfleet-status")


class Edge(SimulatedEdge):
    """Says what it answers in a slot, as edges of this version do."""

    def _ack(self) -> bytes:
        said = super()._ack()
        ack = acks.decode(said)
        assert ack is not None
        self._core.set(ack_slots.key(0), ack_slots.encode(self._field, ack))
        return said


class Page:
    """A page that runs."""

    def __init__(self, fleet: OperatorFleet, port: int, health: int) -> None:
        self.fleet = fleet
        self.port = port
        self.health = health

    def json(self, path: str) -> Any:
        return json.loads(self.text(path))

    def text(self, path: str) -> str:
        reply = get(f"http://127.0.0.1:{self.port}{path}", {})
        assert reply.status == 200, reply.text
        return reply.text

    def ready(self) -> bool:
        try:
            return get(f"http://127.0.0.1:{self.health}/readyz", {}).status == 200
        except OSError:
            return False

    def row(self, zone: str) -> Any:
        (row,) = self.json(f"/zones.json?zone={zone}")["matrix"]["rows"]
        return row

    def states(self, zone: str) -> list[str]:
        return [cell["state"] for cell in self.row(zone)["cells"]]


@contextmanager
def page_of(fleet: OperatorFleet, folder: Path) -> Iterator[Page]:
    """The page with the rights and the password that the operator made for it."""
    secret = {}

    def made() -> bool:
        try:
            secret.update(fleet.api.get("Secret", "dnsfleet-keys", SYSTEM)["data"])
        except APIError:
            return False
        return True

    wait_for("the Secret with the keys", made, SECONDS)
    entries = {name: base64.b64decode(text).decode() for name, text in secret.items()}
    (line,) = [line for line in entries["core.acl"].splitlines() if line.startswith("user status ")]
    with fleet.core.client() as root:
        root.execute_command("ACL", "SETUSER", *line.split()[1:])
    keys = folder / "keys"
    keys.mkdir()
    for name in ("status", "publisher.pub"):
        (keys / name).write_text(entries[name])
    page = Page(fleet, free_port(), free_port())
    command = [
        STATUS,
        "--release=dnsfleet",
        f"--core=127.0.0.1:{fleet.core.port}",
        f"--keys={keys}",
        f"--port={page.port}",
        f"--health=127.0.0.1:{page.health}",
    ]
    environment = {"KUBECONFIG": str(fleet.api.kubeconfig)}
    with (folder / "status.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        wait_for("the page to be ready", page.ready, SECONDS)
        yield page
    finally:
        process.terminate()
        assert process.wait(SECONDS) == 0


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("status")
    with pytest.MonkeyPatch.context() as patched, running(Size(3), folder) as fleet:
        patched.setattr(operator_fleets, "SimulatedEdge", Edge)
        fleet.wait_for_all(fleet.start(), SECONDS)
        with page_of(fleet, folder) as page:
            yield page


def test_every_page_is_there(page: Page) -> None:
    for path in PATHS:
        assert "<h1>" in page.text(path)


def test_its_metrics_are_the_documented_ones(page: Page) -> None:
    documented = metrics_document.described(metrics_document.registries()["Status page"])

    def shown() -> str:
        return get(f"http://127.0.0.1:{page.health}/metrics", {}).text

    wait_for("the core is read", lambda: "dnsfleet_status_core_read 1.0" in shown(), SECONDS)
    assert {sample.name for sample in scraped.samples(shown())} == documented.keys()


def test_what_edges_prove_is_current(page: Page) -> None:
    zone = origin(0)
    wait_for("the zone is current", lambda: page.states(zone) == ["current"], SECONDS)
    row = page.row(zone)
    assert row["name"] == f"{team(0)}/zone-0"
    assert row["cells"][0]["edges"] == 1
    (shown,) = page.json("/pops.json")["pops"]
    assert shown["name"] == POP
    assert page.json("/overview.json")["zones"] == 3


def test_a_change_arrives_and_is_the_newest(page: Page) -> None:
    zone = origin(1)
    before = page.row(zone)["revision"]
    page.fleet.api.patch("Zone", "zone-1", team(1), {"spec": {"ttl": 77}})

    def arrived() -> bool:
        row = page.row(zone)
        return row["revision"] != before and page.states(zone) == ["current"]

    wait_for("the new revision is current", arrived, SECONDS)
    newest = page.json("/changes.json")["changes"][0]
    assert (newest["origin"], newest["current"], newest["pops"]) == (zone, 1, 1)

    def timed() -> bool:
        return page.json("/changes.json")["changes"][0]["seconds"] is not None

    wait_for("how long it took", timed, SECONDS)


def test_a_zone_that_is_refused_says_why(page: Page) -> None:
    page.fleet.api.create(
        {
            "apiVersion": "dnsfleet.io/v1alpha1",
            "kind": "Zone",
            "metadata": {"name": "bad", "namespace": team(0)},
            "spec": {
                "origin": "bad.example",
                "nameServers": ["ns1.example.net"],
                "records": [{"name": "a<b>", "type": "A", "data": ["<i>"]}],
            },
        }
    )

    def told() -> bool:
        rows = page.json("/zones.json?zone=bad.example")["matrix"]["rows"]
        return bool(rows) and "not looked at" not in rows[0]["message"] != ""

    wait_for("why it is refused", told, SECONDS)
    assert "<i>" in page.row("bad.example")["message"]
    assert "<i>" not in page.text("/zones?zone=bad.example")
    page.fleet.api.delete("Zone", "bad", team(0))

    def gone() -> bool:
        return not page.json("/zones.json?zone=bad.example")["matrix"]["rows"]

    wait_for("the row of a Zone that is deleted is gone", gone, SECONDS)


def test_without_the_core_the_page_says_so(page: Page) -> None:
    def told() -> bool:
        problems = page.json("/overview.json")["problems"]
        return any("what edges answer is not known" in each for each in problems)

    with page.fleet.core.client() as root:
        root.execute_command("ACL", "SETUSER", redis_users.STATUS, "off")
        root.execute_command("CLIENT", "KILL", "USER", redis_users.STATUS)
        wait_for("that the core refuses", told, SECONDS)
        assert len(page.json("/pops.json")["pops"]) == 1
        root.execute_command("ACL", "SETUSER", redis_users.STATUS, "on")
    wait_for("the core is read again", lambda: not told(), SECONDS)


def test_its_user_can_change_nothing(page: Page) -> None:
    entries = page.fleet.api.get("Secret", "dnsfleet-keys", SYSTEM)["data"]
    password = base64.b64decode(entries[redis_users.STATUS]).decode()
    url = page.fleet.core.url_for(redis_users.STATUS, password)
    with redis.Redis.from_url(url) as client:
        assert client.get("dnsfleet:1:lsn")
        for command in (
            ("SET", "dnsfleet:1:lsn", "1"),
            ("SET", "dnsfleet:1:ack:000", EDGE),
            ("HSET", "dnsfleet:1:zones", "a.", "1 1.1"),
            ("DEL", "dnsfleet:1:zones"),
            ("EVAL", "return 1", "0"),
            ("GET", "dnsfleet:1:fence"),
            ("HGETALL", "dnsfleet:1:claims"),
            ("KEYS", "*"),
            ("CONFIG", "GET", "*"),
            ("ACL", "LIST"),
            ("FLUSHALL",),
        ):
            with pytest.raises(redis.exceptions.NoPermissionError):
                client.execute_command(*command)

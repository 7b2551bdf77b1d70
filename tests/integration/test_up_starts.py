"""How `dnsfleet up` starts and ends: what it refuses, what it leaves behind, whose core it uses."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import dns.exception
import pytest
from support.fleet import Fleet, replace
from support.ports import free_ports
from support.up_runs import LIVE_SECONDS, ask, one_zone_at_one_pop, pops, processes_of, up, zone
from support.valkey import Valkey
from support.waiting import wait_for


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return one_zone_at_one_pop(tmp_path / "manifests")


def test_nothing_outlives_a_fleet_that_is_killed_and_it_starts_again(
    small: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    with Fleet(small, state, 1) as fleet:
        fleet.wait("ready", 60)
        ours = processes_of(state)
        assert len(ours) == 3
        os.kill(fleet.process.pid, signal.SIGKILL)
        fleet.process.wait(10)
        wait_for("all ended", lambda: processes_of(state) == [], 10)
    (small / "all.yaml").write_text("kind: [\n---\n" + pops("fra"))
    with Fleet(small, state, 1) as fleet:  # beside a broken file, with the same key
        fleet.wait("ready", 60)
        assert ask(fleet.servers[0], "www.one.example") == ["192.0.2.1"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# nothing\n", "no good Pop that is Active in {folder}; a fleet needs at least one"),
        (
            pops("fra") + "spec: {state: Drained}\n",
            "no good Pop that is Active in {folder}; a fleet needs at least one",
        ),
    ],
)
def test_a_fleet_needs_a_pop(small: Path, tmp_path: Path, text: str, message: str) -> None:
    (small / "all.yaml").write_text(text)
    result = up(small, tmp_path / "state", free_ports(1))
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == f"dnsfleet: {message.format(folder=small)}\n"


def test_a_key_file_that_cannot_be_read_stops_before_anything_starts(
    small: Path, tmp_path: Path
) -> None:
    key = tmp_path / "state" / "publisher.key"
    key.mkdir(parents=True)
    result = up(small, tmp_path / "state", free_ports(1))
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        f"dnsfleet: key file {key} cannot be read: Is a directory; restore it from a backup\n"
    )
    assert processes_of(tmp_path / "state") == []


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Valkey]:
    """A core that somebody else runs."""
    server = Valkey(tmp_path / "outside", users=["user reader on >secret ~dnsfleet:* +@read +ping"])
    server.start()
    yield server
    server.kill()


def test_a_redis_without_permission_is_told(small: Path, tmp_path: Path, outside: Valkey) -> None:
    url = outside.url_for("reader", "secret")
    result = up(small, tmp_path / "state", free_ports(1), "--redis-url", url)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        f'dnsfleet: core Redis 127.0.0.1:{outside.port}: user "reader" may not run EVALSHA: '
        "grant ~dnsfleet:* +@read +@write +@scripting\n"
    )
    assert processes_of(tmp_path / "state") == []


def test_a_redis_of_somebody_else_can_be_the_core(
    small: Path, tmp_path: Path, outside: Valkey
) -> None:
    with Fleet(small, tmp_path / "state", 1, "--redis-url", outside.url) as fleet:
        fleet.wait("ready", 60)
        assert ask(fleet.servers[0], "www.one.example") == ["192.0.2.1"]
        assert len(processes_of(tmp_path / "state")) == 2  # a replica and an edge, no core
        outside.kill()
        told = fleet.wait("warned", 10)
        assert told["reason"] == "CoreDown"
        outside.start()  # it is empty; the fleet fills it again
        position = len(fleet.events)
        replace(small / "all.yaml", zone("one", "192.0.2.2") + "---\n" + pops("fra"))
        fleet.wait("propagated", LIVE_SECONDS, after=position)
        assert ask(fleet.servers[0], "www.one.example") == ["192.0.2.2"]


def test_json_is_the_only_output_on_standard_output(small: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dnsfleet_cli", "up", "--json", "-f", str(small)]
    command += ["--state-dir", str(tmp_path / "state"), "--dns-port", str(free_ports(1))]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    kinds = []
    for line in process.stdout:
        kinds.append(json.loads(line)["event"])
        if kinds[-1] == "ready":
            process.send_signal(signal.SIGTERM)
    _, error = process.communicate(timeout=20)
    assert (process.returncode, error, kinds[-1]) == (0, "", "stopped")


FILED = """\
apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata: {name: one}
spec: {origin: one.example, zoneFile: {path: one.zone}}
"""
MASTER = """\
$TTL 300
@ SOA ns1.example.net. hostmaster 1 7200 900 1209600 300
@ NS ns1.example.net.
www A ADDRESS
"""


class SlowFile:
    """A zone file that is read as slowly as a test wants: a pipe that nobody has written to yet."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "one.zone"
        self._opened = threading.Event()
        self._written = threading.Event()

    def begin(self) -> None:
        self._path.unlink(missing_ok=True)
        os.mkfifo(self._path)
        self._writer = threading.Thread(target=self._write, daemon=True)
        self._writer.start()

    def being_read(self) -> bool:
        return self._opened.is_set()

    def end(self, address: str) -> None:
        self._text = MASTER.replace("ADDRESS", address)
        self._written.set()
        self._writer.join(LIVE_SECONDS)

    def _write(self) -> None:
        with self._path.open("w") as pipe:  # waits for the reader
            self._opened.set()
            self._written.wait()
            replace(self._path, self._text)  # whoever reads it again finds a file
            pipe.write(self._text)


@pytest.fixture
def slow(tmp_path: Path) -> SlowFile:
    folder = tmp_path / "manifests"
    folder.mkdir()
    (folder / "fleet.yaml").write_text(FILED + "---\n" + pops("fra", "iad"))
    (folder / "one.zone").write_text(MASTER.replace("ADDRESS", "192.0.2.1"))
    return SlowFile(folder)


def answers(fleet: Fleet) -> list[list[str] | None]:
    """The answer of each Pop."""
    return [quiet(server) for server in fleet.servers]


def test_edges_answer_from_their_disks_while_the_files_are_read(
    slow: SlowFile, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    with Fleet(tmp_path / "manifests", state, 2) as fleet:
        fleet.wait("ready", 60)
    slow.begin()
    with Fleet(tmp_path / "manifests", state, 2) as fleet:
        wait_for("the reading", slow.being_read, 30)
        wait_for("old answers", lambda: answers(fleet) == [["192.0.2.1"]] * 2, 30)
        assert not any(event["event"] == "ready" for event in fleet.events)
        slow.end("192.0.2.2")
        fleet.wait("ready", 60)
        assert answers(fleet) == [["192.0.2.2"]] * 2


def test_edges_with_nothing_on_disk_are_closed_while_the_files_are_read(
    slow: SlowFile, tmp_path: Path
) -> None:
    slow.begin()
    with Fleet(tmp_path / "manifests", tmp_path / "state", 2) as fleet:
        wait_for("the reading", slow.being_read, 30)
        wait_for("two edges", lambda: len(waiting_edges(tmp_path / "state")) == 2, 30)
        for server in fleet.servers:
            with pytest.raises(ConnectionRefusedError), socket.create_connection(server, 1):
                pass
        slow.end("192.0.2.1")
        fleet.wait("ready", 60)
        assert answers(fleet) == [["192.0.2.1"]] * 2


def waiting_edges(state: Path) -> list[Path]:
    """Logs of edges that found no complete set of zones on their disks."""
    logs = (state / "logs").glob("edge-*.log")
    return [log for log in logs if "disk_incomplete" in log.read_text()]


def test_a_pop_that_left_the_files_is_not_started_again(slow: SlowFile, tmp_path: Path) -> None:
    state = tmp_path / "state"
    with Fleet(tmp_path / "manifests", state, 2) as fleet:
        fleet.wait("ready", 60)
    (tmp_path / "manifests/fleet.yaml").write_text(FILED + "---\n" + pops("iad"))
    slow.begin()
    with Fleet(tmp_path / "manifests", state, 2) as fleet:
        wait_for("the reading", slow.being_read, 30)
        first, second = fleet.servers
        wait_for("iad", lambda: quiet(first) == ["192.0.2.1"], 30)
        with pytest.raises(ConnectionRefusedError), socket.create_connection(second, 1):
            pass
        slow.end("192.0.2.1")
        ready = fleet.wait("ready", 60)
        assert [row["pop"] for row in ready["pops"]] == ["iad"]


def quiet(server: tuple[str, int]) -> list[str] | None:
    """The answer; None from a server that is away."""
    try:
        return ask(server, "www.one.example")
    except (OSError, dns.exception.Timeout):
        return None

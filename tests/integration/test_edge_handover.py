"""Edges of one Pop that follow each other on the addresses of a node: no query is lost.

`HANDOVER_QUERIES` is how many are asked at least in each handover, 3,000 by default.
"""

import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dns.message
import pytest
from dnsfleet_edge.handover import PREFIX
from support.edge_fleets import OLD, EdgeFleet
from support.edges import HOST, EdgeProcess
from support.signed_zones import PUBLISHER
from support.waiting import wait_for

QUERIES = int(os.environ.get("HANDOVER_QUERIES", "3000"))
FIXED = 16
"""Sockets that keep their ports, each with a query under way."""
PATIENCE = 5.0
"""After that a query is lost: a busy machine may take longer than a client would wait."""
NODE = {"host_ips": [HOST], "unready_seconds": 0.1}


class Clients:
    """Ask one address in all ways until they are told to stop."""

    def __init__(self, port: int) -> None:
        self._address = (HOST, port)
        self._over = threading.Event()
        self._lock = threading.Lock()
        self.asked = {"fixed ports": 0, "new ports": 0, "TCP": 0}
        self.lost: list[str] = []
        ways = (self._fixed, self._new, self._tcp)
        self._threads = [threading.Thread(target=way, daemon=True) for way in ways]

    def __enter__(self) -> "Clients":
        for each in self._threads:
            each.start()
        wait_for("all ways are used", lambda: all(self.asked.values()), 10)
        return self

    def __exit__(self, *_: object) -> None:
        end = time.monotonic() + 300
        while sum(self.asked.values()) < QUERIES and time.monotonic() < end:
            time.sleep(0.01)
        self._over.set()
        for each in self._threads:
            each.join()
        print(f"{len(self.lost)} lost of {self.asked}")
        assert sum(self.asked.values()) >= QUERIES

    def _note(self, way: str, number: int, reply: bytes | OSError) -> None:
        with self._lock:
            self.asked[way] += 1
            if isinstance(reply, OSError):
                self.lost.append(f"{way}: {reply!r}")
            elif reply[:2] != number.to_bytes(2) or reply[3] & 15:
                self.lost.append(f"{way}: {reply!r} to {number}")

    def _fixed(self) -> None:
        sockets = [self._udp() for _ in range(FIXED)]
        number = 0
        while not self._over.is_set():
            number = (number + 1) % 2**16
            for each in sockets:
                _result(lambda each=each, number=number: each.send(query(number)))
            for each in sockets:
                self._note("fixed ports", number, _result(lambda each=each: each.recv(512)))
        for each in sockets:
            each.close()

    def _new(self) -> None:
        number = 0
        while not self._over.is_set():
            number = (number + 1) % 2**16
            with self._udp() as each:
                _result(lambda each=each, number=number: each.send(query(number)))
                self._note("new ports", number, _result(lambda each=each: each.recv(512)))

    def _tcp(self) -> None:
        number = 0
        while not self._over.is_set():
            number = (number + 1) % 2**16
            self._note("TCP", number, _result(lambda number=number: self._exchange(number)))

    def _exchange(self, number: int) -> bytes:
        with socket.create_connection(self._address, PATIENCE) as stream:
            stream.sendall(struct.pack("!H", len(query(number))) + query(number))
            with stream.makefile("rb") as file:
                (length,) = struct.unpack("!H", file.read(2).rjust(2, b"\0"))
                return file.read(length) or b"closed"

    def _udp(self) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.settimeout(PATIENCE)
        made.connect(self._address)
        return made


def query(number: int) -> bytes:
    return number.to_bytes(2) + QUERY


QUERY = dns.message.make_query("www.example.com", "A").to_wire()[2:]


def _result(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except OSError as error:
        return error


class Node:
    """A node on which edges of one Pop answer, one after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fleet = EdgeFleet(folder)
        self.fleet.start()
        self.fleet.publish(OLD)
        self.fleet.store.complete()
        self.port = self.fleet.edge.port
        self.edges: list[EdgeProcess] = []

    def edge(self, **config: Any) -> EdgeProcess:
        """One more edge, not started."""
        made = EdgeProcess(
            self.folder / f"edge-{len(self.edges)}",
            PUBLISHER.public_key(),
            **{
                "edge": f"fra-{len(self.edges)}",
                "replica_url": self.fleet.replica.url,
                "core_url": self.fleet.core.url,
                "listen": [["node", self.port]],
                "pop": POP,
                **NODE,
                **config,
            },
        )
        made.port = self.port
        self.edges.append(made)
        return made

    def close(self) -> None:
        for each in self.edges:
            each.kill()
        self.fleet.close()


POP = "fra"


@pytest.fixture(name="node")
def _node(tmp_path: Path) -> Iterator[Node]:
    node = Node(tmp_path)
    yield node
    node.close()


def test_edges_follow_each_other_and_lose_nothing(node: Node) -> None:
    edge = node.edge(drain_seconds=60)
    edge.start_ready()
    for shards in (2, 1, 3):
        following = node.edge(drain_seconds=60, shards=shards)
        with Clients(node.port) as clients:
            following.start_ready()
            assert edge.stop() == 0, "it does not wait for 60 s: another one has its address"
        assert clients.lost == []
        assert "event=handing_over to=next" in edge.log
        wait_for("it steers", lambda new=following: "event=took_over" in new.log, 10)
        edge = following


def test_an_edge_that_ends_before_the_one_it_follows_hands_back(node: Node) -> None:
    first, second = node.edge(), node.edge()
    first.start_ready()
    with Clients(node.port) as clients:
        second.start_ready()
        assert second.stop() == 0
    assert clients.lost == []
    assert "event=handing_over to=previous" in second.log
    assert first.is_ready()


def test_an_edge_that_follows_and_dies_while_it_is_handed_to_leaves_all_where_it_was(
    node: Node,
) -> None:
    first, second, third = (node.edge(drain_seconds=60) for _ in range(3))
    first.start_ready()
    second.start_ready()
    first.send(signal.SIGTERM)
    wait_for("it hands over", lambda: "event=handing_over to=next" in first.log, 10)
    second.kill()
    wait_for("it notices", lambda: "event=handover_failed" in first.log, 10)
    for _ in range(50):
        assert first.address("www.example.com.") == OLD
    with Clients(node.port) as clients:
        third.start_ready()
        assert first.wait() == 0, "it does not wait for 60 s"
    assert clients.lost == []
    wait_for("it steers", lambda: "event=took_over" in third.log, 10)


def test_an_edge_takes_over_from_one_that_was_killed(node: Node) -> None:
    first, second, third = node.edge(), node.edge(), node.edge()
    first.start_ready()
    second.start_ready()
    third.start()
    wait_for("it waits", lambda: third.page("/readyz")[1].startswith("waiting for its turn"), 10)
    first.kill()
    wait_for("the second one has it", lambda: "event=took_over" in second.log, 10)
    assert second.address("www.example.com.") == OLD
    wait_for("the third one answers too", third.is_ready, 10)


def test_the_address_of_another_pop_is_told_and_not_shared(node: Node) -> None:
    node.edge().start_ready()
    other = node.edge(pop="iad")
    other.launch()
    assert other.wait() == 1
    assert f"{HOST}:{node.port}/udp: address already in use" in other.log
    assert "Pop fra answers there on this node: give each Pop addresses of its own" in other.log


def test_a_name_that_another_user_holds_keeps_no_edge_out(node: Node) -> None:
    if os.geteuid() != 0:
        pytest.fail("only root can play another user")
    with socket.socket(socket.AF_UNIX) as held:
        # The kernel notes who listens.
        os.seteuid(65532)
        try:
            held.bind(f"\0{PREFIX}fra")
            held.listen()
        finally:
            os.seteuid(0)
        node.edge().start_ready()


def test_the_pages_come_when_the_edge_before_has_gone_and_probes_do_not_wait(node: Node) -> None:
    port = node.edge().http
    states = [node.folder / f"state-{number}" for number in (1, 2)]
    pages = {"http": ["node", port]}
    first, second = (node.edge(**pages, state_file=str(state)) for state in states)
    first.http = second.http = port
    first.start_ready()
    second.launch()
    wait_for("it is ready", lambda: probe("ready", states[1])[0], 20)
    assert probe("live", states[1]) == (True, "ok")
    assert "event=pages_wait" in second.log
    first.send(signal.SIGTERM)
    assert first.wait() == 0
    wait_for("the page is of the second", lambda: "event=pages_served" in second.log, 10)
    assert second.is_ready()
    wait_for("stale", lambda: "has not written" in probe("live", states[0])[1], 30)


def probe(question: str, path: Path) -> tuple[bool, str]:
    """What the kubelet would be told."""
    command = [sys.executable, "-m", "dnsfleet_edge.state_file", question, str(path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return ended.returncode == 0, ended.stdout.strip()

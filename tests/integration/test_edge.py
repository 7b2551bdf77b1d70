"""A real edge process behind a real primary and replica, through what happens to a fleet."""

import signal
import socket
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.edns
import dns.message
import dns.query
import pytest
from dnsfleet import acks, cookies, keys
from dnsfleet.acks import Ack
from dnsfleet.cookies import Part, Secret
from dnsfleet.manifests import Manifest
from dnsfleet_operator.core_redis import connect
from dnsfleet_operator.record_store import RecordStore
from support.edges import EdgeProcess
from support.ports import free_port
from support.signed_zones import FORGER, PUBLISHER, sign
from support.valkey import Valkey
from support.waiting import wait_for
from support.zones import make_zone

FIELD = b"fra/fra-0"
OLD, NEW = "192.0.2.1", "192.0.2.2"


class Fleet:
    """A core, one replica and one edge, with `www` in one zone or more."""

    def __init__(self, folder: Path, **config: Any) -> None:
        self._claimed = 0
        self.core = Valkey(folder / "core")
        self.replica = Valkey(folder / "replica", self.core)
        self.edge = EdgeProcess(
            folder / "edge",
            PUBLISHER.public_key(),
            replica_url=self.replica.url,
            core_url=self.core.url,
            **config,
        )

    def start(self) -> None:
        self.core.start()
        self.replica.start()
        self.claim()

    def claim(self) -> None:
        """Become the writer of whatever the core holds now.

        A fence is a time in seconds: for a core that was emptied, a writer that knows nothing of
        the one before has a higher one from the next second on.
        """
        wait_for("the next second", lambda: int(time.time()) > self._claimed, 2)
        self.client = connect(self.core.url)
        self.store = RecordStore(self.client, PUBLISHER, time.time)
        self._claimed = self.store.claim()

    def publish(self, address: str, origin: str = "example.com.") -> Manifest:
        """`www` of a zone gets an address."""
        manifest = self.store.publish(origin, make_zone(origin, [("www", "A", address)]))
        assert manifest is not None
        return manifest

    def serving(self) -> None:
        """One zone is published, and the edge answers from it."""
        self.start()
        self.publish(OLD)
        self.store.complete(1)
        self.edge.start_ready()

    def answers(self, address: str | None, origin: str = "example.com.") -> None:
        """Wait until the edge gives this address, rcode or, for None, nothing."""
        name = f"www.{origin}"
        wait_for(f"{name} is {address}", lambda: self.edge.address(name) == address, 10)

    def ack(self) -> Ack | None:
        value = self.client.hget(keys.ACKS, FIELD)  # type: ignore[arg-type]
        return acks.decode(value) if isinstance(value, bytes) else None

    def cookie(self, known: bytes = b"") -> bytes | None:
        """The server cookie that the edge gives to a client."""
        option = dns.edns.CookieOption(b"01234567", known)
        query = dns.message.make_query("example.com", "SOA", use_edns=0, options=[option])
        reply = dns.query.udp(query, "127.0.0.1", 5, self.edge.port)
        given = [each for each in reply.options if isinstance(each, dns.edns.CookieOption)]
        return given[0].server if given else None

    def close(self) -> None:
        self.edge.kill()
        self.replica.kill()
        self.core.kill()


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    fleet = Fleet(tmp_path)
    yield fleet
    fleet.close()


def test_a_change_is_answered_over_udp_and_tcp_and_acked(fleet: Fleet) -> None:
    fleet.serving()
    assert [fleet.edge.address("www.example.com.", tcp) for tcp in (False, True)] == [OLD, OLD]
    assert fleet.edge.address("absent.example.com.") == "NXDOMAIN"
    assert fleet.edge.address("www.example.org.") == "REFUSED"
    manifest = fleet.publish(NEW)
    fleet.answers(NEW)
    assert fleet.edge.address("www.example.com.", tcp=True) == NEW
    ack = wait_for("the ack", lambda: (ack := fleet.ack()) and ack.lsn >= manifest.lsn and ack, 5)
    assert (ack.failing, ack.failing_count) == ({}, 0)


def test_a_star_is_every_address_of_both_families(tmp_path: Path) -> None:
    port, http = free_port(), free_port()
    fleet = Fleet(tmp_path, listen=[["*", port]], http=["*", http])
    fleet.edge.port, fleet.edge.http = port, http
    try:
        fleet.serving()
        query = dns.message.make_query("www.example.com.", "A")
        for address in ("127.0.0.1", "127.0.0.2", "::1"):
            for ask in (dns.query.udp, dns.query.tcp):
                (rrset,) = ask(query, address, timeout=5, port=port).answer
                assert rrset[0].to_text() == OLD
        for host in ("127.0.0.1", "[::1]"):
            with urllib.request.urlopen(f"http://{host}:{http}/readyz", timeout=5) as page:
                assert page.status == 200
    finally:
        fleet.close()


def test_metrics_move_with_what_happens(fleet: Fleet) -> None:
    fleet.serving()
    before = fleet.edge.metrics()
    fleet.edge.address("www.example.com.")
    fleet.edge.address("absent.example.com.", tcp=True)
    serial = fleet.publish(NEW).serial
    wait_for("the load", lambda: fleet.edge.metrics()["dnsfleet_edge_zone_serial"] == serial, 5)
    after = fleet.edge.metrics()
    moved = {name: after[name] - before.get(name, 0) for name in after}
    assert moved["dnsfleet_edge_queries_total"] == 2
    assert moved["dnsfleet_edge_responses_total"] == 2
    assert moved["dnsfleet_edge_zone_loads_total"] == 1
    assert moved["dnsfleet_edge_zone_revision_sequence"] == 1
    assert moved["dnsfleet_edge_propagation_seconds_count"] == 1
    assert after["dnsfleet_edge_ready"] == after["dnsfleet_edge_replica_connected"] == 1
    assert after["dnsfleet_edge_zones"] == after["dnsfleet_edge_build_info"] == 1
    assert after["dnsfleet_edge_replication_lag_seconds"] < 1
    assert after["process_resident_memory_bytes"] > 0
    assert after["dnsfleet_edge_panics_total"] == after["dnsfleet_edge_refusals_total"] == 0


def test_a_change_arrives_within_moments(fleet: Fleet) -> None:
    fleet.serving()
    seconds = []
    for last in range(10, 40):
        start = time.monotonic()
        address = f"192.0.2.{last}"
        fleet.publish(address)
        fleet.answers(address)
        seconds.append(time.monotonic() - start)
    assert sorted(seconds)[len(seconds) // 2] < 0.25


def test_it_serves_on_without_replica_and_core_and_catches_up(fleet: Fleet) -> None:
    fleet.serving()
    fleet.replica.kill()
    wait_for("the loss", lambda: not fleet.edge.metrics()["dnsfleet_edge_replica_connected"], 10)
    assert fleet.edge.is_ready()
    assert fleet.edge.address("www.example.com.") == OLD
    fleet.publish(NEW)
    fleet.replica.start()
    fleet.answers(NEW)
    fleet.core.kill()
    wait_for("failed acks", lambda: fleet.edge.metrics()["dnsfleet_edge_ack_failures_total"], 15)
    assert fleet.edge.is_ready()
    assert fleet.edge.address("www.example.com.") == NEW


def test_a_frozen_replica_is_noticed(fleet: Fleet) -> None:
    fleet.serving()
    fleet.replica.freeze()
    wait_for("the loss", lambda: not fleet.edge.metrics()["dnsfleet_edge_replica_connected"], 10)
    assert fleet.edge.address("www.example.com.") == OLD
    fleet.replica.thaw()
    fleet.publish(NEW)
    fleet.answers(NEW)


def test_a_restart_needs_nobody(fleet: Fleet) -> None:
    fleet.serving()
    fleet.publish(NEW)
    fleet.answers(NEW)
    assert fleet.edge.stop() == 0
    fleet.replica.kill()
    fleet.core.kill()
    fleet.edge.start_ready()
    assert fleet.edge.address("www.example.com.") == NEW
    assert fleet.edge.page("/readyz") == (
        200,
        "answers from its disk; replica not connected, 1 zones\n",
    )
    fleet.edge.kill()  # also kill -9 leaves a disk to start from
    fleet.edge.start_ready()
    assert fleet.edge.address("www.example.com.") == NEW


def test_a_restart_from_disk_looks_for_news_before_it_answers(fleet: Fleet) -> None:
    fleet.serving()
    wait_for("the index", lambda: (fleet.edge.folder / "state" / "index").exists(), 5)
    fleet.edge.kill()
    fleet.publish(NEW)
    fleet.publish(OLD, "example.org.")
    fleet.edge.start_ready()
    assert fleet.edge.address("www.example.com.") == NEW
    assert fleet.edge.address("www.example.org.") == OLD
    fleet.publish(OLD)
    fleet.answers(OLD)


def test_a_restart_from_disk_does_not_wait_for_a_replica_that_hangs(fleet: Fleet) -> None:
    fleet.serving()
    wait_for("the index", lambda: (fleet.edge.folder / "state" / "index").exists(), 5)
    fleet.edge.kill()
    fleet.replica.freeze()
    fleet.edge.start_ready()
    assert fleet.edge.address("www.example.com.") == OLD
    fleet.replica.thaw()
    fleet.publish(NEW)
    fleet.answers(NEW)


def test_an_empty_disk_and_no_replica_answer_nothing(fleet: Fleet) -> None:
    fleet.edge.start()
    wait_for("a failed try", lambda: fleet.edge.metrics()["dnsfleet_edge_link_failures_total"], 5)
    assert fleet.edge.page("/readyz") == (
        503,
        "waiting for the replica: no complete set of zones on disk; "
        "replica not connected, 0 zones\n",
    )
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
        assert tcp.connect_ex(("127.0.0.1", fleet.edge.port)) != 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", fleet.edge.port))  # nobody has it
    fleet.start()
    wait_for("a connection", lambda: fleet.edge.metrics()["dnsfleet_edge_replica_connected"], 10)
    assert not fleet.edge.is_ready()  # an empty replica is no set of zones
    fleet.publish(OLD)
    fleet.publish(OLD, "example.org.")
    fleet.store.complete(2)
    fleet.answers(OLD)
    assert fleet.edge.address("www.example.org.") == OLD
    assert fleet.edge.is_ready()


def test_it_stops_at_once_while_it_waits(fleet: Fleet) -> None:
    fleet.edge.start()
    assert fleet.edge.stop() == 0


def test_an_emptied_core_takes_nothing_away(fleet: Fleet) -> None:
    fleet.serving()
    fleet.client.flushall()
    with fleet.replica.client() as replica:
        wait_for("the replica is empty", lambda: not replica.exists(keys.ZONES), 5)
    assert fleet.edge.address("www.example.com.") == OLD
    fleet.core.kill()
    fleet.core.start()
    fleet.claim()
    fleet.publish(NEW)
    fleet.store.complete(1)
    fleet.answers(NEW)
    assert fleet.edge.is_ready()


def test_only_a_tombstone_removes_a_zone_and_it_stays_removed(fleet: Fleet) -> None:
    fleet.serving()
    fleet.publish(OLD, "example.org.")
    fleet.answers(OLD, "example.org.")
    fleet.store.tombstone("example.com.")
    fleet.answers("REFUSED")
    assert fleet.edge.address("www.example.org.") == OLD
    assert fleet.edge.stop() == 0
    fleet.core.kill()
    fleet.replica.kill()
    fleet.edge.start_ready()
    assert fleet.edge.address("www.example.com.") == "REFUSED"
    assert fleet.edge.address("www.example.org.") == OLD


def test_what_another_key_signed_is_refused_and_counted(fleet: Fleet) -> None:
    fleet.serving()
    real = fleet.publish(OLD, "example.org.")
    fleet.answers(OLD, "example.org.")
    forged = sign(make_zone("example.com.", [("www", "A", NEW)]), 10**9, FORGER)
    position = real.lsn + 1
    with fleet.core.client() as thief:
        thief.set(keys.manifest("example.com."), forged.signed)
        (chunk,) = keys.snapshot("example.com.", forged.manifest.revision, 1)
        thief.set(chunk, forged.zone.encode())
        news = {"zone": "example.com.", "revision": "999999999999.1", "after": str(real.lsn)}
        thief.xadd(keys.LOG, news, f"{position}-0")  # type: ignore[arg-type]
    wait_for("a refusal", lambda: fleet.edge.metrics()["dnsfleet_edge_refusals_total"] == 1, 5)
    assert fleet.edge.metrics()["dnsfleet_edge_zones_failing"] == 1
    assert fleet.edge.address("www.example.com.") == OLD
    ack = wait_for("the ack", lambda: (ack := fleet.ack()) and ack.failing and ack, 5)
    assert ack.failing == {"example.com.": "the signature is not from this fleet's publisher"}


def test_a_drain_answers_on_while_readiness_fails(tmp_path: Path) -> None:
    fleet = Fleet(tmp_path)
    fleet.edge = EdgeProcess(
        tmp_path / "edge",
        PUBLISHER.public_key(),
        replica_url=fleet.replica.url,
        drain_seconds=30,
    )
    try:
        fleet.serving()
        fleet.edge.send(signal.SIGTERM)
        wait_for("not ready", lambda: fleet.edge.page("/readyz")[0] == 503, 5)
        assert fleet.edge.page("/readyz")[1].startswith("draining: told to stop")
        assert fleet.edge.page("/healthz")[0] == 200
        assert fleet.edge.address("www.example.com.") == OLD
        fleet.publish(NEW)
        fleet.answers(NEW)
        fleet.edge.send(signal.SIGTERM)  # the second ends it at once
        assert fleet.edge.wait() == 128 + signal.SIGTERM
    finally:
        fleet.close()


def test_no_query_is_lost_before_the_drain_ends(fleet: Fleet) -> None:
    fleet.serving()
    fleet.edge.send(signal.SIGINT)
    told = time.monotonic()
    while time.monotonic() < told + 0.15:  # drain_seconds is 0.2
        assert fleet.edge.address("www.example.com.") == OLD
    assert fleet.edge.wait() == 0
    assert fleet.edge.address("www.example.com.") is None


def test_a_full_disk_does_not_stop_the_answers(fleet: Fleet) -> None:
    (fleet.edge.folder / "state").write_text("a file where the folder should be")
    fleet.serving()
    wait_for("failures", lambda: fleet.edge.metrics()["dnsfleet_edge_disk_failures_total"], 5)
    fleet.publish(NEW)
    fleet.answers(NEW)
    assert fleet.edge.is_ready()
    assert fleet.edge.log.count("event=disk_failed") == 1


@pytest.mark.parametrize("taken", ["dns", "http"])
def test_a_port_in_use_is_named(fleet: Fleet, taken: str) -> None:
    fleet.start()
    fleet.store.complete(0)
    port = fleet.edge.port if taken == "dns" else fleet.edge.http
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as holder:
        # Connections of an earlier test at this port may not be forgotten yet.
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", port))
        holder.listen()
        fleet.edge.launch()
        assert fleet.edge.wait() == 1
    assert "event=cannot_serve" in fleet.edge.log
    assert str(port) in fleet.edge.log


def test_cookie_secrets_come_and_change_without_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "cookies"
    fleet = Fleet(tmp_path, cookie_secrets=str(file))
    try:
        fleet.serving()
        assert fleet.cookie() is None
        old = Secret(Part.CURRENT, bytes([1]) * 16, 0)
        file.write_text(cookies.to_text([old]))
        wait_for("cookies", fleet.cookie, 20)
        known = fleet.cookie()
        assert known is not None
        new = [Secret(Part.CURRENT, bytes([2]) * 16, 1), Secret(Part.PREVIOUS, old.octets, 1)]
        file.write_text(cookies.to_text(new))
        wait_for("the new secret is used", lambda: fleet.cookie(known) != known, 20)
        metrics = fleet.edge.metrics()
        assert metrics["dnsfleet_edge_cookie_secrets"] == 2
        assert fleet.edge.is_ready()
    finally:
        fleet.close()

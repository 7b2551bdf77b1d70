"""A real edge: what it answers, counts and refuses as the core publishes."""

import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import dns.message
import dns.query
import pytest
from dnsfleet import cookies
from dnsfleet.cookies import Part, Secret
from dnsfleet.replication import keys
from support.edge_fleets import NEW, OLD, EdgeFleet
from support.ports import free_port
from support.signed_zones import FORGER, sign
from support.waiting import wait_for
from support.zones import make_zone


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[EdgeFleet]:
    fleet = EdgeFleet(tmp_path)
    yield fleet
    fleet.close()


def test_a_change_is_answered_over_udp_and_tcp_and_acked(fleet: EdgeFleet) -> None:
    fleet.serving()
    assert [fleet.edge.address("www.example.com.", tcp) for tcp in (False, True)] == [OLD, OLD]
    assert fleet.edge.address("absent.example.com.") == "NXDOMAIN"
    assert fleet.edge.address("www.example.org.") == "REFUSED"
    manifest = fleet.publish(NEW)
    fleet.answers(NEW)
    assert fleet.edge.address("www.example.com.", tcp=True) == NEW
    ack = wait_for("the ack", lambda: (ack := fleet.ack()) and ack.lsn >= manifest.lsn and ack, 5)
    assert (ack.failing, ack.failing_count) == ({}, 0)
    assert ack.load is not None
    assert (ack.load.queries >= 5, ack.load.servfail, ack.load.memory > 0) == (True, 0, True)


def test_a_star_is_every_address_of_both_families(tmp_path: Path) -> None:
    port, http = free_port(), free_port()
    fleet = EdgeFleet(tmp_path, listen=[["*", port]], http=["*", http])
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


def test_metrics_move_with_what_happens(fleet: EdgeFleet) -> None:
    fleet.serving()
    before = fleet.edge.metrics()
    fleet.edge.address("www.example.com.")
    fleet.edge.address("absent.example.com.", tcp=True)
    serial = fleet.publish(NEW).serial
    wait_for("the load", lambda: fleet.edge.metrics()["dnsfleet_edge_zone_serial"] == serial, 5)
    written = "dnsfleet_edge_snapshot_timestamp_seconds"
    wait_for("the disk", lambda: written in fleet.edge.metrics(), 30)
    after = fleet.edge.metrics()
    moved = {name: after[name] - before.get(name, 0) for name in after}
    assert moved["dnsfleet_edge_queries_total"] == 2
    assert moved["dnsfleet_edge_responses_total"] == 2
    assert moved["dnsfleet_edge_queries_by_type_total"] == 2
    assert moved["dnsfleet_edge_zone_loads_total"] == 1
    assert moved["dnsfleet_edge_zone_revision_sequence"] == 1
    assert moved["dnsfleet_edge_propagation_seconds_count"] == 1
    assert after["dnsfleet_edge_resyncs_total"] > 0
    assert after["dnsfleet_edge_gaps_total"] == after["dnsfleet_edge_verify_failures_total"] == 0
    assert after["dnsfleet_edge_disk_write_seconds_count"] > 0
    age = time.time() - after[written]
    assert age < 60
    assert after["dnsfleet_edge_ready"] == after["dnsfleet_edge_replica_connected"] == 1
    assert after["dnsfleet_edge_zones"] == after["dnsfleet_edge_build_info"] == 1
    assert after["dnsfleet_edge_replication_lag_seconds"] < 1
    assert after["process_resident_memory_bytes"] > 0
    assert after["dnsfleet_edge_panics_total"] == after["dnsfleet_edge_refusals_total"] == 0


def test_a_change_arrives_within_moments(fleet: EdgeFleet) -> None:
    fleet.serving()
    seconds = []
    for last in range(10, 40):
        start = time.monotonic()
        address = f"192.0.2.{last}"
        fleet.publish(address)
        fleet.answers(address)
        seconds.append(time.monotonic() - start)
    assert sorted(seconds)[len(seconds) // 2] < 0.25


def test_only_a_tombstone_removes_a_zone_and_it_stays_removed(fleet: EdgeFleet) -> None:
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


def test_what_another_key_signed_is_refused_and_counted(fleet: EdgeFleet) -> None:
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
        with thief.pipeline(transaction=True) as at_once:  # otherwise there is a gap for a moment
            at_once.set(keys.LSN, position)
            at_once.hset(keys.ZONES, "example.com.", f"{position} 999999999999.1")
            at_once.xadd(keys.LOG, news, f"{position}-0")  # type: ignore[arg-type]
            at_once.execute()
    wait_for("a refusal", lambda: fleet.edge.metrics()["dnsfleet_edge_refusals_total"] == 1, 5)
    wait_for("the word", lambda: fleet.edge.metrics()["dnsfleet_edge_zones_failing"] == 1, 5)
    assert fleet.edge.address("www.example.com.") == OLD
    ack = wait_for("the ack", lambda: (ack := fleet.ack()) and ack.failing and ack, 5)
    assert ack.failing == {"example.com.": "the signature is not from this fleet's publisher"}
    metrics = fleet.edge.metrics()
    assert metrics["dnsfleet_edge_verify_failures_total"] >= 1
    assert metrics["dnsfleet_edge_gaps_total"] == 0


def test_a_gap_in_the_log_is_counted_and_the_index_read(fleet: EdgeFleet) -> None:
    fleet.serving()
    last = fleet.publish(NEW).lsn
    fleet.answers(NEW)
    before = fleet.edge.metrics()
    with fleet.core.client() as core:
        news = {"zone": "example.com.", "revision": "1.1", "after": str(last + 1)}
        core.xadd(keys.LOG, news, f"{last + 2}-0")  # type: ignore[arg-type]

    def moved(name: str) -> float:
        return fleet.edge.metrics()[name] - before[name]

    wait_for("the gap", lambda: moved("dnsfleet_edge_gaps_total") == 1, 5)
    wait_for("the index was read", lambda: moved("dnsfleet_edge_resyncs_total") > 0, 5)


def test_cookie_secrets_come_and_change_without_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "cookies"
    fleet = EdgeFleet(tmp_path, cookie_secrets=str(file))
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

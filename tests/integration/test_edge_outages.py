"""A real edge through restarts and losses: of its replica, the core, its disk and itself."""

import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dnsfleet.replication import keys
from dnsfleet_edge.disk import Disk
from support.edge_fleets import NEW, OLD, EdgeFleet
from support.signed_zones import PUBLISHER
from support.waiting import wait_for


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[EdgeFleet]:
    fleet = EdgeFleet(tmp_path)
    yield fleet
    fleet.close()


def test_it_serves_on_without_replica_and_core_and_catches_up(fleet: EdgeFleet) -> None:
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


def test_a_frozen_replica_is_noticed(fleet: EdgeFleet) -> None:
    fleet.serving()
    fleet.replica.freeze()
    wait_for("the loss", lambda: not fleet.edge.metrics()["dnsfleet_edge_replica_connected"], 10)
    assert fleet.edge.address("www.example.com.") == OLD
    fleet.replica.thaw()
    fleet.publish(NEW)
    fleet.answers(NEW)


def test_a_restart_needs_nobody(fleet: EdgeFleet) -> None:
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
    fleet.edge.kill()  # after kill -9 too, the disk is good to start from
    fleet.edge.start_ready()
    assert fleet.edge.address("www.example.com.") == NEW


def test_a_restart_from_disk_looks_for_news_before_it_answers(fleet: EdgeFleet) -> None:
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


def test_a_restart_from_disk_does_not_wait_for_a_replica_that_hangs(fleet: EdgeFleet) -> None:
    fleet.serving()
    wait_for("the index", lambda: (fleet.edge.folder / "state" / "index").exists(), 5)
    fleet.edge.kill()
    fleet.replica.freeze()
    fleet.edge.start_ready()
    assert fleet.edge.address("www.example.com.") == OLD
    fleet.replica.thaw()
    fleet.publish(NEW)
    fleet.answers(NEW)


def two_zones_on_disk(fleet: EdgeFleet) -> Path:
    """The state folder of an edge that is away: it listed one zone, and then two."""
    fleet.serving()
    folder = fleet.edge.folder / "state"
    wait_for("the index", lambda: (folder / "index").exists(), 5)
    fleet.publish(OLD, "example.org.")
    fleet.store.complete()
    wait_for("the second zone", lambda: b"example.org." in (folder / "index").read_bytes(), 5)
    fleet.edge.kill()
    return folder


DAMAGES: list[Callable[[Path], None]] = [
    lambda path: path.write_bytes(b""),
    lambda path: path.write_bytes(path.read_bytes()[:-1]),
    lambda path: path.write_bytes(path.read_bytes().replace(b"example", b"exampme")),
    lambda path: path.unlink(),
    # What earlier versions left between their two renames, beside an older generation.
    lambda path: path.rename(f"{path}.1"),
]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["index", "zones/example.org-*.zone"])
def test_a_damaged_disk_waits_for_the_replica_and_no_zone_is_refused(
    fleet: EdgeFleet, name: str, damage: Callable[[Path], None]
) -> None:
    (path,) = two_zones_on_disk(fleet).glob(name)
    damage(path)
    fleet.replica.kill()
    fleet.edge.start()
    wait_for("a failed try", lambda: fleet.edge.metrics()["dnsfleet_edge_link_failures_total"], 5)
    status, text = fleet.edge.page("/readyz")
    assert (status, text.partition(";")[0]) == (
        503,
        "waiting for the replica: no complete set of zones on disk",
    )
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
        assert tcp.connect_ex(("127.0.0.1", fleet.edge.port)) != 0
    assert "event=disk_incomplete" in fleet.edge.log
    fleet.replica.start()
    wait_for("ready", fleet.edge.is_ready, 15)
    assert fleet.edge.address("www.example.com.") == OLD
    assert fleet.edge.address("www.example.org.") == OLD
    wait_for("the disk", lambda: path.exists() and whole(fleet), 5)


def whole(fleet: EdgeFleet) -> bool:
    folder = fleet.edge.folder / "state"
    return Disk(folder, (PUBLISHER.public_key(),), "fra").read().complete


def test_only_the_zone_that_is_damaged_is_read_from_the_replica(fleet: EdgeFleet) -> None:
    (path,) = two_zones_on_disk(fleet).glob("zones/example.org-*.zone")
    path.write_bytes(b"")
    fleet.edge.start_ready()
    lines = fleet.edge.page("/metrics")[1].splitlines()
    for source in ("disk", "snapshot"):
        assert f'dnsfleet_edge_zone_loads_total{{source="{source}"}} 1.0' in lines


def test_an_empty_disk_and_no_replica_answer_nothing(fleet: EdgeFleet) -> None:
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
        udp.bind(("127.0.0.1", fleet.edge.port))  # the port is free
    fleet.start()
    wait_for("a connection", lambda: fleet.edge.metrics()["dnsfleet_edge_replica_connected"], 10)
    assert not fleet.edge.is_ready()  # an empty replica is no set of zones
    fleet.publish(OLD)
    fleet.publish(OLD, "example.org.")
    fleet.store.complete()
    fleet.answers(OLD)
    assert fleet.edge.address("www.example.org.") == OLD
    assert fleet.edge.is_ready()


def test_it_stops_at_once_while_it_waits(fleet: EdgeFleet) -> None:
    fleet.edge.start()
    assert fleet.edge.stop() == 0


def test_an_emptied_core_takes_nothing_away(fleet: EdgeFleet) -> None:
    fleet.serving()
    fleet.client.flushall()
    with fleet.replica.client() as replica:
        wait_for("the replica is empty", lambda: not replica.exists(keys.ZONES), 5)
    assert fleet.edge.address("www.example.com.") == OLD
    fleet.core.kill()
    fleet.core.start()
    fleet.claim()
    fleet.publish(NEW)
    fleet.store.complete()
    fleet.answers(NEW)
    assert fleet.edge.is_ready()


def test_an_edge_that_is_told_to_stop_stays_ready_and_says_what_it_answers(tmp_path: Path) -> None:
    fleet = EdgeFleet(tmp_path, drain_seconds=30)
    try:
        fleet.serving()
        fleet.edge.send(signal.SIGTERM)
        wait_for("it leaves", lambda: fleet.edge.page("/readyz")[1].startswith("leaving"), 5)
        assert fleet.edge.is_ready()
        published = fleet.publish(NEW)
        fleet.answers(NEW)
        wait_for("it", lambda: (ack := fleet.ack()) and ack.lsn == published.lsn, 5)
    finally:
        fleet.close()


def test_a_drain_answers_on_while_readiness_fails(tmp_path: Path) -> None:
    fleet = EdgeFleet(tmp_path, drain_seconds=0.5, unready_seconds=30)
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


def test_no_query_is_lost_before_the_drain_ends(fleet: EdgeFleet) -> None:
    fleet.serving()
    fleet.edge.send(signal.SIGINT)
    told = time.monotonic()
    while time.monotonic() < told + 0.15:  # unready_seconds is 0.2
        assert fleet.edge.address("www.example.com.") == OLD
    assert fleet.edge.wait() == 0
    assert fleet.edge.address("www.example.com.") is None


def test_who_comes_late_is_answered_for_longer_but_not_for_ever(tmp_path: Path) -> None:
    fleet = EdgeFleet(tmp_path, unready_seconds=1)
    try:
        fleet.serving()
        fleet.edge.send(signal.SIGTERM)
        told = time.monotonic()
        while fleet.edge.address("www.example.com.") == OLD:
            assert time.monotonic() < told + 10
        assert time.monotonic() > told + 2.5, "it comes every few milliseconds"
        assert fleet.edge.wait() == 0
    finally:
        fleet.close()


def test_a_full_disk_does_not_stop_the_answers(fleet: EdgeFleet) -> None:
    (fleet.edge.folder / "state").write_text("a file where the folder should be")
    fleet.serving()
    wait_for("failures", lambda: fleet.edge.metrics()["dnsfleet_edge_disk_failures_total"], 5)
    fleet.publish(NEW)
    fleet.answers(NEW)
    assert fleet.edge.is_ready()
    assert fleet.edge.log.count("event=disk_failed") == 1


@pytest.mark.parametrize(
    ("thread", "broken"),
    [
        ("link", "dnsfleet_following.link.Link.run"),
        ("acks", "dnsfleet_edge.ack_sender.AckSender._run"),
        ("cookies", "dnsfleet_edge.cookie_secrets.CookieSecrets._run"),
        ("disk", "dnsfleet_edge.disk_writing.DiskWriter._run"),
    ],
)
def test_a_thread_that_ended_is_told_by_healthz_alone(
    tmp_path: Path, thread: str, broken: str
) -> None:
    fleet = EdgeFleet(tmp_path, cookie_secrets=str(tmp_path / "cookies"))
    try:
        fleet.serving()
        wait_for("the index", lambda: (fleet.edge.folder / "state" / "index").exists(), 5)
        fleet.edge.kill()
        module = broken.rsplit(".", 2)[0]
        fleet.edge.before = f"import {module}\n{broken} = lambda self: 1 / 0"
        fleet.edge.launch()
        told = f"the thread {thread} has ended: ZeroDivisionError('division by zero')\n"
        wait_for("the end", lambda: fleet.edge.page("/healthz") == (503, told), 10)
        wait_for("ready", fleet.edge.is_ready, 10)
        assert fleet.edge.address("www.example.com.") == OLD
        assert fleet.edge.log.count("event=thread_ended") == 1
    finally:
        fleet.close()


def test_a_disk_that_cannot_be_read_for_an_unknown_reason_costs_the_disk_alone(
    fleet: EdgeFleet,
) -> None:
    fleet.edge.before = "from dnsfleet_edge.disk import Disk\nDisk.read = lambda self: 1 / 0"
    fleet.serving()
    fleet.answers(OLD)
    assert fleet.edge.page("/healthz") == (200, "ok\n")
    assert "event=disk_defect what=start" in fleet.edge.log


DEFECT_OF_ONE_ZONE = """
from dnsfleet_following import verification
check = verification.check
def defective(manifest, zone):
    if manifest.zone == "example.org.":
        raise BaseException("a defect")
    check(manifest, zone)
verification.check = defective
"""


def test_a_defect_in_loading_costs_that_zone_alone(fleet: EdgeFleet) -> None:
    fleet.edge.before = DEFECT_OF_ONE_ZONE
    fleet.serving()
    fleet.publish(OLD, "example.org.")
    fleet.publish(NEW)
    fleet.answers(NEW)
    ack = wait_for("the ack", lambda: (ack := fleet.ack()) and ack.failing and ack, 5)
    assert ack.failing == {"example.org.": "BaseException('a defect')"}
    assert fleet.edge.page("/healthz") == (200, "ok\n")
    assert fleet.edge.metrics()["dnsfleet_edge_link_failures_total"] == 0


@pytest.mark.parametrize("taken", ["dns", "http"])
def test_a_port_in_use_is_named(fleet: EdgeFleet, taken: str) -> None:
    fleet.start()
    fleet.store.complete()
    port = fleet.edge.port if taken == "dns" else fleet.edge.http
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as holder:
        # The kernel may still have connections of an earlier test at this port.
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", port))
        holder.listen()
        fleet.edge.launch()
        assert fleet.edge.wait() == 1
    assert "event=cannot_serve" in fleet.edge.log
    assert str(port) in fleet.edge.log

"""Replicas that come back: after a cut, at the same time, behind slow links; what that costs."""

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis
from dnsfleet.replication import ack_slots, pop_reports, pop_slots
from dnsfleet.replication.acks import Ack, Load
from dnsfleet.replication.encoding import CHUNK_SIZE
from dnsfleet.replication.pop_reports import Report
from dnsfleet.replication.revisions import Revision
from dnsfleet_publisher import redis_settings
from dnsfleet_publisher.record_store import RecordStore
from support.core_servers import A, CoreServer
from support.relays import Relay
from support.valkey import Valkey
from support.waiting import wait_for
from support.zones import hosts, make_zone

SECONDS = 60.0
KIB, MIB = 1024, 1024 * 1024
WORDS_A_CHANGE = 6
"""Of edges and Pops that say at each change that they have it."""
TAKING_REPLICAS = 8
COPY_OCTETS = 16 * MIB
SLOW_RATE = 50_000
"""Octets a second: a copy takes five minutes, so it is never done here."""
SPARE_OCTETS = 8 * MIB
"""By which a limit may be passed before it is looked at."""


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Valkey]:
    """A core of its own, with the settings of every core."""
    server = Valkey(tmp_path / "core")
    server.start()
    with server.client() as client:
        set_all(client, redis_settings.CORE)
    yield server
    server.kill()


@pytest.fixture
def replica(tmp_path: Path) -> Iterator[Callable[[int], Valkey]]:
    """Starts replicas of what listens at a port."""
    started: list[Valkey] = []

    def start(port: int) -> Valkey:
        server = Valkey(tmp_path / f"replica{len(started)}")
        started.append(server)
        server.start()
        with server.client() as client:
            set_all(client, redis_settings.REPLICA)
            client.execute_command("REPLICAOF", "127.0.0.1", port)
        return server

    yield start
    for server in started:
        server.kill()


def set_all(client: redis.Redis, settings: str) -> None:
    for setting in settings.splitlines():
        client.config_set(*setting.split(" ", 1))


def follows(server: Valkey) -> bool:
    with server.client() as client:
        return bool(client.info("replication")["master_link_status"] == "up")


def connections(core: redis.Redis) -> set[str]:
    """Of replicas, each by its number."""
    return {each["id"] for each in core.client_list(_type="replica")}


def write(client: redis.Redis, count: int, octets: int) -> None:
    """Send that many values of one size; they replace each other."""
    value = b"x" * octets
    while count > 0:
        pipeline = client.pipeline(transaction=False)
        for number in range(min(count, max(1, 4 * MIB // octets))):
            pipeline.set(f"key{number % 100}", value)
        count -= len(pipeline)
        pipeline.execute()


def test_a_change_and_what_is_said_of_it_are_as_large_as_assumed(
    server: CoreServer, store: RecordStore, replica: Callable[[int], Valkey]
) -> None:
    def at() -> int:
        return int(server.admin.info("replication")["master_repl_offset"])

    def spent(action: Callable[[], object]) -> int:
        before = at()
        assert action()
        return at() - before

    replica(server.port)  # a core that had none writes no stream
    wait_for("a stream", at, SECONDS)
    pops = tuple(f"pop{number}" for number in range(10))
    assert store.publish(A, make_zone(A, hosts(1000)), pops)
    change = spent(lambda: store.publish(A, make_zone(A, hosts(1000, host7="192.0.2.7")), pops))
    ack = Ack(10**6, {}, 0, 10**12, told=10**6, total=2**127, started_ms=10**12, keys=("k" * 16,))
    ack = ack._replace(refreshed=Revision(10**9, 1), load=Load(10**12, 10**9, 10**10))
    slot = ack_slots.encode("frankfurt/edge-0123456789-abcde", ack)
    report = Report(10**12, "1.2.3", Revision(10**9, 1), 10, wanted=8, ready=8, pods=8)
    report = report._replace(words=pop_reports.words(dict.fromkeys("abcdefgh", ack)))
    key = pop_slots.key("frankfurt", 0)
    words = [
        spent(lambda: server.admin.set(ack_slots.key(7), slot)),
        spent(lambda: server.admin.set(key, pop_reports.encode(report))),
    ]
    print(f"a change {change} octets, the ack of an edge {words[0]}, a report {words[1]}")
    assert change + WORDS_A_CHANGE * max(words) <= redis_settings.CHANGE_OCTETS
    missed = redis_settings.CUT_SECONDS * redis_settings.CHANGES_A_SECOND
    assert missed * redis_settings.CHANGE_OCTETS <= redis_settings.BACKLOG_OCTETS


def test_a_cut_of_ten_minutes_costs_a_partial_copy(
    core: Valkey, replica: Callable[[int], Valkey]
) -> None:
    missed = redis_settings.CUT_SECONDS * redis_settings.CHANGES_A_SECOND
    with Relay(core.port) as link, core.client() as client:
        far = replica(link.port)
        wait_for("the first copy", lambda: follows(far), SECONDS)
        link.cut()
        wait_for("the cut", lambda: not follows(far), SECONDS)
        write(client, missed, redis_settings.CHANGE_OCTETS - 50)  # the command takes some
        client.set("last", "change")
        link.heal()
        with far.client() as copy:
            wait_for("the last change", lambda: copy.get("last") == b"change", SECONDS)
        stats = client.info("stats")
        assert (stats["sync_full"], stats["sync_partial_ok"]) == (1, 1)


def test_a_slow_link_delays_only_its_own_copy(
    core: Valkey, replica: Callable[[int], Valkey]
) -> None:
    with core.client() as client, ExitStack() as stack:
        for number in range(COPY_OCTETS // CHUNK_SIZE):
            client.set(f"data{number}", random.Random(number).randbytes(CHUNK_SIZE))
        slow = replica(stack.enter_context(Relay(core.port, SLOW_RATE)).port)
        first = wait_for("the slow one", lambda: connections(client), SECONDS)
        replicas = [replica(core.port) for _ in range(TAKING_REPLICAS)]
        for server in replicas:
            wait_for("a copy beside the slow one", lambda s=server: follows(s), SECONDS)
        assert not follows(slow), "it answers, and is not done"
        assert first < connections(client), "it was not sent away"
        assert client.info("stats")["sync_full"] == TAKING_REPLICAS + 1, "each is sent one copy"
        write(client, 200, KIB)
        for server in replicas:
            with server.client() as copy:
                wait_for("a change", lambda c=copy: c.strlen("key99") == KIB, SECONDS)


def test_replicas_that_take_nothing_cost_the_core_one_bound_together(
    core: Valkey, replica: Callable[[int], Valkey]
) -> None:
    replicas = [replica(core.port) for _ in range(TAKING_REPLICAS)]
    for server in replicas:
        wait_for("the first copy", lambda s=server: follows(s), SECONDS)
        server.freeze()
    with core.client() as client:
        most = 0
        for _ in range(redis_settings.REPLICATION_OCTETS * 5 // 4 // (8 * MIB)):
            write(client, 16, MIB // 2)
            most = max(most, int(client.info("memory")["mem_total_replication_buffers"]))
        print(f"{most / MIB:.0f} MiB for {TAKING_REPLICAS} replicas that take nothing")
        assert most <= redis_settings.REPLICATION_OCTETS + SPARE_OCTETS

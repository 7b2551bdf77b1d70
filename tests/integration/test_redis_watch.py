"""What /metrics says of a Redis, of real servers with the users that ours have."""

import math
import socketserver
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from dnsfleet_io import redis_watch
from dnsfleet_io.redis_watch import CORE, REPLICA, RedisMetrics, RedisWatch, State
from dnsfleet_publisher import redis_users
from prometheus_client import CollectorRegistry
from support import wrong_redis
from support.valkey import Valkey
from support.waiting import wait_for

SECONDS = 30.0
SCRAPES = 1000
"""Many more than what a hasty watch asks meanwhile, some 30 times a second."""
PASSWORDS = dict.fromkeys(redis_users.USERS, "right")
_USERS = redis_users.acl(PASSWORDS).splitlines()[1:]


class Watched:
    """A watch, and the page that it fills."""

    def __init__(self, url: str, kind: str) -> None:
        self._registry, self._kind = CollectorRegistry(), kind
        metrics = RedisMetrics(self._registry, kind)
        self.watch = RedisWatch(url, metrics)

    def value(self, name: str, **labels: str) -> float | None:
        """The value of a sample; None where there is no series."""
        labels |= {"redis": self._kind}
        return self._registry.get_sample_value(f"dnsfleet_redis_{name}", labels)

    def wait_for(self, name: str, value: float) -> None:
        """Wait until a series has a value."""
        wait_for(f"{name} is {value}", lambda: self.value(name) == value, SECONDS)

    def wait_for_nothing(self, name: str) -> None:
        """Wait until a series is gone."""
        wait_for(f"no {name}", lambda: self.value(name) is None, SECONDS)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask more often than a fleet does."""
    monkeypatch.setattr(redis_watch, "PING_SECONDS", 0.05)
    monkeypatch.setattr(redis_watch, "INFO_SECONDS", 0.1)
    monkeypatch.setattr(redis_watch, "DEADLINE_SECONDS", 1.2)


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Valkey]:
    core = Valkey(tmp_path / "core", users=_USERS)
    core.start()
    yield core
    core.kill()


@pytest.fixture
def watched(core: Valkey) -> Iterator[Watched]:
    watched = Watched(core.url_for("publisher", "right"), CORE)
    yield watched
    watched.watch.stop()


def test_a_core_tells_its_memory_and_whether_it_takes_writes(
    core: Valkey, watched: Watched
) -> None:
    watched.wait_for("writable", 1)
    assert (watched.value("memory_bytes") or 0) > 100_000
    assert watched.value("memory_max_bytes") == 0
    assert (watched.value("memory_fragmentation_ratio") or 0) > 0
    assert watched.value("replication_offset_bytes") is not None
    assert (watched.value("response_seconds_count") or 0) > 0
    assert watched.value("link_up") is None
    with core.client() as admin:
        admin.config_set("maxmemory", 1)
        watched.wait_for("writable", 0)
        assert watched.value("memory_max_bytes") == 1
        admin.config_set("maxmemory", 0)
        watched.wait_for("writable", 1)
        admin.replicaof("127.0.0.1", core.port)
        watched.wait_for("writable", 0)


def test_the_look_whether_a_core_takes_writes_writes_nothing(
    core: Valkey, watched: Watched
) -> None:
    watched.wait_for("writable", 1)
    with core.client() as admin:
        commands = admin.info("commandstats")["cmdstat_setrange"]
        assert commands["calls"] > 0
        assert admin.dbsize() == 0
        assert admin.info("persistence")["rdb_changes_since_last_save"] == 0


def test_a_replica_tells_whether_it_follows(core: Valkey, tmp_path: Path) -> None:
    replica = Valkey(tmp_path / "replica", primary=core, users=_USERS)
    replica.start()
    watched = Watched(replica.url_for("edge", "right"), REPLICA)
    try:
        watched.wait_for("link_up", 1)
        assert watched.value("writable") is None
        with core.client() as admin:
            admin.set("dnsfleet:zone", "x" * 1000)
            written = float(admin.info("replication")["master_repl_offset"])
        wait_for(
            "the offset of the core",
            lambda: (watched.value("replication_offset_bytes") or 0) >= written,
            SECONDS,
        )
        core.kill()
        watched.wait_for("link_up", 0)
        assert watched.value("memory_bytes") is not None
    finally:
        watched.watch.stop()
        replica.kill()


def test_a_redis_that_hangs_keeps_no_scrape_waiting_and_has_no_values(
    core: Valkey, watched: Watched
) -> None:
    watched.wait_for("writable", 1)
    core.freeze()
    try:
        watched.wait_for_nothing("memory_bytes")
        began = time.monotonic()
        assert [watched.value("writable") for _ in range(20)] == [None] * 20
        assert time.monotonic() - began < 20 * redis_watch.DEADLINE_SECONDS
        wait_for("answers that did not come", lambda: unanswered(watched) > 1, SECONDS)
    finally:
        core.thaw()
    watched.wait_for("writable", 1)


def test_what_was_told_long_ago_is_not_shown(
    core: Valkey, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where the thread neither ends nor gets an answer."""
    watched.wait_for("writable", 1)
    core.freeze()
    try:
        monkeypatch.setattr(redis_watch, "OLD_SECONDS", 0.0)
        assert watched.value("writable") is None
    finally:
        core.thaw()


def test_a_redis_that_is_gone_has_no_values_until_it_is_back(
    core: Valkey, watched: Watched
) -> None:
    watched.wait_for("writable", 1)
    core.kill()
    watched.wait_for_nothing("memory_bytes")
    assert watched.value("writable") is None
    core.start()
    watched.wait_for("writable", 1)


def test_scrapes_ask_nothing_of_redis(
    core: Valkey, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.wait_for("writable", 1)
    with core.client() as admin:
        before = admin.info("stats")
        for _ in range(SCRAPES):
            watched.value("memory_bytes")
        after = admin.info("stats")
    assert after["total_connections_received"] == before["total_connections_received"]
    assert after["total_commands_processed"] - before["total_commands_processed"] < SCRAPES


@pytest.mark.parametrize("user", ["publisher", "edge"])
def test_its_users_may_not_ask_for_more(core: Valkey, user: str) -> None:
    with redis.Redis.from_url(core.url_for(user, "right")) as client:
        assert "used_memory" in client.info("memory")
        for section in ("server", "clients", "keyspace", "all"):
            with pytest.raises(redis.exceptions.NoPermissionError):
                client.info(section)


def test_a_server_that_lets_nobody_ask_has_no_values_and_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As one of the version before."""
    caplog.set_level("INFO", redis_watch.__name__)
    core = Valkey(tmp_path, users=["user publisher on >right ~dnsfleet:* +@read +ping +@write"])
    core.start()
    watched = Watched(core.url_for("publisher", "right"), CORE)
    try:
        wait_for("a PING", lambda: (watched.value("response_seconds_count") or 0) > 1, SECONDS)
        assert watched.value("memory_bytes") is None
        (told,) = events(caplog)
        assert told.startswith("event=redis_tells_nothing redis=core problem=")
        assert "info" in told
        with core.client() as admin:
            admin.execute_command("ACL", "SETUSER", "publisher", "+info", "+setrange")
        watched.wait_for("writable", 1)
        assert events(caplog) == [told, "event=redis_tells_again redis=core"]
    finally:
        watched.watch.stop()
        core.kill()


def test_a_server_that_is_away_is_told_by_the_work_that_needs_it(
    core: Valkey, watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    watched.wait_for("writable", 1)
    core.freeze()
    watched.wait_for_nothing("memory_bytes")
    core.thaw()
    core.kill()
    watched.wait_for_nothing("memory_bytes")
    assert events(caplog) == []


@pytest.mark.parametrize("number", ["9" * 400, "9" * 5000, "nan", "x"])
def test_a_number_that_is_none_is_not_shown_and_does_not_end_the_watch(number: str) -> None:
    text = f"used_memory:{number}\r\nmaxmemory:7\r\nrole:slave\r\nmaster_link_status:up\r\n"
    with wrong_redis.serving({"INFO": wrong_redis.bulk(text)}) as url:
        watched = Watched(url, REPLICA)
        try:
            watched.wait_for("link_up", 1)
            assert watched.value("memory_max_bytes") == 7
            value = watched.value("memory_bytes")
            assert value is None or math.isnan(value)
        finally:
            watched.watch.stop()


def test_memory_is_what_counts_against_the_limit() -> None:
    """What replicas have not taken yet comes and goes, and Redis refuses no write for it."""
    text = "used_memory:900\r\nmem_not_counted_for_evict:200\r\nmaxmemory:1000\r\nrole:slave\r\n"
    with wrong_redis.serving({"INFO": wrong_redis.bulk(text)}) as url:
        watched = Watched(url, REPLICA)
        try:
            watched.wait_for("memory_bytes", 700)
            assert watched.value("memory_max_bytes") == 1000
        finally:
            watched.watch.stop()


def test_a_defect_does_not_end_the_watch(
    core: Valkey, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def defect(_watch: RedisWatch) -> State:
        raise LookupError("a defect")

    with monkeypatch.context() as broken:
        broken.setattr(RedisWatch, "_ask", defect)
        watched = Watched(core.url_for("publisher", "right"), CORE)
        wait_for("PINGs", lambda: (watched.value("response_seconds_count") or 0) > 3, SECONDS)
    try:
        watched.wait_for("writable", 1)
        assert events(caplog) == ["event=redis_watch_defect redis=core"]
        assert "a defect" in caplog.text
    finally:
        watched.watch.stop()


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the watch logged."""
    return [each.getMessage() for each in caplog.records if each.name == redis_watch.__name__]


def test_a_server_that_answers_nonsense_does_not_end_the_watch() -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Nonsense) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        watched = Watched(f"redis://127.0.0.1:{server.server_address[1]}", REPLICA)
        try:
            wait_for("PINGs", lambda: (watched.value("response_seconds_count") or 0) > 3, SECONDS)
            assert watched.value("memory_bytes") is None
        finally:
            watched.watch.stop()
            server.shutdown()


class _Nonsense(socketserver.BaseRequestHandler):
    """Answers each command with a list of one number."""

    def handle(self) -> None:
        while self.request.recv(4096):
            self.request.sendall(b"*1\r\n:1\r\n")


def unanswered(watched: Watched) -> float:
    """How many answers did not come in time."""
    slowest = str(float(redis_watch.RESPONSE_BUCKETS[-1]))
    within = watched.value("response_seconds_bucket", le=slowest)
    return (watched.value("response_seconds_count") or 0) - (within or 0)

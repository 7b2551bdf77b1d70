"""What somebody can do through the tunnel who has the credentials of a Pop."""

import contextlib
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis
from dnsfleet_io import upward_commands
from dnsfleet_io.whole_copies import COPIES_AT_ONCE
from dnsfleet_publisher import redis_settings, redis_users
from dnsfleet_publisher.core_redis import connect
from dnsfleet_publisher.pop_users import PopUsers
from support import tunnels
from support.tunnels import NAME, SECONDS, End, secure
from support.valkey import Valkey
from support.waiting import wait_for

AUTHORITY = tunnels.authority()
KIB, MIB = 1024, 1024 * 1024
COPY_OCTETS = 32 * MIB


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Valkey]:
    """A core with data, the settings of every core and the users of two Pops."""
    users = redis_users.acl({redis_users.ADMIN: "right"}).splitlines()[1:]
    server = Valkey(tmp_path / "core", users=users)
    server.start()
    with server.client() as root:
        for setting in redis_settings.CORE.splitlines():
            root.config_set(*setting.split(" ", 1))
        for number in range(COPY_OCTETS // MIB):
            root.set(f"data{number}", b"x" * MIB)
        root.config_set("rdbcompression", "no")  # so that a copy has the size of the data
    with closing(connect(server.url_for(redis_users.ADMIN, "right"))) as client:
        PopUsers(client).keep({"ams": ["one"], "fra": ["two"]})
    yield server
    server.kill()


@pytest.fixture
def near(core: Valkey, tmp_path: Path) -> Iterator[End]:
    folder = tunnels.write(tmp_path / "server", tunnels.server(AUTHORITY), AUTHORITY)
    with End(folder, core.port) as end:
        yield end


@pytest.fixture
def stolen(near: End, tmp_path: Path) -> Iterator[ssl.SSLSocket]:
    """A connection of somebody who has all credentials of the Pop ams."""
    folder = tunnels.write(tmp_path / "stolen", tunnels.client(AUTHORITY), AUTHORITY)
    with secure(near.port, folder, folder) as connection:
        assert said(connection, "AUTH", "pop-ams", "one") == b"+OK\r\n"
        yield connection


def command(*words: str) -> bytes:
    values = b"".join(b"$%d\r\n%s\r\n" % (len(word), word.encode()) for word in words)
    return b"*%d\r\n%s" % (len(words), values)


def said(connection: ssl.SSLSocket, *words: str) -> bytes:
    """The answer to a command; empty where the connection is closed for it."""
    connection.sendall(command(*words))
    try:
        return connection.recv(200)
    except (ConnectionError, ssl.SSLError):
        return b""


def begins_a_copy(connection: ssl.SSLSocket) -> bytes:
    """Ask for a whole copy, and take its first octets only: how it is sent."""
    assert said(connection, "PSYNC", "?", "-1").startswith(b"+FULLRESYNC")
    found = b""
    while b"$" not in found:
        found += connection.recv(1)
    return found.strip() + connection.recv(3)


def test_an_unfinished_command_of_a_replica_takes_no_memory(
    core: Valkey, near: End, stolen: ssl.SSLSocket
) -> None:
    begins_a_copy(stolen)
    with core.client() as root:
        before = root.info("memory")["used_memory"]
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            stolen.sendall(b"*1000000\r\n")
            for _ in range(64):
                stolen.sendall(b"$%d\r\n%s\r\n" % (MIB, b"x" * MIB))
        wait_for("a word of it", lambda: near.said("is sent where 1 to 32 may be"), SECONDS)
        wait_for("its end", lambda: not root.client_list(_type="replica"), SECONDS)
        assert root.info("memory")["used_memory_peak"] - before < 16 * MIB
    assert near.metric("dnsfleet_tunnel_failures_total", reason="command") == 1


def test_one_certificate_sends_only_so_much(core: Valkey, near: End, tmp_path: Path) -> None:
    """Over all its connections, also new ones; another certificate waits for none of it."""
    folder = tunnels.write(tmp_path / "ams", tunnels.client(AUTHORITY), AUTHORITY)
    other = tunnels.write(tmp_path / "fra", tunnels.client(AUTHORITY, "fra"), AUTHORITY)
    octets = upward_commands.COMMAND_OCTETS // 2
    count = (upward_commands.BURST_OCTETS + 2 * upward_commands.OCTETS_A_SECOND) // octets
    began = time.monotonic()
    for number in range(count):
        with secure(near.port, folder, folder) as connection:
            assert said(connection, "AUTH", "pop-ams", "one") == b"+OK\r\n"
            key = f"dnsfleet:1:pop:ams:{number % 16:x}"
            assert said(connection, "SET", key, "x" * octets) == b"+OK\r\n"
    assert time.monotonic() - began >= 1.9
    assert tunnels.asked(near.port, other, other) == b"+PONG\r\n"


@pytest.mark.parametrize(
    "options",
    [
        ("capa", "eof"),
        ("listening-port", "1", "capa", "eof"),
        ("rdb-filter-only", ""),
        ("version", "9.1.2", "capa", "eof", "rdb-filter-only", ""),
    ],
    ids=lambda options: " ".join(options),
)
def test_nobody_gets_a_copy_that_others_have_to_wait_for(
    stolen: ssl.SSLSocket, options: tuple[str, ...]
) -> None:
    answer = said(stolen, "REPLCONF", *options)
    if answer:
        assert answer.startswith(b"-NOPERM")
        assert not begins_a_copy(stolen).startswith(b"$EOF")


def test_copies_are_bounded_and_what_was_missed_is_free(
    core: Valkey, near: End, tmp_path: Path
) -> None:
    folder = tunnels.write(tmp_path / "thief", tunnels.client(AUTHORITY), AUTHORITY)

    def asked(*place: str) -> bytes:
        """The answer to one who comes, asks for what is behind this place, and goes."""
        with secure(near.port, folder, folder) as connection:
            assert said(connection, "AUTH", "pop-ams", "one") == b"+OK\r\n"
            return said(connection, "PSYNC", *place)

    with core.client() as root:
        answers = [asked("?", "-1") for _ in range(COPIES_AT_ONCE + 2)]
        assert [each[:11] for each in answers] == [b"+FULLRESYNC"] * COPIES_AT_ONCE + [b""] * 2
        assert root.info("stats")["sync_full"] == COPIES_AT_ONCE
        refused = near.metric("dnsfleet_tunnel_copies_refused_total", pop="ams")
        assert refused == near.metric("dnsfleet_tunnel_failures_total", reason="copies") == 2
        folder = tunnels.write(tmp_path / "again", tunnels.client(AUTHORITY), AUTHORITY)
        told = root.info("replication")
        place = told["master_replid"], str(told["master_repl_offset"] + 1)
        for _ in range(2 * COPIES_AT_ONCE):
            assert asked(*place).startswith(b"+CONTINUE")
        assert asked("?", "-1").startswith(b"+FULLRESYNC")


def test_a_thief_who_takes_no_copy_delays_nobody(
    core: Valkey, near: End, stolen: ssl.SSLSocket, tmp_path: Path
) -> None:
    """Neither the copies of other Pops nor a rewrite of the file of changes."""
    said(stolen, "REPLCONF", "capa", "eof")
    begins_a_copy(stolen)
    folder = tunnels.write(tmp_path / "fra", tunnels.client(AUTHORITY, "fra"), AUTHORITY)
    replica = Valkey(tmp_path / "replica")
    with taking_slowly(stolen), End(folder, near.port, NAME) as far, core.client() as root:
        replica.start()
        try:
            with replica.client() as client:
                follow(client, far.port)
                wait_for("the copy", lambda: is_up(client), SECONDS)
                root.config_set("appendonly", "yes")  # writes the file anew, before anything else
                wait_for("a file of changes", lambda: is_written(root), SECONDS)
                root.bgrewriteaof()
                wait_for("the file of changes", lambda: is_written(root), SECONDS)
                assert len(root.client_list(_type="replica")) == 2, "the thief has not gone"
        finally:
            replica.kill()


@contextlib.contextmanager
def taking_slowly(connection: ssl.SSLSocket) -> Iterator[None]:
    """Take a little of a copy now and then, so that the core does not end it for silence."""
    done = threading.Event()

    def take() -> None:
        while not done.wait(0.2) and connection.recv(64 * KIB):
            pass

    thread = threading.Thread(target=take)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def is_written(core: redis.Redis) -> bool:
    told = core.info("persistence")
    doing = told["aof_rewrite_in_progress"] or told["aof_rewrite_scheduled"]
    return not doing and told["aof_last_bgrewrite_status"] == "ok"


def test_a_pop_that_was_cut_off_takes_what_it_missed(
    core: Valkey, near: End, tmp_path: Path
) -> None:
    folder = tunnels.write(tmp_path / "fra", tunnels.client(AUTHORITY, "fra"), AUTHORITY)
    replica = Valkey(tmp_path / "replica")
    with core.client() as root:
        replica.start()
        try:
            with replica.client() as client:
                with End(folder, near.port, NAME) as far:
                    follow(client, far.port)
                    wait_for("the copy", lambda: is_up(client), SECONDS)
                wait_for("the cut", lambda: not is_up(client), SECONDS)
                root.set("missed", 1)
                with End(folder, near.port, NAME) as far:
                    client.execute_command("REPLICAOF", "127.0.0.1", far.port)
                    wait_for("what it missed", lambda: client.get("missed"), SECONDS)
        finally:
            replica.kill()
        stats = root.info("stats")
        assert (stats["sync_full"], stats["sync_partial_ok"]) == (1, 1)


def follow(replica: redis.Redis, port: int) -> None:
    """Have it follow as the Pop fra."""
    for setting in redis_settings.REPLICA.splitlines():
        replica.config_set(*setting.split(" ", 1))
    replica.config_set("primaryuser", "pop-fra")
    replica.config_set("primaryauth", "two")
    replica.execute_command("REPLICAOF", "127.0.0.1", port)


def is_up(replica: redis.Redis) -> bool:
    return bool(replica.info("replication")["master_link_status"] == "up")

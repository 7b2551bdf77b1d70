"""The Redis servers of `dnsfleet up`: real processes, what each user may do, and replication."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from dnsfleet_cli.troubles import Trouble
from dnsfleet_cli.up import redis_servers
from dnsfleet_cli.up.state import StateFolder
from dnsfleet_cli.up.supervisor import Supervisor
from support.waiting import wait_for

KEY = "dnsfleet:1:zones"


class Servers:
    """A core and one replica."""

    def __init__(self, root: Path, supervisor: Supervisor) -> None:
        self.state = StateFolder(root, lambda event: None)
        avoid = range(0)
        self.core_port = self.state.port("core", avoid)
        replica_port = self.state.port("replica/a", avoid)
        password = self.state.password
        self.core = redis_servers.embedded_core(self.core_port, password)
        self.edge_url = redis_servers.replica_url(replica_port, password)
        log = self.state.log
        folder = self.state.core
        supervisor.start(redis_servers.core_program(folder, self.core_port, password, log("core")))
        redis_servers.wait_for(self.core, seconds=10)
        supervisor.start(
            redis_servers.replica_program(
                "replica/a",
                self.state.pop("a"),
                replica_port,
                self.core,
                password,
                log("replica/a"),
            )
        )


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    supervisor = Supervisor(lambda event: None)
    running = Servers(tmp_path_factory.mktemp("state"), supervisor)
    wait_for("the replica answers", lambda: answers(running.edge_url), 10)
    yield running
    supervisor.close()
    running.state.close()


def answers(url: str) -> bool:
    try:
        with client(url) as connection:
            return bool(connection.ping())
    except redis.RedisError:
        return False


def client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, decode_responses=True)


def test_a_replica_gives_its_edge_what_the_core_was_told(servers: Servers) -> None:
    with client(servers.core.publisher_url) as core, client(servers.edge_url) as edge:
        core.hset(KEY, "example.com.", "1 1.1")
        core.eval("return redis.call('XADD', KEYS[1], '*', 'zone', 'x')", 1, "dnsfleet:1:log")

        wait_for("the key at the replica", lambda: edge.hget(KEY, "example.com.") == "1 1.1", 10)
        assert edge.xread({"dnsfleet:1:log": "0"}, block=1000)


@pytest.mark.parametrize(
    ("user", "command"),
    [
        ("edge", ["SET", "dnsfleet:1:x", "1"]),
        ("edge", ["GET", "other"]),
        ("edge", ["CONFIG", "GET", "*"]),
        ("edge", ["KEYS", "*"]),
        ("publisher", ["SET", "other", "1"]),
        ("publisher", ["FLUSHALL"]),
        ("publisher", ["CONFIG", "GET", "*"]),
        ("ack", ["HGETALL", "dnsfleet:1:acks"]),
        ("ack", ["HSET", "dnsfleet:1:zones", "a", "b"]),
        ("replica", ["GET", "dnsfleet:1:zones"]),
    ],
)
def test_a_user_has_no_right_that_its_role_does_not_need(
    servers: Servers, user: str, command: list[str]
) -> None:
    core = servers.core
    urls = {
        "edge": servers.edge_url,
        "publisher": core.publisher_url,
        "ack": core.ack_url,
        "replica": f"redis://replica:{core.replica_password}@{core.host}:{core.port}",
    }
    with client(urls[user]) as connection, pytest.raises(redis.exceptions.NoPermissionError):
        connection.execute_command(*command)


def test_an_ack_is_written_and_read_back_by_the_publisher(servers: Servers) -> None:
    with client(servers.core.ack_url) as edge, client(servers.core.publisher_url) as core:
        edge.hset("dnsfleet:1:acks", "a/1", "{}")
        assert core.hgetall("dnsfleet:1:acks") == {"a/1": "{}"}


def test_nobody_gets_in_without_a_password(servers: Servers) -> None:
    url = f"redis://127.0.0.1:{servers.core_port}"
    with client(url) as connection, pytest.raises(redis.AuthenticationError):
        connection.ping()


def test_a_wrong_password_is_told_with_the_place(servers: Servers) -> None:
    core = redis_servers.external_core(f"redis://publisher:wrong@127.0.0.1:{servers.core_port}")
    with pytest.raises(Trouble) as caught:
        redis_servers.wait_for(core, seconds=10)
    assert str(caught.value) == (
        f'core Redis 127.0.0.1:{servers.core_port}: user "publisher" is refused: '
        "check name and password"
    )


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (
            "rediss://host",
            "--redis-url: the embedded replicas speak no TLS; give a redis:// address",
        ),
        ("redis://host/1", "--redis-url: edges read database 0; leave the database out"),
        ("host:6379", "--redis-url: expected redis://[USER:PASSWORD@]HOST[:PORT]"),
    ],
)
def test_an_address_that_cannot_serve_is_refused(url: str, message: str) -> None:
    with pytest.raises(Trouble) as caught:
        redis_servers.external_core(url)
    assert str(caught.value) == message

"""Users of Pops in other clusters, on a real Valkey: what each may do, and how it ends."""

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
import redis
from dnsfleet.replication import ack_slots, keys, pop_slots
from dnsfleet_publisher import redis_settings, redis_users
from dnsfleet_publisher.core_redis import connect
from dnsfleet_publisher.pop_users import PopUsers
from dnsfleet_publisher.store_errors import StoreError
from support.valkey import Valkey
from support.waiting import wait_for

PASSWORDS = {user: f"{user}-right" for user in (*redis_users.CORE_USERS, redis_users.ADMIN)}
MEBIBYTE = 1024 * 1024
SECONDS = 30.0
"""For what takes less than two: the machine may be busy."""


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    server = Valkey(
        tmp_path_factory.mktemp("core"), users=redis_users.acl(PASSWORDS).splitlines()[1:]
    )
    server.start()
    yield server
    server.kill()


@pytest.fixture
def root(core: Valkey) -> Iterator[redis.Redis]:
    """A client that may do everything, of a core with the settings of a fleet."""
    with core.client() as client:
        client.flushall()
        for setting in redis_settings.CORE.splitlines():
            client.config_set(*setting.split(" ", 1))
        yield client


@pytest.fixture
def users(core: Valkey, root: redis.Redis) -> Iterator[PopUsers]:
    with connect(core.url_for(redis_users.ADMIN, PASSWORDS[redis_users.ADMIN])) as client:
        kept = PopUsers(client)
        kept.keep({"ams": ["one"], "fra": ["two"]})
        yield kept
        kept.keep({})


@pytest.fixture
def ams(core: Valkey, users: PopUsers) -> Iterator[redis.Redis]:
    """What whoever holds the credentials of the Pop ams can be."""
    with connect(core.url_for("pop-ams", "one")) as client:
        yield client


def commands(core: Valkey, user: str, password: str) -> Callable[..., object]:
    """Runs single commands as a user, each on a connection of its own."""

    def run(*command: object) -> object:
        with connect(core.url_for(user, password)) as client:
            return cast(object, client.execute_command(*command))

    return run


def test_a_pop_writes_its_own_slots(ams: redis.Redis) -> None:
    for slot in range(pop_slots.SLOTS):
        assert ams.set(pop_slots.key("ams", slot), "said")
    assert ams.getrange(pop_slots.key("ams", 0), 0, 1) == b"sa"
    assert ams.ping()


@pytest.mark.parametrize(
    "name",
    [
        keys.FENCE,
        keys.FLOOR,
        keys.LSN,
        keys.LOG,
        keys.ZONES,
        keys.FLEET,
        keys.ACKS,
        keys.CLAIMS,
        keys.manifest("example.com."),
        ack_slots.key(0),
        pop_slots.key("fra", 0),
        pop_slots.key("ams", 0) + "0",
        pop_slots.key("ams2", 0),
        "dnsfleet:1:pop:ams:",
        "dnsfleet:1:pop:ams:g",
        "anything",
    ],
)
def test_a_pop_writes_nothing_else(
    ams: redis.Redis, core: Valkey, root: redis.Redis, name: str
) -> None:
    with pytest.raises(redis.exceptions.NoPermissionError):
        ams.set(name, "forged")
    with pytest.raises(redis.exceptions.NoPermissionError):
        ams.getrange(name, 0, 1)
    assert not root.exists(name)


@pytest.mark.parametrize(
    "command",
    [
        ("GET", pop_slots.key("ams", 0)),
        ("APPEND", pop_slots.key("ams", 0), "x"),
        ("SETRANGE", pop_slots.key("ams", 0), 536870911, "x"),
        ("HSET", pop_slots.key("ams", 0), "f", "v"),
        ("EVAL", "return 1", 0),
        ("FUNCTION", "LIST"),
        ("MULTI",),
        ("SELECT", 1),
        ("SUBSCRIBE", "anything"),
        ("PUBLISH", "anything", "x"),
        ("KEYS", "*"),
        ("SCAN", 0),
        ("FLUSHALL",),
        ("CONFIG", "GET", "*"),
        ("CONFIG", "SET", "maxmemory", "1"),
        ("ACL", "LIST"),
        ("ACL", "SETUSER", "pop-ams", "+@all"),
        ("ACL", "WHOAMI"),
        ("CLIENT", "LIST"),
        ("CLIENT", "KILL", "TYPE", "replica"),
        ("REPLICAOF", "NO", "ONE"),
        ("FAILOVER",),
        ("SHUTDOWN", "NOSAVE"),
        ("INFO",),
        ("MONITOR",),
        ("SAVE",),
        ("BGSAVE",),
        ("SYNC",),
        ("WAIT", 1, 1),
        ("MEMORY", "STATS"),
        ("MODULE", "LIST"),
        ("LATENCY", "LATEST"),
        ("SLOWLOG", "GET"),
    ],
    ids=lambda command: " ".join(map(str, command[:2])),
)
def test_a_pop_runs_no_other_command(
    core: Valkey, users: PopUsers, command: tuple[object, ...]
) -> None:
    with pytest.raises(redis.exceptions.NoPermissionError):
        commands(core, "pop-ams", "one")(*command)


def test_what_makes_users_does_nothing_else(core: Valkey, users: PopUsers) -> None:
    run = commands(core, redis_users.ADMIN, PASSWORDS[redis_users.ADMIN])
    for command in (
        ("SET", keys.FENCE, 1),
        ("GET", keys.FENCE),
        ("CONFIG", "GET", "*"),
        ("ACL", "LOAD"),
        ("ACL", "SAVE"),
        ("FLUSHALL",),
        ("PSYNC", "?", -1),
    ):
        with pytest.raises(redis.exceptions.NoPermissionError):
            run(*command)


@pytest.mark.parametrize("user", redis_users.CORE_USERS)
def test_no_other_user_makes_users(core: Valkey, users: PopUsers, user: str) -> None:
    run = commands(core, user, PASSWORDS[user])
    for command in (("ACL", "SETUSER", "pop-x", "+@all"), ("ACL", "DELUSER", "pop-ams")):
        with pytest.raises(redis.exceptions.NoPermissionError):
            run(*command)


def test_a_pop_cannot_fill_the_core(ams: redis.Redis, core: Valkey, root: redis.Redis) -> None:
    for slot in range(pop_slots.SLOTS):
        ams.set(pop_slots.key("ams", slot), b"x" * MEBIBYTE)
    with pytest.raises(redis.RedisError):
        ams.set(pop_slots.key("ams", 0), b"x" * (MEBIBYTE + 1))
    assert root.dbsize() == pop_slots.SLOTS
    assert root.info("memory")["used_memory_dataset"] < 2 * pop_slots.SLOTS * MEBIBYTE


def test_a_command_that_never_ends_costs_its_sender_the_connection(
    users: PopUsers, core: Valkey, root: redis.Redis
) -> None:
    argument = b"$%d\r\n%s\r\n" % (MEBIBYTE, b"x" * MEBIBYTE)
    most = 4 * redis_settings.CLIENTS_OCTETS // MEBIBYTE
    with socket.create_connection(("127.0.0.1", core.port), timeout=SECONDS) as connection:
        connection.sendall(b"AUTH pop-ams one\r\n")
        assert connection.recv(100) == b"+OK\r\n"
        connection.sendall(b"*1000000\r\n$4\r\nPING\r\n")
        with pytest.raises(ConnectionError):
            for _ in range(most):
                connection.sendall(argument)
    assert root.info("memory")["used_memory_peak"] < 4 * redis_settings.CLIENTS_OCTETS


@pytest.fixture
def replica(core: Valkey, users: PopUsers, tmp_path: Path) -> Iterator[redis.Redis]:
    """The replica of the Pop ams, which follows."""
    server = Valkey(tmp_path / "replica")
    server.start()
    with server.client() as client:
        for setting in ("primaryuser pop-ams", "primaryauth one", "repl-timeout 3"):
            client.config_set(*setting.split(" ", 1))
        client.execute_command("REPLICAOF", "127.0.0.1", core.port)
        wait_for("the replica to follow", lambda: link(client) == "up", SECONDS)
        yield client
    server.kill()


def link(replica: redis.Redis) -> str:
    return str(replica.info("replication")["master_link_status"])


def test_a_user_that_is_ended_replicates_no_more(
    users: PopUsers, replica: redis.Redis, root: redis.Redis, core: Valkey
) -> None:
    root.set("before", 1)
    wait_for("what was written before", lambda: replica.get("before"), SECONDS)
    began = time.monotonic()
    assert users.keep({"fra": ["two"]}) == ["ended user pop-ams"]
    wait_for("the link to end", lambda: link(replica) == "down", SECONDS)
    assert time.monotonic() - began < 5.0
    root.set("after", 1)
    with pytest.raises(redis.AuthenticationError):
        commands(core, "pop-ams", "one")("PING")
    assert (link(replica), replica.get("after")) == ("down", None)


def test_a_new_password_ends_no_connection(
    users: PopUsers, replica: redis.Redis, root: redis.Redis, core: Valkey
) -> None:
    before = connections(root, "pop-ams")
    assert users.keep({"ams": ["new", "one"], "fra": ["two"]}) == ["set user pop-ams"]
    for password in ("new", "one"):
        assert commands(core, "pop-ams", password)("PING")
    root.set("rotated", 1)
    wait_for("the change", lambda: replica.get("rotated"), SECONDS)
    assert before <= connections(root, "pop-ams")


def test_the_end_of_a_password_ends_what_it_opened(
    users: PopUsers, replica: redis.Redis, root: redis.Redis, core: Valkey, ams: redis.Redis
) -> None:
    """Who has the new one comes back at once, and takes what it missed."""
    wanted = {"ams": ["new", "one"], "fra": ["two"]}
    users.keep(wanted)
    with connect(core.url_for("pop-fra", "two")) as other:
        for client in (ams, other):
            client.ping()
        before, others = connections(root, "pop-ams"), connections(root, "pop-fra")
        fulls = root.info("stats")["sync_full"]
        assert len(before) == 2, "a replica, and a client"
        replica.config_set("primaryauth", "new")
        with connect(core.url_for(redis_users.ADMIN, PASSWORDS[redis_users.ADMIN])) as client:
            again = PopUsers(client)  # it has to know nothing of the one before
            done = again.keep({"ams": ["new"], "fra": ["two"]})
        assert done[0] == "set user pop-ams, and ended its connections: a password ended"
        wait_for("the end", lambda: not before & connections(root, "pop-ams"), SECONDS)
        assert connections(root, "pop-fra") == others
    with pytest.raises(redis.RedisError):
        ams.ping()
    with pytest.raises(redis.AuthenticationError):
        commands(core, "pop-ams", "one")("PING")
    root.set("rotated", 1)
    wait_for("the change", lambda: replica.get("rotated"), SECONDS)
    assert root.info("stats")["sync_full"] == fulls


def connections(root: redis.Redis, user: str) -> set[str]:
    """Those of a user, by their numbers."""
    return {each["id"] for each in root.client_list() if each["user"] == user}


def test_users_come_back_after_a_restart_of_the_core(core: Valkey, users: PopUsers) -> None:
    wanted = {"ams": ["one"], "fra": ["two"]}
    assert users.keep(wanted) == []
    core.kill()
    with pytest.raises(StoreError):
        users.keep(wanted)
    core.start()
    assert users.keep(wanted) == ["made user pop-ams", "made user pop-fra"]
    assert users.keep(wanted) == []
    assert commands(core, "pop-ams", "one")("PING")


def test_rights_that_somebody_added_are_taken_back(root: redis.Redis, users: PopUsers) -> None:
    root.execute_command("ACL", "SETUSER", "pop-ams", "+@all", "~*", ">other")
    assert users.keep({"ams": ["one"], "fra": ["two"]}) == [
        "set user pop-ams, and ended its connections: a password ended"
    ]
    rules = root.acl_getuser("pop-ams")
    assert rules is not None
    assert "+@all" not in rules["commands"]
    assert "~*" not in str(rules["keys"])
    assert len(rules["passwords"]) == 1


@pytest.fixture
def others(root: redis.Redis) -> Iterator[str]:
    """A user of somebody else, who has the core too; with a name as those of Pops have."""
    root.execute_command("ACL", "SETUSER", "pop-music", "on", ">theirs", "~songs:*", "+@read")
    yield "pop-music"
    root.execute_command("ACL", "DELUSER", "pop-music")


def test_users_of_others_are_left_alone(users: PopUsers, root: redis.Redis, others: str) -> None:
    before = root.acl_getuser(others)
    assert users.keep({"ams": ["one"]}) == ["ended user pop-fra"]
    assert root.acl_getuser(others) == before
    assert users.keep({"ams": ["one"], "music": ["new"]}) == []
    assert users.of_others == ["pop-music"]
    assert root.acl_getuser(others) == before
    root.execute_command("ACL", "DELUSER", others)
    assert users.keep({"ams": ["one"], "music": ["new"]}) == ["made user pop-music"]
    assert users.of_others == []


def test_a_new_keeper_knows_the_users_of_the_one_before(
    core: Valkey, users: PopUsers, root: redis.Redis
) -> None:
    """Whatever somebody did to them meanwhile."""
    root.execute_command("ACL", "SETUSER", "pop-ams", "+@all", "~*")
    with connect(core.url_for(redis_users.ADMIN, PASSWORDS[redis_users.ADMIN])) as client:
        again = PopUsers(client)
        assert again.keep({"ams": ["one"]}) == ["ended user pop-fra", "set user pop-ams"]
        assert again.of_others == []
    rules = root.acl_getuser("pop-ams")
    assert rules is not None
    assert "+@all" not in rules["commands"]


def test_a_new_keeper_leaves_connections_alone(
    core: Valkey, users: PopUsers, replica: redis.Redis, root: redis.Redis
) -> None:
    fulls = root.info("stats")["sync_full"]
    with connect(core.url_for(redis_users.ADMIN, PASSWORDS[redis_users.ADMIN])) as client:
        again = PopUsers(client)
        wanted = {"ams": ["one"], "fra": ["two"]}
        assert again.keep(wanted) == ["set user pop-ams", "set user pop-fra"]
        assert again.keep(wanted) == []
    root.set("on", 1)
    wait_for("the change", lambda: replica.get("on"), SECONDS)
    assert root.info("stats")["sync_full"] == fulls

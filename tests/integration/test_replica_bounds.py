"""What a replica holds makes an edge neither large nor slow; how it reads, on a real Valkey."""

import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet.replication import commands, events, keys
from dnsfleet.replication.follower import MANIFESTS_AT_ONCE, Follower
from dnsfleet.replication.revisions import Revision
from dnsfleet_following.replica import MAX_VALUE_OCTETS, Replica
from dnsfleet_io.bounded_replies import MAX_REPLY_OCTETS
from support.edge_fleets import NEW, EdgeFleet
from support.valkey import Valkey
from support.waiting import wait_for

MEBIBYTE = 1024 * 1024
INVENTED = 200_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    valkey = Valkey(tmp_path_factory.mktemp("replica"))
    valkey.start()
    yield valkey
    valkey.kill()


@pytest.fixture
def admin(server: Valkey) -> Iterator[redis.Redis]:
    with server.client() as client:
        client.flushall()
        client.config_resetstat()
        yield client


@pytest.fixture
def replica(server: Valkey) -> Iterator[Replica]:
    replica = Replica(server.url)
    replica.connect()
    yield replica
    replica.disconnect()


def peak(read: Callable[[], object]) -> int:
    """Octets that this process holds at most while it reads, beyond what it holds before."""
    tracemalloc.start()
    try:
        read()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_of_a_value_only_so_much_is_read_as_a_good_one_may_have(
    admin: redis.Redis, replica: Replica
) -> None:
    names = [keys.manifest(f"{n}.example.") for n in range(16)]
    for name in names:
        admin.set(name, b"x" * 50 * MEBIBYTE)
    assert peak(lambda: replica.values(names)) < 8 * MEBIBYTE
    assert {len(value or b"") for value in replica.values(names)} == {MAX_VALUE_OCTETS + 1}


def test_values_are_as_they_are(admin: redis.Redis, replica: Replica) -> None:
    admin.mset({"a": b"x" * MAX_VALUE_OCTETS, "empty": b""})
    admin.hset("hash", "a", "b")
    assert replica.values(["a", "missing", "hash", "empty"]) == [
        b"x" * MAX_VALUE_OCTETS,
        None,
        None,
        None,
    ]
    admin.set(keys.FLEET, "head")
    assert replica.fleet() == b"head"


def test_a_user_without_rights_is_told_and_reads_no_absence(
    admin: redis.Redis, server: Valkey
) -> None:
    admin.acl_setuser("little", True, passwords=["+right"], commands=["+ping"], reset=True)
    replica = Replica(server.url_for("little", "right"))
    with pytest.raises(redis.exceptions.NoPermissionError):
        replica.values(["a"])
    replica.disconnect()


def test_the_index_is_read_in_parts(admin: redis.Redis, replica: Replica) -> None:
    entries = {f"{n}.example.": f"{n + 1} 1.{n + 1}" for n in range(INVENTED)}
    write_index(admin, entries)
    admin.set(keys.LSN, INVENTED)
    index = replica.index()
    assert index.position == INVENTED
    assert index.zones == {name.encode(): said.encode() for name, said in entries.items()}
    stats = admin.info("commandstats")
    assert "cmdstat_hgetall" not in stats
    assert stats["cmdstat_hscan"]["calls"] > INVENTED / 3000


def test_entries_of_the_index_that_no_publisher_writes_are_left_out(
    admin: redis.Redis, replica: Replica
) -> None:
    admin.set(keys.LSN, 7)
    said = {
        "a.example.": "7 1.1",
        "newer.example.": "8 1.1",  # the log tells it
        "x" * 2000: "7 1.1",
        "b.example.": "7 1.1" + " " * 100,
    }
    admin.hset(keys.ZONES, mapping=said)
    assert replica.index().zones == {b"a.example.": b"7 1.1"}


def test_what_changes_while_the_index_is_read_is_told_by_the_log(
    admin: redis.Redis, replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first zone changes after it was read, and another one then, before that one is read."""
    write_index(admin, {f"{n}.example.": f"{n + 1} 1.1" for n in range(5000)})
    admin.set(keys.LSN, 5000)
    scan, changed = replica._client.hscan, []

    def scan_and_change(*args: object, **kwargs: object) -> object:
        cursor, part = scan(*args, **kwargs)  # type: ignore[misc, arg-type]
        if not changed:
            changed.append(next(iter(part)))
            unread = {b"%d.example." % n for n in range(5000)} - part.keys()
            for lsn, name in enumerate((changed[0], min(unread)), start=5001):
                admin.hset(keys.ZONES, name, f"{lsn} 2.1")
                admin.set(keys.LSN, lsn)
        return cursor, part

    monkeypatch.setattr(replica._client, "hscan", scan_and_change)
    index = replica.index()
    positions = [int(said.partition(b" ")[0]) for said in index.zones.values()]
    assert index.position == 5000
    assert max(positions) <= 5000  # so the log is read from before both changes


def test_an_entry_that_no_publisher_writes_is_not_read_for_ever(
    admin: redis.Redis, replica: Replica
) -> None:
    for name in ("5-0", "5-1", "5-2"):
        admin.xadd(keys.LOG, {"zone": "bad"}, id=name)
    entries, _ = replica.log(4, wait=False)
    assert [name for name, _ in entries] == [b"5-0", b"5-1", b"5-2"]
    assert replica.log(5, wait=False) == ([], 0)


def test_a_change_overtakes_the_invented_entries_of_an_index() -> None:
    follower = Follower("fra", Ed25519PrivateKey.generate().public_key())
    [index] = follower.feed(events.Connected())
    invented = {b"%d.example." % n: b"%d 1.%d" % (n + 1, n + 1) for n in range(INVENTED)}
    entry = {b"zone": b"new.example.", b"revision": b"2.1", b"after": b"%d" % INVENTED}
    log = [(b"%d-0" % (INVENTED + 1), entry)]
    assert isinstance(index, commands.ReadIndex)
    todo = follower.feed(events.IndexRead(index, invented, INVENTED))
    read: list[str] = []
    while "new.example." not in read:
        [command] = [each for each in todo if not isinstance(each, commands.Ack)]
        if isinstance(command, commands.ReadManifests):
            read += command.origins
            answer: events.Event = events.ManifestsRead(command, [None] * len(command.origins))
        elif isinstance(command, commands.ReadLog):
            assert not command.wait
            answer, log = events.LogRead(command, log, command.after), []
        else:
            assert isinstance(command, commands.ReadFleet)
            answer = events.FleetRead(command, None)
        todo = follower.feed(answer)
    assert len(read) <= MANIFESTS_AT_ONCE + 1


def test_an_announcement_without_a_manifest_is_tried_ever_less_often() -> None:
    follower = Follower("fra", Ed25519PrivateKey.generate().public_key())
    todo = follower.feed(events.Connected())
    tried = []
    for number in range(64):
        while not (isinstance(todo[-1], commands.ReadLog) and todo[-1].wait):
            match todo[-1]:
                case commands.ReadIndex() as command:
                    answer: events.Event = events.IndexRead(command, {b"a.example.": b"1 1.1"}, 1)
                case commands.ReadManifests() as command:
                    tried.append(number)
                    answer = events.ManifestsRead(command, [None])
                case commands.ReadFleet() as command:
                    answer = events.FleetRead(command, None)
                case command:
                    assert isinstance(command, commands.ReadLog)
                    answer = events.LogRead(command, [], 1)
            todo = follower.feed(answer)
        follower.feed(events.Resync())
        todo = follower.feed(events.LogRead(todo[-1], [], 1))
    assert tried == [0, 1, 3, 7, 15, 31, 47, 63]
    # A newer revision is tried at once.
    newer = {b"zone": b"a.example.", b"revision": b"1.2", b"after": b"1"}
    todo = settled(follower, todo)
    todo = follower.feed(events.LogRead(todo, [(b"2-0", newer)], 1))
    assert commands.ReadManifests(("a.example.",)) in todo
    assert Revision(1, 2) > Revision(1, 1)


def settled(follower: Follower, todo: list[commands.Command]) -> commands.ReadLog:
    """Answer an index and a fleet head; the read of the log that follows."""
    while not isinstance(todo[-1], commands.ReadLog):
        if isinstance(todo[-1], commands.ReadIndex):
            todo = follower.feed(events.IndexRead(todo[-1], {b"a.example.": b"1 1.1"}, 1))
        else:
            assert isinstance(todo[-1], commands.ReadFleet)
            todo = follower.feed(events.FleetRead(todo[-1], None))
    return todo[-1]


def test_bad_entries_of_the_log_lead_to_few_reads_of_the_index(tmp_path: Path) -> None:
    fleet = EdgeFleet(tmp_path)
    try:
        fleet.serving()
        with fleet.replica.client() as replica:
            replica.config_set("replica-read-only", "no")
            replica.config_resetstat()
            position = int(replica.xrevrange(keys.LOG, count=1)[0][0].partition(b"-")[0])
            began = time.monotonic()
            for number in range(1, 301):
                replica.xadd(keys.LOG, {"zone": "bad"}, id=f"{position + number}-0")
                wait_for("it was read", lambda n=number: reads(replica) >= n, 10)
            seconds = time.monotonic() - began
            assert index_reads(replica) <= 2 + seconds / 5
            wait_for("a newer time", lambda: time.time() * 1000 > position + 301, 5)
            fleet.publish(NEW)
            fleet.answers(NEW)
            assert index_reads(replica) <= 3 + (time.monotonic() - began) / 5
    finally:
        fleet.close()


def reads(client: redis.Redis) -> int:
    """How often the log was read."""
    return int(client.info("commandstats").get("cmdstat_xread", {"calls": 0})["calls"])


def index_reads(client: redis.Redis) -> int:
    return int(client.info("commandstats").get("cmdstat_hscan", {"calls": 0})["calls"])


def write_index(client: redis.Redis, entries: dict[str, str]) -> None:
    names = list(entries)
    for start in range(0, len(names), 10_000):
        part = names[start : start + 10_000]
        client.hset(keys.ZONES, mapping={name: entries[name] for name in part})


# A server that was taken over


LONG = b"x" * MEBIBYTE
BULK = b"$%d\r\n" % (64 * MEBIBYTE) + LONG * 64 + b"\r\n"
MANY = b"*64\r\n" + (b"$%d\r\n" % MEBIBYTE + LONG + b"\r\n") * 64
SMALL = b"*4000000\r\n" + b"$0\r\n\r\n" * 4_000_000
LINE = b"+" + LONG * 64


@pytest.mark.parametrize("reply", [BULK, MANY, SMALL, LINE], ids=["bulk", "many", "small", "line"])
def test_a_reply_without_end_ends_the_connection(reply: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer_everything, args=(listener, reply))
        thread.start()
        replica = Replica(f"redis://127.0.0.1:{listener.getsockname()[1]}/0")

        def read() -> None:
            with pytest.raises(redis.RedisError, match="a reply of more than"):
                replica.log(0, wait=False)

        assert peak(read) < 4 * MAX_REPLY_OCTETS
        replica.disconnect()
        thread.join()


def answer_everything(listener: socket.socket, reply: bytes) -> None:
    """Say OK to what a connection begins with, and `reply` to a read of the log."""
    connection, _ = listener.accept()
    with connection:
        while heard := connection.recv(65536):
            try:
                connection.sendall(reply if b"XREAD" in heard else b"+OK\r\n" * heard.count(b"*"))
            except OSError:
                return

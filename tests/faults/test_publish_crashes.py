"""A publisher may be killed at any of its requests: the next one goes on from what is in the core.

The publisher is a forked process that sends itself SIGKILL just before, or just after, its n-th
request to a real Valkey, for every n up to the number of requests of a pass. Then a new one runs to
the end. The core must hold what it would hold without the kill, and at no moment anything that does
not verify.
"""

import hashlib
import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest
import redis
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet_publisher.core_redis import CoreRedis, connect
from dnsfleet_publisher.publishing import Desired, Publisher
from dnsfleet_publisher.record_store import RecordStore
from redis.connection import Connection
from support.valkey import Valkey
from support.zone_writers import KEY as WRITERS_KEY
from support.zone_writers import Writer, changed, record_set, zone
from support.zones import hosts, make_zone

KEY = Ed25519PrivateKey.generate()
BEFORE = {
    "a.example.": Desired(make_zone("a.example.", hosts(20))),
    "b.example.": Desired(make_zone("b.example.", hosts(20)), ("fra",)),
    "c.example.": Desired(make_zone("c.example.", hosts(5))),
}
AFTER = {
    # One record of many, all of them, a new zone; c.example. is removed.
    "a.example.": Desired(make_zone("a.example.", hosts(20, host7="192.0.2.9"))),
    "b.example.": Desired(make_zone("b.example.", hosts(25, host1="192.0.2.9")), ("iad",)),
    "d.example.": Desired(make_zone("d.example.", hosts(3))),
}
MAX_REQUESTS = 200

Send = Callable[..., None]


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    valkey = Valkey(tmp_path_factory.mktemp("core"))
    valkey.start()
    yield valkey
    valkey.kill()


def publish(core: Valkey, desired: dict[str, Desired], remove: frozenset[str]) -> None:
    """A whole pass of a new publisher, which knows only what the core has."""
    client = connect(core.url)
    publisher = Publisher(RecordStore(CoreRedis(client), KEY, time.time))
    outcomes = publisher.reconcile(desired, True, remove)
    client.close()
    assert not [outcome for outcome in outcomes.values() if outcome.reason], outcomes


def publish_after(core: Valkey) -> None:
    publish(core, AFTER, frozenset({"c.example."}))


def start_anew(core: Valkey) -> None:
    with core.client() as client:
        client.flushall()
    publish(core, BEFORE, frozenset())


def killed_at(core: Valkey, number: int, late: bool, work: Callable[[Valkey], object]) -> bool:
    """Work in a process that dies at its n-th request; whether it got that far."""
    child = os.fork()
    if child == 0:
        _count_requests(number, late)
        try:
            work(core)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def _count_requests(number: int, late: bool) -> None:
    """Have this process die at its n-th request, before it is sent or right after."""
    sent = 0
    send: Send = Connection.send_packed_command

    def counted(self: Connection, command: object, check_health: bool = True) -> None:
        nonlocal sent
        sent += 1
        if sent == number and not late:
            os.kill(os.getpid(), signal.SIGKILL)
        send(self, command, check_health)
        if sent == number:
            os.kill(os.getpid(), signal.SIGKILL)

    Connection.send_packed_command = counted  # type: ignore[method-assign]


def state_hash(core: Valkey) -> str:
    """A hash of all that edges would answer, without the serials, which come from the clock."""
    store = RecordStore(CoreRedis(core.closing(connect(core.url))), KEY, time.time)
    whole = hashlib.sha256()
    for origin in store.live():
        zone, manifest = store.load(origin), store.manifest(origin)
        assert zone is not None
        assert manifest is not None
        whole.update(f"{origin} {manifest.pops} ".encode() + zone.with_serial(1).digest)
    return whole.hexdigest()


def has_unnamed_chunks_for_ever(client: redis.Redis) -> bool:
    """Whether a chunk stays for ever that no manifest names: all such chunks must expire."""
    store = RecordStore(CoreRedis(client), KEY, time.time)
    named: set[str] = set()
    for origin in store.live():
        manifest = store.manifest(origin)
        assert manifest is not None
        named |= set(manifest.chunk_keys())
    found = [key.decode() for key in client.scan_iter(b"dnsfleet:1:*")]
    chunks = [key for key in found if key.split(":")[2] in ("snapshot", "delta")]
    return any(key not in named and client.ttl(key) == -1 for key in chunks)


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
def test_a_kill_at_any_request_of_a_publish_changes_nothing_in_the_end(
    core: Valkey, late: bool
) -> None:
    start_anew(core)
    old = state_hash(core)
    publish_after(core)
    expected = state_hash(core)
    assert expected != old
    kills = 0
    for number in range(1, MAX_REQUESTS):
        start_anew(core)
        if not killed_at(core, number, late, publish_after):
            break
        kills += 1
        state_hash(core)  # whatever is there verifies
        publish_after(core)
        assert state_hash(core) == expected, f"after a kill at request {number}"
        with core.client() as client:
            assert not has_unnamed_chunks_for_ever(client), f"after a kill at request {number}"
    print(f"killed at each of {kills} requests")
    assert 10 < kills < MAX_REQUESTS - 1


WEB, MAIL, NEW = (record_set(name, name) for name in ("web", "mail", "new"))
MOVED = changed(WEB, 2, records=[{"name": "www", "type": "A", "data": ["192.0.2.7"]}])


def change_record_sets(core: Valkey) -> None:
    """One RecordSet claims another name, one is removed, one is added."""
    Writer(core).run(zone("a"), MOVED, NEW)


def served_names(core: Valkey) -> set[str]:
    store = RecordStore(CoreRedis(core.closing(connect(core.url))), WRITERS_KEY, time.time)
    published = store.load("a.example.")
    assert published is not None
    return {line.split()[0] for line in published.to_text().splitlines()}


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
def test_after_a_kill_at_any_request_every_record_is_known_by_its_record_set(
    core: Valkey, late: bool
) -> None:
    kills = 0
    for number in range(1, MAX_REQUESTS):
        with core.client() as client:
            client.flushall()
        Writer(core).run(zone("a"), WEB, MAIL)
        if not killed_at(core, number, late, change_record_sets):
            break
        kills += 1
        before = served_names(core)
        broken = [changed(each, 3, fromAFutureVersion=True) for each in (WEB, MAIL, NEW)]
        Writer(core).run(zone("a"), *broken)
        assert served_names(core) == before, f"after a kill at request {number}"
    print(f"killed at each of {kills} requests")
    assert 5 < kills < MAX_REQUESTS - 1

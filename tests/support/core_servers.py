"""A real Valkey as a core, with the users that a core has and some that have too few rights."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import pytest
import redis
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet_publisher import store_errors
from dnsfleet_publisher.core_redis import CoreRedis, connect
from dnsfleet_publisher.record_store import RecordStore

from support.valkey import Valkey

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32)
A, B = "a.example.", "b.example."
RIGHTS = f"{store_errors.RIGHTS} +@connection"
PUBLISHER_USER = f"user publisher on >right resetchannels {RIGHTS}"
USERS = (
    PUBLISHER_USER,
    "user reader on >right resetchannels ~dnsfleet:* +@read +@connection",
    f"user elsewhere on >right resetchannels ~other:* {RIGHTS.split(' ', 1)[1]}",
    "user scripter on >right resetchannels ~dnsfleet:* +@read +@scripting +@connection",
)


class CoreServer(Valkey):
    """A Valkey, and a client of it that may do everything."""

    admin: redis.Redis

    def emptied(self) -> Self:
        """The server without data, and with no connection that a test before has opened."""
        self.admin.flushall()
        self._close_clients()
        return self


class Clock:
    """Time that stands still unless a test moves it."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def core_server(folder: Path) -> Iterator[CoreServer]:
    """A core, for as long as it is needed."""
    running = CoreServer(folder, users=USERS)
    running.start()
    try:
        with running.client() as running.admin:
            yield running
            running.emptied()
    finally:
        running.kill()


def make_store(server: CoreServer, clock: Clock, key: Ed25519PrivateKey = KEY) -> RecordStore:
    """A store that has not claimed the core yet."""
    client = server.closing(connect(server.url_for("publisher", "right")))
    return RecordStore(CoreRedis(client), key, clock)


def reopened(server: CoreServer, clock: Clock, key: Ed25519PrivateKey = KEY) -> RecordStore:
    """A new writer, which knows only what is in the core."""
    store = make_store(server, clock, key)
    store.claim()
    return store


@contextmanager
def answers_lost(
    store: RecordStore, monkeypatch: pytest.MonkeyPatch, arrived: bool = True
) -> Iterator[None]:
    """Lose the answer to each publication, or the publication itself."""
    script = store.core._publish

    def losing(**arguments: Any) -> None:
        if arrived:
            script(**arguments)
        raise redis.TimeoutError("lost")

    with monkeypatch.context() as patch:
        patch.setattr(store.core, "_publish", losing)
        yield


def intruder(server: CoreServer, store: RecordStore, clock: Clock) -> RecordStore:
    """A writer with the fence of another, which a fence exists to prevent."""
    other = make_store(server, clock)
    other._fence = store.fence
    other._trail.read(*other.core.index())
    return other


def offset(replica: redis.Redis) -> int:
    """Octets that a replica has received."""
    return int(replica.info("replication")["slave_repl_offset"])


def ttl(server: CoreServer, key: str) -> int:
    """Seconds until a key expires; -1 for never."""
    return int(server.admin.ttl(key))

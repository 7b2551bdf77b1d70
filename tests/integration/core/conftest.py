"""One Valkey for the tests of a module, and a store that has claimed it while it is empty."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis
from dnsfleet_publisher.record_store import RecordStore
from support.core_servers import Clock, CoreServer, core_server, reopened
from support.trips import Trips


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CoreServer]:
    with core_server(tmp_path_factory.mktemp("core")) as server:
        yield server


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(server: CoreServer, clock: Clock) -> RecordStore:
    return reopened(server.emptied(), clock)


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> Iterator[Trips]:
    trips = Trips()
    send = redis.connection.Connection.send_packed_command

    def counted(connection: redis.connection.Connection, *args: Any, **options: Any) -> None:
        trips.sent += 1
        send(connection, *args, **options)

    monkeypatch.setattr(redis.connection.Connection, "send_packed_command", counted)
    return trips

"""One Valkey for the tests of a module, and a store that has claimed it while it is empty."""

from collections.abc import Iterator

import pytest
from dnsfleet_publisher.record_store import RecordStore
from support.core_servers import Clock, CoreServer, core_server, reopened


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

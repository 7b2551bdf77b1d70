"""The thread that holds the Lease, or waits for it."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from dnsfleet_operator.cluster import Cluster, ClusterError, ConflictError, Object
from dnsfleet_operator.leading import leases

_log = logging.getLogger(__name__)


class Leadership:
    """Whether this replica leads; `changed` is called from the thread when that may be new."""

    def __init__(
        self,
        cluster: Cluster,
        name: str,
        namespace: str,
        identity: str,
        changed: Callable[[], None],
    ) -> None:
        self._cluster = cluster
        self._name, self._namespace, self._identity = name, namespace, identity
        self._changed = changed
        self._seen: leases.Seen | None = None
        self._until = 0.0
        self.problem = ""
        """Why the Lease cannot be had or seen; empty where it can, whoever has it."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)

    @property
    def leads(self) -> bool:
        """Whether this replica may work now."""
        return time.monotonic() < self._until

    def start(self) -> None:
        """Begin to try."""
        self._thread.start()

    def stop(self) -> None:
        """Stop leading and release the Lease, so that another replica need not wait."""
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
                _log.info("%s the Lease %s", "hold" if told else "do not hold", self._name)
                self._changed()
            self._stopping.wait(leases.RENEW_SECONDS if renewed else leases.RETRY_SECONDS)
        if told:
            self._release()

    def _try(self, now: float) -> bool:
        """Whether the Lease is ours from `now` on."""
        wall = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        try:
            lease = self._get()
            if lease is None:
                new = leases.new(self._name, self._namespace, self._identity, wall)
                self._cluster.create(new)
                return True
            self._seen = leases.observe(lease, self._seen, now)
            if not leases.mine(lease, self._identity) and not leases.free(lease, self._seen, now):
                self._until, self.problem = 0.0, ""
                return False
            self._cluster.replace(leases.held(lease, self._identity, wall))
        except ConflictError:
            return False
        except Exception as error:
            # A defect must not end the thread: this replica would never lead again.
            _log.warning("%s", error, exc_info=not isinstance(error, ClusterError))
            self.problem = str(error)
            return False
        return True

    def _release(self) -> None:
        try:
            lease = self._get()
            if lease is not None and leases.mine(lease, self._identity):
                self._cluster.replace(leases.released(lease))
        except ClusterError as error:
            _log.warning("%s", error)

    def _get(self) -> Object | None:
        return self._cluster.get("Lease", self._name, self._namespace)

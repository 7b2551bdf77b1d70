"""Threads that write statuses, so that a pass never waits for thousands of small writes.

For each object only the newest status counts. A write that fails is dropped and reported: whoever
compares next finds the difference again. What a status tells that people should hear of becomes an
Event once it is written; Events are a courtesy, so one that cannot be posted is only logged.
"""

import logging
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from dnsfleet.resources import API_VERSION, Reference

from dnsfleet_operator.cluster import Cluster, ClusterError, Object
from dnsfleet_operator.statuses import events
from dnsfleet_operator.statuses.events import Notice

THREADS = 4
"""Writes under way at once: more would crowd out others at a small API server."""

SUFFIX_OCTETS = 8
"""Of randomness in the name of an Event."""

_log = logging.getLogger(__name__)


class _Write(NamedTuple):
    uid: str
    status: Mapping[str, Any]
    notices: Sequence[Notice]


class StatusWriter:
    """Writes statuses in the background; `written` and `failed` are called from its threads."""

    def __init__(
        self,
        cluster: Cluster,
        instance: str,
        written: Callable[[Object], None],
        failed: Callable[[Reference], None],
    ) -> None:
        self._cluster = cluster
        self._instance = instance
        self._written = written
        self._failed = failed
        self._pending: dict[Reference, _Write] = {}
        self._busy: set[Reference] = set()
        self._condition = threading.Condition()
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._run, name=f"status-{number}", daemon=True)
            for number in range(THREADS)
        ]

    def start(self) -> None:
        """Begin to write."""
        for thread in self._threads:
            thread.start()

    def put(
        self,
        reference: Reference,
        uid: str,
        status: Mapping[str, Any],
        notices: Sequence[Notice],
    ) -> None:
        """Have the status of the object with this uid written; it replaces one that waits."""
        with self._condition:
            self._pending[reference] = _Write(uid, status, notices)
            self._condition.notify()

    def clear(self) -> None:
        """Write nothing that waits: another replica does so now."""
        with self._condition:
            self._pending.clear()

    def stop(self) -> None:
        """End the threads after the writes that are under way."""
        with self._condition:
            self._stopping = True
            self._condition.notify_all()
        for thread in self._threads:
            thread.join()

    def _take(self) -> tuple[Reference, _Write] | None:
        with self._condition:
            while not self._stopping:
                # Two writes of one object at once could arrive in the wrong order.
                reference = next((r for r in self._pending if r not in self._busy), None)
                if reference is not None:
                    self._busy.add(reference)
                    return reference, self._pending.pop(reference)
                self._condition.wait()
            return None

    def _run(self) -> None:
        while (taken := self._take()) is not None:
            reference, write = taken
            try:
                wanted = _object(reference, write.uid, write.status)
                made = self._cluster.apply(wanted, "status")
                if made is not None:
                    self._written(made)
                    self._post(reference, write)
            except Exception as error:
                # A defect must not end the thread: nobody would write in its place.
                _log.warning("%s", error, exc_info=not isinstance(error, ClusterError))
                self._failed(reference)
            finally:
                with self._condition:
                    self._busy.discard(reference)
                    self._condition.notify()

    def _post(self, reference: Reference, write: _Write) -> None:
        wall = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        for notice in write.notices:
            suffix = secrets.token_hex(SUFFIX_OCTETS)
            try:
                self._cluster.create(
                    events.event(notice, reference, write.uid, suffix, self._instance, wall)
                )
            except ClusterError as error:
                _log.warning("%s", error)


def _object(reference: Reference, uid: str, status: Mapping[str, Any]) -> Object:
    metadata = {"name": reference.name, "uid": uid}
    if reference.namespace:
        metadata["namespace"] = reference.namespace
    return {
        "apiVersion": API_VERSION,
        "kind": reference.kind,
        "metadata": metadata,
        "status": status,
    }

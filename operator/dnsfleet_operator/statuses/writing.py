"""Threads that write statuses, so that a pass never waits for thousands of small writes.

What fails is tried again (see `pending`). Only a write whose object is gone, or was made anew
under the same name, is dropped: there is nothing left to write it to. What a status tells that
people should hear of becomes an Event once it is written; Events are a courtesy, so one that
cannot be posted is only logged.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dnsfleet.resources import API_VERSION, Reference

from dnsfleet_operator.cluster import Cluster, ClusterError, Object
from dnsfleet_operator.observed.packing import pack, unpack
from dnsfleet_operator.statuses.events import Notice
from dnsfleet_operator.statuses.pending import PendingWrites, Write
from dnsfleet_operator.statuses.posting import post

THREADS = 4
"""Writes under way at once: more would crowd out others at a small API server."""

Written = Callable[[Object, bytes], None]
"""Gets each object as a write left it, and the status that was given to `put`."""

_log = logging.getLogger(__name__)


class StatusWriter:
    """Writes statuses in the background; `written` is called from its threads."""

    def __init__(self, cluster: Cluster, instance: str, written: Written) -> None:
        """`instance` is who posts Events."""
        self._cluster = cluster
        self._instance = instance
        self._written = written
        self._pending = PendingWrites()
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
        urgent: bool,
    ) -> None:
        """Have the status of the object with this uid written; it replaces one that waits.

        What is not urgent is written when nothing else is to be written.
        """
        write = Write(uid, pack(status), notices, urgent)
        with self._condition:
            self._pending.put(reference, write, time.monotonic())
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

    def _take(self) -> tuple[Reference, Write] | None:
        """Wait for a write; None at the end."""
        with self._condition:
            while not self._stopping:
                now = time.monotonic()
                if (taken := self._pending.take(now)) is not None:
                    return taken
                due = self._pending.due()
                self._condition.wait(None if due is None else max(0.0, due - now))
            return None

    def _run(self) -> None:
        while (taken := self._take()) is not None:
            reference, write = taken
            try:
                made = self._cluster.apply(_object(reference, write), "status")
                if made is not None:
                    self._written(made, write.status)
            except Exception as error:
                # A defect must not end the thread: nobody would write in its place.
                self._fail(reference, write, error)
                continue
            self._end(reference)
            if made is not None:
                for notice in write.notices:
                    post(self._cluster, self._instance, notice, reference, write.uid)

    def _end(self, reference: Reference) -> None:
        with self._condition:
            self._pending.end(reference, time.monotonic())
            self._condition.notify()

    def _fail(self, reference: Reference, write: Write, error: Exception) -> None:
        """Have it tried again, unless its object is gone."""
        if isinstance(error, ClusterError) and error.of_the_server:
            with self._condition:
                now = time.monotonic()
                pause = self._pending.suspend(reference, write, now, error.retry_after)
            _log.warning("%s; the next status is written in %.1f s", error, pause)
        elif self._is_gone(reference, write.uid):
            self._end(reference)
        else:
            with self._condition:
                delay = self._pending.refuse(reference, write, time.monotonic())
                self._condition.notify()
            again = "" if delay is None else f"; again in {delay:.1f} s"
            _log.warning("%s%s", error, again, exc_info=not isinstance(error, ClusterError))

    def _is_gone(self, reference: Reference, uid: str) -> bool:
        """Whether there is no object of this uid: a conflict may also mean that others wrote."""
        try:
            found = self._cluster.get(reference.kind, reference.name, reference.namespace)
        except Exception:
            return False  # it is tried again, and so is this question
        return found is None or found["metadata"]["uid"] != uid


def _object(reference: Reference, write: Write) -> Object:
    metadata = {"name": reference.name, "uid": write.uid}
    if reference.namespace:
        metadata["namespace"] = reference.namespace
    return {
        "apiVersion": API_VERSION,
        "kind": reference.kind,
        "metadata": metadata,
        "status": unpack(write.status),
    }

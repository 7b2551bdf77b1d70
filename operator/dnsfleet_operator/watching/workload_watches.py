"""Threads that watch the pods, Deployments and Services of the Pops, in our namespace only.

kopf watches either the whole cluster or a namespace for all kinds alike. Zones are everywhere, and
the right to read every pod of a cluster is more than the operator should have.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable

from dnsfleet_operator.cluster import Cluster, ClusterError, Object
from dnsfleet_operator.labels import MANAGED_SELECTOR
from dnsfleet_operator.observed.workloads import KINDS

RETRY_SECONDS = 1.0
"""Between the beginnings of watches: one that fails, or ends at once, costs a list each time."""

_log = logging.getLogger(__name__)

Listed = Callable[[str, Iterable[Object]], None]
"""Gets a kind and all objects of it."""
Event = Callable[[str, Object, bool], None]
"""Gets a kind, an object and whether it was deleted."""


class WorkloadWatches:
    """A thread for each kind; `listed` and `event` are called from them."""

    def __init__(self, cluster: Cluster, namespace: str, listed: Listed, event: Event) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._listed = listed
        self._event = event
        self._stopping = threading.Event()

    def start(self) -> None:
        """Begin to watch."""
        for kind in KINDS:
            thread = threading.Thread(
                target=self._run, args=(kind,), name=f"watch-{kind}", daemon=True
            )
            thread.start()

    def stop(self) -> None:
        """Begin no new watch; one under way ends with the process."""
        self._stopping.set()

    def _run(self, kind: str) -> None:
        while not self._stopping.is_set():
            again = time.monotonic() + RETRY_SECONDS
            try:
                self._watch(kind)
            except Exception as error:
                # A defect must not end the thread: nobody would watch in its place.
                _log.warning("%s", error, exc_info=not isinstance(error, ClusterError))
            self._stopping.wait(max(0.0, again - time.monotonic()))

    def _watch(self, kind: str) -> None:
        found, since = self._cluster.objects_at(kind, self._namespace, MANAGED_SELECTOR)
        self._listed(kind, found)
        for change, changed in self._cluster.watch(kind, self._namespace, MANAGED_SELECTOR, since):
            self._event(kind, changed, change == "DELETED")

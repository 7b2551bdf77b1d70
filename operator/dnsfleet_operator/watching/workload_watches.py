"""Threads that watch the pods, Deployments and Services of the Pops, in our namespace only.

kopf watches either the whole cluster or a namespace for all kinds alike. Zones are everywhere, and
the right to read every pod of a cluster is more than the operator should have.
"""

import threading
from collections.abc import Callable, Iterable
from functools import partial

from dnsfleet_operator.cluster import Cluster, Object
from dnsfleet_operator.objects import MANAGED_SELECTOR
from dnsfleet_operator.observed.workloads import KINDS
from dnsfleet_operator.watching import threads

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
            threads.start(f"watch-{kind}", partial(self._watch, kind), self._stopping)

    def stop(self) -> None:
        """Begin no new watch; one under way ends with the process."""
        self._stopping.set()

    def _watch(self, kind: str) -> None:
        found, since = self._cluster.objects_at(kind, self._namespace, MANAGED_SELECTOR)
        self._listed(kind, found)
        for change, changed in self._cluster.watch(kind, self._namespace, MANAGED_SELECTOR, since):
            if change != "BOOKMARK":
                self._event(kind, changed, change == "DELETED")

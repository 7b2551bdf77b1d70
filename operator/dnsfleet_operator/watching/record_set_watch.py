"""A thread that watches all RecordSets.

A fleet has several RecordSets for each Zone. kopf makes a task, a logger and records of its own for
each object of a watch, and begins by listing them all; with 50,000 RecordSets that was half of a
start and a third of the memory. This watch begins where a list would end, and keeps nothing: the
objects come by the complete lists of whoever leads.
"""

import threading
from collections.abc import Callable
from functools import partial

from dnsfleet_operator.cluster import Cluster, ClusterError, Object
from dnsfleet_operator.watching import threads

KIND = "RecordSet"
FORBIDDEN_SECONDS = 60.0
"""Between tries where our rights were taken away: they come back with a Role, or not at all."""

Event = Callable[[str, Object, bool], None]
"""Gets a kind, an object and whether it was deleted."""


class RecordSetWatch:
    """Hands each change to `event`; `missed` is called when some may not have been seen."""

    def __init__(self, cluster: Cluster, event: Event, missed: Callable[[], None]) -> None:
        self._cluster = cluster
        self._event = event
        self._missed = missed
        self._stopping = threading.Event()

    def start(self) -> None:
        """Begin to watch, with a thread for each namespace where it is not the whole cluster."""
        for place in self._cluster.places(KIND):
            threads.start(f"watch-{KIND}", partial(self._watch, place), self._stopping)

    def stop(self) -> None:
        """Begin no new watch; one under way ends with the process."""
        self._stopping.set()

    def _watch(self, place: str) -> None:
        """Watch from now on, until that fails."""
        try:
            since = self._cluster.page(KIND, namespace=place, most=1).version
        except ClusterError as error:
            if error.forbidden:
                self._stopping.wait(FORBIDDEN_SECONDS)
            raise
        self._missed()
        while not self._stopping.is_set():
            for change, found in self._cluster.watch(KIND, place, "", since):
                since = int(found["metadata"]["resourceVersion"])
                if change != "BOOKMARK":
                    self._event(KIND, found, change == "DELETED")

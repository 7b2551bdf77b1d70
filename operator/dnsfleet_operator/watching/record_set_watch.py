"""A thread that watches all RecordSets.

A fleet has several RecordSets for each Zone. kopf makes a task, a logger and records of its own for
each object of a watch, and begins by listing them all; with 50,000 RecordSets that was half of a
start and a third of the memory. This watch begins where a list would end, and keeps nothing: the
objects come by the complete lists of whoever leads.
"""

import threading
from collections.abc import Callable

from dnsfleet_operator.cluster import Cluster, Object
from dnsfleet_operator.watching import threads

KIND = "RecordSet"

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
        """Begin to watch."""
        threads.start(f"watch-{KIND}", self._watch, self._stopping)

    def stop(self) -> None:
        """Begin no new watch; one under way ends with the process."""
        self._stopping.set()

    def _watch(self) -> None:
        """Watch from now on, until that fails."""
        since = self._cluster.page(KIND, most=1).version
        self._missed()
        while not self._stopping.is_set():
            for change, found in self._cluster.watch(KIND, "", "", since):
                since = int(found["metadata"]["resourceVersion"])
                if change != "BOOKMARK":
                    self._event(KIND, found, change == "DELETED")

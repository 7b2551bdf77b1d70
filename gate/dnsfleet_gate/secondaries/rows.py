"""What this gate tells of its secondaries (see `dnsfleet.secondaries.pages`)."""

import itertools
import threading

from dnsfleet.secondaries import pages
from dnsfleet.secondaries.answers import Answer, Pair
from dnsfleet.secondaries.pages import MAX_ROWS, Page


class Rows:
    """The newest answer about each pair, in the order in which they changed. Thread-safe."""

    def __init__(self, instance: str) -> None:
        """`instance` is the name of this process, of this start."""
        self._instance = instance
        self._lock = threading.Lock()
        self._position = 0
        self._rows: dict[Pair, tuple[int, Answer]] = {}
        """With the position of each; a dict keeps the order in which they came."""

    def put(self, pair: Pair, answer: Answer) -> None:
        """Take what a secondary answers."""
        with self._lock:
            if pair in self._rows and self._rows[pair][1] == answer:
                return
            self._rows.pop(pair, None)
            self._position += 1
            self._rows[pair] = (self._position, answer)

    def forget(self, pair: Pair) -> None:
        """It is not asked for any more."""
        with self._lock:
            self._rows.pop(pair, None)

    def page(self, instance: str, after: int) -> Page:
        """The rows that changed after a position; from the first one for another instance."""
        if instance != self._instance:
            after = 0
        with self._lock:
            newest = reversed(self._rows.items())
            changed = list(itertools.takewhile(lambda each: each[1][0] > after, newest))
            last = self._position
        more = len(changed) > MAX_ROWS
        shown = changed[: -MAX_ROWS - 1 : -1]
        return Page(
            instance=self._instance,
            position=shown[-1][1][0] if more else last,
            more=more,
            rows=[pages.row(pair, answer) for pair, (_, answer) in shown],
        )

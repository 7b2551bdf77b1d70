"""Keys that wait to be reconciled: each once, however often it was named.

Pure but for the caller's clock: times are monotonic seconds. A key that failed waits twice as long
each time, so that one bad object costs nothing to the others, and the core gets room to recover.
"""

import heapq
from typing import Generic, NamedTuple, TypeVar

FIRST_BACKOFF_SECONDS = 0.5
MAX_BACKOFF_SECONDS = 5.0
"""Longer would delay what becomes possible when the core or the API server is back."""


class Key(NamedTuple):
    """What to reconcile."""

    kind: str
    name: str = ""


K = TypeVar("K", bound=tuple[str, ...])


class WorkQueue(Generic[K]):
    """Keys with the time from which each may be taken. Not locked: one thread owns it."""

    def __init__(self, longest: float = MAX_BACKOFF_SECONDS) -> None:
        """`longest` is the wait of a key that fails on and on, in seconds."""
        self._longest = longest
        self._waiting: dict[K, float] = {}
        self._heap: list[tuple[float, K]] = []
        self._backoffs: dict[K, float] = {}
        """How long each key that failed waited last."""

    def __len__(self) -> int:
        """How many keys wait."""
        return len(self._waiting)

    def __contains__(self, key: object) -> bool:
        """Whether a key waits."""
        return key in self._waiting

    def add(self, key: K, now: float, delay: float = 0.0) -> None:
        """Have a key looked at `delay` seconds from now, or earlier where it waits already.

        News does not shorten a backoff: what failed a moment ago would mostly fail again.
        """
        due = now + delay
        known = self._waiting.get(key)
        if known is None or (due < known and key not in self._backoffs):
            self._waiting[key] = due
            heapq.heappush(self._heap, (due, key))

    def discard(self, key: K) -> None:
        """Have a key not looked at."""
        self._waiting.pop(key, None)

    def take(self, now: float) -> K | None:
        """The key that has been due longest; None where none is due."""
        while self._heap and self._heap[0][0] <= now:
            due, key = heapq.heappop(self._heap)
            if self._waiting.get(key) == due:
                del self._waiting[key]
                return key
        return None

    def due(self) -> float | None:
        """When the next key is due; None where none waits."""
        while self._heap and self._waiting.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def succeeded(self, key: K) -> None:
        """Forget the failures of a key."""
        self._backoffs.pop(key, None)

    def hasten(self, now: float) -> None:
        """What made keys fail has ended: all that failed are due, and begin with a short wait."""
        for key in self._backoffs.keys() & self._waiting.keys():
            self._waiting[key] = now
            heapq.heappush(self._heap, (now, key))
        self._backoffs.clear()

    def failed(self, key: K, now: float) -> float:
        """Have a key looked at again after its backoff; the seconds until then."""
        delay = min(2 * self._backoffs.get(key, FIRST_BACKOFF_SECONDS / 2), self._longest)
        self._backoffs[key] = delay
        self._waiting[key] = now + delay
        heapq.heappush(self._heap, (now + delay, key))
        return delay

"""When each zone of one secondary is asked about next. Pure; times are monotonic seconds.

    the zone changed ──▶ after FIRST_SECONDS, then ever later ──it has the serial──▶ rarely
    it does not answer, three times in a row ──▶ one question now and then, about any zone

A zone that changes all the time is asked about every BETWEEN_SECONDS. Where more is due than may be
asked, questions about changes and rare ones take turns, so that neither waits behind thousands of
the other kind. A secondary of very many zones is asked about each the less often.
"""

import heapq
from collections.abc import Callable, Iterable

QUERIES_A_SECOND = 20.0
"""To one secondary: what it notices of many zones is less than what one resolver asks it."""
FIRST_SECONDS = 1.0
"""From a change to the first question: NOTIFY, IXFR and the reload take about as long."""
LONGEST_SECONDS = 60.0
"""Between questions about a zone that it lacks, twice as long each time until then."""
BETWEEN_SECONDS = 5.0
"""At least, between two questions about one zone that new changes ask for."""
RARELY_SECONDS = 60.0
"""Between two questions while nothing changes."""
JITTER = 0.1
"""As a part of a wait: questions of several gates about many zones spread by themselves."""
SILENT_AFTER = 3
"""Questions in a row without an answer, until the secondary counts as silent."""
SILENT_SECONDS = 10.0
"""Between questions to a silent one."""


class Turns:
    """Of one secondary."""

    def __init__(self, chance: Callable[[], float]) -> None:
        """`chance` gives numbers between 0 and 1."""
        self._chance = chance
        self._due: dict[str, float] = {}
        """By origin."""
        self._changes: list[tuple[float, str]] = []
        self._rare: list[tuple[float, str]] = []
        """Heaps, with entries that are not due any more."""
        self._soon: set[str] = set()
        """Those that are due in `_changes`."""
        self._rare_next = False
        self._asked: dict[str, float] = {}
        self._waits: dict[str, float] = {}
        """Of zones that it lacks."""
        self._unanswered = 0
        self._next = 0.0
        self._lag = 0.0

    @property
    def silent(self) -> bool:
        """Whether it does not answer."""
        return self._unanswered >= SILENT_AFTER

    @property
    def lag(self) -> float:
        """For how many seconds questions about changes wait now. From any thread.

        To one that is silent nobody waits to ask: what it says of one zone holds for all.
        """
        return 0.0 if self.silent else self._lag

    @property
    def origins(self) -> frozenset[str]:
        """The zones."""
        return frozenset(self._due)

    def set(self, origins: Iterable[str], now: float) -> None:
        """These are its zones; each new one has its turn soon."""
        wanted = set(origins)
        for gone in self._due.keys() - wanted:
            for table in (self._due, self._asked, self._waits):
                table.pop(gone, None)
            self._soon.discard(gone)
        for origin in wanted - self._due.keys():
            self._put(self._rare, origin, now + FIRST_SECONDS)

    def changed(self, origin: str, now: float) -> None:
        """A zone has a new serial."""
        if origin not in self._due:
            return
        self._waits.pop(origin, None)
        asked = self._asked.get(origin, now - BETWEEN_SECONDS)
        at = max(now + FIRST_SECONDS, asked + BETWEEN_SECONDS)
        if origin not in self._soon or at < self._due[origin]:
            self._put(self._changes, origin, at)

    def due(self) -> float | None:
        """When the next question is to be asked; None while there is no zone."""
        times = [heap[0][0] for heap in (self._changes, self._rare) if self._prune(heap)]
        return max(min(times), self._next) if times else None

    def take(self, now: float) -> str:
        """The zone that is asked about at a time that is due."""
        due = [heap for heap in (self._changes, self._rare) if self._prune(heap)]
        due.sort(key=lambda heap: heap[0][0])
        if len(due) > 1 and due[1][0][0] <= now:
            due = [self._rare if self._rare_next else self._changes]
            self._rare_next = not self._rare_next
        origin = heapq.heappop(due[0])[1]
        self._asked[origin] = now
        self._put(self._rare, origin, now + self._spread(self._rarely()))
        self._next = now + (SILENT_SECONDS if self.silent else 1 / QUERIES_A_SECOND)
        self._lag = max(0.0, now - self._changes[0][0]) if self._prune(self._changes) else 0.0
        return origin

    def answered(self, origin: str, *, anything: bool, current: bool, now: float) -> None:
        """What became of a question: whether anything came, and whether it has the serial."""
        if anything and self.silent:
            self._next = now
        self._unanswered = 0 if anything else self._unanswered + 1
        if origin not in self._due or current:
            self._waits.pop(origin, None)
            return
        wait = self._waits.get(origin, FIRST_SECONDS)
        self._waits[origin] = min(2 * wait, LONGEST_SECONDS)
        if now + wait < self._due[origin]:
            self._put(self._changes, origin, now + wait)

    def _rarely(self) -> float:
        return max(RARELY_SECONDS, 2 * len(self._due) / QUERIES_A_SECOND)

    def _spread(self, seconds: float) -> float:
        return seconds * (1 + JITTER * (2 * self._chance() - 1))

    def _put(self, heap: list[tuple[float, str]], origin: str, at: float) -> None:
        self._due[origin] = at
        (self._soon.add if heap is self._changes else self._soon.discard)(origin)
        heapq.heappush(heap, (at, origin))

    def _prune(self, heap: list[tuple[float, str]]) -> bool:
        """Drop what is not due any more from the top of a heap; whether there is anything."""
        while heap and self._due.get(heap[0][1]) != heap[0][0]:
            heapq.heappop(heap)
        return bool(heap)

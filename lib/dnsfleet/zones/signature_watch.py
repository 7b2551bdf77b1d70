"""When the signatures of any of many zones come to another level: one heap for all. Pure.

A look costs what is due, not what is watched, and a zone that is not signed costs nothing. A zone
that is signed again leaves its old time in the heap; such times are skipped when they are due, and
thrown out as soon as they outnumber the zones.

Times are those of the wall clock, as signatures have no other. A clock that goes back makes all
zones be judged again.
"""

import heapq
import math
from typing import NamedTuple

from dnsfleet.zones.signatures import Level, Period

SPARE = 64
"""Old times that may wait beside those of the zones: for less the heap is not worth a sweep."""


class Watched(NamedTuple):
    """A signed zone."""

    period: Period
    level: Level
    """As of the last look, or of when it was put here."""


class SignatureWatch:
    """The signed zones, by origin. Not locked. Times are Unix time in seconds."""

    def __init__(self) -> None:
        self._zones: dict[str, Watched] = {}
        self._due: dict[str, int] = {}
        """When the level of each zone changes next, where it does."""
        self._heap: list[tuple[int, str]] = []
        self._latest = -math.inf
        """The newest time that was told."""

    def get(self, origin: str) -> Watched | None:
        """What is known of a zone; None where it is not signed."""
        return self._zones.get(origin)

    def put(self, origin: str, period: Period | None, now: float) -> None:
        """Watch a zone, with this period from now on; None: it is not signed, or gone."""
        self._latest = max(self._latest, now)
        if period is None:
            self._zones.pop(origin, None)
            self._due.pop(origin, None)
        else:
            self._judge(origin, period, now)

    def look(self, now: float) -> list[str]:
        """The zones that have come to another level since they were looked at last."""
        due = self._take(now) if now >= self._latest else list(self._zones)
        self._latest = now
        changed = []
        for origin in due:
            period, before = self._zones[origin]
            if self._judge(origin, period, now) is not before:
                changed.append(origin)
        return changed

    def _take(self, now: float) -> list[str]:
        taken = []
        while self._heap and self._heap[0][0] <= now:
            at, origin = heapq.heappop(self._heap)
            if self._due.get(origin) == at:
                del self._due[origin]
                taken.append(origin)
        return taken

    def _judge(self, origin: str, period: Period, now: float) -> Level:
        level, due = period.level(now), period.next_change(now)
        self._zones[origin] = Watched(period, level)
        if due is None:
            self._due.pop(origin, None)
        elif self._due.get(origin) != due:
            self._due[origin] = due
            heapq.heappush(self._heap, (due, origin))
            if len(self._heap) > 2 * len(self._due) + SPARE:
                self._heap = [(at, each) for each, at in self._due.items()]
                heapq.heapify(self._heap)
        return level

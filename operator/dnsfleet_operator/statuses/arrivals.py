"""How far every published zone has come, looked at again only where that may be different.

    a zone was published            that zone
    an edge's ack moved             zones published between what it said before and says now, and
                                    those that are its exceptions in only one of the two
    a Pop has other Ready edges     zones that it was late with, those its edges do not answer, and
                                    those that are their exceptions
    an edge fell silent, or spoke   zones that its Pop is late with
    other Pops are in service       every zone
    time went by                    zones that are late, when the next step of STEPS is reached

Zones are kept in the order of their positions in the log, so those between two positions are found
by bisection. In a fleet where nothing happens a look touches no zone.
"""

import bisect
import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from dnsfleet.replication import edge_words
from dnsfleet.replication.edge_words import Word
from dnsfleet.replication.manifests import Manifest

from dnsfleet_operator.statuses.propagation import STEPS, Fleet, ZoneState

HOPE_SECONDS = 60
"""A revision that is late for longer waits for a Pop that is cut off: no need to look so often."""
MIN_STALE = 1000
"""Positions that hold nothing any more, before the order of zones is made anew."""


class Lag(NamedTuple):
    """How one Pop stands to its zones."""

    assigned: int
    current: int
    since_ms: int | None
    """When the oldest revision that it lacks was published, Unix time; None where it lacks none."""


class Arrivals:
    """The state of every published zone."""

    def __init__(self) -> None:
        self.states: dict[str, ZoneState] = {}
        """By origin, as of the last look."""
        self._manifests: dict[str, Manifest] = {}
        self._dirty: set[str] = set()
        self._order: list[tuple[int, str]] = []
        self._active: Sequence[str] = ()
        self._words: dict[str, dict[str, Word]] = {}
        self._late: dict[str, _Late] = {}
        self._assigned: Counter[str] = Counter()
        self._everywhere = 0
        self._due: list[tuple[int, str]] = []
        self._due_of: dict[str, int] = {}
        """What of it counts: a zone that is due at another time than before leaves its entry."""
        self._hopeful: set[str] = set()

    @property
    def pending(self) -> bool:
        """Whether some revision is on its way and may arrive any moment."""
        return bool(self._hopeful)

    def publish(self, origin: str, manifest: Manifest | None) -> None:
        """A zone has this newest manifest; None where it is not published any more."""
        before = self._manifests.get(origin)
        if manifest == before:
            return
        self._assign(before, -1)
        self._assign(manifest, 1)
        self._dirty.add(origin)
        if manifest is None:
            del self._manifests[origin]
            return
        self._manifests[origin] = manifest
        bisect.insort(self._order, (manifest.lsn, origin))
        if len(self._order) > 2 * len(self._manifests) + MIN_STALE:
            self._order = sorted((each.lsn, name) for name, each in self._manifests.items())

    def look(self, fleet: Fleet, pops: Sequence[str]) -> set[str]:
        """Take what edges say now; the origins that are new, gone, or in another state.

        `pops` are the names of all Pops, those out of service too.
        """
        words = {pop: fleet.words(pop) for pop in pops}
        affected = self._dirty | self._affected(fleet.active, words) | self._due_at(fleet.now_ms)
        changed, self._dirty = self._dirty, set()
        self._active, self._words = list(fleet.active), words
        self._late = {pop: self._late.get(pop) or _Late() for pop in pops}
        for origin in affected:
            if self._look_at(origin, fleet):
                changed.add(origin)
        return changed

    def lag(self, pop: str) -> Lag:
        """How a Pop stands to its zones, in service or not."""
        assigned = self._everywhere + self._assigned[pop]
        late = self._late.get(pop) or _Late()
        return Lag(assigned, assigned - len(late.since), late.oldest())

    def lacks(self, pop: str, origin: str) -> bool:
        """Whether a Pop did not answer the newest revision of a zone when that was looked at."""
        late = self._late.get(pop)
        return late is None or origin in late.since

    def behind_since(self, pop: str) -> int | None:
        """When the oldest revision was published that some edge of a Pop does not get to.

        Unix time in milliseconds; None where there is none. A zone that an edge cannot load holds
        up no others, so it does not count.
        """
        origin = next(self._above(_answered(self._words.get(pop, {}))), None)
        return None if origin is None else self._manifests[origin].time_ms

    def _look_at(self, origin: str, fleet: Fleet) -> bool:
        """Whether the state of a zone is another one."""
        manifest = self._manifests.get(origin)
        for pop, late in self._late.items():
            lacks = manifest is not None and manifest.assigned(pop)
            if manifest is not None and lacks and not fleet.current(manifest, pop):
                late.add(origin, manifest.time_ms)
            else:
                late.since.pop(origin, None)
        self._hopeful.discard(origin)
        if manifest is None:
            return self.states.pop(origin, None) is not None
        state = fleet.zone(manifest)
        if state.late:
            if state.seconds < HOPE_SECONDS:
                self._hopeful.add(origin)
            if (step := next((each for each in STEPS if each > state.seconds), None)) is not None:
                self._wait(origin, manifest.time_ms + step * 1000)
        if self.states.get(origin) == state:
            return False
        self.states[origin] = state
        return True

    def _affected(self, active: Sequence[str], words: dict[str, dict[str, Word]]) -> set[str]:
        if list(active) != self._active or words.keys() != self._words.keys():
            return set(self._manifests)
        found: set[str] = set()
        for pop, new in words.items():
            old = self._words[pop]
            if old.keys() != new.keys():
                found |= self._late[pop].since.keys()
                found.update(self._above(min(_answered(old), _answered(new))))
                found.update(edge_words.exceptions(new.values()))
                continue
            for name, word in new.items():
                found.update(self._affected_by(pop, old[name], word))
        return found

    def _affected_by(self, pop: str, old: Word, new: Word) -> Iterable[str]:
        """Zones that may be in another state because an edge says something else."""
        if old == new:
            return ()
        low, high = sorted((old.answers, new.answers))
        found = set(self._above(low, high))
        found |= {
            origin
            for origin in edge_words.exceptions((old, new))
            if old.exception(origin) != new.exception(origin)
        }
        if old.silent != new.silent:
            found |= self._late[pop].since.keys()
        return found

    def _above(self, low: int, high: int | None = None) -> Iterator[str]:
        """Zones whose newest revision is above one position, and up to another."""
        start = bisect.bisect_left(self._order, (low + 1, ""))
        end = len(self._order) if high is None else bisect.bisect_left(self._order, (high + 1, ""))
        for lsn, origin in self._order[start:end]:
            manifest = self._manifests.get(origin)
            if manifest is not None and manifest.lsn == lsn:
                yield origin

    def _due_at(self, now_ms: int) -> set[str]:
        found = set()
        while self._due and self._due[0][0] <= now_ms:
            at, origin = heapq.heappop(self._due)
            if self._due_of.get(origin) != at:
                continue
            del self._due_of[origin]
            state = self.states.get(origin)
            if state is not None and state.late:
                found.add(origin)
        return found

    def _wait(self, origin: str, at_ms: int) -> None:
        """Look at a zone then, and no more at the time that was set before."""
        if self._due_of.get(origin) != at_ms:
            self._due_of[origin] = at_ms
            heapq.heappush(self._due, (at_ms, origin))

    def _assign(self, manifest: Manifest | None, step: int) -> None:
        if manifest is None:
            return
        if manifest.pops is None:
            self._everywhere += step
        for pop in manifest.pops or ():
            self._assigned[pop] += step
            if not self._assigned[pop]:
                del self._assigned[pop]


class _Late:
    """The zones that one Pop is late with."""

    def __init__(self) -> None:
        self.since: dict[str, int] = {}
        """When the newest revision of each was published, Unix time in milliseconds."""
        self._heap: list[tuple[int, str]] = []

    def add(self, origin: str, since_ms: int) -> None:
        """The Pop lacks a revision that was published then."""
        if self.since.get(origin) != since_ms:
            self.since[origin] = since_ms
            heapq.heappush(self._heap, (since_ms, origin))

    def oldest(self) -> int | None:
        """When the oldest of those revisions was published."""
        while self._heap and self.since.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None


def _answered(words: dict[str, Word]) -> int:
    """What all edges of a Pop answer at least."""
    return min((word.answers for word in words.values()), default=-1)

"""The newest changes of each zone, from which IXFR is answered (RFC 1995).

A step is what differs between two versions that the gate held one after the other, found by the
engine when the newer one comes. A client with the serial that a step begins at gets that step and
those behind it. What is not kept any more, or was never held by this gate, leads to the whole zone,
and so does what is no smaller than the zone. No step begins at a serial that two versions had, as
after a core was restored: nobody knows which of them the client has.
"""

import threading
from collections import deque
from typing import NamedTuple

from dns.serial import Serial
from dnsfleet_engine import Changes, Zone

STEP_OCTETS = 1 << 20
"""Of one step: a larger change is transferred as a whole zone."""
ZONE_OCTETS = 4 << 20
"""Of the steps of one zone."""
OCTETS = 256 << 20
"""Of all steps; where there are more, the zone that changed least lately has none any more."""
STEP_OVERHEAD = 200
"""Octets of memory that a step takes beside its records; most steps are of one record."""
RECORD_OCTETS = 20
"""Of a small record in a transfer of the whole zone."""


class _Step(NamedTuple):
    serial: int
    """Before it."""
    changes: Changes

    @property
    def octets(self) -> int:
        """Of memory."""
        return len(self.changes) + STEP_OVERHEAD


class _Held(NamedTuple):
    zone: Zone
    highest: int
    """Serial of this version and all before it."""
    is_first: bool
    """Whether no version before it had its serial, as far as that is known."""


class Journal:
    """Kept by the thread of the link, and read by any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest: dict[str, _Held] = {}
        self._steps: dict[str, deque[_Step]] = {}
        self._octets = 0

    def put(self, origin: str, zone: Zone | None) -> None:
        """A zone is held in this version from now on, or with None not any more."""
        before = self._newest.get(origin)
        change = None
        if zone is not None and before is not None:
            change = Changes.between(before.zone, zone, STEP_OCTETS)
        with self._lock:
            if zone is None:
                self._newest.pop(origin, None)
                self._forget(self._steps.pop(origin, deque()), 0)
                return
            if before is not None and zone.digest == before.zone.digest:
                self._newest[origin] = before._replace(zone=zone)  # loaded anew
                return
            self._newest[origin] = _held(zone, before)
            steps = self._steps.pop(origin, deque())
            if before is None or change is None or not before.is_first:
                self._forget(steps, 0)
                return
            if not Serial(zone.serial) > Serial(before.zone.serial):
                self._forget(steps, 0)  # by its serials nobody could tell what to apply
                return
            steps.append(_Step(before.zone.serial, change))
            self._octets += steps[-1].octets
            self._forget(steps, ZONE_OCTETS)
            self._steps[origin] = steps  # the newest zone comes last
            while self._octets > OCTETS:
                oldest = next(iter(self._steps))
                self._forget(self._steps.pop(oldest), 0)

    def since(self, zone: Zone, serial: int) -> list[Changes] | None:
        """The steps from a serial to this zone; None where the whole zone is to be transferred."""
        with self._lock:
            newest = self._newest.get(zone.origin)
            steps = list(self._steps.get(zone.origin, ()))
        if newest is None or newest.zone.serial != zone.serial:
            return None  # a newer one has just come
        for index, step in enumerate(steps):
            if step.serial == serial:
                found = [each.changes for each in steps[index:]]
                small = sum(map(len, found)) < zone.records * RECORD_OCTETS
                return found if small else None
        return None

    def _forget(self, steps: deque[_Step], most: int) -> None:
        """Drop the oldest steps above so many octets."""
        octets = sum(step.octets for step in steps)
        while octets > most:
            gone = steps.popleft().octets
            octets -= gone
            self._octets -= gone


def _held(zone: Zone, before: _Held | None) -> _Held:
    if before is None or Serial(zone.serial) > Serial(before.highest):
        return _Held(zone, zone.serial, is_first=True)
    return _Held(zone, before.highest, is_first=False)

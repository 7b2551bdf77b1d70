"""Changes of a running fleet, and how long each took from the API server to the core's log.

They are made by the clock, not one after another: if each change waited for the one before, nobody
would see how changes delay each other. Each one is of another Zone, so that the first publication
of its origin after it is its own.
"""

import time
from collections.abc import Sequence
from typing import NamedTuple

from bench.operator_figures import Delay
from bench.operator_fleets import OperatorFleet
from bench.operator_objects import RECORD_SETS, origin, set_name, set_records, team, zone_records

PAUSE_SECONDS = 0.25
"""Between two changes of one fleet."""
ARRIVE_SECONDS = 300.0
"""A change that takes longer ends the benchmark."""


class Change(NamedTuple):
    """One change."""

    origin: str
    accepted: float
    """When the API server had it (`time.monotonic()`)."""


class Changes:
    """The changes of one fleet: in turns of a record of a Zone, and of a RecordSet."""

    def __init__(self, fleet: OperatorFleet, record_sets: bool) -> None:
        self._fleet = fleet
        self._record_sets = record_sets
        self._made = 0

    def make(self) -> Change:
        """Change one object; the next call takes another Zone."""
        number = self._made % self._fleet.size.zones
        address = ".".join(map(str, (10, *self._made.to_bytes(3))))
        turn, self._made = self._made, self._made + 1
        if self._record_sets and turn % 2:
            which = turn // 2 % RECORD_SETS
            spec = {"records": set_records(which, address)}
            name, namespace = set_name(number, which)
            done = self._fleet.api.patch("RecordSet", name, namespace, {"spec": spec})
        else:
            spec = {"records": zone_records(address)}
            done = self._fleet.api.patch("Zone", f"zone-{number}", team(number), {"spec": spec})
        return Change(origin(number), done.accepted)

    def delays(self, changes: Sequence[Change]) -> list[Delay]:
        """How long each took; waits until all have arrived."""
        waiting = list(changes)

        def arrived() -> bool:
            while waiting and self._fleet.published(*waiting[-1]) is not None:
                waiting.pop()
            return not waiting

        self._fleet.wait_until("changes in the core", arrived, ARRIVE_SECONDS)
        found = ((change, self._fleet.published(*change)) for change in changes)
        return [
            Delay(change.accepted, at - change.accepted) for change, at in found if at is not None
        ]


def beside(both: Sequence[Changes], count: int) -> list[list[Change]]:
    """So many changes of each fleet, in turns, so that other work of the machine slows all."""
    made: list[list[Change]] = [[] for _ in both]
    due = time.monotonic()
    for _ in range(count):
        for changes, own in zip(both, made, strict=True):
            own.append(changes.make())
            due = max(due + PAUSE_SECONDS / len(both), time.monotonic())
            time.sleep(max(0.0, due - time.monotonic()))
    return made

"""The parts of the operator's benchmark, each with one fleet, or with two beside each other."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import operator_figures as figures
from bench.figures import memory_octets
from bench.operator_changes import PAUSE_SECONDS, Changes, beside
from bench.operator_figures import Delay
from bench.operator_fleets import OperatorFleet
from bench.operator_objects import UNUSED, item

START_SECONDS = 900.0
SETTLE_SECONDS = 1800.0
"""The statuses of 100,000 objects are written one by one."""
STARTS = 3
ROUNDS = 3
CHANGES = 200
"""Changes of each fleet in a round: the second longest is the p99."""
LAST_CHANGES = 8
"""Changes after everything is published at a start: one of them is made after the last list."""
IDLE_SECONDS, IDLE_SLICES = 30.0, 3
EVENT_SECONDS = 0.02
"""Between two events that change nothing."""
REST_SECONDS = 5.0
"""The pause after them, until all that they caused has ended."""
LIST_SECONDS = 400.0
"""The longest wait for a complete list: one comes every five minutes and takes a while."""
AFTER_SECONDS = 30.0
"""The pause after the last page of a list, until the operator has handled it."""

Figures = dict[str, Any]


def starts_empty(fleet: OperatorFleet) -> tuple[list[float], float]:
    """Seconds from the operator's start to the last zone in an empty core; and when the last start
    was, whose operator still runs."""
    taken = []
    for number in range(STARTS):
        if number:
            fleet.stop()
            with fleet.core.client() as client:
                client.flushall()
        began = fleet.start()
        taken.append(fleet.wait_for_all(began, START_SECONDS) - began)
    return taken, began


def starts_full(fleet: OperatorFleet, changes: Changes) -> tuple[list[float], list[float]]:
    """With a core that has everything: seconds until the new leader publishes the fleet's head, and
    how long the first change after the last page of that start's lists takes."""
    complete, waited = [], []
    for _ in range(STARTS):
        fleet.stop()
        began = fleet.start()
        made = []
        while (head := fleet.published("", began)) is None:
            made += beside([changes], 1)[0]
            fleet.check()
            if time.monotonic() - began > START_SECONDS:
                raise AssertionError(f"{fleet.size}: no head within {START_SECONDS:.0f} s")
        complete.append(head - began)
        made += beside([changes], LAST_CHANGES)[0]
        delays = changes.delays(made)
        listed = [each for each in figures.lists(fleet.api.lists(), began) if each.began < head]
        ended = max(each.ended for each in listed)
        waited.append(next(each.seconds for each in delays if each.accepted > ended))
        fleet.settle(SETTLE_SECONDS)
    return complete, waited


def wiped(fleet: OperatorFleet) -> list[float]:
    """Seconds from the moment at which the core loses everything, under an operator that goes on,
    until every zone is there again."""
    taken = []
    for _ in range(STARTS):
        began = time.monotonic()
        with fleet.core.client() as client:
            client.flushall()
        taken.append(fleet.wait_for_all(began, START_SECONDS) - began)
        fleet.settle(SETTLE_SECONDS)
    return taken


def idle(fleet: OperatorFleet) -> list[float]:
    """The share of a core that an idle operator takes, slice by slice, without a list."""
    while True:
        began = time.monotonic()
        time.sleep(IDLE_SECONDS)
        if not figures.lists(fleet.api.lists(), began):
            break
        time.sleep(AFTER_SECONDS)
    width = IDLE_SECONDS / IDLE_SLICES
    slices = [began + number * width for number in range(IDLE_SLICES)]
    return [fleet.cpu_between(each, each + width) / width for each in slices]


def events(fleet: OperatorFleet, changes: Changes) -> list[Figures]:
    """CPU time of the operator for events that change nothing: new labels of ConfigMaps that no
    Zone names, and new Namespaces; and how long a change right after them takes."""
    rounds: list[Figures] = []
    for turn in range(ROUNDS):

        def label(number: int, turn: int = turn) -> None:
            patch = {"metadata": {"labels": {"turn": str(turn)}}}
            fleet.api.patch("ConfigMap", f"unused-{number}", "others", patch)

        def namespace(number: int, turn: int = turn) -> None:
            fleet.api.create(item("Namespace", f"new-{turn}-{number}"))

        nothing, _ = _cost(fleet, changes, lambda _: None)
        config_maps, after_config_maps = _cost(fleet, changes, label)
        made, after_namespaces = _cost(fleet, changes, namespace)
        rounds.append(
            {
                "config_map_cpu_ms": (config_maps - nothing) / UNUSED * 1000,
                "namespace_cpu_ms": (made - nothing) / UNUSED * 1000,
                "after_config_maps_ms": after_config_maps * 1000,
                "after_namespaces_ms": after_namespaces * 1000,
            }
        )
    return rounds


def _cost(
    fleet: OperatorFleet, changes: Changes, event: Callable[[int], None]
) -> tuple[float, float]:
    """CPU seconds for UNUSED events and a change after them, and how long that change took."""
    began = time.monotonic()
    for number in range(UNUSED):
        event(number)
        time.sleep(EVENT_SECONDS)
    (waited,) = changes.delays([changes.make()])
    time.sleep(REST_SECONDS)
    return fleet.cpu_between(began, time.monotonic()), waited.seconds


def rounds_beside(
    small: Changes, large: Changes, fleet: OperatorFleet, listed: bool
) -> tuple[list[Figures], Figures]:
    """Changes of a small and a large fleet in turns: the figures of each round, and of the changes
    of the large `fleet` during a complete list.

    With `listed` the changes go on until such a list has ended.
    """
    began = time.monotonic()
    made: list[list[list[Delay]]] = []
    lists: list[figures.Listed] = []
    while len(made) < ROUNDS or (listed and not lists):
        if time.monotonic() - began > LIST_SECONDS + ROUNDS * CHANGES * PAUSE_SECONDS:
            raise AssertionError(f"{fleet.size}: no list within {LIST_SECONDS:.0f} s")
        own = beside([small, large], CHANGES)
        made.append(
            [each.delays(changes) for each, changes in zip((small, large), own, strict=True)]
        )
        lists = figures.lists(fleet.api.lists(), began)
    rounds, listing = figures.apart(made, lists)
    return rounds, listing


def list_costs(fleet: OperatorFleet, since: float, idle_share: float) -> list[Figures]:
    """CPU and wall-clock seconds of the complete lists since a moment, without the CPU time of an
    idle operator. The fleet must have nothing else to do. Waits for one list at least."""
    deadline = time.monotonic() + LIST_SECONDS
    while True:
        now = time.monotonic()
        listed = figures.lists(fleet.api.lists(), since)
        found = [each for each in listed if each.ended + AFTER_SECONDS < now]
        if found:
            break
        if now > deadline:
            raise AssertionError(f"{fleet.size}: no list within {LIST_SECONDS:.0f} s")
        time.sleep(1.0)
    costs = []
    for each in found:
        end = each.ended + AFTER_SECONDS
        cpu = fleet.cpu_between(each.began, end) - idle_share * (end - each.began)
        costs.append({"cpu_seconds": cpu, "seconds": each.ended - each.began})
    return costs


def memory(fleet: OperatorFleet) -> Figures:
    """Resident octets of the operator, now and the peak since its start."""
    lines = Path(f"/proc/{fleet.pid}/status").read_text().splitlines()
    (peak,) = [line for line in lines if line.startswith("VmHWM:")]
    return {"now": memory_octets(fleet.pid), "most": int(peak.split()[1]) * 1024}

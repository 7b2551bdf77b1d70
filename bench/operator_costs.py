"""What the operator does for a change, a list and an idle minute, by the size of its fleet.

The whole process is measured, kopf included, on a real Valkey, beside an API server in another
process. A small fleet runs beside the large one: changes of both are made in turns, so that other
work of the machine slows both. A figure of a large fleet is divided by that of the small one.

The page has a second column, of the operator before a redesign: `run(command, BEFORE)` measures
any operator, such as one of another checkout.
"""

import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench import operator_phases as phases
from bench import results
from bench.operator_changes import Changes
from bench.operator_fleets import OPERATOR, OperatorFleet, running
from bench.operator_objects import Size
from bench.operator_phases import Figures
from bench.operator_report import HALF, HUGE, LARGE, NOW, PART, SMALL, told

SIZES = {SMALL: Size(100), HALF: Size(5_000), LARGE: Size(10_000), HUGE: Size(100_000, 0)}


def run(command: Sequence[str] = OPERATOR, column: str = NOW) -> None:
    """Measure the operator that a command starts, and put its figures into a column of the page."""
    figures: Figures = {"taken": results.taken(), "load": [], "memory": {}, "settled_seconds": {}}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            running(SIZES[SMALL], folder / SMALL, command) as small,
            running(SIZES[LARGE], folder / LARGE, command) as large,
        ):
            _settle(small, small.start(), SMALL, figures)
            _measure_large(small, large, figures)
            _save(column, figures)
            calm = time.monotonic()
            with running(SIZES[HALF], folder / HALF, command) as half:
                _settle(half, half.start(), HALF, figures)
            _save(column, figures)
            with running(SIZES[HUGE], folder / HUGE, command) as huge:
                _settle(huge, huge.start(), HUGE, figures)
                both = Changes(small, record_sets=False), Changes(huge, record_sets=False)
                figures["rounds"][HUGE], _ = phases.rounds_beside(*both, huge, listed=False)
            _save(column, figures)
            # Meanwhile the large fleet had nothing to do but its list, every few minutes.
            figures["lists"] = phases.list_costs(large, calm, min(figures["idle"]))
    _save(column, figures)
    print("\n".join(told(figures)))


def _measure_large(small: OperatorFleet, large: OperatorFleet, figures: Figures) -> None:
    figures["start_seconds"], began = phases.starts_empty(large)
    _settle(large, began, LARGE, figures)
    both = Changes(small, record_sets=True), Changes(large, record_sets=True)
    found = phases.starts_full(large, both[1])
    figures["start_full_seconds"], figures["first_change_seconds"] = found
    figures["wiped_seconds"] = phases.wiped(large)
    figures["idle"] = phases.idle(large)
    figures["events"] = phases.events(large, both[1])
    rounds, listing = phases.rounds_beside(*both, large, listed=True)
    figures["rounds"], figures["listing"] = {LARGE: rounds}, listing


def _settle(fleet: OperatorFleet, began: float, size: str, figures: Figures) -> None:
    """Wait until a fleet that was started is idle, and note what it takes then."""
    fleet.wait_for_all(began, phases.START_SECONDS)
    figures["settled_seconds"][size] = fleet.settle(phases.SETTLE_SECONDS) - began
    figures["memory"][size] = phases.memory(fleet)
    print(
        f"{fleet.size}: idle after {figures['settled_seconds'][size]:.0f} s, "
        f"{figures['memory'][size]['now'] / 2**20:.0f} MiB",
        flush=True,
    )


def _save(column: str, figures: Figures) -> None:
    """Replace one column; a run that ends half-way has written what it found until then."""
    figures["load"].append(os.getloadavg()[0])
    before = results.load().get(PART, {})
    results.save(PART, {**before, column: figures})

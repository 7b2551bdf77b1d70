"""An edge whose time of day is an hour ahead, in a fleet whose other processes are right.

As `support.wrong_clocks` has it, but for one process of those that `dnsfleet up` starts.
"""

from pathlib import Path

from support.wrong_clocks import FILE

HOURS = 1
_SHIFT = """\
import sys
if any(each.endswith("pops/fra/edge.json") for each in sys.orig_argv):
    import time

    _true = time.time_ns
    time.time_ns = lambda: _true() + {nanoseconds}
    time.time = lambda: time.time_ns() / 1e9
"""


def environment(folder: Path) -> dict[str, str]:
    """Variables for the fleet."""
    place = folder / "clock"
    place.mkdir()
    (place / FILE).write_text(_SHIFT.format(nanoseconds=HOURS * 3600 * 10**9))
    return {"PYTHONPATH": str(place)}

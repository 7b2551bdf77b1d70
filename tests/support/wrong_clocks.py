"""Python processes whose time of day is wrong.

libfaketime cannot do that to `dnsfleet up`: its release in Debian 12 either moves the monotonic
clock as well, so that a wait of a thread with a deadline never ends, or breaks `time.sleep`.
"""

from pathlib import Path

_SHIFT = """\
import time

_true = time.time_ns
time.time_ns = lambda: _true() + {nanoseconds}
time.time = lambda: time.time_ns() / 1e9
"""


FILE = "sitecustomize.py"
"""Python imports it before anything else, so nothing has the true clock."""


def environment(folder: Path, days: int) -> dict[str, str]:
    """Variables by which a process, and all that it starts, is so many days ahead.

    `folder` is new.
    """
    folder.mkdir()
    (folder / FILE).write_text(code(days))
    return {"PYTHONPATH": str(folder)}


def code(days: int) -> str:
    """The content of FILE for a clock that is so many days ahead."""
    return _SHIFT.format(nanoseconds=days * 86_400 * 10**9)

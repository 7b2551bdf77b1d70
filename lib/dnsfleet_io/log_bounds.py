"""A bound on what a process writes of one event, however many zones it happens to.

A thousand zones that change at once, or ten thousand that are loaded first, would bury what else a
log has. So of each event a process writes AT_ONCE lines, and A_SECOND later ones. What comes above
is counted, and told in one line each second:

    event=lines_left_out of=zone_loaded lines=9900 first_lsn=101 last_lsn=10000

The positions say of which changes the lines are missing, where those have one (`lsn`). The line has
the highest level of those that it stands for, and what is left is told when the handler is closed.
Errors are never left out, nor is text that `logs.line` did not make.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dnsfleet_io.logs import Line, line

AT_ONCE = 100
"""Lines of one event before any is left out: what a person may still read, one by one."""
A_SECOND = 5.0
"""Lines of one event that a second adds to that: 90 kB a minute of each, whatever goes on."""
SUMMARY_SECONDS = 1.0
"""From the first line that is left out to the line that tells of it."""

LEFT_OUT = "lines_left_out"


@dataclass
class _Event:
    """What is known of one event."""

    lines: float
    """That may be written now."""
    at: float
    """When that was so, in seconds of the clock."""
    left_out: int = 0
    level: int = logging.NOTSET
    """The highest of what was left out."""
    first_lsn: int | None = None
    last_lsn: int | None = None


class Bound(logging.Filter):
    """A filter of a handler, which it tells what was left out."""

    def __init__(
        self, handler: logging.Handler, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._handler = handler
        self._clock = clock
        self._events: dict[str, _Event] = {}
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is to be written."""
        said = record.msg
        if not isinstance(said, Line) or record.levelno >= logging.ERROR:
            return True
        with self._lock:
            return self._has_room(said, record.levelno)

    def tell(self) -> None:
        """Write now what was left out until now; a timer calls it."""
        with self._lock:
            self._timer = None
            left_out = {name: each for name, each in self._events.items() if each.left_out}
            told = [(each.level, _summary(name, each)) for name, each in left_out.items()]
            for each in left_out.values():
                each.left_out, each.level = 0, logging.NOTSET
                each.first_lsn, each.last_lsn = None, None
        for level, said in told:
            self._handler.handle(logging.LogRecord(__name__, level, __file__, 0, said, None, None))

    def _has_room(self, said: Line, level: int) -> bool:
        now = self._clock()
        known = self._events.setdefault(said.event, _Event(AT_ONCE, now))
        known.lines = min(AT_ONCE, known.lines + (now - known.at) * A_SECOND)
        known.at = now
        if known.lines >= 1 or said.event == LEFT_OUT:
            known.lines -= 1
            return True
        known.left_out += 1
        known.level = max(known.level, level)
        lsn = said.fields.get("lsn")
        if isinstance(lsn, int):
            known.first_lsn = lsn if known.first_lsn is None else min(known.first_lsn, lsn)
            known.last_lsn = lsn if known.last_lsn is None else max(known.last_lsn, lsn)
        if self._timer is None:
            self._timer = threading.Timer(SUMMARY_SECONDS, self.tell)
            self._timer.daemon = True
            self._timer.start()
        return False


class BoundHandler(logging.Handler):
    """A bound for a handler that names this class before another one of `logging`."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._bound = Bound(self)
        self.addFilter(self._bound)

    def close(self) -> None:
        """Tell what is left, and end."""
        self._bound.tell()
        super().close()


def _summary(name: str, event: _Event) -> str:
    said: dict[str, object] = {"of": name, "lines": event.left_out}
    if event.first_lsn is not None:
        said |= {"first_lsn": event.first_lsn, "last_lsn": event.last_lsn}
    return line(LEFT_OUT, **said)

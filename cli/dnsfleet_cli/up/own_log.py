"""The log of `dnsfleet up` itself, beside those of its processes: what it heard of and published.

People see its events; this is for whoever follows a change afterwards (`dnsfleet trace`), in the
form and with the bounds of every other log of the fleet. Warnings are printed as before too.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from dnsfleet_io.log_bounds import BoundHandler
from dnsfleet_io.logs import Formatter

from dnsfleet_cli.up import logs

NAME = "up"
"""Of the log among those of the processes."""

_LOGGED = "dnsfleet_publisher", "dnsfleet_cli.up"
"""The loggers whose lines from INFO on are in it."""


class _File(BoundHandler, logging.FileHandler):
    """A log that has the bounds of a process's log."""

    def __init__(self, path: Path) -> None:
        logs.open_new(path)
        super().__init__(path)
        self.setFormatter(Formatter())

    def emit(self, record: logging.LogRecord) -> None:
        super().emit(record)
        with suppress(OSError):
            logs.limit(Path(self.baseFilename))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - of logging
        """A disk that is full costs lines of the log and nothing else."""


def begin(path: Path) -> Callable[[], None]:
    """Write the log from now on; what ends that."""
    root, file, printed = logging.getLogger(), _File(path), logging.lastResort
    own = [logging.getLogger(each) for each in _LOGGED]
    root.addHandler(file)
    if printed is not None:
        root.addHandler(printed)
    for each in own:
        each.setLevel(logging.INFO)

    def end() -> None:
        for each in own:
            each.setLevel(logging.NOTSET)
        if printed is not None:
            root.removeHandler(printed)
        root.removeHandler(file)
        file.close()

    return end

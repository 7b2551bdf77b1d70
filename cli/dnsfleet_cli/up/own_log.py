"""The log of `dnsfleet up` itself, beside those of its processes: what it heard of and published.

People see its events; this is for whoever follows a change afterwards (`dnsfleet trace`), in the
form and with the bounds of every other log of the fleet. Warnings are printed as before too.
"""

import logging
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from dnsfleet_io.log_bounds import Bound
from dnsfleet_io.logs import Formatter, line

from dnsfleet_cli.up import events, logs

NAME = "up"
"""Of the log among those of the processes."""

_log = logging.getLogger(__name__)


class _File(logging.FileHandler):
    """A log that has the bounds of a process's log."""

    def __init__(self, path: Path) -> None:
        logs.open_new(path)
        super().__init__(path)
        self.setFormatter(Formatter())
        self.addFilter(Bound(self))

    def emit(self, record: logging.LogRecord) -> None:
        super().emit(record)
        with suppress(OSError):
            logs.limit(Path(self.baseFilename))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - of logging
        """A disk that is full costs lines of the log and nothing else."""


def begin(path: Path) -> Callable[[], None]:
    """Write the log from now on; what ends that."""
    root, file, printed = logging.getLogger(), _File(path), logging.lastResort
    own = logging.getLogger("dnsfleet_publisher"), _log
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


def seen(paths: Iterable[Path], at: float) -> None:
    """These files changed, as was heard at a time (monotonic seconds)."""
    waited = f"{time.monotonic() - at:.3f}"
    for path in sorted(paths):
        _log.info(line("change_seen", kind="File", object=path, waited=waited))


def told(event: events.Event) -> None:
    """Something was told to people; log the end of a change's way."""
    match event:
        case events.Propagated(zone, serial, revision, pops, _):
            which = {"zone": zone, "revision": revision, "serial": serial}
            _log.info(line("zone_propagated", **which, pops=pops))
        case events.Removed(zone, pops, _):
            _log.info(line("zone_propagated", zone=zone, pops=pops))

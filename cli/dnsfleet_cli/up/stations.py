"""When `dnsfleet up` logs a change: which files it heard of, and that every Pop answers.

What is between is logged by the writer and the edges (see `dnsfleet_io.stations`).
"""

import logging
import time
from collections.abc import Iterable
from pathlib import Path

from dnsfleet_io import stations

from dnsfleet_cli.up import events

_log = logging.getLogger(__name__)


def seen(paths: Iterable[Path], at: float) -> None:
    """These files changed, as was heard at a time (monotonic seconds)."""
    waited = time.monotonic() - at
    for path in sorted(paths):
        _log.info(stations.seen("File", path, waited))


def told(event: events.Event) -> None:
    """Something was told to people; log the end of a change's way."""
    match event:
        case events.Propagated(zone, serial, revision, pops, _):
            _log.info(stations.propagated(zone, revision=revision, serial=serial, pops=pops))
        case events.Removed(zone, pops, _):
            _log.info(stations.propagated(zone, pops=pops))

"""How a process writes its log: everything to standard error, from a level on that is a setting.

The level is that of dnsfleet's own loggers. Libraries are never heard below INFO: at DEBUG the
client of Kubernetes logs what it reads, and that has Secrets in it. What would go to standard error
in another form, warnings of Python and errors that end a thread or the process, comes in the same
one. What a process prints before it has read its arguments is for whoever started it, and is text.
"""

import logging
import sys
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import TextIO

from dnsfleet_io.log_bounds import BoundHandler
from dnsfleet_io.logs import Formatter, line

LEVEL_VARIABLE = "DNSFLEET_LOG_LEVEL"
LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
OWN = (
    "dnsfleet",
    "dnsfleet_cli",
    "dnsfleet_edge",
    "dnsfleet_externaldns",
    "dnsfleet_following",
    "dnsfleet_gate",
    "dnsfleet_io",
    "dnsfleet_operator",
    "dnsfleet_probe",
    "dnsfleet_publisher",
    "dnsfleet_status",
)
"""The packages whose modules have loggers of their names."""

_log = logging.getLogger(__name__)


class LevelError(ValueError):
    """The level cannot be used; the text says what to do."""


class _Stream(BoundHandler, logging.StreamHandler[TextIO]):
    """Standard error with the bounds of a log."""


def level(environ: Mapping[str, str]) -> int:
    """The level that the environment asks for; INFO where it asks for none."""
    name = environ.get(LEVEL_VARIABLE) or "info"
    try:
        return LEVELS[name]
    except KeyError:
        raise LevelError(
            f"{LEVEL_VARIABLE}: {name!r} is no level, set one of {', '.join(LEVELS)}"
        ) from None


def configure(environ: Mapping[str, str], **everywhere: str) -> None:
    """Send everything from the level of the environment up to standard error; LevelError.

    `everywhere` are fields of every line.
    """
    chosen = level(environ)
    handler = _Stream(sys.stderr)
    handler.setFormatter(Formatter(**everywhere))
    logging.basicConfig(level=max(chosen, logging.INFO), handlers=[handler], force=True)
    for name in OWN:
        logging.getLogger(name).setLevel(chosen)
    logging.captureWarnings(True)
    sys.excepthook = _crashed
    threading.excepthook = _thread_crashed


def _crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    _log.critical(line("crashed"), exc_info=(kind, error, trace))


def _thread_crashed(given: threading.ExceptHookArgs) -> None:
    if given.exc_value is None or issubclass(given.exc_type, SystemExit):
        return
    name = given.thread.name if given.thread is not None else ""
    _log.critical(
        line("thread_crashed", thread=name),
        exc_info=(given.exc_type, given.exc_value, given.exc_traceback),
    )

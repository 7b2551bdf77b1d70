"""SIGINT and SIGTERM stop a fleet by KeyboardInterrupt, but never in the middle of an import.

Python runs a handler between any two steps of the main thread. Inside importlib an exception there
can leave the lock of all imports locked: no other thread gets through an import any more, and who
waits for such a thread waits for ever. Or it comes in a callback of importlib, and is lost. So
while the main thread imports, the exception comes a moment later.
"""

import signal
from types import FrameType

RETRY_SECONDS = 0.01
"""Until the next look whether an import is over; most take less."""
_STOPS = (signal.SIGINT, signal.SIGTERM)
_AGAIN = signal.SIGALRM
_IMPORTLIB = "<frozen importlib."
"""The files of its code begin so."""


def interrupt() -> None:
    """From now on they raise KeyboardInterrupt in the main thread, which is the caller."""
    for number in (*_STOPS, _AGAIN):
        signal.signal(number, _interrupt)


def ignore() -> None:
    """From now on they do nothing."""
    for number in (*_STOPS, _AGAIN):
        signal.signal(number, signal.SIG_IGN)


def _interrupt(_number: int, frame: FrameType | None) -> None:
    if not _imports(frame):
        raise KeyboardInterrupt
    signal.setitimer(signal.ITIMER_REAL, RETRY_SECONDS)


def _imports(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith(_IMPORTLIB):
            return True
        frame = frame.f_back
    return False

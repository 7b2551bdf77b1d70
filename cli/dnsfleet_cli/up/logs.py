"""The logs of the fleet's processes: files with a bound, whatever a process writes.

A process, Valkey or an edge, has its log as standard output and standard error, so it needs nobody
to read them, and what it says last is there after it was killed. Nobody can open another file for
it, so its log is copied, and then emptied. It writes at the end of whatever is there (`O_APPEND`).
What it writes between the last read of the copy and the emptying is lost.

    NAME.log, NAME.log.1 (the one before), …, NAME.log.LOGS_KEPT
"""

import os
import shutil
from pathlib import Path
from typing import BinaryIO

from dnsfleet_io import files

LOG_OCTETS = 4 * 1024**2
"""20,000 lines of 200 octets: what an edge says while it loads ten thousand zones fits."""
LOGS_KEPT = 3
"""Older logs of a process: with the newest 16 MiB at most, also for a process that always fails."""
LOOK_SECONDS = 1.0
"""Between two looks at how long logs are."""


def open_new(log: Path) -> None:
    """Begin a log, and keep what is there as the one before."""
    files.private_folder(log.parent)
    if log.exists() and log.stat().st_size:
        rotate(log)
    append(log).close()


def append(log: Path) -> BinaryIO:
    """The log, to write at its end."""
    return os.fdopen(os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, files.PRIVATE), "ab")


def limit(log: Path) -> None:
    """Rotate a log that is longer than LOG_OCTETS."""
    if log.stat().st_size > LOG_OCTETS:
        rotate(log)


def rotate(log: Path) -> None:
    """Empty a log, and keep what it had as the one before."""
    names = [log.with_name(f"{log.name}.{number}") for number in range(1, LOGS_KEPT + 1)]
    for older, newer in zip(reversed(names), reversed(names[:-1]), strict=False):
        if newer.exists():
            newer.replace(older)
    names[0].touch(files.PRIVATE)
    try:
        shutil.copyfile(log, names[0])
    finally:  # the bound holds on a full disk too
        os.truncate(log, 0)

"""Runs a command that dies with the process that started it: `tether.py PARENT-PID COMMAND…`.

A killed parent cannot end its children, so the kernel does it (PR_SET_PDEATHSIG). The setting
survives exec but not fork, hence this step between the two. It is a script of its own and imports
next to nothing, because it runs before every start.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
ORPHANED = 125


def main(arguments: list[str]) -> None:
    """Tie this process to its parent, then become the command."""
    parent, command = int(arguments[0]), arguments[1:]
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:  # it died before the call, so no signal will come
        sys.exit(ORPHANED)
    os.execv(command[0], command)  # noqa: S606 - a path and a list, no shell


if __name__ == "__main__":
    main(sys.argv[1:])

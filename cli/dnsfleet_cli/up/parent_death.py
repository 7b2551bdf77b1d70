"""Runs a command that ends when its parent dies: `parent_death.py PARENT-PID COMMAND…`.

A parent that is killed cannot end its children, so the kernel has to (PR_SET_PDEATHSIG). A process
keeps that setting when it executes another program, but a forked child does not inherit it. So this
script runs in the child, between fork and exec. It imports almost nothing, because it runs before
every start.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
ORPHANED = 125


def main(arguments: list[str]) -> None:
    """Have this process killed when its parent dies, then become the command."""
    parent, command = int(arguments[0]), arguments[1:]
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:  # it died before the call: no signal will come
        sys.exit(ORPHANED)
    os.execv(command[0], command)  # noqa: S606 - a path and a list, no shell


if __name__ == "__main__":
    main(sys.argv[1:])

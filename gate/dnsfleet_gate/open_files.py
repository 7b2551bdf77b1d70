"""How many files the process may have open: enough for all connections that it is told to serve.

Most systems allow 1024 to a process that does not ask for more (the soft limit). Without a
descriptor nothing is accepted, no NOTIFY is sent and no table of keys is read.
"""

import logging
import resource

from dnsfleet_io.logs import line

OTHERS = 2048
"""Beside connections that are served: those that are refused or give way, as there are too many
(`serving.BACKLOG` at an address), NOTIFY (`notifying.AT_ONCE` to a secondary), and some more."""

log = logging.getLogger(__name__)


def allow(connections: int) -> None:
    """Raise the soft limit as far as these need it, and say so where the hard limit is lower."""
    wanted = connections + OTHERS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < wanted:
        log.warning(line("open_files_limited", allowed=allowed, wanted=wanted))

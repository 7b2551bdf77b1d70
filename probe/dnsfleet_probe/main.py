"""`dnsfleet-probe`: a prober in a cluster, which finds its Pops in the replica beside it."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from dnsfleet.probing.division import EVERYWHERE
from dnsfleet_io import log_setup, versions
from dnsfleet_io.redis_clients import Server
from dnsfleet_io.tcp_connections import Address

from dnsfleet_probe import running
from dnsfleet_probe.replica import Replica

USER = "probe"
"""Who reads there, a replica or the core."""
_EXIT_CONFIG = 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Probe until told to stop, or once; exits 0, 1 where something differs, 2 where it cannot."""
    parser = argparse.ArgumentParser(
        prog="dnsfleet-probe",
        description="Ask the public addresses of Pops for what is published, and compare. Give "
        "--http to do so again and again, and to serve metrics; without it asks once.",
    )
    parser.add_argument("--version", action="version", version=versions.text(parser.prog))
    parser.add_argument("--replica", required=True, metavar="HOST:PORT", help="where the list is")
    parser.add_argument("--user", default=USER, help="who reads there; default: %(default)s")
    parser.add_argument(
        "--password-file",
        type=Path,
        metavar="FILE",
        help="the password of that user, read at each connection; default: it has none",
    )
    parser.add_argument("--public-key", required=True, type=Path, metavar="FILE")
    parser.add_argument(
        "--place",
        default=EVERYWHERE,
        metavar="POP",
        help="the Pop whose prober this is, for it asks some; default: it asks every Pop",
    )
    parser.add_argument("--http", metavar="HOST:PORT", help="where /metrics is; *: every address")
    parser.add_argument("--json", action="store_true", help="print JSON in place of a table")
    given = parser.parse_args(arguments)
    try:
        where = Server(*Address.parse(given.replica), given.user, given.password_file or "")
        replica = Replica(where, given.public_key)
        if given.http is None:
            sys.exit(running.once(given.place, replica, given.json))
        log_setup.configure(os.environ)
        running.export(given.place, replica, Address.parse(given.http))
    except (OSError, ValueError) as error:
        print(f"dnsfleet-probe: {error}", file=sys.stderr)
        sys.exit(_EXIT_CONFIG)

"""`dnsfleet-edge CONFIG.json`: one edge process."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from dnsfleet_following import public_key_file
from dnsfleet_following.config_files import ConfigError
from dnsfleet_io import log_setup, versions

from dnsfleet_edge import config
from dnsfleet_edge.edge import Edge

_EXIT_CONFIG = 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Run an edge until it is told to stop; exits 0, 1 when it cannot serve, 2 on a bad config."""
    parser = argparse.ArgumentParser(
        prog="dnsfleet-edge", description="Answer DNS queries from the zones of a dnsfleet replica."
    )
    parser.add_argument("--version", action="version", version=versions.text(parser.prog))
    parser.add_argument("config", type=Path, metavar="CONFIG.json", help="what this edge is told")
    path = parser.parse_args(arguments).config
    try:
        settings = config.read(path, os.environ)
        trusted = public_key_file.read(settings.public_key)
        log_setup.configure(os.environ, pop=settings.pop, edge=settings.edge)
    except (ConfigError, log_setup.LevelError) as error:
        print(f"dnsfleet-edge: {error}", file=sys.stderr)
        sys.exit(_EXIT_CONFIG)
    code = Edge(settings, trusted).run()
    logging.shutdown()
    # A thread that still waits for a dead disk or core must not keep the process.
    os._exit(code)

"""`dnsfleet-edge CONFIG.json`: one edge process."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from dnsfleet_io import logs

from dnsfleet_edge import config
from dnsfleet_edge.edge import Edge

_EXIT_CONFIG = 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Run an edge until it is told to stop; exits 0, 1 when it cannot serve, 2 on a bad config."""
    parser = argparse.ArgumentParser(
        prog="dnsfleet-edge", description="Answer DNS queries from the zones of a dnsfleet replica."
    )
    parser.add_argument("config", type=Path, metavar="CONFIG.json", help="what this edge is told")
    path = parser.parse_args(arguments).config
    try:
        settings = config.read(path, os.environ)
        public_key = read_public_key(settings.public_key)
    except config.ConfigError as error:
        print(f"dnsfleet-edge: {error}", file=sys.stderr)
        sys.exit(_EXIT_CONFIG)
    logs.configure()
    code = Edge(settings, public_key).run()
    logging.shutdown()
    # A thread that still waits for a dead disk or core must not keep the process.
    os._exit(code)


def read_public_key(path: Path) -> Ed25519PublicKey:
    """The Ed25519 key in a PEM file; ConfigError names the file."""
    try:
        key = load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise config.ConfigError(
            f"public key {path}: cannot read it: {error.strerror}, "
            "give the file that the publisher wrote"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise config.ConfigError(
            f"public key {path}: no PEM public key, give the file that the publisher wrote"
        ) from None
    if not isinstance(key, Ed25519PublicKey):
        raise config.ConfigError(
            f"public key {path}: not an Ed25519 key, give the file that the publisher wrote"
        )
    return key

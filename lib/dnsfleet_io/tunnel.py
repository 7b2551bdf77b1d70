"""`dnsfleet-tunnel`: one end of the tunnel to a core (see `tls_tunnel`)."""

import argparse
import asyncio
import contextlib
import signal
import ssl
import sys
from collections.abc import Sequence
from pathlib import Path

from dnsfleet_io import logs
from dnsfleet_io.certificates import Certificates, Files
from dnsfleet_io.tls_tunnel import Address, Tunnel

_EXIT_CONFIG = 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one end until it is told to stop; exits 0, or 2 where it cannot begin."""
    parser = argparse.ArgumentParser(
        prog="dnsfleet-tunnel",
        description="Carry Redis between clusters over mutual TLS. With --server-name it is the "
        "end that opens connections to the core, without it the one at the core.",
    )
    parser.add_argument("--listen", required=True, metavar="HOST:PORT", help="* is every address")
    parser.add_argument("--target", required=True, metavar="HOST:PORT")
    parser.add_argument(
        "--certificates",
        required=True,
        type=Path,
        metavar="FOLDER",
        help="tls.crt, tls.key, ca.crt",
    )
    parser.add_argument(
        "--authorities", type=Path, metavar="FILE", help="in the place of ca.crt of that folder"
    )
    parser.add_argument("--server-name", default="", metavar="NAME", help="that the core must show")
    given = parser.parse_args(arguments)
    logs.configure()
    files = Files.of(given.certificates, given.authorities)
    try:
        tunnel = Tunnel(
            Address.parse(given.listen),
            Address.parse(given.target),
            Certificates(files, server=not given.server_name),
            given.server_name,
        )
        asyncio.run(_until_told(tunnel))
    except (OSError, ssl.SSLError, ValueError) as error:
        print(f"dnsfleet-tunnel: {error}", file=sys.stderr)
        sys.exit(_EXIT_CONFIG)


async def _until_told(tunnel: Tunnel) -> None:
    loop = asyncio.get_running_loop()
    running = asyncio.create_task(tunnel.run())
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, running.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await running

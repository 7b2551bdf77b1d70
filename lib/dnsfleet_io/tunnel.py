"""`dnsfleet-tunnel`: one end of the tunnel to a core (see `tls_tunnel`)."""

import argparse
import asyncio
import contextlib
import os
import signal
import ssl
import sys
from collections.abc import Sequence
from pathlib import Path

from dnsfleet_io import log_setup, versions
from dnsfleet_io.certificates import Certificates, Files
from dnsfleet_io.known_certificates import KnownCertificates
from dnsfleet_io.pages import PageServer, metrics_page
from dnsfleet_io.tcp_connections import Address
from dnsfleet_io.tls_tunnel import Route, Tunnel
from dnsfleet_io.tunnel_metrics import TunnelMetrics

CERTIFICATE, KEY, AUTHORITIES = "tls.crt", "tls.key", "ca.crt"
"""As cert-manager names them in a Secret."""
CORE_ADDRESS, SERVER_NAME = "core-address", "server-name"
"""Entries of the Secret by which a Pop joins."""
_EXIT_CONFIG = 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one end until it is told to stop; exits 0, or 2 where it cannot begin."""
    parser = argparse.ArgumentParser(
        prog="dnsfleet-tunnel",
        description="Carry Redis between clusters over mutual TLS: give --join in the cluster of a "
        "Pop, and the other options in that of the core.",
    )
    parser.add_argument("--version", action="version", version=versions.text(parser.prog))
    parser.add_argument("--listen", required=True, metavar="HOST:PORT", help="* is every address")
    parser.add_argument("--join", type=Path, metavar="FOLDER", help="the Secret of `pop join`")
    parser.add_argument("--target", metavar="HOST:PORT", help="the core")
    parser.add_argument("--certificates", type=Path, metavar="FOLDER", help="tls.crt and tls.key")
    parser.add_argument("--authorities", type=Path, metavar="FILE", help="who signs for Pops")
    parser.add_argument(
        "--known", type=Path, metavar="FILE", help="certificates of Pops that may come"
    )
    parser.add_argument("--http", metavar="HOST:PORT", help="where /metrics is")
    given = parser.parse_args(arguments)
    server = (given.target, given.certificates, given.authorities, given.known)
    if (None in server) if given.join is None else any(server):
        parser.error("give --join, or --target, --certificates, --authorities and --known")
    try:
        log_setup.configure(os.environ)
        metrics = TunnelMetrics()
        tunnel = (_server if given.join is None else _client)(given, metrics)
        if given.http is not None:
            page = {"/metrics": lambda: metrics_page(metrics.registry)}
            PageServer(Address.parse(given.http), page).start()
        asyncio.run(_until_told(tunnel))
    except (OSError, ssl.SSLError, ValueError) as error:
        print(f"dnsfleet-tunnel: {error}", file=sys.stderr)
        sys.exit(_EXIT_CONFIG)


def _server(given: argparse.Namespace, metrics: TunnelMetrics) -> Tunnel:
    folder: Path = given.certificates
    files = Files(folder / CERTIFICATE, folder / KEY, given.authorities)
    route = Route(Address.parse(given.target))
    certificates, known = Certificates(files, server=True), KnownCertificates(given.known)
    return Tunnel(Address.parse(given.listen), lambda: route, certificates, known, metrics)


def _client(given: argparse.Namespace, metrics: TunnelMetrics) -> Tunnel:
    folder: Path = given.join

    def route() -> Route:
        """As the files are now: a core may come to be at another address."""
        address = (folder / CORE_ADDRESS).read_text().strip()
        return Route(Address.parse(address), (folder / SERVER_NAME).read_text().strip())

    route()
    files = Files(folder / CERTIFICATE, folder / KEY, folder / AUTHORITIES)
    certificates = Certificates(files, server=False)
    return Tunnel(Address.parse(given.listen), route, certificates, None, metrics)


async def _until_told(tunnel: Tunnel) -> None:
    loop = asyncio.get_running_loop()
    running = asyncio.create_task(tunnel.run())
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, running.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await running

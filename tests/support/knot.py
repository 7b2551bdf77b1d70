"""Knot DNS as an independent server on a loopback port."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import pytest

from support.waiting import wait_for

# Debian installs servers where ordinary users do not look.
SEARCHED = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
START_SECONDS = 30
STOP_SECONDS = 10

CONFIG = """
server:
    rundir: "{folder}"
    listen: 127.0.0.1@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "{folder}"
log:
  - target: stderr
    any: warning
zone:
"""
# The file is what is served, as it is: nothing is checked, kept elsewhere or written back.
ZONE = """
  - domain: "{origin}"
    file: "{file}"
    semantic-checks: off
    zonefile-load: whole
    zonefile-sync: -1
    journal-content: none
"""


@contextmanager
def serving(zones: Mapping[str, Path], folder: Path) -> Iterator[int]:
    """Run knotd with zone files by origin, its own files in `folder`; the port it answers on."""
    knotd = shutil.which("knotd", path=SEARCHED)
    if knotd is None:
        pytest.fail("knotd is missing: install the Debian package knot")
    port = _free_port()
    config = folder / "knot.conf"
    parts = [CONFIG.format(folder=folder, port=port)]
    parts += [ZONE.format(origin=origin, file=file) for origin, file in zones.items()]
    config.write_text("".join(parts))
    with (folder / "knot.log").open("wb") as log:
        process = subprocess.Popen([knotd, "-c", config], stdout=log, stderr=log)
    try:
        for origin in zones:
            wait_for(f"knotd serves {origin}", lambda origin=origin: _serves(origin, port), START_SECONDS)
        yield port
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def _serves(origin: str, port: int) -> bool:
    try:
        reply = dns.query.udp(dns.message.make_query(origin, "SOA"), "127.0.0.1", port=port, timeout=1)
    except (OSError, dns.exception.DNSException):
        return False
    return bool(reply.answer)


def _free_port() -> int:
    with socket.socket() as tcp:
        tcp.bind(("127.0.0.1", 0))
        port: int = tcp.getsockname()[1]
        return port

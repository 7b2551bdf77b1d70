"""Knot DNS as an independent server on a loopback port."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import pytest

from support.ports import free_port
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
    port = free_port()
    config = folder / "knot.conf"
    parts = [CONFIG.format(folder=folder, port=port)]
    parts += [ZONE.format(origin=origin, file=file) for origin, file in zones.items()]
    config.write_text("".join(parts))
    log = folder / "knot.log"
    with log.open("wb") as output:
        process = subprocess.Popen([knotd, "-c", config], stdout=output, stderr=output)

    def serves_all() -> bool:
        assert process.poll() is None, log.read_text()
        return all(_serves(origin, port) for origin in zones)

    try:
        wait_for("knotd serves its zones", serves_all, START_SECONDS)
        yield port
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def _serves(origin: str, port: int) -> bool:
    query = dns.message.make_query(origin, "SOA")
    try:
        reply = dns.query.udp(query, "127.0.0.1", port=port, timeout=1)
    except (OSError, dns.exception.DNSException):
        return False
    return bool(reply.answer)

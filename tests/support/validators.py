"""unbound as a validator of what one authoritative server answers."""

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import dns.exception
import dns.message
import dns.query

from support.nameservers import SEARCHED
from support.ports import free_port
from support.waiting import wait_for

HOST = "127.0.0.1"
START_SECONDS = 30
STOP_SECONDS = 10
ASK_SECONDS = 0.5
"""For one question while it starts, which nobody gets before it listens."""

# Every zone, the root too, is asked at the one server, so nothing is sent to anybody else. Each
# query stands for itself: nothing is made of what other replies proved.
CONFIG = """
server:
    directory: "{folder}"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    interface: {host}@{port}
    do-ip6: no
    do-not-query-localhost: no
    module-config: "validator iterator"
    trust-anchor-file: "{folder}/anchors"
    qname-minimisation: no
    aggressive-nsec: no
    minimal-responses: no
    prefetch: no
    harden-below-nxdomain: no
    infra-host-ttl: 0
    incoming-num-tcp: 100
    outgoing-num-tcp: 100
    num-threads: 1
{more}
remote-control:
    control-enable: no
"""
UNCACHED = """
    cache-max-ttl: 0
    cache-max-negative-ttl: 0
    msg-cache-size: 0
    rrset-cache-size: 0
    key-cache-size: 0
    neg-cache-size: 0
    val-bogus-ttl: 0
    val-log-level: 2
    ede: yes
"""
"""Each query is asked at the server again, keys too; the log says why a reply is bogus."""
STUB = """
stub-zone:
    name: "{origin}"
    stub-addr: {host}@{port}
    stub-prime: no
"""


@contextmanager
def validating(
    server: tuple[str, int], origins: Sequence[str], anchors: str, folder: Path, more: str = ""
) -> Iterator[tuple[str, int]]:
    """A validator of some zones, which all are at one server.

    `anchors` are DNSKEY records, `more` are lines of its configuration.
    """
    program = shutil.which("unbound", path=SEARCHED)
    if program is None:
        raise FileNotFoundError("unbound is missing: install the Debian package unbound")
    folder.mkdir()
    port = free_port()
    (folder / "anchors").write_text(anchors)
    config = folder / "unbound.conf"
    config.write_text(
        CONFIG.format(folder=folder, host=HOST, port=port, more=more)
        + "".join(
            STUB.format(origin=origin, host=server[0], port=server[1]) for origin in [".", *origins]
        )
    )
    log = folder / "unbound.log"
    with log.open("wb") as output:
        process = subprocess.Popen([program, "-d", "-c", config], stdout=output, stderr=output)

    def answers() -> bool:
        assert process.poll() is None, log.read_text()
        query = dns.message.make_query(origins[0], "SOA")
        try:
            return bool(dns.query.udp(query, HOST, ASK_SECONDS, port).answer)
        except (OSError, dns.exception.DNSException):
            return False

    try:
        wait_for("unbound answers", answers, START_SECONDS)
        yield HOST, port
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)

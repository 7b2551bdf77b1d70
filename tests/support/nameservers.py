"""Independent name servers on loopback ports: Knot DNS, NSD and BIND.

Each is configured to answer as a plain authoritative server: UDP replies have at most 1232 octets,
no rate is limited, ANY is answered, and an alias is not followed into another zone. Zone files are
served as they are.
"""

import getpass
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import dns.exception
import dns.message
import dns.query

from support.ports import free_port
from support.waiting import wait_for

# Debian installs servers where ordinary users do not look.
SEARCHED = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
START_SECONDS = 30
STOP_SECONDS = 10
# A datagram to a server that does not listen yet is lost in silence.
ASK_SECONDS = 0.1


class Kind(NamedTuple):
    """A server program: how it is configured and started."""

    program: str
    package: str
    """The Debian package that has it."""
    options: list[str]
    """Options before the name of the configuration file, to run in the foreground."""
    head: str
    zone: str

    def configure(self, zones: Mapping[str, Path], folder: Path, port: int) -> str:
        """The configuration file for zone files by origin."""
        head = self.head.format(folder=folder, port=port, user=getpass.getuser())
        return head + "".join(
            self.zone.format(origin=origin, file=file) for origin, file in zones.items()
        )


KNOT = Kind(
    program="knotd",
    package="knot",
    options=["-c"],
    head="""
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
""",
    # Zones are not checked, and nothing is written to a journal or back to the files.
    zone="""
  - domain: "{origin}"
    file: "{file}"
    semantic-checks: off
    zonefile-load: whole
    zonefile-sync: -1
    journal-content: none
""",
)

NSD = Kind(
    program="nsd",
    package="nsd",
    options=["-d", "-c"],
    head="""
server:
    ip-address: 127.0.0.1@{port}
    username: {user}
    zonesdir: "{folder}"
    pidfile: "{folder}/nsd.pid"
    database: ""
    zonelistfile: "{folder}/zone.list"
    xfrdfile: ""
    xfrdir: "{folder}"
    rrl-ratelimit: 0
    rrl-whitelist-ratelimit: 0
    confine-to-zone: yes
remote-control:
    control-enable: no
""",
    zone="""
zone:
    name: "{origin}"
    zonefile: "{file}"
""",
)

BIND = Kind(
    program="named",
    package="bind9",
    options=["-g", "-n", "1", "-c"],
    head="""
options {{
    directory "{folder}";
    listen-on port {port} {{ 127.0.0.1; }};
    listen-on-v6 {{ none; }};
    pid-file none;
    session-keyfile none;
    recursion no;
    minimal-responses no-auth;
    zero-no-soa-ttl no;
    check-names primary ignore;
    check-integrity no;
    check-mx ignore;
    check-mx-cname ignore;
    check-srv-cname ignore;
    empty-zones-enable no;
    notify no;
}};
controls {{ }};
""",
    zone="""
zone "{origin}" {{ type primary; file "{file}"; }};
""",
)


@contextmanager
def serving(kind: Kind, zones: Mapping[str, Path], folder: Path) -> Iterator[int]:
    """Run a server with zone files by origin, its own files in `folder`; the port it answers on."""
    port = free_port()
    with running(kind, kind.configure(zones, folder, port), folder) as (process, log):
        waiting = set(zones)

        def serves_all() -> bool:
            assert process.poll() is None, log.read_text()
            served = {origin for origin in waiting if _serves(origin, port)}
            waiting.difference_update(served)
            return not waiting

        try:
            wait_for(f"{kind.program} serves its zones", serves_all, START_SECONDS)
        except AssertionError as error:
            error.add_note(f"missing: {sorted(waiting)}, log:\n{log.read_text()}")
            raise
        yield port


@contextmanager
def running(
    kind: Kind, config: str, folder: Path
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """Run a server with this configuration, its own files in `folder`; the process and its log."""
    program = shutil.which(kind.program, path=SEARCHED)
    if program is None:
        raise FileNotFoundError(
            f"{kind.program} is missing: install the Debian package {kind.package}"
        )
    file = folder / f"{kind.program}.conf"
    file.write_text(config)
    log = folder / f"{kind.program}.log"
    with log.open("wb") as output:
        process = subprocess.Popen([program, *kind.options, file], stdout=output, stderr=output)
    try:
        yield process, log
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


@contextmanager
def all_serving(zones: Mapping[str, Path], folder: Path) -> Iterator[dict[str, tuple[str, int]]]:
    """Run one server of each kind with the same zone files; their addresses by program."""
    with ExitStack() as stack:
        yield {
            kind.program: ("127.0.0.1", stack.enter_context(serving(kind, zones, folder)))
            for kind in (KNOT, NSD, BIND)
        }


def _serves(origin: str, port: int) -> bool:
    query = dns.message.make_query(origin, "SOA")
    try:
        reply = dns.query.udp(query, "127.0.0.1", port=port, timeout=ASK_SECONDS)
    except (OSError, dns.exception.DNSException):
        return False
    return bool(reply.answer)

"""`dnsfleet up` as people run it: its files, a run that refuses, and the processes of a run."""

import subprocess
import sys
from pathlib import Path

import dns.flags
import dns.message
import dns.query
import dns.rcode

LIVE_SECONDS = 10.0
"""The longest until every Pop answers a change."""

ZONE = """\
apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata: {name: NAME}
spec:
  origin: NAME.example
  nameServers: [ns1.example.net]
  records:
    - {name: www, type: A, data: [ADDRESS]}
"""
POP = "apiVersion: dnsfleet.io/v1alpha1\nkind: Pop\nmetadata: {name: NAME}\n"


def zone(name: str, address: str) -> str:
    return ZONE.replace("NAME", name).replace("ADDRESS", address)


def pops(*names: str) -> str:
    return "---\n".join(POP.replace("NAME", name) for name in names)


def one_zone_at_one_pop(folder: Path) -> Path:
    """A new folder of manifests."""
    folder.mkdir()
    (folder / "all.yaml").write_text(zone("one", "192.0.2.1") + "---\n" + pops("fra"))
    return folder


def ask(
    server: tuple[str, int], name: str, tcp: bool = False, seconds: float = 2.0
) -> list[str] | None:
    """The addresses of a name; None where the server says that there are none."""
    query = dns.message.make_query(name, "A", flags=0)
    exchange = dns.query.tcp if tcp else dns.query.udp
    reply = exchange(query, server[0], port=server[1], timeout=seconds)
    if reply.rcode() != dns.rcode.NOERROR or not reply.answer:
        return None
    assert reply.flags & dns.flags.AA
    return sorted(rdata.to_text() for rdata in reply.answer[0])


def up(files: Path, state: Path, port: int, *options: str) -> subprocess.CompletedProcess[str]:
    """Run an `up` that is expected to refuse."""
    command = [sys.executable, "-m", "dnsfleet_cli", "up", "-f", files, "--state-dir", state]
    return subprocess.run(
        [*map(str, command), "--dns-port", str(port), *options],
        capture_output=True,
        text=True,
        timeout=60,
    )


def processes_of(state: Path) -> list[int]:
    """Processes that run in the state folder, or have a file of it as argument; not `up` itself."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                words = (entry / "cmdline").read_bytes().decode().split("\0")
                places = [*words, str((entry / "cwd").readlink())]
            except OSError:  # it has just ended
                continue
            if "up" not in words and any(place.startswith(f"{state}/") for place in places):
                found.append(int(entry.name))
    return found

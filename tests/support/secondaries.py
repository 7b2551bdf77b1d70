"""The secondaries of docs/integrations/secondaries.md, as a reader sets them up.

Only ports differ from those on the page. Each lets tests see what it has, by a transfer without a
key.
"""

import re
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.tsig
import dns.xfr
import dns.zone

from support import nameservers
from support.nameservers import Kind
from support.waiting import wait_for

PAGE = Path(__file__).parents[2] / "docs" / "integrations" / "secondaries.md"
GATE_PORT = "5399"
ZONE, KEY = "example.com", "secondary-1"
SECRET = "WW91IHdvdWxkIG1ha2Ugb25lIG9mIHlvdXIgb3duLi4="
"""On the page."""
BLOCK = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BEGINS = {"knotd": "key:\n  - id", "nsd": "key:\n    name", "named": 'key "'}
SHOWN = {
    "knotd": ("acl:\n", "acl:\n  - id: everybody\n    action: transfer\n"),
    "nsd": ("    allow-notify", "    provide-xfr: 127.0.0.1 NOKEY\n    allow-notify"),
    "named": (
        "    type secondary;\n",
        "    type secondary;\n    allow-transfer { any; };\n    min-refresh-time 1;\n",
    ),
}
"""What lets tests see all of the zone, and BIND ask more often than every five minutes."""


def manifest(ports: Iterable[int]) -> str:
    """The TsigKey and the Secret of the page, for secondaries at these ports of loopback."""
    rows = "".join(f"    - {{address: 127.0.0.1, port: {port}}}\n" for port in ports)
    before, _, after = _block("apiVersion").partition("  secondaries:\n")
    _, _, after = after.partition("---\n")
    return before + (f"  secondaries:\n{rows}" if rows else "") + "---\n" + after


def tsig_key(key: str = KEY, secret: str = SECRET) -> dns.tsig.Key:
    """The key of the page as dnspython has it."""
    return dns.tsig.Key(f"{key}.", secret)


@contextmanager
def secondary(kind: Kind, gate_port: int, port: int, folder: Path) -> Iterator[None]:
    """Run a server with the lines of the page, and nothing on its disk."""
    text = _block(BEGINS[kind.program])
    assert GATE_PORT in text
    text = text.replace(GATE_PORT, str(gate_port))
    before, after = SHOWN[kind.program]
    assert before in text
    text = text.replace(before, after, 1)
    if kind is nameservers.KNOT:
        text = text.replace("acl: [", "acl: [everybody, ")
    head = kind.configure({}, folder, port).removesuffix("zone:\n")
    if kind is nameservers.KNOT:  # zone files, too, are to be in the folder
        head += f'template:\n  - id: default\n    storage: "{folder}"\n'
    with nameservers.running(kind, head + text, folder):
        yield


def transferred(
    port: int, key: dns.tsig.Key | None, zone: str = ZONE, host: str = "127.0.0.1"
) -> dns.zone.Zone:
    """A zone as a server transfers it."""
    made = dns.zone.Zone(zone, relativize=False)
    query, _ = dns.xfr.make_query(made, keyring=key)
    dns.query.inbound_xfr(host, made, query, port=port, lifetime=60)
    return made


def lines(port: int, key: str | None = None) -> list[str]:
    """The records of the zone as `dig` prints them, sorted, in lower case; the SOA is there once.

    Servers compress names as they are compared, so the letter case of one may be that of another.
    """
    signed = ["-y", key] if key is not None else []
    asked = ["dig", "@127.0.0.1", "-p", str(port), *signed, "+onesoa", "+noall", "+answer"]
    command = [*asked, "+tries=1", ZONE, "AXFR"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    rows = (
        " ".join(line.split())
        for line in told.lower().splitlines()
        if line[:1].isalnum() or line[:1] in "*_"
    )
    return sorted(row for row in rows if " tsig " not in row)


def serial(port: int, key: dns.tsig.Key | None, zone: str = ZONE) -> int | None:
    """The serial that a server has; None where it has none yet."""
    query = dns.message.make_query(zone, "SOA")
    if key is not None:
        query.use_tsig(key)
    try:
        reply = dns.query.udp(query, "127.0.0.1", port=port, timeout=1)
    except (OSError, dns.exception.DNSException):
        return None
    return int(reply.answer[0][0].serial) if reply.answer else None


def follows(port: int, wanted: int, seconds: float) -> None:
    """Wait until a secondary has a serial."""
    wait_for(f"serial {wanted}", lambda: serial(port, None) == wanted, seconds)


def _block(begin: str) -> str:
    (found,) = (each for each in BLOCK.findall(PAGE.read_text()) if each.startswith(begin))
    return str(found)

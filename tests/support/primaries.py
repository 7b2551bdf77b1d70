"""The primaries of docs/integrations/primaries.md, as a reader sets them up; only ports differ."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support import nameservers
from support.nameservers import Kind

PAGE = Path(__file__).parents[2] / "docs" / "integrations" / "primaries.md"
PORT, GATE_PORT = "5353", "5354"
ZONE, KEY = "example.com", "primary-1"
SECRET = "WW91IHdvdWxkIG1ha2Ugb25lIG9mIHlvdXIgb3duLi4="
"""On the page."""
FILE = f"{ZONE}.zone"
BLOCK = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BEGINS = {"knotd": "key:\n  - id", "nsd": "key:\n    name", "named": 'key "'}


def manifest(*ports: int) -> str:
    """The Zone, TsigKey and Secret of the page, for primaries at these ports of loopback."""
    text = _block("apiVersion")
    line = re.compile(rf"^( *)- \{{address: 127.0.0.1, port: {PORT}\}}\n", re.MULTILINE)
    rows = "".join(rf"\1- {{address: 127.0.0.1, port: {port}}}\n" for port in ports)
    made, count = line.subn(rows, text)
    assert count == 2
    return made


TAKES_UPDATES = {
    "knotd": ("    action: transfer\n", "    action: [transfer, update]\n"),
    "named": ("    type primary;\n", f'    type primary;\n    allow-update {{ key "{KEY}"; }};\n'),
}
"""What lets tests change the zone by updates with the key of the page."""


@contextmanager
def primary(
    kind: Kind, port: int, folder: Path, gate: int, takes_updates: bool = False
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server with the lines of the page, and the zone file in its folder.

    It tells the gate at this port of changes.
    """
    head = kind.configure({}, folder, port).removesuffix("zone:\n")
    if kind is nameservers.KNOT:
        # Nothing on the page says where files are, and that a reload makes IXFR of differences.
        head += (
            f'template:\n  - id: default\n    storage: "{folder}"\n    zonefile-load: difference\n'
            "    zonefile-sync: -1\n    journal-content: changes\n"
        )
    lines, count = re.subn(rf"\b{GATE_PORT}\b", str(gate), _block(BEGINS[kind.program]))
    assert count == 1
    if takes_updates:
        before, after = TAKES_UPDATES[kind.program]
        assert before in lines
        lines = lines.replace(before, after)
    with nameservers.running(kind, head + lines, folder) as (process, _):
        yield process


def _block(begin: str) -> str:
    (found,) = (each for each in BLOCK.findall(PAGE.read_text()) if each.startswith(begin))
    return str(found)

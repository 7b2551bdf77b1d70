"""The secondaries of docs/integrations/catalog-zones.md, as a reader sets them up.

Only ports and folders differ from the page. Each lets tests see what it has, by a transfer without
a key.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from support import nameservers
from support.nameservers import Kind
from support.secondaries import BLOCK, GATE_PORT

PAGE = Path(__file__).parents[2] / "docs" / "integrations" / "catalog-zones.md"
CATALOG = "catalog.example.net"


def manifest(ports: Iterable[int]) -> str:
    """The Zone, the TsigKey and the Secret of the page, for secondaries at these ports."""
    rows = "".join(f"    - {{address: 127.0.0.1, port: {port}}}\n" for port in ports)
    text = _block("apiVersion", "kind: TsigKey")
    row = "    - {address: 127.0.0.1, port: 5353}\n"
    assert text.count(row) == 1
    return text.replace(row, rows)


@contextmanager
def secondary(kind: Kind, gate_port: int, port: int, folder: Path) -> Iterator[None]:
    """Run a server with the lines of the page, and nothing on its disk."""
    head = kind.configure({}, folder, port)
    text = _knot(head, folder) if kind is nameservers.KNOT else _bind(head)
    assert GATE_PORT in text
    with nameservers.running(kind, text.replace(GATE_PORT, str(gate_port)), folder):
        yield


def _knot(head: str, folder: Path) -> str:
    text = _block("key:\n  - id").replace("acl: [", "acl: [everybody, ")
    text = text.replace("acl:\n", "acl:\n  - id: everybody\n    action: transfer\n", 1)
    own = f'template:\n  - id: default\n    storage: "{folder}"\n'
    text = text.replace("template:\n", own, 1)
    text = text.replace("  - id: member\n", f'  - id: member\n    storage: "{folder}"\n')
    return head.removesuffix("zone:\n") + text


def _bind(head: str) -> str:
    options = _block("    catalog-zones") + "    allow-transfer { any; };\n"
    assert head.count("    recursion no;\n") == 1
    return head.replace("    recursion no;\n", f"    recursion no;\n{options}") + _block('key "')


def _block(begin: str, having: str = "") -> str:
    found = [each for each in BLOCK.findall(PAGE.read_text()) if each.startswith(begin)]
    (only,) = (each for each in found if having in each)
    return str(only)

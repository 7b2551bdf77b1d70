"""The events that the code logs, and those that docs/logs.md tells of."""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
PACKAGES = ("lib", "publisher", "operator", "edge/dnsfleet_edge", "probe", "status", "cli")
_ROW = re.compile(r"\| `(\w+)` \|([^|]+)\|([^|]*)\| .+ \|")
_MAKERS = ("line", "_log_change")


def documented() -> dict[str, set[str]]:
    """Event to the names of its fields."""
    text = (REPOSITORY / "docs" / "logs.md").read_text()
    return {event: set(re.findall(r"`(\w+)`", fields)) for event, _, fields in _ROW.findall(text)}


@functools.cache
def in_code() -> tuple[tuple[str, frozenset[str]], ...]:
    """Each call that makes a line: its event, and the fields that it names itself."""
    paths = (path for each in PACKAGES for path in (REPOSITORY / each).rglob("*.py"))
    return tuple(call for path in sorted(paths) for call in _calls(path.read_text()))


def _calls(source: str) -> Iterator[tuple[str, frozenset[str]]]:
    if not any(f"{each}(" in source for each in _MAKERS):
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _name(node.func) in _MAKERS and node.args:
            event = node.args[0]
            if isinstance(event, ast.Constant) and isinstance(event.value, str):
                yield event.value, frozenset(each.arg for each in node.keywords if each.arg)


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""

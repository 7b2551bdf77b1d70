"""The events that the code logs, and those that docs/logs.md tells of."""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
PACKAGES = ("lib", "publisher", "operator", "edge/dnsfleet_edge", "gate", "probe", "status", "cli")
_ROW = re.compile(r"\| `(\w+)` \|([^|]+)\|([^|]*)\| .+ \|")


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
    if "line(" not in source:
        return
    tree = ast.parse(source)
    constants = dict(_constants(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) == "line" and node.args:
            event = node.args[0]
            named = constants.get(event.id) if isinstance(event, ast.Name) else _text(event)
            if named is not None:
                yield named, frozenset(each.arg for each in node.keywords if each.arg)


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Names of the module that stand for text."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))):
                yield name, text


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""

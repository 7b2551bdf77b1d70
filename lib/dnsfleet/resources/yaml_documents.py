"""YAML as kubectl reads it, with the line of each field.

A text is cut at its `---` lines before YAML sees it, as kubectl does, so that a syntax error in one
document cannot hide the next; a line `---` cannot be inside a value, as values of a document are
indented. Each document is composed to nodes first: the nodes carry the lines that error messages
need, and show duplicate keys. What a scalar means is said by `yaml_scalars`.

Where kubectl takes something in silence that its writer cannot have meant, it is refused here: of
two equal keys kubectl takes the last one, of the text after a `...` nothing.
"""

import itertools
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from dnsfleet.resources import yaml_scalars
from dnsfleet.violations import child_path

MAX_DEPTH = 64
"""Levels of a document: resources need ten; more would exhaust the stack."""
MAX_NODES = 1_000_000
"""Values in a document, each alias counted in full: a small text cannot unfold to gigabytes."""

_SEPARATOR = re.compile(r"^---", re.MULTILINE)
"""Where a document begins."""
_BARE = "bare"
"""The tag of scalars that have neither quotes nor a tag."""
_TEXT = f"{yaml_scalars.TAG}str"
_MERGE = f"{yaml_scalars.TAG}merge"
_MERGE_KEY = "<<"


class Found(NamedTuple):
    """The mapping of one document."""

    raw: dict[str, Any]
    line: int
    """First line of the mapping, from 1."""
    lines: dict[str, int]
    """Field path to line."""


class BadDocumentError(ValueError):
    """A document that kubectl cannot read, or that is no object."""

    def __init__(self, reason: str, message: str, line: int, column: int | None = None) -> None:
        """`reason` for machines; line and column from 1."""
        super().__init__(message)
        self.reason = reason
        self.line = line
        self.column = column


class _Loader(yaml.CSafeLoader):
    """Leaves it to `yaml_scalars` what a scalar means."""

    def resolve(self, kind: type[yaml.Node], _value: Any, implicit: Any) -> str:
        """The tag of a node that has none."""
        if kind is yaml.ScalarNode:
            return _BARE if implicit[0] else _TEXT
        return ""


def split(text: str) -> Iterator[tuple[int, str]]:
    """The documents of a text with their first lines, each with its `---`."""
    starts = [0, *(match.start() for match in _SEPARATOR.finditer(text) if match.start())]
    line = 1
    for start, end in itertools.pairwise([*starts, len(text)]):
        part = text[start:end]
        yield line, part
        line += part.count("\n")


def read(part: str, first_line: int) -> Found | None:
    """The mapping of a document that `split` gave; None where it is empty."""
    if part.startswith("---"):
        head, _, _ = part.partition("\n")
        rest = head.removeprefix("---").strip()
        if rest and not rest.startswith("#"):
            raise BadDocumentError(
                "BadSyntax", "bad YAML: only a comment can follow --- in its line", first_line
            )
        part = "   " + part[3:]
    node = _compose(part, first_line)
    if node is None:
        return None
    reader = _Reader(first_line)
    if isinstance(node, yaml.ScalarNode) and node.tag == _BARE and _is_null(node.value):
        return None
    if not isinstance(node, yaml.MappingNode):
        raise reader.problem("BadSyntax", "the document is no mapping", node)
    return Found(reader.read(node, "", 0), first_line + node.start_mark.line, reader.lines)


def _is_null(text: str) -> bool:
    try:
        return yaml_scalars.resolve(text) is None
    except yaml_scalars.ScalarError:
        return False


def _compose(text: str, first_line: int) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        # Of two anchors with one name the problem is the second, and only the context says of what.
        context = error.context if isinstance(error, yaml.composer.ComposerError) else None
        message = "bad YAML: " + ", ".join(filter(None, (context, error.problem)))
        raise BadDocumentError("BadSyntax", message, first_line + line, column + 1) from None
    except yaml.YAMLError as error:
        raise BadDocumentError("BadSyntax", f"bad YAML: {error}", first_line) from None


class _Reader:
    """Builds plain values from the nodes of one document and notes the line of each field."""

    def __init__(self, first_line: int) -> None:
        self.lines: dict[str, int] = {}
        self._first_line = first_line
        self._nodes = 0

    def read(self, node: yaml.Node, path: str, depth: int) -> Any:
        """The value of a node: dict, list, str, int, float, bool or None."""
        self._nodes += 1
        if self._nodes > MAX_NODES or depth > MAX_DEPTH:
            limit = f"{MAX_NODES} values or {MAX_DEPTH} levels"
            raise self.problem("TooLarge", f"the document has more than {limit}", node)
        if isinstance(node, yaml.MappingNode):
            found: dict[str, Any] = {}
            self._fill(found, node, path, depth)
            return found
        if isinstance(node, yaml.SequenceNode):
            return [self._item(item, path, at, depth) for at, item in enumerate(node.value)]
        return self._scalar(node)

    def problem(self, reason: str, message: str, node: yaml.Node) -> BadDocumentError:
        """An error at the place of a node."""
        return BadDocumentError(reason, message, self._line(node))

    def _scalar(self, node: yaml.Node) -> yaml_scalars.Scalar:
        text = str(node.value)
        if node.tag == _TEXT:
            return text
        try:
            if node.tag == _BARE:
                return yaml_scalars.resolve(text)
            return yaml_scalars.tagged(node.tag, text)
        except yaml_scalars.ScalarError as error:
            raise self.problem("BadSyntax", f"bad YAML: {error}", node) from None

    def _item(self, node: yaml.Node, path: str, index: int, depth: int) -> Any:
        here = child_path(path, index)
        self.lines[here] = self._line(node)
        return self.read(node, here, depth + 1)

    def _fill(self, found: dict[str, Any], node: yaml.Node, path: str, depth: int) -> None:
        """Put the fields of a mapping into `found`; one that is merged in later overwrites."""
        own: set[str] = set()
        for key_node, value_node in node.value:
            if _is_merge(key_node):
                self._merge(found, value_node, path, depth)
                continue
            key = self._key(key_node)
            here = child_path(path, key)
            if key in own:
                message = f'"{key}" is already in line {self.lines[here]}; remove one of them'
                raise self.problem("DuplicateField", message, key_node)
            own.add(key)
            self.lines[here] = self._line(key_node)
            found[key] = self.read(value_node, here, depth + 1)

    def _merge(self, found: dict[str, Any], node: yaml.Node, path: str, depth: int) -> None:
        """The value of `<<`: a mapping, or a list of which the first has precedence."""
        parts = node.value[::-1] if isinstance(node, yaml.SequenceNode) else [node]
        for part in parts:
            if not isinstance(part, yaml.MappingNode):
                raise self.problem("BadSyntax", "only mappings can be merged by <<", node)
            self._nodes += 1
            if self._nodes > MAX_NODES or depth > MAX_DEPTH:
                raise self.problem("TooLarge", "the document merges too much", node)
            self._fill(found, part, path, depth + 1)

    def _key(self, node: yaml.Node) -> str:
        """The text that JSON has for a key: `y` and `1` become `true` and `1`."""
        value = self._scalar(node) if isinstance(node, yaml.ScalarNode) else None
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, int) and value <= yaml_scalars.MAX_SIGNED:
            if yaml_scalars.is_integer(node.value):
                return str(value)
        elif isinstance(value, str):
            return value
        raise self.problem("BadSyntax", "only text can be a key here; put it in quotes", node)

    def _line(self, node: yaml.Node) -> int:
        return self._first_line + node.start_mark.line


def _is_merge(node: yaml.Node) -> bool:
    return node.value == _MERGE_KEY and node.tag in (_BARE, _MERGE)

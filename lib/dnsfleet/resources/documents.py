"""Documents: from a text in YAML to resources, each with the lines of its fields.

A text is cut at its `---` lines before YAML sees it, so that a syntax error in one document cannot
hide the next; a line `---` cannot be inside a value, as values of a document are indented. Each
document is composed to nodes first: the nodes carry the lines that error messages need, show
duplicate keys, and let dates stay the texts that Kubernetes takes them for.
"""

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import yaml

from dnsfleet import resources
from dnsfleet.resources import Reference, Resource
from dnsfleet.violations import Violation, child_path

MAX_DEPTH = 64
"""Levels of a document: resources need ten; more would exhaust the stack."""
MAX_NODES = 1_000_000
"""Values in a document, each alias counted in full: a small text cannot unfold to gigabytes."""

_SEPARATOR = re.compile(r"^---(?=\s|$)", re.MULTILINE)
_MERGE = "tag:yaml.org,2002:merge"
_TIMESTAMP = "tag:yaml.org,2002:timestamp"


@dataclass(frozen=True, slots=True)
class Document:
    """A resource and where its text is."""

    kind: str
    resource: Resource
    path: str
    """File, as the caller named it."""
    line: int
    """First line of the document, from 1."""
    lines: dict[str, int] = field(repr=False)
    """Field path to line."""
    reference: Reference = field(init=False, repr=False, compare=False)
    """Kind, namespace and name of the resource: one object, as it is the key of many tables."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "reference", self.resource.reference)

    def locate(self, field_path: str) -> int:
        """The line of a field, or of the closest field above it that the text has."""
        return _locate(self.lines, field_path, self.line)


class _BadDocumentError(ValueError):
    """A document that YAML can read and that still is no object."""

    def __init__(self, reason: str, message: str, line: int) -> None:
        super().__init__(message)
        self.reason = reason
        self.line = line


def load(text: str, path: str) -> tuple[list[Document], list[Violation]]:
    """The good documents of a text in order, and a violation for each fault of the others."""
    documents: list[Document] = []
    violations: list[Violation] = []
    for first_line, part in _split(text):
        document, found = _load_one(part, first_line, path)
        violations += found
        if document is not None:
            documents.append(document)
    return documents, violations


def distinct(documents: Iterable[Document]) -> tuple[list[Document], list[Violation]]:
    """The documents with the first of each kind, namespace and name; the others are violations."""
    seen: dict[Reference, Document] = {}
    violations = []
    for document in documents:
        first = seen.setdefault(document.reference, document)
        if first is not document:
            message = f"{document.reference} is already in {first.path}:{first.line}; remove one"
            where = f"{document.path}:{document.line}"
            violations.append(Violation("DuplicateResource", message, where))
    return list(seen.values()), violations


def place(violations: Iterable[Violation], documents: Iterable[Document]) -> list[Violation]:
    """Violations about resources, with the file and line of the field in place of the reference."""
    by_reference = {str(document.reference): document for document in documents}
    placed = []
    for violation in violations:
        subject, _, path = violation.where.partition(": ")
        document = by_reference.get(subject)
        if document is not None:
            violation = violation._replace(where=_where(document, path))
        placed.append(violation)
    return placed


def _where(document: Document, path: str) -> str:
    field_name, _, offset = path.partition(":")
    line = document.locate(field_name)
    if offset.isdecimal():  # a line inside a block of text, which begins below its key
        line += int(offset)
    return f"{document.path}:{line}: {path}" if path else f"{document.path}:{line}"


def _split(text: str) -> Iterable[tuple[int, str]]:
    """The documents of a text with their first lines; the `---` becomes a blank."""
    starts = [0, *(match.start() for match in _SEPARATOR.finditer(text)), len(text)]
    line = 1
    for start, end in itertools.pairwise(starts):
        part = text[start:end]
        yield line, ("   " + part[3:]) if part.startswith("---") else part
        line += part.count("\n")


def _load_one(text: str, first_line: int, path: str) -> tuple[Document | None, list[Violation]]:
    try:
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        where = f"{path}:{first_line + line}:{column + 1}"
        return None, [Violation("BadSyntax", f"bad YAML: {error.problem}", where)]
    except yaml.YAMLError as error:
        return None, [Violation("BadSyntax", f"bad YAML: {error}", f"{path}:{first_line}")]
    if node is None:
        return None, []
    line = first_line + node.start_mark.line
    if not isinstance(node, yaml.MappingNode):
        return None, [Violation("BadSyntax", "the document is no mapping", f"{path}:{line}")]
    reader = _Reader(first_line)
    try:
        raw = reader.read(node, "", 0)
    except _BadDocumentError as problem:
        return None, [Violation(problem.reason, str(problem), f"{path}:{problem.line}")]
    resource, found = resources.parse(raw, "")
    if resource is None:
        return None, [_with_line(violation, reader.lines, path, line) for violation in found]
    return Document(resource.kind, resource, path, line, reader.lines), []


def _with_line(violation: Violation, lines: dict[str, int], path: str, line: int) -> Violation:
    field_name = violation.where.removeprefix(": ")
    where = f"{path}:{_locate(lines, field_name, line)}"
    return violation._replace(where=f"{where}: {field_name}" if field_name else where)


def _locate(lines: dict[str, int], field_path: str, default: int) -> int:
    while field_path:
        if field_path in lines:
            return lines[field_path]
        field_path = field_path[: max(field_path.rfind("."), field_path.rfind("["), 0)]
    return default


class _Reader:
    """Builds plain values from the nodes of one document and notes the line of each field."""

    def __init__(self, first_line: int) -> None:
        self.lines: dict[str, int] = {}
        self._first_line = first_line
        self._nodes = 0
        self._constructor = yaml.constructor.SafeConstructor()

    def read(self, node: yaml.Node, path: str, depth: int) -> Any:
        """The value of a node: dict, list, str, int, float, bool or None."""
        self._nodes += 1
        if self._nodes > MAX_NODES or depth > MAX_DEPTH:
            limit = f"{MAX_NODES} values or {MAX_DEPTH} levels"
            raise self._problem("TooLarge", f"the document has more than {limit}", node)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self._item(item, path, at, depth) for at, item in enumerate(node.value)]
        if node.tag == _TIMESTAMP:
            return node.value
        try:
            return self._constructor.construct_object(node)
        except (yaml.YAMLError, ValueError, LookupError) as error:
            # What a tag such as `!!int` or `!!bool` meets, the library answers in many ways.
            message = getattr(error, "problem", None) or f'"{node.value}" is no {node.tag}'
            raise self._problem("BadSyntax", f"bad YAML: {message}", node) from None

    def _item(self, node: yaml.Node, path: str, index: int, depth: int) -> Any:
        here = child_path(path, index)
        self.lines[here] = self._line(node)
        return self.read(node, here, depth + 1)

    def _mapping(self, node: yaml.MappingNode, path: str, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag == _MERGE:
                raise self._problem("BadSyntax", "only plain text can be a key here", key_node)
            here = child_path(path, key)
            if key in found:
                message = f'"{key}" is already in line {self.lines[here]}; remove one of them'
                raise self._problem("DuplicateField", message, key_node)
            self.lines[here] = self._line(key_node)
            found[key] = self.read(value_node, here, depth + 1)
        return found

    def _line(self, node: yaml.Node) -> int:
        return self._first_line + node.start_mark.line

    def _problem(self, reason: str, message: str, node: yaml.Node) -> _BadDocumentError:
        return _BadDocumentError(reason, message, self._line(node))

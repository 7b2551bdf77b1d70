"""Documents: from a text in YAML to resources, each with the lines of its fields.

What `kubectl get -o yaml` prints for several objects is one document of the kind List; each of its
items counts as a document here.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from dnsfleet import resources
from dnsfleet.resources import Reference, Resource, yaml_documents
from dnsfleet.resources.yaml_documents import BadDocumentError, Found
from dnsfleet.violations import Violation, child_path

_LIST = "List"
"""The end of the kind of an object that has others as its items."""
_ITEM = re.compile(r"items\[(\d+)\]\.(.*)", re.DOTALL)
"""Field path of a part of an item."""


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


def load(text: str, path: str) -> tuple[list[Document], list[Violation]]:
    """The good documents of a text in order, and a violation for each fault of the others."""
    documents: list[Document] = []
    violations: list[Violation] = []
    for first_line, part in yaml_documents.split(text):
        try:
            whole = yaml_documents.read(part, first_line)
        except BadDocumentError as problem:
            column = "" if problem.column is None else f":{problem.column}"
            where = f"{path}:{problem.line}{column}"
            violations.append(Violation(problem.reason, str(problem), where))
            continue
        for item in () if whole is None else _items(whole):
            document, faults = _parse(item, path)
            violations += faults
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


def _items(whole: Found) -> Iterator[Found]:
    """The objects in a document: it is one, or a list of them."""
    kind, items = whole.raw.get("kind"), whole.raw.get("items")
    if not isinstance(kind, str) or not kind.endswith(_LIST) or not isinstance(items, list):
        yield whole
        return
    lines: list[dict[str, int]] = [{} for _ in items]
    for name, line in whole.lines.items():
        if part := _ITEM.fullmatch(name):
            lines[int(part[1])][part[2]] = line
    for index, item in enumerate(items):
        inherited: dict[str, Any] = {}
        if not isinstance(item, dict):
            item = {"kind": item}  # which no resource is: it is told as such
        elif not item.get("kind") and not item.get("apiVersion"):
            inherited = {
                "kind": kind.removesuffix(_LIST),
                "apiVersion": whole.raw.get("apiVersion"),
            }
        at = whole.lines[child_path("items", index)]
        yield from _items(Found(item | inherited, at, lines[index]))


def _parse(found: Found, path: str) -> tuple[Document | None, list[Violation]]:
    resource, faults = resources.parse(found.raw, "")
    if resource is None:
        return None, [_with_line(fault, found.lines, path, found.line) for fault in faults]
    return Document(resource.kind, resource, path, found.line, found.lines), []


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

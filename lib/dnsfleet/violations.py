"""What a check found: one shape for every check, from a YAML typo to a zone that breaks an RFC."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

Severity = Literal["error", "warning"]


class Violation(NamedTuple):
    """One finding. An error refuses what it is about; a warning does not."""

    reason: str
    """CamelCase word for programs and for `status.conditions[].reason`."""
    message: str
    """What was found and what to do, lower case, no full stop at the end."""
    where: str
    """A place: `FILE:LINE: FIELD`, `FILE:LINE`, or `KIND NAMESPACE/NAME: FIELD`."""
    severity: Severity = "error"

    def __str__(self) -> str:
        """One line for people: place, warning or not, message and reason."""
        mark = "warning: " if self.severity == "warning" else ""
        return f"{self.where}: {mark}{self.message} [{self.reason}]"


def errors(violations: Iterable[Violation]) -> list[Violation]:
    """Those that refuse something."""
    return [violation for violation in violations if violation.severity == "error"]


def field_path(location: Sequence[str | int]) -> str:
    """Keys and indexes as Kubernetes writes them: `spec.records[3].data[0]`, `labels[a.b/c]`."""
    path = ""
    for part in location:
        path = child_path(path, part)
    return path


def child_path(path: str, part: str | int) -> str:
    """The path of a field or item of what is at `path`; always one line."""
    if isinstance(part, str):
        part = printable(part)
    if isinstance(part, int) or not part.replace("-", "").replace("_", "").isalnum():
        return f"{path}[{part}]"
    return f"{path}.{part}" if path else part


def printable(text: str) -> str:
    """Text from outside as it can stand in a line for people: the rest is escaped."""
    return text if text.isprintable() else text.encode("unicode_escape").decode()

"""What CHANGELOG.md says of a version. Its form is that of https://keepachangelog.com/en/1.1.0/."""

import re
from pathlib import Path
from typing import NamedTuple

from release.source import ReleaseError

FILE = "CHANGELOG.md"
KINDS = ("added", "changed", "deprecated", "removed", "fixed", "security")
"""The headings below a version, in lower case; Artifact Hub has the same kinds."""


class Change(NamedTuple):
    """One entry."""

    kind: str
    text: str


def changes(path: Path, version: str) -> list[Change]:
    """The entries of a version, in their order; ReleaseError where there is none."""
    found: list[Change] = []
    kind = ""
    for line in _section(path, version):
        if heading := re.fullmatch(r"### (\w+)", line):
            kind = heading[1].lower()
            if kind not in KINDS:
                raise ReleaseError(f"{path.name}: {line!r}: a heading is one of {', '.join(KINDS)}")
        elif line.startswith("- "):
            if not kind:
                raise ReleaseError(f"{path.name}: {line!r} is below no heading like `### Added`")
            found.append(Change(kind, line[2:]))
        elif line.startswith("  ") and found:
            found[-1] = Change(kind, f"{found[-1].text} {line.strip()}")
    if not found:
        raise ReleaseError(f"{path.name}: no change is told of in {version}")
    return found


def notes(path: Path, version: str) -> str:
    """The text of a version, in Markdown; ReleaseError where it tells of no change."""
    changes(path, version)
    return "\n".join(_section(path, version)).strip() + "\n"


def _section(path: Path, version: str) -> list[str]:
    """The lines of a version."""
    heading = re.compile(rf"## {re.escape(version)}( |$)")
    lines = path.read_text().splitlines()
    starts = [number for number, line in enumerate(lines) if heading.match(line)]
    if len(starts) != 1:
        raise ReleaseError(f"{path.name}: needs one heading `## {version}`, has {len(starts)}")
    behind = lines[starts[0] + 1 :]
    ends = [number for number, line in enumerate(behind) if line.startswith("## ")]
    return behind[: ends[0]] if ends else behind

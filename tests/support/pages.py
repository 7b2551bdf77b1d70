"""The files and the commands that a page of the documentation shows, so that tests can use them."""

import re
from pathlib import Path
from typing import NamedTuple

DOCS = Path(__file__).resolve().parents[2] / "docs"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# (\S+)\n")
"""How a block begins that shows a file."""


class Command(NamedTuple):
    """A command, and what it prints."""

    text: str
    output: str


def write_files(page: str, folder: Path) -> None:
    """Write the files that a page shows."""
    for kind, block in _BLOCK.findall((DOCS / page).read_text()):
        if kind in ("yaml", "ini") and (named := _FILE.match(block)):
            (folder / named[1]).write_text(block)


def commands(page: str) -> list[Command]:
    """The commands of a page in order."""
    found = []
    for kind, block in _BLOCK.findall((DOCS / page).read_text()):
        for each in block.split("$ ")[1:] if kind == "console" else ():
            text, _, output = each.partition("\n")
            found.append(Command(text, output.strip()))
    return found

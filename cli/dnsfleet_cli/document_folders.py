"""Folders of documents: which files in them count, and which changes concern such files."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from dnsfleet_cli.zone_files import Stamp

SUFFIXES = (".yaml", ".yml")
STANDARD_INPUT = Path("-")
"""As kubectl names it."""


def is_manifest(path: Path) -> bool:
    """Whether a file that somebody names is one of documents, by its name.

    JSON is YAML as well. In a folder it is mostly what other programs keep there.
    """
    return path.suffix in (*SUFFIXES, ".json") or path == STANDARD_INPUT


def find(folder: Path) -> Iterator[tuple[Path, Stamp]]:
    """Every file of documents in a folder and below, in the order of names.

    Linked files count, linked folders do not. A folder that cannot be read has none.
    """
    try:
        with os.scandir(folder) as entries:
            ordered = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in ordered:
        if _hidden(entry.name):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from find(folder / entry.name)
        elif entry.name.endswith(SUFFIXES):
            try:
                status = entry.stat()
            except OSError:  # it has just gone, or is a link to nothing
                continue
            if stat.S_ISREG(status.st_mode):
                yield folder / entry.name, Stamp.of(status)


def has_name_of_documents(path: Path, root: Path) -> bool:
    """Whether a file of this name below `root` would be found."""
    parts = path.relative_to(root).parts
    return path.suffix in SUFFIXES and not any(_hidden(part) for part in parts)


def concerns_others(path: Path, root: Path) -> bool:
    """Whether a change of a path below `root` may be one of such files with other names.

    A folder may have come with files in it. A link, even a hidden one, may lead to the files that
    others link to: that is how Kubernetes puts the files of a ConfigMap in place. A folder that
    went away concerns nobody at once, because what it had is kept.
    """
    if path.is_symlink():
        return True
    hidden = any(_hidden(part) for part in path.relative_to(root).parts)
    return path.is_dir() and not hidden


def _hidden(name: str) -> bool:
    """Hidden files and folders belong to tools (.git, .dnsfleet), not to the fleet."""
    return name.startswith(".")

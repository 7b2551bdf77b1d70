"""Programs of an older commit beside those of this checkout, for tests of both together.

As processes, the Python code is that of the commit; the engine and the libraries are those of this
checkout. Images are made of the whole commit.
"""

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
_FOLDERS = ("lib", "publisher", "operator", "edge", "cli")


class Version(NamedTuple):
    """A version of the programs."""

    name: str
    folder: Path

    @property
    def before(self) -> str:
        """Python code after which imports are of this version."""
        return f"import sys; sys.path[:0] = {[str(self.folder / each) for each in _FOLDERS]!r}"

    def command(self, program: str) -> list[str]:
        """A command that runs Python code of this version."""
        return [sys.executable, "-c", f"{self.before}\n{program}"]


def ours() -> Version:
    """This checkout."""
    return Version("ours", ROOT)


def older(commit: str, folder: Path) -> Version:
    """A commit, in a folder that is made for it."""
    unpack(commit, folder, *_FOLDERS)
    return Version(commit, folder)


def unpack(commit: str, folder: Path, *paths: str) -> None:
    """Write these files of a commit into a folder; all of them where none is named."""
    command = ["git", "-C", str(ROOT), "archive", commit, *paths]
    packed = subprocess.run(command, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")


def wanted() -> str:
    """The older commit, as the make targets give it."""
    commit = os.environ.get("SKEW_COMMIT", "")
    if not commit:
        raise RuntimeError("give the older commit: COMMIT=… on the line of make")
    return commit

"""Programs of an older commit beside those of this checkout, for tests of both together.

As processes, the Python code is that of the commit; the engine and the libraries are those of this
checkout. Images are made of the whole commit. A later version is this checkout with one field more
in the spec of a Pop, which no version knows.
"""

import io
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
COMMIT_VARIABLE = "OLDER_COMMIT"
LATER_FIELD = "ofLaterVersions"
"""Of spec.edge: what a later version has more."""
_FOLDERS = ("lib", "publisher", "operator", "edge", "cli")
_MADE = (".git", ".*_cache", ".cluster*", ".hypothesis", ".tools", ".venv", "dist", "target")
"""What is not of the checkout itself."""
_MODEL = Path("lib", "dnsfleet", "resources", "pops.py")
_BEFORE = "    shards: Annotated["
_FIELD = "    of_later_versions: Annotated[int, Field(ge=0)] | None = None\n"


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
    done = subprocess.run(command, check=False, capture_output=True)
    if done.returncode:
        why = done.stderr.decode().strip()
        raise RuntimeError(f"git has no commit {commit} in this clone: {why}")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")


def later(folder: Path, number: str) -> None:
    """Write this checkout into a folder, as a version of this number with LATER_FIELD."""
    shutil.copytree(ROOT, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*_MADE))
    _replace(folder / _MODEL, _BEFORE, f"{_FIELD}{_BEFORE}")
    number_as(folder, number)
    command = ["crds", "--dir", str(folder / "crds"), "--chart", str(folder / "helm" / "dnsfleet")]
    program = f"from dnsfleet_cli.main import app; app({command!r})"
    subprocess.run(Version("later", folder).command(program), check=True, stdout=subprocess.DEVNULL)


def number_as(folder: Path, number: str) -> None:
    """Give a checkout another number, so that its images have names of their own."""
    for path, key in (
        (folder / "pyproject.toml", "\nversion = "),
        (folder / "helm" / "dnsfleet" / "Chart.yaml", "\nappVersion: "),
    ):
        before = path.read_text().partition(key)[2].partition("\n")[0]
        after = f'"{number}"' if before.startswith('"') else number
        _replace(path, f"{key}{before}\n", f"{key}{after}\n")


def _replace(path: Path, before: str, after: str) -> None:
    """Write one text of a file anew; RuntimeError where it is not there just once."""
    text = path.read_text()
    if text.count(before) != 1:
        raise RuntimeError(f"{path} has {before!r} {text.count(before)} times")
    path.write_text(text.replace(before, after))


def wanted() -> str:
    """The older commit, as the make targets give it."""
    commit = os.environ.get(COMMIT_VARIABLE, "")
    if not commit:
        raise RuntimeError("give the older commit: COMMIT=… on the line of make")
    return commit

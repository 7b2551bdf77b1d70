"""The commit that a release is made of: its moment, its version, its state."""

import json
import os
import re
import subprocess
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
UV = ROOT / ".tools" / "uv" / "bin" / "uv"
HOME = "https://github.com/dnsfleet/dnsfleet"
REGISTRY = "ghcr.io/dnsfleet"
"""Where the images are published; charts are below it."""
CHART = Path("helm", "dnsfleet")
ENGINE = Path("edge", "engine")


class ReleaseError(Exception):
    """Why no release can be made; the text says where and what to do."""


@dataclass(frozen=True)
class Source:
    """A checkout."""

    folder: Path
    commit: str
    """Its hash."""
    epoch: int
    """The time of the commit, in seconds since 1970."""
    modified: tuple[str, ...]
    """Files that are not as in the commit, or not in it."""

    @property
    def revision(self) -> str:
        """The commit, as `git describe --dirty` writes it."""
        return f"{self.commit}-dirty" if self.modified else self.commit

    @property
    def moment(self) -> datetime:
        """The epoch, in UTC."""
        return datetime.fromtimestamp(self.epoch, UTC)

    @property
    def created(self) -> str:
        """The epoch as RFC 3339 writes it."""
        return self.moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def chart(self) -> Path:
        return self.folder / CHART

    @property
    def engine(self) -> Path:
        return self.folder / ENGINE

    @property
    def environment(self) -> dict[str, str]:
        """Variables for programs that honour the epoch."""
        return {**os.environ, "SOURCE_DATE_EPOCH": str(self.epoch)}

    def version(self) -> str:
        """The version of all that is released; ReleaseError where files differ about it."""
        chart = yaml.safe_load((self.chart / "Chart.yaml").read_text())
        told = {
            "pyproject.toml": _toml(self.folder / "pyproject.toml")["project"]["version"],
            f"{ENGINE}/pyproject.toml": _toml(self.engine / "pyproject.toml")["project"]["version"],
            f"{ENGINE}/Cargo.toml": _toml(self.engine / "Cargo.toml")["package"]["version"],
            f"{CHART}/Chart.yaml version": chart["version"],
            f"{CHART}/Chart.yaml appVersion": chart["appVersion"],
        }
        if len(set(told.values())) > 1:
            raise ReleaseError(f"these versions must be the same: {json.dumps(told, indent=1)}")
        version = str(chart["version"])
        if not re.fullmatch(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?", version):
            raise ReleaseError(f"{CHART}/Chart.yaml: {version!r} is no SemVer version")
        return version

    def tags(self) -> list[str]:
        """The tags of the commit."""
        return _git(self.folder, "tag", "--points-at", self.commit).split()


def read(folder: Path = ROOT) -> Source:
    """The checkout in a folder; SOURCE_DATE_EPOCH, where it is set, is its epoch."""
    commit, time = _git(folder, "log", "-1", "--format=%H %ct").split()
    changed = _git(folder, "status", "--porcelain", "--untracked-files=all").splitlines()
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH") or time)
    return Source(folder, commit, epoch, tuple(line[3:] for line in changed))


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ReleaseError(f"a release is made of a commit: git in {folder}: {done.stderr.strip()}")
    return done.stdout


def _toml(path: Path) -> dict[str, dict[str, str]]:
    return tomllib.loads(path.read_text())

"""One process at a time."""

import fcntl
from pathlib import Path

import pytest

from release.locks import locked


def test_nobody_else_has_the_file_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "made" / "lock"
    with locked(path), path.open() as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with path.open() as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)

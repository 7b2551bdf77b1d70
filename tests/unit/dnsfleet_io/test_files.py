"""Files are replaced whole or not at all, and only their owner may read them."""

import os
import stat
from pathlib import Path

import pytest
from dnsfleet_io import files


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_replaced_and_becomes_private(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o644)
    files.replace_file(path, b"new")
    assert (path.read_bytes(), mode(path)) == (b"new", 0o600)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_step_that_fails_leaves_the_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "file"
    files.replace_file(path, b"old")

    def fail(*_: object) -> None:
        raise OSError("no space")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="no space"):
        files.replace_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_folders_are_made_with_those_above_them(tmp_path: Path) -> None:
    files.private_folder(tmp_path / "a/b/c")
    assert [mode(tmp_path / name) for name in ("a", "a/b", "a/b/c")] == [0o700] * 3


def test_a_folder_that_is_there_becomes_private_and_those_above_it_do_not(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a").chmod(0o755)
    (tmp_path / "a/b").chmod(0o2775)
    files.private_folder(tmp_path / "a/b")
    assert (mode(tmp_path / "a"), mode(tmp_path / "a/b")) == (0o755, 0o2700)


def test_a_file_in_the_place_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        files.private_folder(tmp_path / "file")


def test_what_belongs_to_somebody_else_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o777)
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    assert not files.make_private(tmp_path)
    assert mode(tmp_path) == 0o777
    monkeypatch.undo()
    assert files.make_private(tmp_path)
    assert not files.make_private(tmp_path)
    assert mode(tmp_path) == 0o700


def test_only_half_written_files_of_the_names_that_are_given_are_removed(tmp_path: Path) -> None:
    for name in ("index.ab_1.tmp", "other.tmp", "index", "indexes.x.tmp"):
        (tmp_path / name).touch()
    files.remove_temporary(tmp_path, "index")
    assert {path.name for path in tmp_path.iterdir()} == {"other.tmp", "index", "indexes.x.tmp"}

"""The watcher on a real file system."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from dnsfleet_cli.up.watching import Watcher
from support.fleet import replace
from support.waiting import wait_for


class Heard:
    """The paths that a watcher reported."""

    def __init__(self, root: Path) -> None:
        self.paths: set[Path] = set()
        self.watcher = Watcher(self.paths.update, ignore=root / "state")

    def hears(self, path: Path) -> None:
        """Write until it is reported: the watch begins a moment after it was asked for."""

        def told() -> bool:
            replace(path, "x")
            return path in self.paths

        wait_for(f"a change of {path}", told, 10)


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[Heard]:
    for name in ("tree/below", "folder/below", "state"):
        (tmp_path / name).mkdir(parents=True)
    heard = Heard(tmp_path)
    yield heard
    heard.watcher.close()


def test_trees_are_watched_below_and_folders_are_not(heard: Heard, tmp_path: Path) -> None:
    heard.watcher.watch({tmp_path / "tree"}, {tmp_path / "folder"})
    heard.hears(tmp_path / "tree/below/a")
    heard.hears(tmp_path / "folder/a")
    (tmp_path / "folder/below/a").write_text("")
    heard.hears(tmp_path / "folder/b")
    assert tmp_path / "folder/below/a" not in heard.paths


def test_the_state_folder_is_left_alone(heard: Heard, tmp_path: Path) -> None:
    heard.watcher.watch({tmp_path}, set())
    heard.hears(tmp_path / "tree/a")
    (tmp_path / "state/a").write_text("")
    heard.hears(tmp_path / "tree/b")
    assert not any(path.is_relative_to(tmp_path / "state") for path in heard.paths)


def test_a_folder_may_come_later_and_be_made_anew(heard: Heard, tmp_path: Path) -> None:
    wanted = {tmp_path / "tree", tmp_path / "later"}
    heard.watcher.watch(wanted, {tmp_path / "nowhere"})
    heard.hears(tmp_path / "tree/a")
    (tmp_path / "later").mkdir()
    heard.watcher.watch(wanted, set())
    heard.hears(tmp_path / "later/a")
    shutil.rmtree(tmp_path / "tree")
    (tmp_path / "tree").mkdir()
    wait_for("the removal", lambda: tmp_path / "tree" in heard.paths, 10)
    heard.watcher.watch(wanted, set())
    heard.hears(tmp_path / "tree/b")

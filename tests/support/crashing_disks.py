"""What a power cut may leave of a folder, whatever the kernel had written by then.

`CrashingDisk` notes each change that a program makes to the files of a folder, in a model of the
disk that keeps apart what is there for programs and what is sure to be there after a power cut:

    content of a file   sure once it was synced; until then there may be all, half or nothing of it
    names in a folder   sure once the folder was synced; of the changes since then, the disk has
                        any number, in the order in which they were made

`states` gives every mixture of these that a power cut at this moment may leave. The state in which
nothing is lost, as when only the process is killed, is one of them.
"""

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest


class _Content:
    """A file without its names."""

    def __init__(self) -> None:
        self.now = b""
        self.sure: bytes | None = None

    def possible(self) -> set[bytes]:
        if self.sure == self.now:
            return {self.now}
        return {self.sure or b"", self.now[: len(self.now) // 2], self.now}


Entries = dict[str, "_Content | _Folder"]


class _Folder:
    """Names of files and folders."""

    def __init__(self) -> None:
        self.now: Entries = {}
        self.steps: list[Entries] = [{}]
        """After each change since the last sync, that included."""

    def change(self, name: str, to: "_Content | _Folder | None") -> None:
        self.now = {key: value for key, value in self.now.items() if key != name}
        if to is not None:
            self.now[name] = to
        self.steps.append(self.now)


State = dict[str, bytes]
"""The content of each file by its path in the folder."""


class CrashingDisk:
    """An empty folder whose changes are noted from now on."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.after_each: Callable[[], None] = lambda: None
        """Called after each change."""
        self._model = _Folder()
        self._by_inode: dict[int, _Content | _Folder] = {root.stat().st_ino: self._model}
        for name in ("open", "fsync", "mkdir", "replace", "rename", "unlink"):
            monkeypatch.setattr(os, name, self._noted(name, getattr(os, name)))

    def states(self) -> list[State]:
        """Each that a power cut may leave now."""
        return [dict(state) for state in {frozenset(each.items()) for each in _mixed(self._model)}]

    def check(self) -> None:
        """Fail where the folder is not as the model has it: something wrote past what is noted."""
        assert _read(self.root) == _now(self._model)

    def _noted(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        note = getattr(self, f"_note_{name}")

        def noted(*args: Any, **keywords: Any) -> Any:
            _refresh(self._model, self.root)
            result = call(*args, **keywords)
            if note(*args):
                self.after_each()
            return result

        return noted

    def _place(self, path: Any) -> tuple[_Folder, str] | None:
        """The folder that has a path, and its name there; None for a path elsewhere."""
        try:
            *above, name = Path(path).relative_to(self.root).parts
        except ValueError:  # the folder itself too
            return None
        folder = self._model
        for part in above:
            below = folder.now[part]
            assert isinstance(below, _Folder)
            folder = below
        return folder, name

    def _add(self, path: Any, new: "_Content | _Folder") -> bool:
        place = self._place(path)
        if place is None or place[1] in place[0].now:
            return False
        place[0].change(place[1], new)
        self._by_inode[Path(path).stat().st_ino] = new
        return True

    def _note_open(self, path: Any, *_: Any) -> bool:
        return self._add(path, _Content())

    def _note_mkdir(self, path: Any, *_: Any) -> bool:
        return self._add(path, _Folder())

    def _note_fsync(self, handle: int) -> bool:
        synced = self._by_inode.get(os.fstat(handle).st_ino)
        if isinstance(synced, _Content):
            synced.sure = synced.now
        elif synced is not None:
            synced.steps = [synced.now]
        return synced is not None

    def _note_replace(self, source: Any, target: Any) -> bool:
        old, new = self._place(source), self._place(target)
        if old is None or new is None:
            return False
        assert old[0] is new[0], "between folders a rename is two changes"
        what = old[0].now[old[1]]
        old[0].now = {key: value for key, value in old[0].now.items() if key != old[1]}
        new[0].change(new[1], what)
        return True

    _note_rename = _note_replace

    def _note_unlink(self, path: Any) -> bool:
        place = self._place(path)
        if place is not None:
            place[0].change(place[1], None)
        return place is not None


def put(folder: Path, state: State) -> None:
    """Make a folder hold exactly this."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in state.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch(0o600)
        (folder / name).write_bytes(content)


def _read(folder: Path) -> State:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def _refresh(folder: _Folder, place: Path) -> None:
    """Take over what was written into the files since the last change."""
    for name, below in folder.now.items():
        if isinstance(below, _Content):
            below.now = (place / name).read_bytes()
        else:
            _refresh(below, place / name)


def _now(folder: _Folder) -> State:
    state = {}
    for name, below in folder.now.items():
        if isinstance(below, _Content):
            state[name] = below.now
        else:
            state.update({f"{name}/{path}": data for path, data in _now(below).items()})
    return state


def _mixed(folder: _Folder) -> Iterator[State]:
    for entries in folder.steps:
        for parts in itertools.product(*(_parts(*entry) for entry in entries.items())):
            yield {path: data for part in parts for path, data in part.items()}


def _parts(name: str, below: _Content | _Folder) -> list[State]:
    if isinstance(below, _Content):
        return [{name: data} for data in below.possible()]
    return [{f"{name}/{path}": data for path, data in each.items()} for each in _mixed(below)]

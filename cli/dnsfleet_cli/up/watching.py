"""Notices changed files: within about 20 ms, and a burst of writes as one change."""

import threading
from collections.abc import Callable, Iterable, Set
from pathlib import Path

import watchfiles

QUIET_MS = 10
"""A change is reported when nothing more changes for so long: editors save in several steps."""
BURST_MS = 50
"""The longest that a change waits while more changes come."""
STOP_CHECK_MS = 1000


_Folders = frozenset[Path]
_NONE: tuple[_Folders, _Folders] = (frozenset(), frozenset())


class Watcher:
    """Calls back, from its own threads, with the paths that changed."""

    def __init__(
        self, changed: Callable[[set[Path]], None], ignore: Path, besides: Path | None = None
    ) -> None:
        """Report everything to `changed` but what happens below `ignore`, without `besides`."""
        self._changed = changed
        self._ignore = ignore
        self._besides = besides
        self._watched = _NONE
        self._stopping = threading.Event()

    def watch(self, trees: Set[Path], folders: Set[Path]) -> None:
        """Watch these from now on: `trees` with all below them, `folders` without.

        Folders, not files: the watch on a file ends when an editor replaces the file. A folder that
        does not exist is left out; call again when it may have come.
        """
        wanted = (_there(trees), _there(folders))
        if wanted == self._watched:
            return
        stopping = threading.Event()
        for paths, recursive in zip(wanted, (True, False), strict=True):
            if paths:
                threading.Thread(
                    target=self._run, args=(paths, recursive, stopping), name="watcher", daemon=True
                ).start()
        self._stopping.set()  # the old watches end after the new ones began: no gap
        self._stopping, self._watched = stopping, wanted

    def close(self) -> None:
        """Stop watching."""
        self._stopping.set()

    def _run(self, paths: Set[Path], recursive: bool, stopping: threading.Event) -> None:
        for changes in watchfiles.watch(
            *paths,
            watch_filter=None,
            debounce=BURST_MS,
            step=QUIET_MS,
            stop_event=stopping,
            rust_timeout=STOP_CHECK_MS,
            recursive=recursive,
            raise_interrupt=False,
            ignore_permission_denied=True,
        ):
            gone = {Path(path) for change, path in changes if change == watchfiles.Change.deleted}
            if gone & paths:
                self._watched = _NONE  # a folder that is made again needs a new watch
            changed = {Path(path) for _, path in changes}
            changed = {path for path in changed if self._counts(path)}
            if changed:
                self._changed(changed)

    def _counts(self, path: Path) -> bool:
        if self._besides is not None and path.is_relative_to(self._besides):
            return True
        return not path.is_relative_to(self._ignore)


def _there(folders: Iterable[Path]) -> _Folders:
    return frozenset(folder for folder in folders if folder.is_dir())

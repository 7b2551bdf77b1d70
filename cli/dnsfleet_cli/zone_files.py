"""Master files on disk, and what they include.

`$INCLUDE` reads only from the folder of the zone file, after symlinks are resolved. Otherwise a
zone file from somebody else could publish any file of this machine.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Self

from dnsfleet import names
from dnsfleet.violations import Violation
from dnsfleet.zones import master_files
from dnsfleet_engine import Zone

from dnsfleet_cli.troubles import Trouble, reason


class Stamp(NamedTuple):
    """What shows that a file has not changed, without reading it."""

    inode: int
    mtime_ns: int
    size: int

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        """The stamp of a file that was looked at."""
        return cls(status.st_ino, status.st_mtime_ns, status.st_size)


def stamp(path: Path) -> Stamp | None:
    """The file's stamp; None where it cannot be looked at."""
    try:
        status = path.stat()
    except OSError:
        return None
    return Stamp.of(status)


def real(path: Path) -> Path:
    """Where a path leads to through links.

    Links that lead in a circle are left as they are, and a read of them says so: an error here, as
    `Path.resolve` raises it, would end a fleet because of one file. ValueError where it is no path.
    """
    return Path(os.path.realpath(path))


class Inclusions:
    """Reads what a zone file includes; `stamps` has each file that was read, with its stamp."""

    def __init__(self, zone_file: Path, read: Callable[[Path], bytes]) -> None:
        """Take the folder of `zone_file` as the only one that may be read, by `read`."""
        self._folder = real(zone_file).parent
        self.read = read
        self.stamps: dict[Path, Stamp | None] = {}

    def __call__(self, written: str, including: str) -> tuple[str, bytes]:
        """What `$INCLUDE written` in the file `including` stands for; relative to that file."""
        named = Path(including).parent / written
        path = real(named)
        if not path.is_relative_to(self._folder):
            raise ValueError(f"{written} is outside the zone file's folder; move it inside")
        self.stamps[path] = stamp(path)  # before reading: a change meanwhile shows
        try:
            return str(named), self.read(path)
        except OSError as error:
            raise OSError(f"{written}: {reason(error)}") from None


def normal_origin(text: str) -> str:
    """The normal spelling of a zone's name as somebody wrote it; Trouble says what is wrong."""
    try:
        return names.normalise(text)
    except ValueError as error:
        raise Trouble(f"zone {text}: {error}") from None


def load(
    path: Path, origin: str | None, inclusions: Inclusions
) -> tuple[Zone | None, list[Violation]]:
    """The zone of a file (None after any error) and what was found; Trouble if it is unreadable.

    The one way from a file that somebody names to a zone, for every command. `inclusions` are those
    of `path`, and their `read` reads it, too.
    """
    try:
        text = inclusions.read(path)
    except OSError as error:
        raise Trouble(f"{path}: {reason(error)}") from None
    return master_files.read(text, str(path), origin, inclusions)

"""Archives whose octets depend on names and content alone, and on one moment."""

import gzip
import io
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

_MODE = 0o644


def write_tar(target: BinaryIO, entries: Iterable[tuple[str, Path | bytes]], epoch: int) -> None:
    """Write files by their names in the archive, in that order; each is of root, with that time."""
    with tarfile.open(fileobj=target, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in entries:
            entry = tarfile.TarInfo(name)
            entry.mtime, entry.mode = epoch, _MODE
            if isinstance(content, bytes):
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
            else:
                entry.size = content.stat().st_size
                with content.open("rb") as opened:
                    archive.addfile(entry, opened)


def tar_gz(entries: Iterable[tuple[str, bytes]], epoch: int) -> bytes:
    """A compressed archive, of small files."""
    plain = io.BytesIO()
    write_tar(plain, entries, epoch)
    return gzip.compress(plain.getvalue(), mtime=epoch)

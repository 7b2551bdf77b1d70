"""Files that outlive a crash: each is replaced in one step, and nobody else can read it.

`replace_file` writes another file beside, syncs it, renames it, and syncs the folder. Between two
syncs the kernel may write to the disk in any order. So with one of them left out, a power cut could
leave the new name with half of the content, or bring the old content back after somebody relied on
the new one.
"""

import os
import stat
import tempfile
from pathlib import Path

PRIVATE = 0o600
PRIVATE_FOLDER = 0o700
"""What a state folder holds are keys, passwords, or zones before they are public."""
TEMPORARY = ".tmp"
"""How the names of files end that are not whole yet."""
_OTHERS = 0o077


def replace_file(path: Path, data: bytes) -> None:
    """Make `data` the content of a private file; after OSError the file is what it was."""
    # The name is unique: in a rolling update two pods may use one folder at the same time.
    handle, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=TEMPORARY, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def private_folder(path: Path) -> None:
    """Make a folder, with those above it, or make the one that is there private."""
    try:
        path.mkdir(PRIVATE_FOLDER)
    except FileNotFoundError:
        private_folder(path.parent)
        path.mkdir(PRIVATE_FOLDER)
    except FileExistsError:
        if not path.is_dir():
            raise
        make_private(path)
        return
    sync_folder(path.parent)


def make_private(path: Path) -> bool:
    """Take the rights of everybody but the owner from a file or folder; whether they had some.

    What belongs to another user stays as it is, as the mount point of a volume does.
    """
    found = path.stat()
    if not found.st_mode & _OTHERS or found.st_uid != os.geteuid():
        return False
    path.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS)
    return True


def remove_temporary(folder: Path, names: str = "*") -> None:
    """Remove the half-written files of a process that was killed; `names` is a pattern."""
    for path in folder.glob(f"{names}.*{TEMPORARY}"):
        path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk: a file that was renamed is not, before."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

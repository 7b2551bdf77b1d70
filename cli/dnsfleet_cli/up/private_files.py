"""Files that only their owner may read: keys, passwords, and settings that contain them."""

import os
from pathlib import Path

PRIVATE = 0o600
PRIVATE_FOLDER = 0o700


def write(path: Path, data: bytes) -> None:
    """Replace a file, completely or not at all; at no time can others read it."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as file:
        file.write(data)
    fresh.replace(path)

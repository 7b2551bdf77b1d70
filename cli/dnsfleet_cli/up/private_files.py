"""Files that only their owner may read: keys, passwords and what holds them."""

import os
from pathlib import Path

PRIVATE = 0o600
PRIVATE_FOLDER = 0o700


def write(path: Path, data: bytes) -> None:
    """Replace a file, whole or not at all; never readable by others, not for a moment."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as file:
        file.write(data)
    fresh.replace(path)

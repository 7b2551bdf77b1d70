"""The files of a release that `make dist` and `make publish` both know, and their checksums.

What publishes holds the identity that signs, so it imports nothing that needs more than PyYAML.
"""

import hashlib
from pathlib import Path

from release.images import Image

SUMS = "SHA256SUMS"
PROVENANCE = "provenance.intoto.json"


def checksums(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file of a folder, by name."""
    found = {}
    for path in folder.iterdir():
        if path.is_file():
            with path.open("rb") as opened:
                found[path.name] = hashlib.file_digest(opened, "sha256").hexdigest()
    return found


def archive_name(image: Image, version: str) -> str:
    return f"{image.repository}-{version}.oci.tar"

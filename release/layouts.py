"""Images as folders of the OCI image layout (image-spec 1.1), and the archives of these.

In a layout everything but index.json is named by its digest, so two builds of the same content give
the same files, and an archive of them needs no more than an order.
"""

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from release.archives import write_tar
from release.source import ReleaseError

_NAME = "io.containerd.image.name"
"""How `ctr images import` and `kind load` call the image."""
_REFERENCE = "org.opencontainers.image.ref.name"
_WHITEOUT = ".wh."


class Layout:
    """The one image in a layout."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (self._descriptor,) = json.loads((folder / "index.json").read_text())["manifests"]

    @property
    def digest(self) -> str:
        """The digest of its manifest, by which a registry knows it: `sha256:…`."""
        return str(self._descriptor["digest"])

    def configuration(self) -> dict[str, Any]:
        """What the image says of itself (image-spec, config.md)."""
        return self._read(self._manifest()["config"]["digest"])

    def write_archive(self, target: Path, name: str, epoch: int) -> None:
        """Write an OCI archive of it, in which it is called `REPOSITORY:TAG`."""
        wanted = {_NAME: name, _REFERENCE: name.rpartition(":")[2]}
        descriptor = {**self._descriptor, "annotations": wanted}
        index = {"schemaVersion": 2, "manifests": [descriptor]}
        manifest = self._manifest()
        digests = {self.digest, manifest["config"]["digest"]}
        digests |= {layer["digest"] for layer in manifest["layers"]}
        entries: list[tuple[str, Path | bytes]] = [
            ("oci-layout", (self._folder / "oci-layout").read_bytes()),
            ("index.json", json.dumps(index, sort_keys=True).encode()),
        ]
        for digest in sorted(digests):
            path = self._blob(digest)
            entries.append((path.relative_to(self._folder).as_posix(), path))
        with target.open("wb") as opened:
            write_tar(opened, entries, epoch)

    def files(self, *patterns: str) -> Iterator[tuple[str, bytes]]:
        """Files of the image whose path ends as a pattern says, sorted by path."""
        found: dict[str, bytes] = {}
        for layer in self._manifest()["layers"]:
            with tarfile.open(self._blob(layer["digest"])) as archive:
                for entry in archive:
                    path = PurePosixPath(entry.name)
                    if path.name.startswith(_WHITEOUT):
                        _remove(found, path)
                    elif entry.isfile() and any(path.match(pattern) for pattern in patterns):
                        found[path.as_posix()] = _content(archive, entry)
        yield from sorted(found.items())

    def _manifest(self) -> dict[str, Any]:
        return self._read(self.digest)

    def _read(self, digest: str) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self._blob(digest).read_text())
        return document

    def _blob(self, digest: str) -> Path:
        algorithm, _, value = digest.partition(":")
        return self._folder / "blobs" / algorithm / value


def archive_digest(path: Path) -> str:
    """The digest of the manifest of the one image in an archive."""
    with tarfile.open(path) as archive:
        index = _content(archive, archive.getmember("index.json"))
    (descriptor,) = json.loads(index)["manifests"]
    return str(descriptor["digest"])


def _content(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    opened = archive.extractfile(entry)
    if opened is None:
        raise ReleaseError(f"{archive.name!r}: {entry.name} is no file")
    return opened.read()


def _remove(found: dict[str, bytes], whiteout: PurePosixPath) -> None:
    """Forget what a layer removes of those below it (image-spec, layer.md, whiteouts)."""
    gone = whiteout.with_name(whiteout.name.removeprefix(_WHITEOUT))
    if gone.name == f"{_WHITEOUT}.opq":
        gone = whiteout.parent
    for path in list(found):
        if PurePosixPath(path).is_relative_to(gone):
            del found[path]

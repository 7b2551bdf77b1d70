"""The last good zones on disk, so that an edge can start while everything else is down.

    STATE_DIR/index              the origins of a complete set of zones
    STATE_DIR/zones/NAME.zone    one zone: its signed manifest and its records, or the manifest
                                 alone where that says that the zone is not to be served here
    …                            each with its previous generation beside it as `….1`

A file is written under another name, synced, and renamed, so a crash at any step leaves the old
generation or the new one, never half of one. Every file carries its format and a SHA-256. A zone
counts only if its manifest is signed by the publisher and describes the records beside it: what is
read from disk must prove as much as what comes over the network.

The index is written when the follower says that the set is complete, and again when a zone joins.
Without an index this edge may lack zones that it should have, so the set counts as incomplete and
the edge waits for its replica. Only the zone files hold revisions: an index with revisions would be
rewritten for each change of each zone. Dropped zones stay listed with their small files, so that a
replica with old data cannot bring them back after a restart.
"""

import contextlib
import hashlib
import json
import logging
import os
import struct
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple, TypeVar
from urllib.parse import quote

from dnsfleet.replication import manifests
from dnsfleet.replication.public_keys import PublicKeys
from dnsfleet_engine import Zone
from dnsfleet_io.logs import line

from dnsfleet_edge import verification

FORMAT = 1
_MAX_HEAD = 64
_LENGTH = struct.Struct(">Q")
_DIGEST_SIZE = 32
# File names are limited to 255 octets by Linux file systems; an escaped origin can be four times
# as long. The start is for people, the hash makes the name unique.
_READABLE_CHARS = 100
T = TypeVar("T")

log = logging.getLogger(__name__)


class DiskError(Exception):
    """What is on disk cannot be used; the text says which file and why."""


class Stored(NamedTuple):
    """One origin on disk; `zone` None: it was dropped."""

    manifest: manifests.Manifest
    zone: Zone | None


class Disk:
    """The files of one state folder; one thread at a time may use it."""

    def __init__(self, folder: Path, public_keys: PublicKeys, pop: str) -> None:
        self._folder = folder
        self._zones = folder / "zones"
        self._index = folder / "index"
        self._public_keys = public_keys
        self._pop = pop

    def sweep(self) -> None:
        """Remove the half-written files of a process that was killed."""
        for folder in (self._folder, self._zones):
            for path in folder.glob("*.tmp"):
                path.unlink(missing_ok=True)

    def read(self) -> list[Stored]:
        """Every zone of a complete set; DiskError says why there is none to start from."""
        found = (self._read_zone(origin) for origin in self._read_index())
        return [stored for stored in found if stored is not None]

    def write_zone(self, origin: str, signed: bytes, encoded: bytes) -> None:
        """Write one zone; the file before becomes its previous generation."""
        _replace(self._path(origin), _seal("zone", [signed, encoded]))

    def write_dropped(self, origin: str, signed: bytes) -> None:
        """Write that a zone is not to be served; its previous generation goes, so it stays away."""
        path = self._path(origin)
        _replace(path, _seal("zone", [signed]))
        _previous(path).unlink(missing_ok=True)

    def write_index(self, origins: Iterable[str]) -> None:
        """State that these zones, all of them written before, are a complete set."""
        _replace(self._index, _seal("index", [json.dumps(sorted(origins)).encode()]))

    def _read_index(self) -> list[str]:
        def parse(parts: list[bytes]) -> list[str]:
            (text,) = parts
            try:
                return [str(origin) for origin in json.loads(text)]
            except (RecursionError, TypeError) as error:
                raise ValueError(f"no list of origins: {error}") from error

        return _newest_good(self._index, "index", parse)

    def _read_zone(self, origin: str) -> Stored | None:
        """None for one that was dropped by a key that is valid no more.

        What it keeps away is not valid any more either, so nothing is lost with it.
        """

        def parse(parts: list[bytes]) -> Stored | None:
            signed, *content = parts
            try:
                manifest = manifests.verify(signed, self._public_keys)
            except manifests.SignatureError:
                if content:
                    raise
                return None
            if manifest.zone != origin:
                raise ValueError(f"it holds the zone {manifest.zone}, not {origin}")
            if len(content) != manifest.assigned(self._pop):
                raise ValueError(f"it was not written for the Pop {self._pop}")
            zone = verification.decode(manifest, content[0]) if content else None
            return Stored(manifest, zone)

        return _newest_good(self._path(origin), "zone", parse)

    def _path(self, origin: str) -> Path:
        readable = quote(origin.rstrip("."), safe="")[:_READABLE_CHARS]
        unique = hashlib.sha256(origin.encode()).hexdigest()[:16]
        return self._zones / f"{readable}-{unique}.zone"


def _previous(path: Path) -> Path:
    return path.with_name(f"{path.name}.1")


def _replace(path: Path, data: bytes) -> None:
    """Write `data` at `path` in one step, keeping the previous generation; OSError leaves both."""
    # The name is unique: in a rolling update two pods may use the folder at the same time.
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # Between the two renames only the previous generation is there; reading falls back to it.
        with contextlib.suppress(FileNotFoundError):
            path.replace(_previous(path))
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _newest_good(path: Path, kind: str, parse: Callable[[list[bytes]], T]) -> T:
    """What `parse` makes of the file, or of its previous generation; DiskError if of neither."""
    problems = []
    for each in (path, _previous(path)):
        try:
            content = parse(_unseal(kind, each.read_bytes()))
        except FileNotFoundError:
            problems.append(f"{each}: no such file")
        except OSError as error:
            problems.append(f"{each}: cannot read it: {error.strerror}")
        except ValueError as error:
            problems.append(f"{each}: {error}")
        else:
            if problems:
                log.warning(line("disk_fallback", problem=problems[0], used=each))
            return content
    raise DiskError("; ".join(problems))


def _seal(kind: str, parts: list[bytes]) -> bytes:
    """`dnsfleet KIND FORMAT` and a line end, each part after its length, SHA-256 of all that."""
    body = b"dnsfleet %s %d\n" % (kind.encode(), FORMAT)
    body += b"".join(_LENGTH.pack(len(part)) + part for part in parts)
    return body + hashlib.sha256(body).digest()


def _unseal(kind: str, data: bytes) -> list[bytes]:
    """The parts of a sealed file; ValueError says what is wrong with it."""
    head, newline, _ = data[:_MAX_HEAD].partition(b"\n")
    words = head.split(b" ")
    if not newline or len(words) != 3 or words[:2] != [b"dnsfleet", kind.encode()]:
        raise ValueError(f"not a dnsfleet {kind} file")
    if words[2] != b"%d" % FORMAT:
        raise ValueError(
            f"format {words[2].decode('ascii', 'replace')}, this version reads {FORMAT}"
        )
    body, digest = data[:-_DIGEST_SIZE], data[-_DIGEST_SIZE:]
    if hashlib.sha256(body).digest() != digest:
        raise ValueError("checksum does not match: the file is cut short or was changed")
    parts, at = [], len(head) + 1
    while at < len(body):
        start = at + _LENGTH.size
        size = int.from_bytes(body[at:start])
        at = start + size
        if at > len(body):
            raise ValueError("a part is longer than the file")
        parts.append(body[start:at])
    return parts

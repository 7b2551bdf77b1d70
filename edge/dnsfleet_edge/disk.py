"""The last good zones on disk, so that an edge can start while everything else is down.

    STATE_DIR/index              the origins of a complete set of zones
    STATE_DIR/zones/NAME.zone    one zone: its signed manifest and its records, or the manifest
                                 alone where that says that the zone is not to be served here

Each file is whole or absent: it is replaced in one step (see `dnsfleet_io.files`), and carries its
format and a SHA-256. A zone counts only if its manifest is signed by the publisher and describes
the records beside it: what is read from disk must prove as much as what comes over the network.
There are no older generations beside the files. An older index is not the whole set any more: the
edge would become ready and refuse a zone. An older zone would take the edge back.

The index is written when the follower says that the set is complete, and again when a zone joins,
each time after the zones that it names. So whatever a crash leaves, either the index and all zones
of it are there, each in the revision that was written last or a newer one, or the disk is not
complete. Then the edge begins with the zones that are good, its port stays closed, and the replica
gives what is missing. Without an index nothing on the disk counts.

Only the zone files hold revisions: an index with revisions would be rewritten for each change of
each zone. Dropped zones stay listed with their small files, so that a replica with old data cannot
bring them back after a restart.
"""

import hashlib
import json
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from dnsfleet.replication import manifests
from dnsfleet.replication.public_keys import PublicKeys
from dnsfleet_engine import Zone
from dnsfleet_following import verification
from dnsfleet_io import files

FORMAT = 1
_MAX_HEAD = 64
_LENGTH = struct.Struct(">Q")
_DIGEST_SIZE = 32
# File names are limited to 255 octets by Linux file systems; an escaped origin can be four times
# as long. The start is for people, the hash makes the name unique.
_READABLE_CHARS = 100


class Stored(NamedTuple):
    """One origin on disk; `zone` None: it was dropped."""

    manifest: manifests.Manifest
    signed: bytes
    """Its wire form."""
    zone: Zone | None


class Contents(NamedTuple):
    """What is good on a disk."""

    zones: list[Stored]
    problems: list[str]
    """Each names a file that is not good, and why."""
    new: bool = False
    """Whether no set was ever complete there, which is no sign of damage."""

    @property
    def complete(self) -> bool:
        """Whether the zones are a complete set, as it was written."""
        return not self.problems


class Disk:
    """The files of one state folder; one thread at a time may use it."""

    def __init__(self, folder: Path, public_keys: PublicKeys, pop: str) -> None:
        self._folder = folder
        self._zones = folder / "zones"
        self._index = folder / "index"
        self._public_keys = public_keys
        self._pop = pop

    def prepare(self) -> None:
        """Make the folders private, and remove what no version of today would write."""
        for folder in (self._folder, self._zones):
            files.private_folder(folder)
            files.remove_temporary(folder)
            for path in folder.glob("*.1"):  # the older generations that earlier versions kept
                path.unlink(missing_ok=True)

    def read(self) -> Contents:
        """The zones that the index names."""
        zones: list[Stored] = []
        problems: list[str] = []
        try:
            origins = self._read_index()
        except (OSError, ValueError) as error:
            new = isinstance(error, FileNotFoundError)
            return Contents([], [_problem(self._index, error)], new)
        for origin in origins:
            try:
                stored = self._read_zone(origin)
            except (OSError, ValueError) as error:
                problems.append(_problem(self._path(origin), error))
                continue
            if stored is not None:
                zones.append(stored)
        return Contents(zones, problems)

    def write_zone(self, origin: str, signed: bytes, encoded: bytes) -> None:
        """Write one zone in the place of an older revision."""
        self._write(self._path(origin), _seal("zone", [signed, encoded]))

    def write_dropped(self, origin: str, signed: bytes) -> None:
        """Write that a zone is not to be served."""
        self._write(self._path(origin), _seal("zone", [signed]))

    def write_index(self, origins: Iterable[str]) -> None:
        """State that these zones, all of them written before, are a complete set."""
        self._write(self._index, _seal("index", [json.dumps(sorted(origins)).encode()]))

    def _write(self, path: Path, data: bytes) -> None:
        files.private_folder(path.parent)
        files.replace_file(path, data)

    def _read_index(self) -> list[str]:
        (text,) = _unseal("index", self._index.read_bytes())
        try:
            origins = json.loads(text)
        except RecursionError:
            origins = None
        if not isinstance(origins, list) or not all(map(_is_origin, origins)):
            raise ValueError("no list of origins")
        return origins

    def _read_zone(self, origin: str) -> Stored | None:
        """None for one that was dropped by a key that is valid no more.

        What it keeps away is not valid any more either, so nothing is lost with it.
        """
        signed, *content = _unseal("zone", self._path(origin).read_bytes())
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
        return Stored(manifest, signed, zone)

    def _path(self, origin: str) -> Path:
        readable = quote(origin.rstrip("."), safe="")[:_READABLE_CHARS]
        unique = hashlib.sha256(origin.encode()).hexdigest()[:16]
        return self._zones / f"{readable}-{unique}.zone"


def _is_origin(value: object) -> bool:
    return isinstance(value, str) and value.isascii()


def _problem(path: Path, error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{path}: no such file"
    if isinstance(error, OSError):
        return f"{path}: cannot read it: {error.strerror}"
    return f"{path}: {error}"


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

"""Kept zones: what was removed can be restored for a week.

    chunks that the last manifest names ──┐
    chunks of what else is known of it ───┴── named by one signed description, for 7 days

The content of a removed zone is not copied. Its chunks stay where they are, and expire after a week
in place of an hour. The step that makes the tombstone current puts the description into a hash too,
so a zone is removed and kept, or neither. No manifest names these chunks any more, so no reader
asks for them; and no reader reads the hash.

A description is signed like a manifest, so whoever can write the core alone cannot have other
content restored. A writer signs all descriptions anew when its key is another one.

What is kept beside the records is written by whoever removes the zone and is of no account here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from dnsfleet.replication import keys, manifests
from dnsfleet.replication.encoding import Payload
from dnsfleet.replication.manifests import MAX_HEAD_SIZE, Manifest, ManifestError
from dnsfleet.replication.revisions import Revision

KEPT_SECONDS = 7 * 24 * 3600
"""How long a removed zone can be restored: a mistake of a Friday is found by the next one."""
MAX_OCTETS = 256 * 1024 * 1024
"""Octets of all that is kept, some five million records. The core and each replica need so much
memory beside what is live; what was removed first goes first."""
OVERHEAD = 1024
"""Octets that a kept zone counts beside its payloads: keys, and the description itself."""

_CONTEXT = b"dnsfleet kept zone\0"


@dataclass(frozen=True, slots=True)
class KeptZone:
    """A zone that was removed and can be restored."""

    manifest: Manifest
    """The last one before the tombstone."""
    removed: int
    """When it was removed, Unix time in seconds."""
    beside: Payload
    """What is kept beside the records, at the revision of the manifest."""

    @property
    def origin(self) -> str:
        """The zone's name: absolute, lower case."""
        return self.manifest.zone

    @property
    def until(self) -> int:
        """When it can be restored no more, Unix time in seconds."""
        return self.removed + KEPT_SECONDS

    @property
    def octets(self) -> int:
        """What it takes."""
        snapshot = self.manifest.snapshot
        content = self.manifest.delta_size + (0 if snapshot is None else snapshot.size)
        return content + self.beside.size + OVERHEAD

    @property
    def beside_keys(self) -> list[str]:
        """Where what is kept beside the records is."""
        return keys.kept(self.origin, self.beside.revision, self.beside.chunks)

    @property
    def chunk_keys(self) -> list[str]:
        """All chunks that it needs."""
        return [*self.manifest.chunk_keys(), *self.beside_keys]


class Keeping(NamedTuple):
    """What the removal of a zone keeps, and what it keeps no longer to make room."""

    zone: KeptZone
    chunks: dict[str, bytes]
    """What to write first, by key."""
    left: tuple[str, ...] = ()
    """Origins that are kept no longer."""
    unneeded: tuple[str, ...] = ()
    """Chunks that nobody needs then."""


def sign(kept: KeptZone, key: Ed25519PrivateKey) -> bytes:
    """The wire form; ValueError where it is longer than a reader takes."""
    at = kept.beside
    said = {
        "format": kept.manifest.format,
        "removed": kept.removed,
        "manifest": manifests.to_json(kept.manifest),
        "beside": [str(at.revision), at.chunks, at.size, at.sha256.hex()],
    }
    signed = manifests.seal(said, _CONTEXT, key)
    if len(signed) > MAX_HEAD_SIZE:
        raise ValueError(f"{len(signed)} octets, {MAX_HEAD_SIZE} at most are taken")
    return signed


def verify(data: bytes, public: Iterable[Ed25519PublicKey]) -> KeptZone:
    """A description in wire form; ManifestError where no valid key signed it."""
    said = manifests.unseal(data, _CONTEXT, public)
    try:
        at, chunks, size, sha256 = said["beside"]
        beside = Payload(Revision.parse(at), int(chunks), int(size), bytes.fromhex(sha256))
        return KeptZone(manifests.from_json(said["manifest"]), int(said["removed"]), beside)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise ManifestError(f"a kept zone has an unreadable field: {error!r}") from error

"""Audits: whether the core still has what was published.

The core's position and fence tell when it began anew or went back. They do not tell that a key was
deleted, by a hand, by an eviction or by a fault. So a writer compares a few zones at a time, all of
them again and again: what the index says, the signed manifest, and whether every chunk is there.
An edge that has the data needs none of it; the next edge that starts needs all.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from dnsfleet.replication import announcements, manifests
from dnsfleet.replication.announcements import Announcement

from dnsfleet_publisher.core_redis import CoreRedis
from dnsfleet_publisher.drafts import Published
from dnsfleet_publisher.known_zones import KnownZones


def damaged(
    core: CoreRedis,
    public: Sequence[Ed25519PublicKey],
    zones: KnownZones,
    origins: Sequence[str],
) -> Iterator[tuple[str, Published]]:
    """Those of these zones that the core lost, as they are known then; it may raise StoreError."""
    known = [origin for origin in origins if zones.get(origin).readable]
    for heads in core.heads(known):
        chunks = {origin: _chunks(zones[origin]) for origin in heads}
        with_chunks = [origin for origin in heads if chunks[origin]]
        counts = core.present([chunks[origin] for origin in with_chunks])
        present = dict(zip(with_chunks, counts, strict=True))
        for origin, (said, signed) in heads.items():
            whole = present.get(origin, 0) == len(chunks[origin])
            if not (whole and same(zones[origin], origin, said, signed)):
                yield origin, lost(zones[origin], public, origin, said, signed)


def announced(origin: str, said: bytes) -> Announcement | None:
    """What the index says of one zone; None where it says nothing that can be read."""
    found = announcements.read_index({origin.encode(): said})
    return found[0] if found else None


def same(known: Published, origin: str, said: bytes, signed: bytes | None) -> bool:
    """Whether index and manifest in the core are what is known of a zone."""
    at = announced(origin, said)
    if at is None or signed is None or known.manifest is None:
        return False
    here = (known.manifest.revision, known.manifest.lsn, known.fingerprint)
    return here == (at.revision, at.lsn, manifests.fingerprint(signed))


def lost(
    known: Published,
    public: Sequence[Ed25519PublicKey],
    origin: str,
    said: bytes,
    signed: bytes | None,
) -> Published:
    """A zone that the core lost, beside what it says of the zone."""
    at = announced(origin, said)
    leftover = set(_chunks(known))
    if signed is not None:
        with contextlib.suppress(ValueError):  # nobody wrote it, so it names nothing of ours
            leftover.update(manifests.verify(signed, public).chunk_keys())
    return replace(
        known,
        in_core=False,
        stored="" if at is None else str(at.revision),
        leftover=tuple(sorted(leftover)),
    )


def _chunks(known: Published) -> list[str]:
    return [] if known.manifest is None else known.manifest.chunk_keys()

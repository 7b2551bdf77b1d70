"""Payloads: bytes of any size, carried in values that are small enough for replication.

A zone is one payload, a change is another. Only the engine reads what is inside them. Here they
are cut into chunks, put together again and checked.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dnsfleet.replication.revisions import Revision

CHUNK_SIZE = 60 * 1024
"""Octets in one value. Replication, memory and slow links see no value above 64 KiB; the rest is
room for the key and the protocol."""

HASH_SIZE = 32
"""Octets of a SHA-256."""


class PayloadError(ValueError):
    """Chunks are missing, or they are not the bytes that were signed."""


@dataclass(frozen=True, slots=True)
class Payload:
    """The description of bytes that lie in chunks."""

    revision: Revision
    chunks: int
    size: int
    """Octets in all chunks."""
    sha256: bytes
    """32 octets, over all chunks in order."""


def describe(revision: Revision, data: bytes) -> Payload:
    """The description that `join` needs to check `data`."""
    chunks = max(1, -(-len(data) // CHUNK_SIZE))
    return Payload(revision, chunks, len(data), hashlib.sha256(data).digest())


def split(data: bytes) -> list[bytes]:
    """Cut a payload into its chunks: at least one, each at most CHUNK_SIZE octets."""
    return [data[start : start + CHUNK_SIZE] for start in range(0, max(1, len(data)), CHUNK_SIZE)]


def gather(chunks: Sequence[bytes | None]) -> bytes:
    """Put chunks together without a check; PayloadError where one is missing."""
    missing = sum(chunk is None for chunk in chunks)
    if missing:
        raise PayloadError(f"{missing} of {len(chunks)} chunks are missing")
    return b"".join(chunk for chunk in chunks if chunk is not None)


def join(chunks: Sequence[bytes | None], payload: Payload) -> bytes:
    """Put a payload together; PayloadError where it is not what `payload` describes."""
    data = gather(chunks)
    if len(chunks) != payload.chunks or len(data) != payload.size:
        raise PayloadError(
            f"{len(data)} octets in {len(chunks)} chunks, "
            f"not {payload.size} octets in {payload.chunks} chunks"
        )
    if hashlib.sha256(data).digest() != payload.sha256:
        raise PayloadError("the SHA-256 of the chunks is not the one that was signed")
    return data


def chain_hash(base: bytes, deltas: Iterable[bytes]) -> bytes:
    """The hash that binds deltas, in their order, to what they change.

    `base` is the SHA-256 of a snapshot, or an earlier result. One signed hash vouches for every
    delta since the snapshot, so a manifest stays small however many there are.
    """
    for delta in deltas:
        base = hashlib.sha256(base + hashlib.sha256(delta).digest()).digest()
    return base

"""Delta chains: what leads from nothing, or from what is held, to the revision of a manifest.

A chain begins with a snapshot, or with the revision that the reader holds, and goes on with the
deltas that follow it in order.
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

from dnsfleet.replication import encoding
from dnsfleet.replication.encoding import Payload, PayloadError
from dnsfleet.replication.manifests import Manifest
from dnsfleet.replication.revisions import Revision


class Content(NamedTuple):
    """Verified bytes for the engine."""

    snapshot: bytes | None
    """Where to start from; None is what is held."""
    deltas: tuple[bytes, ...]
    """To be applied in order."""


class DeltaChain(NamedTuple):
    """Chunks to read, and what they must hash to."""

    snapshot: Payload | None
    """Where to start from; None is what is held."""
    keys: tuple[str, ...]
    """Where all the chunks are, the snapshot's first."""
    delta_chunks: tuple[int, ...]
    """How many chunks each delta has, in order."""
    base_hash: bytes
    """`encoding.chain_hash` before the first delta."""
    chain_hash: bytes
    """The same after the last delta."""

    def check(self, chunks: Sequence[bytes | None]) -> Content:
        """The content in the values of `keys`; PayloadError where it is not what was signed."""
        rest = iter(chunks)
        start = None
        if self.snapshot is not None:
            first = list(itertools.islice(rest, self.snapshot.chunks))
            start = encoding.join(first, self.snapshot)
        deltas = tuple(
            encoding.gather(list(itertools.islice(rest, count))) for count in self.delta_chunks
        )
        if encoding.chain_hash(self.base_hash, deltas) != self.chain_hash:
            raise PayloadError("the SHA-256 of the deltas is not the one that was signed")
        return Content(start, deltas)


def from_snapshot(manifest: Manifest) -> DeltaChain:
    """The chain that needs nothing; ValueError for a tombstone, which has no content."""
    if manifest.snapshot is None:
        raise ValueError(f"{manifest.zone} was removed in {manifest.revision}")
    deltas = manifest.deltas_after(manifest.snapshot.revision) or []
    return _chain(manifest, manifest.snapshot, deltas, manifest.snapshot.sha256)


def from_held(
    manifest: Manifest, held: Revision, snapshot: Revision | None, chain_hash: bytes
) -> DeltaChain | None:
    """The chain of deltas alone, from `held` with the snapshot and hash that its manifest named.

    None where there is none: `held` is too old, or of another core.
    """
    deltas = manifest.deltas_after(held)
    if manifest.snapshot is None or deltas is None:
        return None
    if held == manifest.snapshot.revision:
        return _chain(manifest, None, deltas, manifest.snapshot.sha256)
    if snapshot == manifest.snapshot.revision:
        return _chain(manifest, None, deltas, chain_hash)
    return None


def _chain(
    manifest: Manifest, snapshot: Payload | None, deltas: list[list[str]], base_hash: bytes
) -> DeltaChain:
    keys = [] if snapshot is None else manifest.snapshot_keys()
    keys += [key for delta in deltas for key in delta]
    return DeltaChain(
        snapshot, tuple(keys), tuple(map(len, deltas)), base_hash, manifest.chain_hash
    )

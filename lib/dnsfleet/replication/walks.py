"""Walks: how a reader gets from what it holds, or from nothing, to the revision of a manifest."""

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


class Walk(NamedTuple):
    """Chunks to read, and what they must hash to."""

    snapshot: Payload | None
    """What to start from; None is what is held."""
    keys: tuple[str, ...]
    """Where all the chunks are, the snapshot's first."""
    steps: tuple[int, ...]
    """How many chunks each delta has."""
    base: bytes
    """The chain before the first delta."""
    chain: bytes
    """The chain after the last."""

    def check(self, chunks: Sequence[bytes | None]) -> Content:
        """The content in the values of `keys`; PayloadError where it is not what was signed."""
        rest = iter(chunks)
        start = None
        if self.snapshot is not None:
            first = list(itertools.islice(rest, self.snapshot.chunks))
            start = encoding.join(first, self.snapshot)
        deltas = tuple(encoding.gather(list(itertools.islice(rest, step))) for step in self.steps)
        if encoding.chain(self.base, deltas) != self.chain:
            raise PayloadError("the SHA-256 of the deltas is not the one that was signed")
        return Content(start, deltas)


def from_snapshot(manifest: Manifest) -> Walk:
    """The walk that needs nothing; ValueError for a tombstone, which has no content."""
    if manifest.snapshot is None:
        raise ValueError(f"{manifest.zone} was removed in {manifest.revision}")
    deltas = manifest.deltas_after(manifest.snapshot.revision) or []
    return _walk(manifest, manifest.snapshot, deltas, manifest.snapshot.sha256)


def from_held(
    manifest: Manifest, held: Revision, snapshot: Revision | None, chain: bytes
) -> Walk | None:
    """The walk by deltas alone, from `held` with the snapshot and chain that its manifest named.

    None where there is none: too old, or of another core.
    """
    deltas = manifest.deltas_after(held)
    if manifest.snapshot is None or deltas is None:
        return None
    if held == manifest.snapshot.revision:
        return _walk(manifest, None, deltas, manifest.snapshot.sha256)
    if snapshot == manifest.snapshot.revision:
        return _walk(manifest, None, deltas, chain)
    return None


def _walk(
    manifest: Manifest, snapshot: Payload | None, deltas: list[list[str]], base: bytes
) -> Walk:
    keys = [] if snapshot is None else manifest.snapshot_keys()
    keys += [key for delta in deltas for key in delta]
    return Walk(snapshot, tuple(keys), tuple(map(len, deltas)), base, manifest.chain)

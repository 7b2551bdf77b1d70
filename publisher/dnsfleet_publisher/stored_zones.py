"""Zones as a core Redis has them, read with the checks that an edge makes.

A manifest is good if one of several keys signed it: the one that signs now, or the one before it.

Small zones are read many at once: what a start costs is then the checks, not the round trips. Where
the data is not what its manifest signs, only the manifest counts; it costs no other zone anything.
"""

import itertools
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from dnsfleet.replication import delta_chains, manifests, public_keys
from dnsfleet.replication.delta_chains import DeltaChain
from dnsfleet.replication.manifests import Manifest
from dnsfleet_engine import Zone

from dnsfleet_publisher import core_redis
from dnsfleet_publisher.core_redis import CoreRedis
from dnsfleet_publisher.drafts import Published

_log = logging.getLogger(__name__)


class _Stored(NamedTuple):
    """A zone whose content is to be read."""

    origin: str
    manifest: Manifest
    chain: DeltaChain
    fingerprint: bytes
    key: str

    @property
    def octets(self) -> int:
        """Of the content and of the names of its chunks."""
        snapshot = self.manifest.snapshot
        content = self.manifest.delta_size + (0 if snapshot is None else snapshot.size)
        return content + sum(map(len, self.chain.keys))


def read(
    core: CoreRedis, public: Sequence[Ed25519PublicKey], signed: Mapping[str, bytes | None]
) -> dict[str, Published]:
    """What the core has of each zone, by origin, from its signed manifest as it was read.

    `stored` and `seq` are left empty: they are not in the manifest, but in the index. StoreError
    where the core does not answer.
    """
    found = dict.fromkeys(signed, Published(in_core=False))
    contents = []
    for origin, head in signed.items():
        if head is None:
            continue
        try:
            manifest, key = _verify(head, public)
            if manifest.zone != origin:
                raise manifests.SignatureError(f"its manifest is the one of {manifest.zone}")
            known = manifests.fingerprint(head)
            if manifest.tombstone:
                found[origin] = Published(manifest, fingerprint=known, key=key)
            else:
                chain = delta_chains.from_snapshot(manifest)
                contents.append(_Stored(origin, manifest, chain, known, key))
        except ValueError as error:
            newer = not isinstance(error, manifests.SignatureError)
            found[origin] = Published(in_core=False, newer=newer)
            _warn(core, origin, error)
    for group in _grouped(contents):
        names = [name for each in group for name in each.chain.keys]
        values = iter(core.chunks(names, sum(each.octets for each in group)))
        for each in group:
            chunks = list(itertools.islice(values, len(each.chain.keys)))
            zone, leftover = None, tuple(each.chain.keys)
            try:
                zone, leftover = _zone(each, chunks), ()
            except ValueError as error:
                _warn(core, each.origin, error)
            found[each.origin] = Published(
                each.manifest,
                zone,
                in_core=zone is not None,
                fingerprint=each.fingerprint,
                key=each.key,
                leftover=leftover,
            )
    return found


def content(core: CoreRedis, manifest: Manifest) -> Zone:
    """The zone that a manifest names; ValueError where the core has it no more, or not as signed.

    StoreError where the core does not answer.
    """
    stored = _Stored(manifest.zone, manifest, delta_chains.from_snapshot(manifest), b"", "")
    return _zone(stored, core.chunks(stored.chain.keys, stored.octets))


def _verify(head: bytes, public: Sequence[Ed25519PublicKey]) -> tuple[Manifest, str]:
    """A manifest, and which of the keys signed it."""
    *others, last = public
    for key in others:
        try:
            return manifests.verify(head, [key]), public_keys.identify(key)
        except manifests.SignatureError:
            continue
    return manifests.verify(head, [last]), public_keys.identify(last)


def _grouped(contents: Iterable[_Stored]) -> Iterator[list[_Stored]]:
    """Zones that fit into one round trip together; one that does not fit is alone."""
    group: list[_Stored] = []
    octets = 0
    for each in contents:
        octets += each.octets
        if group and octets > core_redis.OCTETS_AT_ONCE:
            yield group
            group, octets = [], each.octets
        group.append(each)
    if group:
        yield group


def _zone(stored: _Stored, chunks: list[bytes | None]) -> Zone:
    """ValueError where the data is not what the manifest signs."""
    content = stored.chain.check(chunks)
    zone = Zone.decode(content.snapshot or b"")
    for delta in content.deltas:
        zone = zone.apply(delta)
    if zone.digest != stored.manifest.digest:
        raise ValueError("the digest of its records is not the one that was signed")
    return zone


def _warn(core: CoreRedis, origin: str, error: ValueError) -> None:
    _log.warning("%s: %s will be published anew: %s", core.place, origin, error)

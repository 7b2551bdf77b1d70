"""What edges prove: that they hold something newer than the core has.

Only a signature counts. Acks are not signed, so whoever can write one can claim anything. A
manifest that our key signed shows that a writer of this fleet published it once.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from dnsfleet.replication import manifests
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.manifests import Manifest, ManifestError

from dnsfleet_publisher.core_zones import CoreZones

_log = logging.getLogger(__name__)


class EdgeProofs:
    """The newest that edges proved. Every method may raise `StoreError`."""

    def __init__(self, zones: CoreZones) -> None:
        self._zones = zones
        self.proven = 0
        """The highest epoch of a proof that counted."""
        self.ended: set[str] = set()
        """Live zones that a tombstone, newer than the core, says were removed."""
        self._heard: dict[str, tuple[Mapping[str, bytes], Mapping[str, str]]] = {}

    def epoch(self, acks: Mapping[str, Ack]) -> int:
        """The highest epoch that was ever proved, by these acks too."""
        signed = (each for ack in acks.values() for each in ack.ahead.values())
        epochs = (manifest.revision.epoch for manifest in self._verified(signed))
        self.proven = max(self.proven, *epochs, 0)
        return self.proven

    def hear(self, acks: Mapping[str, Ack]) -> bool:
        """Take what every edge said last; whether the core is behind some of it.

        What is newer there is marked in the zones, so that it is published above that.
        """
        behind = False
        for edge, ack in acks.items():
            if self._heard.get(edge, ({}, {})) == (ack.ahead, ack.failing):
                continue
            self._heard[edge] = (ack.ahead, ack.failing)
            self._zones.suspect(ack.failing)
            for manifest in self._verified(ack.ahead.values()):
                behind |= self._overtake(manifest)
        for gone in self._heard.keys() - acks.keys():
            del self._heard[gone]
        return behind

    def _verified(self, signed: Iterable[bytes]) -> Iterator[Manifest]:
        for each in signed:
            try:
                manifest = manifests.verify(each, self._zones.public)
            except ManifestError:
                continue
            yield manifest

    def _overtake(self, manifest: Manifest) -> bool:
        """An edge has this manifest; whether it is newer than what the core has."""
        origin = manifest.zone
        known = self._zones.published(origin)
        if known.manifest is not None and manifest.revision <= known.manifest.revision:
            return False
        self.proven = max(self.proven, manifest.revision.epoch)
        if known.manifest is None:
            return False  # what is published in its place is above that by its fence
        _log.warning(
            "an edge has %s %s, the core has %s: it is published above that",
            origin,
            manifest.revision,
            known.manifest.revision,
        )
        if manifest.tombstone and known.live:
            self.ended.add(origin)
        self._zones.known.put(origin, replace(known, overtaken=manifest))
        return True

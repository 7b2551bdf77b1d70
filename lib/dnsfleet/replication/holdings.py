"""Holdings: the newest verified manifest of each zone, and what may take its place.

A higher revision takes it. What a former key signed is served on, but any revision that a valid key
signed takes its place: a writer that lost its key together with the core's data cannot know above
which revision it has to publish, and nothing can prove it to it.

That a key ended says nothing of the manifests that were verified before, and to verify them all
again would stop an edge with many zones for seconds. So each is verified again when that matters:
when a lower revision than the held one is announced.
"""

from typing import NamedTuple

from dnsfleet.replication import delta_chains, manifests
from dnsfleet.replication.delta_chains import DeltaChain
from dnsfleet.replication.manifests import Manifest, ManifestError
from dnsfleet.replication.public_keys import PublicKeys
from dnsfleet.replication.revisions import Revision


class Held(NamedTuple):
    """What the newest verified manifest says of a zone."""

    revision: Revision
    base: Revision | None
    """The revision of the snapshot that `chain_hash` starts from."""
    chain_hash: bytes
    served: bool
    live: bool
    """Whether it is in the fleet, in this Pop or in others."""
    signed: bytes
    """The manifest in wire form."""
    keys: int
    """By which it was verified (see `Holdings.ended`)."""


class Holdings:
    """What one edge holds."""

    def __init__(self, keys: PublicKeys) -> None:
        self.keys = keys
        """Those that are valid."""
        self.ended = 0
        """How often keys ceased to be valid. What was verified at this number is valid now."""
        self._held: dict[str, Held] = {}

    def change_keys(self, keys: PublicKeys) -> bool:
        """Other keys are valid from now on; whether one ceased to be."""
        ends = not all(key in keys for key in self.keys)
        self.ended += ends
        self.keys = keys
        return ends

    def get(self, zone: str) -> Held | None:
        """What is held of a zone."""
        return self._held.get(zone)

    def served(self) -> list[str]:
        """The zones that are served."""
        return [zone for zone, held in self._held.items() if held.served]

    def put(self, manifest: Manifest, signed: bytes, served: bool, keys: int) -> None:
        """Hold this manifest, verified when `ended` was `keys`."""
        self._held[manifest.zone] = Held(
            manifest.revision,
            None if manifest.snapshot is None else manifest.snapshot.revision,
            manifest.chain_hash,
            served,
            not manifest.tombstone,
            signed,
            keys,
        )

    def give_way(self, zone: str, revision: Revision) -> bool:
        """Whether this revision takes the place of what is held, if a valid key signed it."""
        held = self._held.get(zone)
        if held is None or revision >= held.revision:
            return held is None or revision > held.revision
        if held.keys != self.ended:
            try:
                manifests.verify(held.signed, self.keys)
            except ManifestError:
                return True
            self._held[zone] = held._replace(keys=self.ended)
        return False

    def find_chain(self, manifest: Manifest) -> DeltaChain:
        """The shortest way to a manifest from what is held of its zone."""
        held = self._held.get(manifest.zone)
        chain = None
        if held is not None and held.served:
            chain = delta_chains.from_held(manifest, held.revision, held.base, held.chain_hash)
        return chain or delta_chains.from_snapshot(manifest)

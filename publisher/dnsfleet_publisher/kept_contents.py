"""What is kept of removed zones, as a core has it: for writers, and for whoever restores a zone.

Beside the records are kept the outline of the Zone, and which records RecordSets added, so that
each record comes back as whose it was. On the wire the outline is the first line. Each claim is one
more: `NAMESPACE/NAME` of the RecordSet, a space, and the claim as it was noted.
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from dnsfleet.replication import encoding, kept_zones
from dnsfleet.replication.kept_zones import KeptZone
from dnsfleet.replication.manifests import ManifestError
from dnsfleet.resources import Reference
from dnsfleet.zones import outlines
from dnsfleet.zones.outlines import Outline
from dnsfleet_engine import Zone

from dnsfleet_publisher import claims, stored_zones
from dnsfleet_publisher.claims import Claims
from dnsfleet_publisher.core_redis import CoreRedis


class Removed(NamedTuple):
    """A removed zone that can be restored."""

    zone: KeptZone
    outline: Outline | None
    """None where no writer had noted one, or this version cannot read it."""
    claims: Claims
    """What RecordSets added to it."""


def encode(outline: bytes, added: Claims) -> bytes:
    """What is kept beside the records; `outline` as it was noted, empty for none."""
    lines = [outline]
    for reference, claim in sorted(added.items()):
        lines.append(f"{reference.namespace}/{reference.name} ".encode() + claims.encode(claim))
    return b"\n".join(lines)


def decode(data: bytes) -> tuple[Outline | None, Claims]:
    """What `encode` gave, as far as this version can read it."""
    outline, *lines = data.split(b"\n")
    found = {}
    for line in lines:
        name, _, value = line.partition(b" ")
        namespace, _, own = name.decode(errors="replace").partition("/")
        if (claim := claims.decode(value)) is not None:
            found[Reference("RecordSet", namespace, own)] = claim
    return outlines.decode(outline), found


class Kept(NamedTuple):
    """All that a core keeps."""

    removed: list[Removed]
    unverified: list[str]
    """Origins of what no valid key signed, or what is not there as it was signed."""


def read(core: CoreRedis, public: Sequence[Ed25519PublicKey]) -> Kept:
    """What can be restored; StoreError where the core does not answer."""
    kept = Kept([], [])
    for part in core.kept():
        found = {origin: verified(origin, signed, public) for origin, signed in part.items()}
        kept.unverified.extend(origin for origin, zone in found.items() if zone is None)
        zones = [zone for zone in found.values() if zone is not None]
        names = [name for zone in zones for name in zone.beside_keys]
        octets = sum(map(len, names)) + sum(zone.beside.size for zone in zones)
        values = iter(core.chunks(names, octets) if names else ())
        for zone in zones:
            chunks = list(itertools.islice(values, zone.beside.chunks))
            try:
                kept.removed.append(Removed(zone, *decode(encoding.join(chunks, zone.beside))))
            except encoding.PayloadError:
                kept.unverified.append(zone.origin)
    return kept


def content(core: CoreRedis, zone: KeptZone) -> Zone:
    """The records; ValueError where the core has them no more, or not as they were signed."""
    return stored_zones.content(core, zone.manifest)


def verified(origin: str, signed: bytes, public: Sequence[Ed25519PublicKey]) -> KeptZone | None:
    """The kept zone of an origin; None where no valid key signed its description."""
    try:
        found = kept_zones.verify(signed, public)
    except ManifestError:
        return None
    return found if found.origin == origin else None

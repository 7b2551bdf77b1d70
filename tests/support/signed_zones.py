"""Zones with manifests that a publisher of the tests signed."""

import hashlib
from dataclasses import replace
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet.replication import encoding, manifests
from dnsfleet.replication.manifests import Manifest
from dnsfleet.replication.revisions import Revision
from dnsfleet_engine import Zone

PUBLISHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
FORGER = Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32)
POP = "fra"


class SignedZone(NamedTuple):
    manifest: Manifest
    signed: bytes
    zone: Zone


def sign(content: Zone, seq: int, key: Ed25519PrivateKey = PUBLISHER) -> SignedZone:
    """Revision 1.`seq` of a zone, published as a snapshot."""
    encoded = content.encode()
    revision = Revision(1, seq)
    manifest = Manifest(
        zone=content.origin,
        revision=revision,
        previous=None,
        lsn=seq,
        serial=content.serial,
        digest=content.digest,
        rrsets=content.rrsets,
        records=content.records,
        time_ms=1,
        snapshot=encoding.describe(revision, encoded),
        chain_hash=hashlib.sha256(encoded).digest(),
    )
    return SignedZone(manifest, manifests.sign(manifest, key), content)


def tombstone(signed: SignedZone, key: Ed25519PrivateKey = PUBLISHER) -> bytes:
    """The signed removal of a zone, one revision later."""
    revision = Revision(1, signed.manifest.revision.seq + 1)
    removal = replace(
        signed.manifest,
        revision=revision,
        digest=b"",
        snapshot=None,
        chain_hash=b"",
        tombstone=True,
    )
    return manifests.sign(removal, key)

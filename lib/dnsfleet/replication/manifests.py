"""Manifests: the signed heads that say what a zone, and the whole fleet, is now.

A manifest names everything that a reader needs to get from what it holds, or from nothing, to
one revision: a snapshot at some revision and the deltas that follow it up to this one.

    snapshot at 7.40 ── delta 7.41 ── delta 7.42 ── delta 9.43 = this revision
                        └───── Run(7, 41, 2) ────┘  └ Run(9, 43, 1) ┘

Deltas are named in runs of one writer's consecutive `seq`, so the manifest does not grow with
their number. A snapshot with the deltas that follow it is a *delta chain*. `chain_hash` binds all
of it, in order (`encoding.chain_hash`), so one signature covers the whole chain. A reader that
holds 7.41 knows the hash up to there from the manifest of 7.41, and reads only what is new. One
that holds the snapshot's own revision starts from the hash of the snapshot. Any other reads the
snapshot.

On the wire a head is 64 octets of Ed25519 signature (RFC 8032) followed by compact JSON. The
signature covers a context first, so that no head can be passed off as one of another kind. A reader
may have several public keys (see `public_keys`); one of them has to fit.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from dnsfleet.replication import formats, keys
from dnsfleet.replication.encoding import HASH_SIZE, Payload
from dnsfleet.replication.revisions import Revision

MAX_HEAD_SIZE = 64 * 1024
"""Octets; no value in Redis is longer, so nothing longer is worth parsing."""

_SIGNATURE_SIZE = 64
_ZONE_CONTEXT = b"dnsfleet zone\0"
_FLEET_CONTEXT = b"dnsfleet fleet\0"


class ManifestError(ValueError):
    """A head is not signed by our publisher, or says something this version cannot read."""


class SignatureError(ManifestError):
    """No valid key signed the head: it is forged, damaged, or of a key that is valid no more."""


class Run(NamedTuple):
    """`length` deltas of one epoch, with consecutive `seq` and as many chunks each."""

    epoch: int
    first: int
    length: int
    chunks: int

    def revisions(self) -> list[Revision]:
        """The revisions that these deltas lead to, in order."""
        return [Revision(self.epoch, self.first + step) for step in range(self.length)]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one zone is at one revision."""

    zone: str
    """The origin: absolute, lower case."""
    revision: Revision
    previous: Revision | None
    """The revision before it; None for the first of a zone, or after the core lost its data."""
    lsn: int
    """Position in the log of the whole fleet."""
    serial: int
    """SOA serial; of the last content for a tombstone."""
    digest: bytes
    """`Zone.digest` of the content: 32 octets, empty for a tombstone."""
    rrsets: int
    records: int
    time_ms: int
    """When it was signed, Unix time in milliseconds."""
    snapshot: Payload | None = None
    """None for a tombstone only."""
    deltas: tuple[Run, ...] = ()
    """From the snapshot to this revision."""
    delta_size: int = 0
    """Octets in all of `deltas`."""
    chain_hash: bytes = b""
    """32 octets; empty for a tombstone."""
    pops: tuple[str, ...] | None = None
    """Names of the Pops that serve the zone, sorted; None is every Pop."""
    tombstone: bool = False
    """The zone was removed on purpose."""
    format: int = formats.READS[0]
    """The format of this head and of what it names, one of `formats.READS`."""

    def assigned(self, pop: str | None) -> bool:
        """Whether a Pop is to serve the zone; None asks for any of them."""
        return not self.tombstone and (pop is None or self.pops is None or pop in self.pops)

    def deltas_after(self, revision: Revision) -> list[list[str]] | None:
        """The chunk keys of each delta from a held revision to this one.

        None where the chain does not pass that revision: the snapshot is to be read then.
        """
        if self.snapshot is None:
            return None
        steps = [(step, run.chunks) for run in self.deltas for step in run.revisions()]
        held = [self.snapshot.revision, *(step for step, _ in steps)]
        if revision not in held:
            return None
        return [
            keys.delta(self.zone, step, chunks) for step, chunks in steps[held.index(revision) :]
        ]

    def snapshot_keys(self) -> list[str]:
        """The chunk keys of the snapshot; empty for a tombstone."""
        if self.snapshot is None:
            return []
        return keys.snapshot(self.zone, self.snapshot.revision, self.snapshot.chunks)

    def chunk_keys(self) -> list[str]:
        """Every chunk key that this manifest names."""
        if self.snapshot is None:
            return []
        deltas = self.deltas_after(self.snapshot.revision) or []
        return self.snapshot_keys() + [key for delta in deltas for key in delta]


@dataclass(frozen=True, slots=True)
class FleetHead:
    """The publisher says that all the zones it knows are published.

    An edge with nothing on disk is complete only once it knows just the same live zones. A writer
    of an older version signed their number alone.
    """

    fence: int
    lsn: int
    zones: int
    """Zones that are live: published and not removed."""
    format: int = formats.READS[0]
    """One of `formats.READS`."""
    names: int | None = None
    """The sum of their names (see `sums`)."""
    total: int | None = None
    """The sum of announcements at `lsn`."""


def sign(manifest: Manifest, key: Ed25519PrivateKey) -> bytes:
    """The wire form of a manifest."""
    return seal(to_json(manifest), _ZONE_CONTEXT, key)


def to_json(manifest: Manifest) -> dict[str, Any]:
    """What is signed of a manifest."""
    said: dict[str, Any] = {
        "format": manifest.format,
        "zone": manifest.zone,
        "revision": str(manifest.revision),
        "lsn": manifest.lsn,
        "serial": manifest.serial,
        "rrsets": manifest.rrsets,
        "records": manifest.records,
        "time": manifest.time_ms,
    }
    if manifest.previous is not None:
        said["previous"] = str(manifest.previous)
    if manifest.pops is not None:
        said["pops"] = manifest.pops
    if manifest.tombstone:
        said["tombstone"] = True
    if manifest.snapshot is not None:
        at = manifest.snapshot
        said["digest"] = manifest.digest.hex()
        said["snapshot"] = [str(at.revision), at.chunks, at.size, at.sha256.hex()]
        said["deltas"] = [manifest.delta_size, manifest.chain_hash.hex(), *manifest.deltas]
    return said


def verify(data: bytes, public: Iterable[Ed25519PublicKey]) -> Manifest:
    """The manifest in wire form, once its signature and its fields are in order."""
    said = unseal(data, _ZONE_CONTEXT, public)
    try:
        return from_json(said)
    except (KeyError, TypeError, ValueError) as error:
        raise ManifestError(f"the manifest has an unreadable field: {error!r}") from error


def fingerprint(signed: bytes) -> bytes:
    """16 octets that tell a signed head from any other."""
    return hashlib.blake2b(signed, digest_size=16).digest()


def sign_fleet(head: FleetHead, key: Ed25519PrivateKey) -> bytes:
    """The wire form of a fleet head."""
    said: dict[str, Any] = {
        "format": head.format,
        "fence": head.fence,
        "lsn": head.lsn,
        "zones": head.zones,
    }
    if head.names is not None:
        said["names"] = f"{head.names:x}"
    if head.total is not None:
        said["total"] = f"{head.total:x}"
    return seal(said, _FLEET_CONTEXT, key)


def verify_fleet(data: bytes, public: Iterable[Ed25519PublicKey]) -> FleetHead:
    """The fleet head in wire form, once its signature and its fields are in order."""
    said = unseal(data, _FLEET_CONTEXT, public)
    try:
        fence, lsn, zones, format_ = (
            _count(said[name]) for name in ("fence", "lsn", "zones", "format")
        )
        names, total = _sum(said.get("names")), _sum(said.get("total"))
        return FleetHead(fence, lsn, zones, format_, names, total)
    except (KeyError, TypeError, ValueError) as error:
        raise ManifestError(f"the fleet head has an unreadable field: {error!r}") from error


def seal(said: Mapping[str, Any], context: bytes, key: Ed25519PrivateKey) -> bytes:
    """The wire form of a head of any kind; `context` tells which kind it is."""
    text = json.dumps(said, separators=(",", ":"), sort_keys=True, ensure_ascii=True).encode()
    return key.sign(context + text) + text


def unseal(data: bytes, context: bytes, public: Iterable[Ed25519PublicKey]) -> dict[str, Any]:
    """What a head of a kind says, once its signature is in order; ManifestError for any other."""
    if not _SIGNATURE_SIZE < len(data) <= MAX_HEAD_SIZE:
        raise SignatureError(f"{len(data)} octets are no signed head")
    signature, text = data[:_SIGNATURE_SIZE], data[_SIGNATURE_SIZE:]
    if not any(_signed(key, signature, context + text) for key in public):
        raise SignatureError("the signature is not from this fleet's publisher")
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"the head is no JSON: {error}") from error
    if not isinstance(said, dict):
        raise ManifestError("the head is no JSON object")
    if said.get("format") not in formats.READS:
        known = " and ".join(map(str, formats.READS))
        raise ManifestError(f"format {said.get('format')}, this version reads {known}")
    return said


def _signed(key: Ed25519PublicKey, signature: bytes, data: bytes) -> bool:
    try:
        key.verify(signature, data)
    except InvalidSignature:
        return False
    return True


def from_json(said: Mapping[str, Any]) -> Manifest:
    """The manifest of a `to_json`; KeyError, TypeError or ValueError for anything else."""
    tombstone = said.get("tombstone", False) is True
    pops = said.get("pops")
    snapshot: Payload | None = None
    deltas: tuple[Run, ...] = ()
    delta_size, chain_hash, digest = 0, b"", b""
    if not tombstone:
        at, chunks, size, sha256 = said["snapshot"]
        snapshot = Payload(Revision.parse(at), _count(chunks), _count(size), _hash(sha256))
        octets, hashed, *runs = said["deltas"]
        delta_size, chain_hash, digest = _count(octets), _hash(hashed), _hash(said["digest"])
        deltas = tuple(Run(*(_count(number) for number in run)) for run in runs)
    return Manifest(
        zone=str(said["zone"]),
        revision=Revision.parse(said["revision"]),
        previous=Revision.parse(said["previous"]) if "previous" in said else None,
        lsn=_count(said["lsn"]),
        serial=_count(said["serial"]),
        digest=digest,
        rrsets=_count(said["rrsets"]),
        records=_count(said["records"]),
        time_ms=_count(said["time"]),
        snapshot=snapshot,
        deltas=deltas,
        delta_size=delta_size,
        chain_hash=chain_hash,
        pops=None if pops is None else tuple(str(pop) for pop in pops),
        tombstone=tombstone,
        format=_count(said["format"]),
    )


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r} is not a count")
    return value


def _sum(value: str | None) -> int | None:
    return None if value is None else int(value, 16)


def _hash(value: str) -> bytes:
    data = bytes.fromhex(value)
    if len(data) != HASH_SIZE:
        raise ValueError(f"{value!r} is not a hash of {HASH_SIZE} octets")
    return data

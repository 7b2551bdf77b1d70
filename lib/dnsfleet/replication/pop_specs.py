"""The signed spec of a Pop that the operator of another cluster runs.

The core writes one for each such Pop, and it is replicated like all else. The operator there reads
it from the replica of its Pop. It takes what a valid key signed, for its own Pop, of the highest
revision that it ever saw, and nothing else. So whoever holds the replica can withhold a spec, and
can neither forge one nor bring an old one back.

The spec is as the object in the core has it, with the fields that this version does not know, and
with what was decided there: a Pop that may not be drained yet is not Drained here. Beside it are
the public keys by which the Pop is to verify from now on. So a rotation of the key reaches a Pop by
a record that the key before signed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from dnsfleet.replication import formats, manifests, public_keys
from dnsfleet.replication.manifests import MAX_HEAD_SIZE, ManifestError
from dnsfleet.replication.revisions import Revision

_CONTEXT = b"dnsfleet pop\0"
_FIELDS = frozenset({"format", "pop", "revision", "generation", "spec", "keys", "version", "uid"})


@dataclass(frozen=True, slots=True)
class SignedPop:
    """What a Pop is to be, at one revision."""

    pop: str
    revision: Revision
    """The epoch is the fence of the writer."""
    generation: int
    """Of the object in the core."""
    spec: Mapping[str, Any]
    """As its JSON says it; with fields that this version may not know."""
    public_keys: str
    """PEM, one or two keys (see `public_keys`)."""
    version: str = ""
    """Of the operator that wrote it."""
    uid: str = ""
    """Of the object in the core; empty where an earlier version wrote it."""
    format: int = formats.READS[0]
    unknown: tuple[str, ...] = ()
    """What a newer writer says beside these, by name; it is not signed again."""


def sign(wanted: SignedPop, key: Ed25519PrivateKey) -> bytes:
    """The wire form; ValueError where it is longer than a reader takes."""
    signed = manifests.seal(
        {
            "format": wanted.format,
            "pop": wanted.pop,
            "revision": str(wanted.revision),
            "generation": wanted.generation,
            "spec": wanted.spec,
            "keys": wanted.public_keys,
            "version": wanted.version,
            "uid": wanted.uid,
        },
        _CONTEXT,
        key,
    )
    if len(signed) > MAX_HEAD_SIZE:
        raise ValueError(f"the spec has {len(signed)} octets, {MAX_HEAD_SIZE} at most are taken")
    return signed


def verify(data: bytes, pop: str, public: Iterable[Ed25519PublicKey]) -> SignedPop:
    """The spec of this Pop in wire form; ManifestError where it is not signed or not of it."""
    said = manifests.unseal(data, _CONTEXT, public)
    try:
        revision, spec, keys = Revision.parse(said["revision"]), said["spec"], said["keys"]
        named, generation = str(said["pop"]), int(said["generation"])
        version, format_ = str(said.get("version", "")), int(said["format"])
        uid = str(said.get("uid", ""))
        public_keys.parse(keys.encode())
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ManifestError(f"the spec of a Pop has an unreadable field: {error!r}") from error
    if named != pop:
        raise ManifestError(f"it is the spec of Pop {named}")
    if not isinstance(spec, dict):
        raise ManifestError("the spec of a Pop is no JSON object")
    unknown = tuple(sorted(said.keys() - _FIELDS))
    return SignedPop(pop, revision, generation, spec, keys, version, uid, format_, unknown)

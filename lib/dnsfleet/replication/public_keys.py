"""The public keys by which readers verify what the publisher signs.

There is one, or two while the publisher's key is rotated: what either of them signed is good then.
A head that none of them signed is no news, whoever signed it: it brings nothing and takes nothing.
The file that edges read has each key as PEM (RFC 7468), one after the other.
"""

import hashlib
import re
from collections.abc import Iterable

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

MAX_KEYS = 2
"""The key that signs, and the one before it or after it: each costs every head that it did not sign
a check in vain."""
ID_DIGITS = 16
"""Hexadecimal digits that name a key: enough for the few that one fleet ever has."""

_PEM = re.compile(rb"-----BEGIN [^-]+-----.*?-----END [^-]+-----", re.DOTALL)

PublicKeys = tuple[Ed25519PublicKey, ...]


def parse(data: bytes) -> PublicKeys:
    """The keys of a PEM file; ValueError says what is wrong with it."""
    blocks = _PEM.findall(data)
    if not blocks:
        raise ValueError("no PEM public key")
    if len(blocks) > MAX_KEYS:
        raise ValueError(f"{len(blocks)} keys, expected {MAX_KEYS} at most")
    return tuple(map(_load, blocks))


def _load(block: bytes) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(block)
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("no PEM public key") from None
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("not an Ed25519 key")  # noqa: TRY004 - the data is wrong, not its type
    return key


def to_pem(keys: Iterable[Ed25519PublicKey]) -> str:
    """The file that `parse` reads."""
    return "".join(
        key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode() for key in keys
    )


def identify(key: Ed25519PublicKey) -> str:
    """A short name: the first digits of the SHA-256 of its 32 octets."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:ID_DIGITS]

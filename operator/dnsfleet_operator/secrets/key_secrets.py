"""The Secret with the fleet's signing key and passwords: made once, and only read from then on.

A Secret that exists is never written. With a new key, every edge would refuse all that is published
until the edge is restarted. Where entries are missing, somebody has to add them.
"""

import base64
import binascii
import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from dnsfleet_publisher import redis_users

PRIVATE_KEY = "publisher.key"
PUBLIC_KEY = "publisher.pub"
CORE_ACL = "core.acl"
REPLICA_ACL = "replica.acl"
ENTRIES = (PRIVATE_KEY, PUBLIC_KEY, CORE_ACL, REPLICA_ACL, *redis_users.USERS)
PASSWORD_OCTETS = 32
"""256 bits: nobody guesses it, and nobody has to type it."""


class KeySecretError(ValueError):
    """The Secret cannot be used; the text names it and what to do."""


class Keys(NamedTuple):
    """What the operator needs of the Secret."""

    private: Ed25519PrivateKey
    public_pem: str
    publisher_password: str


def make(name: str, namespace: str, labels: Mapping[str, str]) -> dict[str, Any]:
    """A new Secret with fresh keys and passwords."""
    private = Ed25519PrivateKey.generate()
    passwords = {user: secrets.token_hex(PASSWORD_OCTETS) for user in redis_users.USERS}
    entries = {
        PRIVATE_KEY: private.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        ).decode(),
        PUBLIC_KEY: private.public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        .decode(),
        CORE_ACL: redis_users.acl({user: passwords[user] for user in redis_users.CORE_USERS}),
        REPLICA_ACL: redis_users.acl({user: passwords[user] for user in redis_users.REPLICA_USERS}),
        **passwords,
    }
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace, "labels": dict(labels)},
        "type": "Opaque",
        "data": {key: base64.b64encode(text.encode()).decode() for key, text in entries.items()},
    }


def read(secret: Mapping[str, Any]) -> Keys:
    """The keys of a Secret; KeySecretError names each entry that is missing or unusable."""
    metadata = secret["metadata"]
    name = f"Secret {metadata['namespace']}/{metadata['name']}"
    data = secret.get("data") or {}
    missing = [entry for entry in ENTRIES if not data.get(entry)]
    if missing:
        raise KeySecretError(
            f"{name} lacks {', '.join(missing)}; add them, or delete it to have a new one made "
            "and then restart all edges"
        )
    try:
        texts = {
            entry: base64.b64decode(data[entry], validate=True).decode()
            for entry in (PRIVATE_KEY, "publisher")
        }
        private = load_pem_private_key(texts[PRIVATE_KEY].encode(), None)
    except (binascii.Error, ValueError, TypeError, UnsupportedAlgorithm):
        raise KeySecretError(f"{name}: {PRIVATE_KEY} is no PEM private key") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise KeySecretError(f"{name}: {PRIVATE_KEY} is not an Ed25519 key")
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return Keys(private, public.decode(), texts["publisher"].strip())

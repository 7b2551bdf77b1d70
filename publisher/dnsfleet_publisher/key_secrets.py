"""The Secret with the fleet's signing key and passwords, as a dict: made, read and changed.

publisher.key                  the private key that signs (Ed25519, PEM)
publisher.pub                  the public keys by which edges verify, one or two
next.key                       while a rotation begins: the key that will sign
previous.pub                   while a rotation ends: the public key of the one that signed before
publisher replica ack edge     the password of each Redis user
admin status probe             those of the user who makes users for Pops in other clusters, of
                               the status page, and of the probers; a Secret of somebody else
                               may lack them
core.acl replica.acl           the users of the core, and of the replicas

A rotation is what `next.key` and `previous.pub` say, so whoever reads the Secret goes on with it:

    steady ── begin ──▶ next.key ── switch ──▶ previous.pub ── finish ──▶ steady
"""

import base64
import binascii
import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from dnsfleet.replication import public_keys
from dnsfleet.replication.public_keys import PublicKeys

from dnsfleet_publisher import redis_users

PRIVATE_KEY = "publisher.key"
PUBLIC_KEYS = "publisher.pub"
NEXT_KEY = "next.key"
PREVIOUS_KEY = "previous.pub"
CORE_ACL = "core.acl"
REPLICA_ACL = "replica.acl"
ENTRIES = (PRIVATE_KEY, PUBLIC_KEYS, CORE_ACL, REPLICA_ACL, *redis_users.USERS)
"""Those that are always there."""
PASSWORD_OCTETS = 32
"""256 bits: nobody guesses it, and nobody has to type it."""
LABELS = {"app.kubernetes.io/name": "dnsfleet", "app.kubernetes.io/component": "keys"}
"""By these the Secret is found."""
ROTATE_ANNOTATION = "dnsfleet.io/rotate-key"
"""Asks for a rotation; the operator removes it when that begins."""
RESTORE = "kubectl dnsfleet keys restore FILE"
"""The command that puts a lost Secret back."""


class KeySecretError(ValueError):
    """The Secret cannot be used; the text names it and what to do."""


class Keys(NamedTuple):
    """What is in a Secret."""

    private: Ed25519PrivateKey
    """Signs."""
    next: Ed25519PrivateKey | None
    """Will sign as soon as edges verify by it."""
    previous: Ed25519PublicKey | None
    """Of the key that signed before; what it signed is signed anew."""
    publisher_password: str
    entries: Mapping[str, str]
    """All of the Secret."""

    @property
    def public(self) -> PublicKeys:
        """By which edges are to verify."""
        more = [] if self.next is None else [self.next.public_key()]
        more += [] if self.previous is None else [self.previous]
        return (self.private.public_key(), *more)

    @property
    def public_pem(self) -> str:
        """`public` as the file that edges read."""
        return public_keys.to_pem(self.public)


def make() -> Keys:
    """Fresh keys and passwords."""
    private = Ed25519PrivateKey.generate()
    users = (*redis_users.USERS, *redis_users.LATER_USERS)
    passwords = {user: secrets.token_hex(PASSWORD_OCTETS) for user in users}
    entries = {
        PRIVATE_KEY: _pem(private),
        PUBLIC_KEYS: public_keys.to_pem([private.public_key()]),
        **_users(passwords),
        **passwords,
    }
    return Keys(private, None, None, passwords["publisher"], entries)


def secret(keys: Keys, name: str, namespace: str) -> dict[str, Any]:
    """The Secret with these keys."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace, "labels": LABELS},
        "type": "Opaque",
        "data": data(keys),
    }


def data(keys: Keys) -> dict[str, str]:
    """The entries as a Secret has them."""
    return {key: base64.b64encode(text.encode()).decode() for key, text in keys.entries.items()}


def read(found: Mapping[str, Any]) -> Keys:
    """The keys of a Secret; KeySecretError names each entry that is missing or unusable."""
    metadata = found["metadata"]
    name = f"Secret {metadata['namespace']}/{metadata['name']}"
    entries = {}
    for entry, value in (found.get("data") or {}).items():
        try:
            entries[entry] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError, TypeError):
            raise KeySecretError(f"{name}: {entry} is no text; {_MEND}") from None
    missing = [entry for entry in ENTRIES if not entries.get(entry)]
    if missing:
        raise KeySecretError(f"{name} lacks {', '.join(missing)}; {_MEND}")
    private = _private(name, PRIVATE_KEY, entries[PRIVATE_KEY])
    following = _private(name, NEXT_KEY, entries[NEXT_KEY]) if NEXT_KEY in entries else None
    previous = None
    if PREVIOUS_KEY in entries:
        try:
            (previous,) = public_keys.parse(entries[PREVIOUS_KEY].encode())
        except ValueError:
            raise KeySecretError(f"{name}: {PREVIOUS_KEY} is no public key; {_MEND}") from None
    return Keys(private, following, previous, entries["publisher"].strip(), entries)


_MEND = f"mend it, or delete it and put back a backup: {RESTORE}"


def with_users_of_today(keys: Keys, held: Keys) -> Keys:
    """The same keys and passwords; each Redis user has the rights that this version gives to it.

    A user that the version before did not have gets the password that is `held` for it, or a new
    one.
    """
    entries = dict(keys.entries)
    for user in redis_users.LATER_USERS:
        known = keys.entries.get(user) or held.entries.get(user)
        entries[user] = known or secrets.token_hex(PASSWORD_OCTETS)
    users = (*redis_users.USERS, *redis_users.LATER_USERS)
    passwords = {user: entries[user].strip() for user in users}
    return keys._replace(entries={**entries, **_users(passwords)})


def begin(keys: Keys) -> Keys:
    """A rotation begins: a new key, by which edges learn to verify."""
    return _changed(keys, keys.private, Ed25519PrivateKey.generate(), None)


def switch(keys: Keys) -> Keys:
    """The next key signs from now on."""
    if keys.next is None:
        raise ValueError("there is no next key")
    return _changed(keys, keys.next, None, keys.private.public_key())


def finish(keys: Keys) -> Keys:
    """The key before is valid no more."""
    return _changed(keys, keys.private, None, None)


def _changed(
    keys: Keys,
    private: Ed25519PrivateKey,
    following: Ed25519PrivateKey | None,
    previous: Ed25519PublicKey | None,
) -> Keys:
    made = keys._replace(private=private, next=following, previous=previous)
    entries = {key: text for key, text in keys.entries.items() if key not in _OF_A_ROTATION}
    entries |= {PRIVATE_KEY: _pem(private), PUBLIC_KEYS: made.public_pem}
    if following is not None:
        entries[NEXT_KEY] = _pem(following)
    if previous is not None:
        entries[PREVIOUS_KEY] = public_keys.to_pem([previous])
    return made._replace(entries=entries)


_OF_A_ROTATION = (NEXT_KEY, PREVIOUS_KEY)


def _users(passwords: Mapping[str, str]) -> dict[str, str]:
    core = {user: passwords[user] for user in (*redis_users.CORE_USERS, *redis_users.LATER_USERS)}
    replica = {
        user: passwords[user]
        for user in (*redis_users.REPLICA_USERS, *redis_users.LATER_REPLICA_USERS)
    }
    return {CORE_ACL: redis_users.acl(core), REPLICA_ACL: redis_users.acl(replica)}


def _pem(key: Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _private(name: str, entry: str, text: str) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(text.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeySecretError(f"{name}: {entry} is no PEM private key; {_MEND}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeySecretError(f"{name}: {entry} is not an Ed25519 key; {_MEND}")
    return key

"""The Secret with what lets Pops of other clusters in: made, read and changed. Pure.

ca.crt ca.key     the authority that signs the certificates of Pops, and the core's where nobody
                  brings one; more certificates behind the first are of authorities that still count
pop-NAME          JSON: what one Pop shows to the core
fingerprints      the certificates that may open a connection, for the tunnel: a SHA-256 a line

A Pop has one password, or two while one is rotated: the newest first. The one before ends a day
after somebody asked for the rotation, so there is time to bring the new one into the Pop's cluster.
So does the certificate before.
"""

import base64
import contextlib
import hashlib
import json
import secrets
import ssl
from collections.abc import Mapping
from typing import Any, NamedTuple

from dnsfleet.replication import pop_slots

CERTIFICATES = "ca.crt"
AUTHORITY_KEY = "ca.key"
FINGERPRINTS = "fingerprints"
OVERLAP_SECONDS = 24 * 3600.0
"""How long a password works after another one was asked for."""
MAX_POPS = 300
"""A Secret takes 1 MiB, and a Pop 2 kB of it; the rest is for what tools add to it."""
PASSWORD_OCTETS = 32
ROTATE_ANNOTATION = "dnsfleet.io/rotate-credentials"
"""On a Pop: another value of it asks for another password and certificate."""
LABELS = {"app.kubernetes.io/name": "dnsfleet", "app.kubernetes.io/component": "pops"}
"""By these the Secret is found."""
MAX_FORMER = 3
"""Passwords from before that still count: nobody knows which of them was brought to the Pop."""


class CredentialsError(ValueError):
    """The Secret cannot be used; the text names it, the entry, and what to do."""


class Credentials(NamedTuple):
    """What one Pop shows to the core."""

    created: str
    """The creationTimestamp of its object."""
    asked: str
    """The value of ROTATE_ANNOTATION that was heard last."""
    rotated: float
    """When the newest password was made, Unix time in seconds."""
    passwords: tuple[str, ...]
    """The newest first."""
    certificate: str
    key: str
    """PEM, of the newest certificate."""
    former: tuple[str, ...] = ()
    """Fingerprints of certificates from before that still count, the newest first."""


class Stored(NamedTuple):
    """What is in a Secret."""

    certificates: str
    authority_key: str
    pops: Mapping[str, Credentials]


def password() -> str:
    """A new one."""
    return secrets.token_hex(PASSWORD_OCTETS)


def without_former(pops: Mapping[str, Credentials], now: float) -> dict[str, Credentials]:
    """The same, but for passwords and certificates of which the time is over."""
    return {
        pop: each._replace(passwords=each.passwords[:1], former=())
        if now - each.rotated > OVERLAP_SECONDS
        else each
        for pop, each in pops.items()
    }


def read(secret: Mapping[str, Any]) -> Stored:
    """What is in a Secret; CredentialsError for one that nobody can use."""
    entries = secret.get("data") or {}
    for needed in (CERTIFICATES, AUTHORITY_KEY):
        if not entries.get(needed):
            raise _unusable(secret, f"it lacks {needed}")
    texts, pops = {}, {}
    for entry, value in entries.items():
        try:
            texts[entry] = base64.b64decode(value, validate=True).decode()
            if entry.startswith(pop_slots.USER_PREFIX):
                said = json.loads(texts[entry])
                said["passwords"] = tuple(map(str, said["passwords"]))
                said["former"] = tuple(map(str, said.get("former", ())))  # older ones have none
                known = {field: said[field] for field in Credentials._fields}
                pops[entry.removeprefix(pop_slots.USER_PREFIX)] = Credentials(**known)
        except (KeyError, TypeError, ValueError):
            raise _unusable(secret, f"{entry} cannot be read") from None
    return Stored(texts[CERTIFICATES], texts[AUTHORITY_KEY], pops)


def fingerprints(each: Credentials) -> tuple[str, ...]:
    """Of the certificates of a Pop that may open a connection, the newest first."""
    with contextlib.suppress(ValueError):  # one that nobody can read opens none
        newest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(each.certificate)).hexdigest()
        return (newest, *each.former)
    return each.former


def _unusable(secret: Mapping[str, Any], problem: str) -> CredentialsError:
    metadata = secret["metadata"]
    return CredentialsError(
        f"Secret {metadata['namespace']}/{metadata['name']}: {problem}; put a backup back, or "
        "delete it: then all Pops of other clusters have to join again"
    )


def data(stored: Stored) -> dict[str, str]:
    """The entries as a Secret has them."""
    known = sorted({one for each in stored.pops.values() for one in fingerprints(each)})
    texts = {
        CERTIFICATES: stored.certificates,
        AUTHORITY_KEY: stored.authority_key,
        FINGERPRINTS: "".join(f"{each}\n" for each in known),
    }
    for pop, each in stored.pops.items():
        texts[pop_slots.user(pop)] = json.dumps(each._asdict(), sort_keys=True)
    return {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}

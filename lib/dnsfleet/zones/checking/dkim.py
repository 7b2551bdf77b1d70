"""DKIM keys (RFC 6376 section 3.6.1) that nobody could verify a signature with."""

import base64
import binascii
import re
from collections.abc import Iterator

from dnsfleet_engine import Zone

from dnsfleet import names
from dnsfleet.zones.checking.texts import joined
from dnsfleet.zones.checking.written import Written

ED25519_OCTETS = 32
"""A key is given as it is, without a structure around it (RFC 8463 section 4)."""

_OWNER = re.compile(r"[^_.][^.]*(?:\.[^.]+)*\._domainkey\..*")
"""A selector and `_domainkey`; `_adsp._domainkey` and `_domainkey` alone have policies."""
_TAG = re.compile(r"[a-z][a-z0-9_]*", re.IGNORECASE)


def check(_zone: Zone, record: Written) -> Iterator[tuple[str, str]]:
    """The check that finds something about a TXT record, and its message."""
    if not _OWNER.fullmatch(record.owner):
        return
    try:
        _parse(joined(record.data))
    except ValueError as error:
        yield "BadDkimKey", f"{names.shown(record.owner)} is no DKIM key: {error}"


def _parse(text: str) -> None:
    """ValueError says what is wrong with a key record."""
    parts = [part.strip() for part in text.split(";")]
    if not parts[-1]:
        parts.pop()
    tags: dict[str, str] = {}
    for part in parts:
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not _TAG.fullmatch(name):
            raise ValueError(f'"{part}" is no TAG=VALUE; separate them by semicolons')
        if name in tags:
            raise ValueError(f"it has the tag {name} twice; remove one")
        tags[name] = value
    if "v" in tags and (next(iter(tags)) != "v" or tags["v"] != "DKIM1"):
        raise ValueError("its version is not v=DKIM1 at the beginning")
    if "p" not in tags:
        raise ValueError("it has no tag p; write the public key there")
    if tags["p"]:  # else the key is revoked
        _parse_key(tags.get("k", "rsa"), "".join(tags["p"].split()))


def _parse_key(kind: str, text: str) -> None:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("its tag p is not base64; check that it is whole") from None
    if kind == "ed25519" and len(key) != ED25519_OCTETS:
        raise ValueError(f"its tag p has {len(key)} octets, not {ED25519_OCTETS}")
    if kind == "rsa" and not _is_rsa(key):
        raise ValueError("its tag p has no RSA public key; check that it is whole")


def _is_rsa(key: bytes) -> bool:
    # Late, because few zones have keys and it takes 30 ms.
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        return isinstance(load_der_public_key(key), RSAPublicKey)
    except (ValueError, UnsupportedAlgorithm):
        return False

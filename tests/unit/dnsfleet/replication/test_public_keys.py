"""The file with the publisher's public keys."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from dnsfleet.replication import public_keys

KEYS = tuple(Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32).public_key() for n in range(3))
OTHER_KIND = (
    ec.generate_private_key(ec.SECP256R1())
    .public_key()
    .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
)


@pytest.mark.parametrize("count", [1, 2])
def test_what_was_written_is_read(count: int) -> None:
    text = public_keys.to_pem(KEYS[:count])
    assert public_keys.parse(text.encode()) == KEYS[:count]
    assert public_keys.parse(b"# comment\n" + text.encode() + b"\n\n") == KEYS[:count]


def test_names_differ_and_last() -> None:
    assert len(set(map(public_keys.identify, KEYS))) == 3
    assert public_keys.identify(KEYS[0]) == "139e3940e64b5491"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "no PEM public key"),
        (b"-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----\n", "no PEM public key"),
        (OTHER_KIND, "not an Ed25519 key"),
        (public_keys.to_pem(KEYS[:1]).encode() + OTHER_KIND, "not an Ed25519 key"),
        (public_keys.to_pem(KEYS).encode(), "3 keys, expected 2 at most"),
    ],
    ids=["empty", "damaged", "of another kind", "one of another kind", "too many"],
)
def test_what_is_no_key_file(data: bytes, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        public_keys.parse(data)

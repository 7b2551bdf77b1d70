"""The signed spec of a Pop: what is taken, and what is not."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet.replication import manifests, pop_specs, public_keys
from dnsfleet.replication.manifests import FleetHead, ManifestError, SignatureError
from dnsfleet.replication.pop_specs import SignedPop
from dnsfleet.replication.revisions import Revision

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32)
PUBLIC = [KEY.public_key()]
PEM = public_keys.to_pem(PUBLIC)
SPEC = {"edge": {"shards": 4, "ofLaterVersions": {"deep": [1]}}, "unknown": True}
WANTED = SignedPop("fra", Revision(7, 2), 3, SPEC, PEM, "0.1.0")


def test_a_spec_comes_as_it_was_signed_with_fields_that_nobody_knows() -> None:
    assert pop_specs.verify(pop_specs.sign(WANTED, KEY), "fra", PUBLIC) == WANTED


@pytest.mark.parametrize(
    "signed",
    [
        pop_specs.sign(WANTED, OTHER),
        pop_specs.sign(WANTED, KEY)[:-1],
        manifests.sign_fleet(FleetHead(1, 1, 1), KEY),
        b"",
    ],
    ids=["of another key", "cut off", "of another kind", "nothing"],
)
def test_what_is_not_signed_for_this_is_not_taken(signed: bytes) -> None:
    with pytest.raises(SignatureError):
        pop_specs.verify(signed, "fra", PUBLIC)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (replace(WANTED, pop="iad"), "it is the spec of Pop iad"),
        (replace(WANTED, public_keys="none"), "unreadable field"),
        (replace(WANTED, spec=[]), "no JSON object"),
        (replace(WANTED, format=9), "format 9"),
    ],
)
def test_a_spec_that_cannot_be_used_is_not_taken(changed: SignedPop, told: str) -> None:
    with pytest.raises(ManifestError, match=told):
        pop_specs.verify(pop_specs.sign(changed, KEY), "fra", PUBLIC)


def test_a_spec_that_no_reader_would_take_is_not_signed() -> None:
    large = replace(WANTED, spec={"service": {"annotations": {"a": "x" * 70_000}}})
    with pytest.raises(ValueError, match="65536 at most"):
        pop_specs.sign(large, KEY)

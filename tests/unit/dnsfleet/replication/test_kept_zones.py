"""What is kept of a removed zone is described by one signed head."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet.replication import encoding, kept_zones, manifests
from dnsfleet.replication.encoding import CHUNK_SIZE
from dnsfleet.replication.kept_zones import KEPT_SECONDS, OVERHEAD, KeptZone
from dnsfleet.replication.manifests import Manifest, ManifestError, Run
from dnsfleet.replication.revisions import Revision

KEY, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))
AT = Revision(7, 42)
MANIFEST = Manifest(
    zone="a.example.",
    revision=AT,
    previous=Revision(7, 41),
    lsn=100,
    serial=5,
    digest=bytes(32),
    rrsets=3,
    records=4,
    time_ms=1_000,
    snapshot=encoding.describe(Revision(7, 40), bytes(CHUNK_SIZE + 1)),
    deltas=(Run(7, 41, 2, 1),),
    delta_size=20,
    chain_hash=bytes(32),
    pops=("ams", "fra"),
)
KEPT = KeptZone(MANIFEST, 1_800_000_000, encoding.describe(AT, b"beside"))


def test_a_description_comes_back_as_it_was_signed() -> None:
    found = kept_zones.verify(kept_zones.sign(KEPT, KEY), [OTHER.public_key(), KEY.public_key()])
    assert found == KEPT
    assert found.origin == "a.example."
    assert found.until == 1_800_000_000 + KEPT_SECONDS
    assert found.octets == CHUNK_SIZE + 1 + 20 + len(b"beside") + OVERHEAD
    assert found.chunk_keys == [
        "dnsfleet:1:snapshot:a.example.:7.40:0",
        "dnsfleet:1:snapshot:a.example.:7.40:1",
        "dnsfleet:1:delta:a.example.:7.41:0",
        "dnsfleet:1:delta:a.example.:7.42:0",
        "dnsfleet:1:kept:a.example.:7.42:0",
    ]


def test_only_a_valid_key_describes() -> None:
    signed = kept_zones.sign(KEPT, KEY)
    with pytest.raises(ManifestError, match="signature"):
        kept_zones.verify(signed, [OTHER.public_key()])
    with pytest.raises(ManifestError, match="signature"):
        kept_zones.verify(signed.replace(b"a.example", b"b.example"), [KEY.public_key()])


def test_neither_is_a_manifest_a_description_nor_the_other_way_round() -> None:
    public = [KEY.public_key()]
    with pytest.raises(ManifestError):
        kept_zones.verify(manifests.sign(MANIFEST, KEY), public)
    with pytest.raises(ManifestError):
        manifests.verify(kept_zones.sign(KEPT, KEY), public)


@pytest.mark.parametrize("missing", ["beside", "manifest", "removed"])
def test_a_description_with_a_field_less_is_told(missing: str) -> None:
    said = {
        "format": MANIFEST.format,
        "removed": 1,
        "manifest": manifests.to_json(MANIFEST),
        "beside": ["7.42", 1, 6, bytes(32).hex()],
    }
    del said[missing]
    signed = manifests.seal(said, kept_zones._CONTEXT, KEY)
    with pytest.raises(ManifestError, match="unreadable field"):
        kept_zones.verify(signed, [KEY.public_key()])


def test_a_description_that_no_reader_takes_is_not_signed() -> None:
    pops = tuple(f"pop-{number:040}" for number in range(2_000))
    with pytest.raises(ValueError, match="at most"):
        kept_zones.sign(replace(KEPT, manifest=replace(MANIFEST, pops=pops)), KEY)

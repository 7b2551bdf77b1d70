"""Signed heads: what was signed is read again, and nothing else is accepted."""

import dataclasses
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet.replication import formats, manifests
from dnsfleet.replication.encoding import Payload
from dnsfleet.replication.manifests import FleetHead, Manifest, ManifestError, Run
from dnsfleet.replication.revisions import Revision

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32)

LIVE = Manifest(
    zone="example.com.",
    revision=Revision(9, 43),
    previous=Revision(7, 42),
    lsn=1_700_000_000_000,
    serial=17,
    digest=bytes(range(32)),
    rrsets=3,
    records=4,
    time_ms=1_700_000_000_001,
    snapshot=Payload(Revision(7, 40), 2, 70_000, bytes(32)),
    deltas=(Run(7, 41, 2, 1), Run(9, 43, 1, 2)),
    delta_size=61_000,
    chain_hash=bytes([7]) * 32,
    pops=("ams", "fra"),
)
REMOVED = Manifest(
    zone="example.com.",
    revision=Revision(9, 44),
    previous=Revision(9, 43),
    lsn=1_700_000_000_002,
    serial=17,
    digest=b"",
    rrsets=0,
    records=0,
    time_ms=1_700_000_000_003,
    tombstone=True,
)


@pytest.mark.parametrize(
    "manifest",
    [LIVE, REMOVED, dataclasses.replace(LIVE, pops=None), dataclasses.replace(LIVE, previous=None)],
)
def test_what_was_signed_comes_back(manifest: Manifest) -> None:
    assert manifests.verify(manifests.sign(manifest, KEY), [KEY.public_key()]) == manifest


def test_a_head_of_another_kind_or_key_is_refused() -> None:
    fleet = manifests.sign_fleet(FleetHead(9, 5, 2), KEY)
    assert manifests.verify_fleet(fleet, [KEY.public_key()]) == FleetHead(9, 5, 2)
    for attempt in (
        lambda: manifests.verify(fleet, [KEY.public_key()]),
        lambda: manifests.verify_fleet(manifests.sign(LIVE, KEY), [KEY.public_key()]),
        lambda: manifests.verify(manifests.sign(LIVE, OTHER), [KEY.public_key()]),
    ):
        with pytest.raises(ManifestError, match="the signature is not from this fleet's publisher"):
            attempt()


def test_any_valid_key_may_have_signed() -> None:
    keys = [KEY.public_key(), OTHER.public_key()]
    for signer in (KEY, OTHER):
        assert manifests.verify(manifests.sign(LIVE, signer), keys) == LIVE
        with pytest.raises(manifests.SignatureError):
            manifests.verify(manifests.sign(LIVE, signer), [])


def test_a_newer_format_is_read_by_a_version_that_knows_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    newer, head = dataclasses.replace(LIVE, format=2), FleetHead(9, 5, 2, 2)
    signed, signed_head = manifests.sign(newer, KEY), manifests.sign_fleet(head, KEY)
    for attempt in (
        lambda: manifests.verify(signed, [KEY.public_key()]),
        lambda: manifests.verify_fleet(signed_head, [KEY.public_key()]),
    ):
        with pytest.raises(ManifestError, match=r"format 2, this version reads 1$"):
            attempt()
    monkeypatch.setattr(formats, "READS", (1, 2))
    assert manifests.verify(signed, [KEY.public_key()]) == newer
    assert manifests.verify_fleet(signed_head, [KEY.public_key()]) == head
    older = manifests.sign(LIVE, KEY)
    assert manifests.verify(older, [KEY.public_key()]) == LIVE
    monkeypatch.setattr(formats, "READS", (2, 3))
    with pytest.raises(ManifestError, match=r"format 1, this version reads 2 and 3$"):
        manifests.verify(older, [KEY.public_key()])


def test_every_changed_octet_is_noticed() -> None:
    signed = manifests.sign(LIVE, KEY)
    for at in range(len(signed)):
        forged = bytearray(signed)
        forged[at] ^= 1
        with pytest.raises(ManifestError):
            manifests.verify(bytes(forged), [KEY.public_key()])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "format 2, this version reads 1"),
        ({"lsn": -1}, "-1 is not a count"),
        ({"serial": True}, "True is not a count"),
        ({"revision": "7"}, "'7' is not a revision, write EPOCH.SEQ"),
        ({"digest": "00"}, "'00' is not a hash of 32 octets"),
        ({"snapshot": None}, "unreadable field"),
    ],
)
def test_a_signed_head_that_cannot_be_read_says_why(
    change: dict[str, object], message: str
) -> None:
    said = json.loads(manifests.sign(LIVE, KEY)[64:]) | change
    text = json.dumps(said).encode()
    with pytest.raises(ManifestError, match=message):
        manifests.verify(KEY.sign(b"dnsfleet zone\0" + text) + text, [KEY.public_key()])


def test_what_is_no_head_at_all_is_refused() -> None:
    for data in (b"", b"x" * 64, b"x" * 70_000):
        with pytest.raises(ManifestError, match=f"{len(data)} octets are no signed head"):
            manifests.verify(data, [KEY.public_key()])


@pytest.mark.parametrize(
    ("held", "steps"),
    [
        ((7, 40), [["7.41:0"], ["7.42:0"], ["9.43:0", "9.43:1"]]),
        ((7, 42), [["9.43:0", "9.43:1"]]),
        ((9, 43), []),
        ((7, 39), None),
        ((7, 43), None),
    ],
)
def test_the_chain_starts_at_what_is_held(
    held: tuple[int, int], steps: list[list[str]] | None
) -> None:
    prefix = "dnsfleet:1:delta:example.com.:"
    expected = steps and [[prefix + key for key in step] for step in steps]
    assert LIVE.deltas_after(Revision(*held)) == (expected if steps else steps)


def test_assignment() -> None:
    assert LIVE.assigned("ams")
    assert not LIVE.assigned("nyc")
    assert dataclasses.replace(LIVE, pops=None).assigned("nyc")
    assert not REMOVED.assigned("ams")


def test_revisions_are_ordered_by_writer_first() -> None:
    assert Revision(1, 9) < Revision(1, 10) < Revision(2, 1)
    assert Revision.parse("12.3") == Revision(12, 3)
    for text in ("", "1", "1.2.3", "-1.2", "1.x", "1.2 ", "٣.1"):
        with pytest.raises(ValueError, match="is not a revision"):
            Revision.parse(text)

"""Whatever octets arrive, a decoder returns or refuses them in the way that its callers expect."""

import hashlib
import json
import tempfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet import cookies
from dnsfleet.replication import (
    ack_slots,
    acks,
    announcements,
    encoding,
    kept_zones,
    manifests,
)
from dnsfleet.replication.kept_zones import KeptZone
from dnsfleet.replication.manifests import FleetHead, Manifest, ManifestError
from dnsfleet.replication.revisions import Revision
from dnsfleet.zones import outlines
from dnsfleet_edge.disk import Disk
from dnsfleet_publisher import kept_contents
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.signed_zones import POP, PUBLISHER, sign
from support.zones import make_zone

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
SIGNATURE_SIZE = 64
AT = Revision(1, 1)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda value: st.lists(value, max_size=4) | st.dictionaries(st.text(max_size=8), value),
    max_leaves=8,
)
UNHURRIED = settings(deadline=None)
"""A busy machine takes long for a signature or a file."""
DEEP = b"[" * 100_000
"""More levels than the JSON reader accepts."""


def changed(said: dict[str, object]) -> st.SearchStrategy[bytes]:
    """JSON of an object with one field replaced by any value, JSON of any value, or no JSON."""
    one = st.tuples(st.sampled_from(sorted(said)), VALUES)
    fields = one.map(lambda field: said | {field[0]: field[1]})
    return (fields | VALUES).map(lambda value: json.dumps(value).encode()) | st.binary()


def signed_text(signed: bytes) -> dict[str, object]:
    said = json.loads(signed[SIGNATURE_SIZE:])
    assert isinstance(said, dict)
    return said


ACK = {"lsn": 1, "failing": {"a.example.": "why"}, "failingCount": 1, "time": 2}
HEAD = sign(make_zone("example.com."), 1).signed
KEPT = kept_zones.sign(
    KeptZone(manifests.verify(HEAD, [PUBLISHER.public_key()]), 7, encoding.describe(AT, b"x")), KEY
)
OUTLINE = (
    b'{"zone":["dns","a"],"spec":{"origin":"a.example"},"source":"configMaps",'
    b'"configMaps":[["file","zone"]],"annotations":{"dnsfleet.io/ignore-checks":"x"}}'
)
FLEET = manifests.sign_fleet(FleetHead(9, 5, 2), KEY)


@UNHURRIED
@given(changed(ACK))
@example(DEEP)
@example(b'{"lsn":Infinity,"failing":{},"failingCount":0,"time":0}')
@example(b'{"lsn":-1,"failing":{},"failingCount":0,"time":0}')
def test_an_ack(data: bytes) -> None:
    ack = acks.decode(data)
    if ack is not None:
        assert min(ack.lsn, ack.failing_count, ack.time_ms) >= 0
        assert acks.decode(acks.encode(ack)) is not None


@UNHURRIED
@given(st.text(max_size=20), st.text(max_size=20), changed(ACK))
@example("ams/0", "²", b"")
@example("ams/0", "9" * 10_000, b"")
def test_a_slot_for_an_ack(edge: str, time_ms: str, data: bytes) -> None:
    word = ack_slots.decode(f"{edge} {time_ms}\n".encode() + data)
    if word is not None:
        assert word.edge
        assert word.time_ms >= 0


@UNHURRIED
@given(changed(signed_text(KEPT)))
@example(b'{"format":1,"removed":Infinity,"manifest":[],"beside":[1,2,3,4]}')
def test_what_is_kept_of_a_removed_zone(text: bytes) -> None:
    signed = KEY.sign(b"dnsfleet kept zone\0" + text) + text
    try:
        kept = kept_zones.verify(signed, [KEY.public_key()])
    except ManifestError:
        return
    assert kept_zones.verify(kept_zones.sign(kept, KEY), [KEY.public_key()]) == kept


@UNHURRIED
@given(changed(json.loads(OUTLINE)))
@example(DEEP)
def test_what_is_kept_beside_its_records(data: bytes) -> None:
    outline, added = kept_contents.decode(data)
    assert added == {} or b"\n" in data
    if outline is not None:
        assert outlines.decode(outlines.encode(outline)) == outline


@UNHURRIED
@given(changed(signed_text(HEAD)))
@example(DEEP[:50_000])
@example(b"[]")
def test_a_manifest_that_is_signed(text: bytes) -> None:
    signed = KEY.sign(b"dnsfleet zone\0" + text) + text
    try:
        manifest = manifests.verify(signed, [KEY.public_key()])
    except ManifestError:
        return
    assert isinstance(manifest, Manifest)


@UNHURRIED
@given(changed(signed_text(FLEET)))
def test_a_fleet_head_that_is_signed(text: bytes) -> None:
    signed = KEY.sign(b"dnsfleet fleet\0" + text) + text
    try:
        head = manifests.verify_fleet(signed, [KEY.public_key()])
    except ManifestError:
        return
    assert min(head.fence, head.lsn, head.zones) >= 0


@UNHURRIED
@given(st.integers(0, len(FLEET) - 1), st.integers(1, 255))
def test_a_head_that_was_damaged_is_refused(at: int, change: int) -> None:
    damaged = bytearray(FLEET)
    damaged[at] ^= change
    with pytest.raises(ManifestError):
        manifests.verify_fleet(bytes(damaged), [KEY.public_key()])


FIELDS = st.dictionaries(
    st.sampled_from([b"after", b"zone", b"revision", b"else"]),
    st.sampled_from([b"", b"7", b"7.8", b"-1", b"example.com.", b"\xff"]) | st.binary(max_size=20),
)


@UNHURRIED
@given(st.sampled_from([b"7-0", b"7", b"", b"-"]) | st.binary(max_size=20), FIELDS)
def test_an_entry_of_the_log(entry_id: bytes, fields: dict[bytes, bytes]) -> None:
    entry = announcements.read_entry(entry_id, fields)
    assert entry is None or entry.lsn >= 0


@UNHURRIED
@given(st.dictionaries(st.binary(max_size=9), st.binary(max_size=9) | st.just(b"7 8.9")))
def test_the_index_of_zones(zones: dict[bytes, bytes]) -> None:
    assert len(announcements.read_index(zones)) <= len(zones)


@UNHURRIED
@given(st.text() | st.just(f"current {'0' * 32} 7"))
def test_cookie_secrets(text: str) -> None:
    try:
        secrets = cookies.parse(text)
    except ValueError as error:
        assert "write" in str(error)
        return
    assert all(len(secret.octets) == cookies.OCTETS for secret in secrets)


LENGTHS = st.integers(0, 9) | st.just(2**64 - 1)
PARTS = st.lists(st.tuples(LENGTHS, st.binary(max_size=9) | changed({"a": 1})), max_size=3)


@UNHURRIED
@given(PARTS, st.binary(max_size=9))
@example([(4, b"null")], b"")
@example([(4, b"1234")], b"")
@example([(2, b"{}")], b"\x01")
@example([(len(DEEP), DEEP)], b"")
def test_an_index_on_disk_with_the_right_checksum(
    parts: list[tuple[int, bytes]], end: bytes
) -> None:
    body = b"dnsfleet index 1\n"
    body += b"".join(length.to_bytes(8) + part for length, part in parts) + end
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "index").write_bytes(body + hashlib.sha256(body).digest())
        contents = Disk(Path(folder), (KEY.public_key(),), POP).read()
        assert contents.zones == []
        assert all("index" in problem or "zone" in problem for problem in contents.problems)

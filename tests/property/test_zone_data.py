"""Zone data: encodings can be decoded, changes lead to the new zone, bad octets are refused.

The test computes the digest too, from the encoded bytes with hashlib.
"""

import contextlib
import hashlib
import itertools

from dnsfleet.zones import master_files
from dnsfleet_engine import Zone
from hypothesis import given
from hypothesis import strategies as st
from support.encoded_zones import WireRecord, wire_records
from support.zones import make_zone

Record = tuple[str, str, str]
"""Owner, type and data."""

RECORDS: st.SearchStrategy[list[Record]] = st.lists(
    st.sampled_from(["@", "a", "*.a", "b", "x.y.b", "*", r"\000", r"\001.b", r"a\.b"]).flatmap(
        lambda owner: st.one_of(
            st.tuples(st.just(owner), st.just("A"), st.sampled_from(["192.0.2.1", "192.0.2.2"])),
            st.tuples(st.just(owner), st.just("TXT"), st.sampled_from(['"A"', '"a"', "x y"])),
            st.tuples(st.just(owner), st.just("MX"), st.sampled_from(["1 A.b.", "1 a.b.", "2 a."])),
        )
    ),
    max_size=12,
)
ZONES = st.builds(make_zone, st.just("example.com."), RECORDS, st.integers(0, 2**32 - 1))
SIGNATURE = "8 2 {ttl} 20600101000000 20260101000000 1 example.com. AAAA"
BY_SIGNING: st.SearchStrategy[list[Record]] = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["@", "a", "b"]),
            st.just("RRSIG"),
            st.sampled_from([f"{covered} {SIGNATURE.format(ttl=300)}" for covered in ("A", "MX")]),
        ),
        st.tuples(
            st.sampled_from(["@", "a", "b"]),
            st.just("NSEC"),
            st.sampled_from(["example.com. A", "b.example.com. A MX"]),
        ),
        st.sampled_from(
            [
                ("@", "DNSKEY", "257 3 8 AAAA"),
                ("@", "DNSKEY", "256 3 8 AAAA"),
                ("@", "NSEC3PARAM", "1 0 0 -"),
                (
                    "2t7b4g4vsa5smi47k61mv5bv1a22bojr",
                    "NSEC3",
                    "1 0 0 - 00000000000000000000000000000000 A",
                ),
                ("@", "CDS", "0 0 0 00"),
                ("@", "CDNSKEY", "0 3 0 AA=="),
                ("@", "ZONEMD", "1 1 1 " + "00" * 48),
            ]
        ),
    ),
    max_size=6,
)


def rrset_key(record: WireRecord) -> tuple[bytes, int, int]:
    owner, rtype, ttl, _ = record
    return owner, rtype, ttl


def digest(encoded: bytes) -> bytes:
    """The sum modulo 2**256 of BLAKE2b-256 over each encoded RRset."""
    total = 0
    for (owner, rtype, ttl), records in itertools.groupby(wire_records(encoded), rrset_key):
        rdatas = [rdata for *_, rdata in records]
        rrset = bytes([len(owner)]) + owner + rtype.to_bytes(2) + ttl.to_bytes(4)
        rrset += len(rdatas).to_bytes(2)
        rrset += b"".join(len(rdata).to_bytes(2) + rdata for rdata in rdatas)
        total += int.from_bytes(hashlib.blake2b(rrset, digest_size=32).digest())
    return (total % 2**256).to_bytes(32)


@given(ZONES)
def test_a_zone_comes_back(zone: Zone) -> None:
    encoded = zone.encode()
    again = Zone.decode(encoded)
    assert again.encode() == encoded
    assert again.digest == zone.digest == digest(encoded)
    assert (again.serial, again.rrsets, again.records) == (zone.serial, zone.rrsets, zone.records)
    assert zone.records == len(list(wire_records(encoded)))


@given(ZONES)
def test_a_master_file_comes_back(zone: Zone) -> None:
    text = zone.to_text()
    again, found = master_files.read(text.encode(), "example.com.zone")
    assert found == []
    assert again is not None
    assert again.encode() == zone.encode()
    assert again.to_text() == text


@given(ZONES, ZONES, ZONES)
def test_a_change_leads_to_the_new_zone(first: Zone, second: Zone, third: Zone) -> None:
    zone = first
    for new in (second, third, third):
        delta = zone.diff(new)
        assert zone.rrsets + delta.added - delta.removed == new.rrsets
        zone = zone.apply(delta.payload)
        assert zone.encode() == new.encode()
        assert zone.digest == new.digest
    assert (delta.added, delta.removed, delta.changed, delta.lines(9)) == (0, 0, 0, [])


@given(RECORDS, RECORDS, BY_SIGNING, BY_SIGNING, st.integers(0, 2**32 - 1))
def test_what_signing_makes_is_not_ordinary(
    before: list[Record], after: list[Record], old: list[Record], new: list[Record], serial: int
) -> None:
    plain = [make_zone("example.com.", records, serial=1) for records in (before, after)]
    mixed = (
        make_zone("example.com.", before + old, serial=1),
        make_zone("example.com.", after + new, serial=serial),
    )
    for one, other in zip(plain, mixed, strict=True):
        assert other.ordinary_rrsets == one.ordinary_rrsets == one.rrsets
        assert Zone.decode(other.encode()).ordinary_rrsets == one.rrsets
    delta, expected = mixed[0].diff(mixed[1]), plain[0].diff(plain[1])
    assert delta.ordinary_removed == expected.removed
    assert delta.ordinary_payload() == expected.payload == expected.ordinary_payload()
    assert mixed[0].apply(delta.payload).ordinary_rrsets == plain[1].rrsets


@given(ZONES, ZONES)
def test_lines_tell_the_change(old: Zone, new: Zone) -> None:
    lines = old.diff(new).lines(1000)
    before, after = set(old.to_text().splitlines()), set(new.to_text().splitlines())
    assert sorted(lines) == sorted(
        [f"- {line}" for line in before - after] + [f"+ {line}" for line in after - before]
    )


@given(ZONES, ZONES, st.binary(max_size=3), st.data())
def test_damaged_bytes_are_refused_or_make_another_zone(
    old: Zone, new: Zone, damage: bytes, data: st.DataObject
) -> None:
    for good, read in ((new.encode(), Zone.decode), (old.diff(new).payload, old.apply)):
        start = data.draw(st.integers(0, len(good)))
        bad = good[:start] + damage + good[start + data.draw(st.integers(0, 3)) :]
        with contextlib.suppress(ValueError):
            zone = read(bad)
            assert Zone.decode(zone.encode()).digest == zone.digest


@given(st.binary())
def test_any_bytes_are_read_or_refused(octets: bytes) -> None:
    for bad in (octets, b"\x01\x01\x00" + octets):
        with contextlib.suppress(ValueError):
            assert Zone.decode(bad).encode() == bad

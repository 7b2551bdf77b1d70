"""The messages of a transfer, as dnspython reads them."""

import dns.flags
import dns.message
import dns.rrset
import pytest
from dnsfleet_engine import Transfer, Zone, ZoneBuilder
from hypothesis import given
from hypothesis import strategies as st
from support.zones import hosts, make_zone

ORIGIN = "example.com."
Line = tuple[str, int, str, str]


def query(origin: str = ORIGIN) -> dns.message.Message:
    return dns.message.make_query(origin, "AXFR", id=7, flags=dns.flags.RD)


def messages(zone: Zone, room: int) -> list[bytes]:
    transfer = Transfer(zone, query(zone.origin).to_wire())
    found = []
    while (wire := transfer.message(room)) is not None:
        found.append(wire)
    assert transfer.message(room) is None
    return found


def records(wire: bytes) -> list[Line]:
    """Owner, TTL, type and data of each record; one message may have two SOA records."""
    message = dns.message.from_wire(wire, one_rr_per_rrset=True)
    assert message.flags == dns.flags.QR | dns.flags.AA | dns.flags.RD
    assert (message.id, message.question) == (7, query(str(message.question[0].name)).question)
    assert not message.authority and not message.additional
    lines = [each.to_text().split(maxsplit=4) for each in message.answer]
    return [(owner, int(ttl), rtype, data) for owner, ttl, _, rtype, data in lines]


def lines_of(zone: Zone) -> list[Line]:
    """The same of a zone as a master file has it, the SOA first."""
    reader = dns.rrset.from_text
    lines = [each.split(maxsplit=3) for each in zone.to_text().splitlines()]
    made = [reader(owner, int(ttl), "IN", rtype, data) for owner, ttl, rtype, data in lines]
    shown = [each.to_text().split(maxsplit=4) for each in made]
    return [(owner, int(ttl), rtype, data) for owner, ttl, _, rtype, data in shown]


@pytest.mark.parametrize("room", [200, 512, 1400, 16384, 65535])
def test_all_records_are_there_once_between_the_soa_records(room: int) -> None:
    zone = make_zone(ORIGIN, hosts(3000))
    made = messages(zone, room)
    assert max(map(len, made)) <= room
    got = [record for wire in made for record in records(wire)]
    expected = lines_of(zone)
    assert got[0] == got[-1] == expected[0]
    assert sorted(got[1:-1]) == sorted(expected[1:])


LABEL = st.text("abAB", min_size=1, max_size=3)
NAME = st.lists(LABEL, min_size=1, max_size=4).map(".".join)
RECORD = st.one_of(
    st.tuples(NAME, st.just("A"), st.just("192.0.2.1")),
    st.tuples(NAME, st.just("MX"), NAME.map(lambda name: f"10 {name}")),
    st.tuples(NAME, st.just("PTR"), NAME),
    st.tuples(NAME, st.just("TXT"), st.integers(1, 250).map(lambda size: "x" * size)),
    st.tuples(NAME, st.just("TYPE65280"), st.just(r"\# 2 abcd")),
)


@given(st.lists(RECORD, max_size=60), st.integers(400, 2000))
def test_any_zone_is_read_back_as_it_is(found: list[tuple[str, str, str]], room: int) -> None:
    zone = make_zone(ORIGIN, found)
    got = [record for wire in messages(zone, room) for record in records(wire)]
    assert sorted(got[1:]) == sorted(lines_of(zone))


def test_names_in_data_keep_their_letter_case() -> None:
    zone = make_zone(ORIGIN, [("www", "PTR", "WWW.Example.COM."), ("a", "PTR", "www")])
    got = {owner: data for wire in messages(zone, 512) for owner, _, _, data in records(wire)}
    assert got["www.example.com."] == "WWW.Example.COM."
    assert got["a.example.com."] == "www.example.com."


def test_names_are_compressed() -> None:
    zone = make_zone(ORIGIN, [(f"host{n}", "PTR", f"host{n}") for n in range(100)])
    (wire,) = messages(zone, 16384)
    # The label, a pointer, the fixed part and another pointer.
    assert len(wire) < 100 * (7 + 2 + 10 + 2) + 200


def test_a_signature_has_the_ttl_of_what_it_signs() -> None:
    builder = ZoneBuilder(ORIGIN)
    builder.add_zone(make_zone(ORIGIN))
    builder.add_record("a", "A", 60, "192.0.2.1", "test")
    builder.add_record("a", "AAAA", 90, "2001:db8::1", "test")
    for rtype, ttl in (("A", 60), ("AAAA", 90)):
        data = f"{rtype} 13 3 {ttl} 20300101000000 20200101000000 1 {ORIGIN} AQID"
        builder.add_record("a", "RRSIG", ttl, data, "test")
    zone, found = builder.finish()
    assert zone is not None, found
    got = [record for wire in messages(zone, 512) for record in records(wire)]
    assert sorted(ttl for _, ttl, rtype, _ in got if rtype == "RRSIG") == [60, 90]


def test_a_record_that_fits_into_no_message_ends_the_transfer() -> None:
    large = " ".join(['"' + "x" * 250 + '"'] * 100)
    zone = make_zone(ORIGIN, [("a", "TXT", large), *hosts(20)])
    assert sum(len(records(wire)) for wire in messages(zone, 26_000)) == zone.records + 1
    with pytest.raises(ValueError, match="a record is too large for a message of a transfer"):
        messages(zone, 20_000)


@pytest.mark.parametrize("wire", [b"", b"\0" * 12, query().to_wire()[:-1]])
def test_a_query_without_a_question_is_refused(wire: bytes) -> None:
    with pytest.raises(ValueError, match="not a query with one question"):
        Transfer(make_zone(ORIGIN), wire)


def test_a_transfer_keeps_the_zone_that_it_began_with() -> None:
    zone = make_zone(ORIGIN, hosts(500), serial=1)
    transfer = Transfer(zone, query().to_wire())
    made = [transfer.message(512)]
    zone = zone.with_serial(2)
    while (wire := transfer.message(512)) is not None:
        made.append(wire)
    got = [record for wire in made if wire is not None for record in records(wire)]
    assert [data.split()[2] for _, _, rtype, data in got if rtype == "SOA"] == ["1", "1"]

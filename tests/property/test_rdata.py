"""Rdata of every type: octets become text, and the text the same octets again."""

import dns.rdata
import dns.rdataclass
import dns.rdatatype
from dnsfleet_engine import Zone, ZoneBuilder
from hypothesis import given, settings
from hypothesis import strategies as st
from support import wire_rdata
from support.encoded_zones import wire_records

# Some for each of 80 types; how long one takes on a busy machine is not what is tested.
UNHURRIED = settings(deadline=None, max_examples=500)
APEX = "ns1.example.net. hostmaster.example.net. 1 7200 900 1209600 300"


def zone_of(number: int, data: str) -> Zone | None:
    """A zone with one record besides its apex; None where its rdata is refused."""
    builder = ZoneBuilder("example.com.")
    builder.add_record("@", "SOA", 300, APEX, "test")
    builder.add_record("@", "NS", 300, "ns1.example.net.", "test")
    builder.add_record("x", f"TYPE{number}", 300, data, "test")
    zone, _ = builder.finish()
    return zone


def generic(rdata: bytes) -> str:
    """Rdata in the form that every type has (RFC 3597 section 5)."""
    return f"\\# {len(rdata)} {rdata.hex()}"


def come_back(number: int, zone: Zone) -> list[bytes]:
    """The rdata of the record, after a way through the text that the zone writes."""
    _, texts = zone.get("x.example.com.", f"TYPE{number}") or (0, [])
    again = zone_of(number, texts[0])
    assert again is not None, texts
    records = wire_records(again.encode())
    return [rdata for owner, rtype, _, rdata in records if (owner[:2], rtype) == (b"\1x", number)]


@UNHURRIED
@given(st.data())
def test_well_formed_rdata_has_text_that_means_the_same(data: st.DataObject) -> None:
    """Rdata made as its RFC says is taken; where the type has a form, text is not octets."""
    number = data.draw(st.sampled_from(sorted(wire_rdata.FORMS)))
    rdata = data.draw(wire_rdata.FORMS[number])
    zone = zone_of(number, generic(rdata))
    assert zone is not None
    assert come_back(number, zone) == [rdata]
    _, (text,) = zone.get("x.example.com.", f"TYPE{number}") or (0, [""])
    assert not text.startswith("\\#")


@UNHURRIED
@given(st.integers(1, 65535), st.binary(max_size=60), st.data())
def test_any_octets_come_back_or_are_refused(
    number: int, rdata: bytes, data: st.DataObject
) -> None:
    """Octets of a form with a change, or none at all, are refused or come back."""
    if data.draw(st.booleans()):
        number = data.draw(st.sampled_from(sorted(wire_rdata.FORMS)))
        rdata = data.draw(wire_rdata.FORMS[number])
        place = data.draw(st.integers(0, len(rdata)))
        rdata = rdata[:place] + data.draw(st.binary(max_size=2)) + rdata[place + 1 :]
    zone = zone_of(number, generic(rdata))
    assert zone is None or come_back(number, zone) == [rdata]


def test_every_type_with_text_has_a_form_here() -> None:
    """The table misses no type that dnspython reads, but SOA, of which each zone has one."""
    known = {
        int(rdtype)
        for rdtype in dns.rdatatype.RdataType
        if not dns.rdatatype.is_metatype(rdtype) and _has_text(rdtype)
    }
    assert known - set(wire_rdata.FORMS) == {dns.rdatatype.SOA}


def _has_text(rdtype: dns.rdatatype.RdataType) -> bool:
    """Whether dnspython has a class for the type."""
    found = dns.rdata.get_rdata_class(dns.rdataclass.IN, rdtype)
    return found is not dns.rdata.GenericRdata

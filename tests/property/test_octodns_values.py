"""Values of octoDNS come back from a RecordSet as they were, and mean the same to the engine."""

import base64
from typing import Any

import dns.rdata
import pytest
from dnsfleet_engine import ZoneBuilder
from hypothesis import given, settings
from hypothesis import strategies as st
from octodns.record import Record
from octodns.record.exception import ValidationError
from octodns.zone import Zone
from octodns_dnsfleet import values
from support.encoded_zones import wire_records

UNHURRIED = settings(deadline=None, max_examples=400)
ORIGIN = "example.com."
APEX = "ns1.example.net. hostmaster.example.net. 1 7200 900 1209600 300"

octet = st.integers(0, 255)
short = st.integers(0, 65535)
label = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True).filter(
    lambda text: text[2:4] != "--"
)
name = st.lists(label, min_size=2, max_size=4).map(lambda labels: ".".join(labels) + ".")
target = name.filter(lambda text: not text.rstrip(".").split(".")[-1].isdigit())
word = st.text("abcdefghijklmnopqrstuvwxyz0123456789+-:/._@!^$*?()|", min_size=1, max_size=40)
sentence = st.lists(word, min_size=1, max_size=4).map(" ".join)
digest = st.binary(min_size=20, max_size=48).map(bytes.hex)
printable = st.text([chr(code) for code in range(32, 127)], max_size=700)
seconds = st.integers(0, 59999).map(lambda number: number / 1000)
centimetres = st.sampled_from([0.0, 0.01, 1.0, 10.0, 250.0, 9000.0, 10000.0, 80000.0])

service = st.fixed_dictionaries(
    {"svcpriority": st.integers(1, 65535), "targetname": target | st.just(".")},
    optional={
        "svcparams": st.fixed_dictionaries(
            {"alpn": st.lists(st.sampled_from(["h2", "h3", "dot"]), min_size=1, unique=True)},
            optional={
                "no-default-alpn": st.none(),
                "port": short,
                "ipv4hint": st.lists(st.ip_addresses(v=4).map(str), min_size=1, max_size=3),
                "ipv6hint": st.lists(st.ip_addresses(v=6).map(str), min_size=1, max_size=3),
                "key667": st.from_regex(r"[a-z0-9]{1,20}", fullmatch=True),
            },
        )
    },
)
place = st.fixed_dictionaries(
    {
        "lat_degrees": st.integers(0, 89),
        "lat_minutes": st.integers(0, 59),
        "lat_seconds": seconds,
        "lat_direction": st.sampled_from("NS"),
        "long_degrees": st.integers(0, 179),
        "long_minutes": st.integers(0, 59),
        "long_seconds": seconds,
        "long_direction": st.sampled_from("EW"),
        # Quarters, which a float holds: of others dnspython loses the last centimetre.
        "altitude": st.integers(-400000, 168000000).map(lambda number: number / 4),
        "size": centimetres,
        "precision_horz": centimetres,
        "precision_vert": centimetres,
    }
)

ORDINARY: dict[str, st.SearchStrategy[Any]] = {
    "A": st.ip_addresses(v=4).map(str),
    "AAAA": st.ip_addresses(v=6).map(str),
    "CAA": st.fixed_dictionaries(
        {
            "flags": st.sampled_from([0, 128]),
            "tag": st.sampled_from(["issue", "issuewild", "iodef"]),
            "value": st.just(";") | sentence.map(lambda text: f"ca.example; {text}"),
        }
    ),
    "CNAME": target,
    "DNAME": target,
    "DS": st.fixed_dictionaries(
        {
            "key_tag": short,
            "algorithm": st.sampled_from([8, 13, 15]),
            "digest_type": st.just(2),
            "digest": st.binary(min_size=32, max_size=32).map(bytes.hex),
        }
    ),
    "HTTPS": service,
    "LOC": place,
    "MX": st.fixed_dictionaries({"preference": short, "exchange": target}),
    "NAPTR": st.fixed_dictionaries(
        {
            "order": short,
            "preference": short,
            "flags": st.sampled_from(["S", "A", "U", "P"]),
            "service": st.sampled_from(["", "SIP+D2U", "E2U+sip"]),
            "regexp": st.just("") | word,
            "replacement": target | st.just("."),
        }
    ),
    "NS": target,
    "OPENPGPKEY": st.binary(min_size=1, max_size=300).map(
        lambda octets: base64.b64encode(octets).decode()
    ),
    "PTR": target,
    "SPF": st.just("v=spf1 mx -all"),
    "SRV": st.fixed_dictionaries(
        {"priority": short, "weight": short, "port": short, "target": target}
    ),
    "SSHFP": st.fixed_dictionaries(
        {
            "algorithm": st.sampled_from([1, 2, 3, 4]),
            "fingerprint_type": st.just(2),
            "fingerprint": st.binary(min_size=32, max_size=32).map(bytes.hex),
        }
    ),
    "SVCB": service,
    "TLSA": st.fixed_dictionaries(
        {
            "certificate_usage": st.integers(0, 3),
            "selector": st.integers(0, 1),
            "matching_type": st.just(1),
            "certificate_association_data": st.binary(min_size=32, max_size=32).map(bytes.hex),
        }
    ),
    "TXT": printable.map(lambda text: text.replace('"', "'").replace("\\", "/").replace(";", "\\;"))
    .map(str.strip)
    .filter(bool),
    "URI": st.fixed_dictionaries(
        {
            "priority": short,
            "weight": short,
            "target": st.builds("https://{}{}".format, name, st.just("x") | label),
        }
    ),
}
"""Values as people write them, for each type that the provider takes."""

SINGLE = ("CNAME", "DNAME")
OWNERS = {"SRV": "_sip._tcp", "URI": "_ftp._tcp", "TLSA": "_443._tcp"}


def made(rtype: str, several: list[Any], ttl: int) -> Any:
    owner = OWNERS.get(rtype, "x")
    data = {"value": several[0]} if rtype in SINGLE else {"values": several}
    return Record.new(Zone(ORIGIN, []), owner, {"type": rtype, "ttl": ttl, **data})


def engine_rdata(item: values.Item) -> set[bytes]:
    """What the engine makes of an RRset; AssertionError where it refuses it."""
    builder = ZoneBuilder(ORIGIN)
    builder.add_record("@", "SOA", 300, APEX, "test")
    builder.add_record("@", "NS", 300, "ns1.example.net.", "test")
    for text in item["data"]:
        builder.add_record(item["name"], item["type"], item["ttl"], text, "test")
    zone, found = builder.finish()
    assert zone is not None, (item, found)
    return {rdata for owner, _, _, rdata in wire_records(zone.encode()) if len(owner) > 13}


def meant(item: values.Item) -> set[bytes]:
    texts = (dns.rdata.from_text("IN", item["type"], text) for text in item["data"])
    return {rdata.to_digestable() for rdata in texts}


def test_every_type_has_values_here() -> None:
    assert ORDINARY.keys() == values.TYPES


@UNHURRIED
@given(st.data())
def test_ordinary_values_come_back_and_mean_the_same(data: st.DataObject) -> None:
    rtype = data.draw(st.sampled_from(sorted(ORDINARY)))
    several = data.draw(st.lists(ORDINARY[rtype], min_size=1, max_size=4))
    record = made(rtype, several, data.draw(st.integers(0, values.MAX_TTL)))
    planned = values.as_read_back(record)
    item = values.item(planned)
    again = values.record(record.zone, item, 1, None)
    assert (again.ttl, again.data) == (record.ttl, planned.data)
    assert values.as_read_back(again) is again
    assert engine_rdata(item) == meant(item)


@UNHURRIED
@given(st.lists(printable, min_size=1, max_size=3), st.sampled_from(["TXT", "SPF"]))
def test_any_text_comes_back_or_is_refused(texts: list[str], rtype: str) -> None:
    try:
        record = made(rtype, texts, 300)
    except ValidationError:
        return  # octoDNS refuses it before
    try:
        planned = values.as_read_back(record)
    except values.UnfitError:
        assert any('"' in text for text in texts)
        return
    item = values.item(planned)
    assert values.record(record.zone, item, 1, None).values == planned.values
    raw = {b"".join(parts.strings) for parts in map(parsed, item["data"])}
    assert raw == {text.replace("\\;", ";").encode() for text in planned.values}
    assert engine_rdata(item) == meant(item)


def parsed(text: str) -> Any:
    return dns.rdata.from_text("IN", "TXT", text)


@UNHURRIED
@given(st.data(), st.text([chr(code) for code in range(32, 127)], max_size=30))
def test_fields_with_any_character_come_back_or_are_refused(data: st.DataObject, text: str) -> None:
    rtype, field = data.draw(
        st.sampled_from([("CAA", "value"), ("NAPTR", "regexp"), ("URI", "target")])
    )
    value = data.draw(ORDINARY[rtype]) | {field: text}
    try:
        item = values.item(values.as_read_back(made(rtype, [value], 300)))
    except (ValidationError, values.UnfitError):
        return
    again = values.record(Zone(ORIGIN, []), item, 1, None)
    assert values.item(again) == item
    assert engine_rdata(item) == meant(item)


@pytest.mark.parametrize(
    ("rtype", "value", "why"),
    [
        ("CNAME", "www.example", "no dot at its end"),
        ("MX", {"preference": 1, "exchange": "mail.example"}, "no dot at its end"),
        ("CAA", {"flags": 0, "tag": "issue", "value": 'a"b'}, "no rdata of this type"),
        ("TXT", '""a""', "back as another value"),
        ("TXT", "a\nb", None),
        (
            "NAPTR",
            {
                "order": 1,
                "preference": 1,
                "flags": "U",
                "service": "",
                "regexp": "a b",
                "replacement": ".",
            },
            "octoDNS cannot read",
        ),
    ],
)
def test_what_does_not_come_back_is_refused(rtype: str, value: Any, why: str | None) -> None:
    record = made(rtype, [value], 300)
    if why is None:
        assert values.as_read_back(record) is record
        return
    with pytest.raises(values.UnfitError, match=why):
        values.as_read_back(record)


def test_limits_are_told() -> None:
    with pytest.raises(values.UnfitError, match="TTL 2147483648"):
        values.item(made("A", ["192.0.2.1"], 2**31))
    with pytest.raises(values.UnfitError, match="1001 values"):
        values.item(made("TXT", [f"{number}" for number in range(1001)], 300))
    with pytest.raises(values.UnfitError, match="at most 65536"):
        values.item(made("TXT", ["x" * 65536], 300))


def test_another_spelling_is_planned_as_it_comes_back() -> None:
    """A `;` that octoDNS takes without a backslash has one when it is read."""
    planned = values.as_read_back(made("TXT", ["a ;b", "c"], 300))
    assert planned.values == ["a \\;b", "c"]
    assert values.as_read_back(planned) is planned


@pytest.mark.parametrize(
    ("found", "key"),
    [
        ({"name": "@", "type": "MX"}, ("example.com.", "MX")),
        ({"name": "WWW", "type": "A"}, ("www.example.com.", "A")),
        ({"name": "www.example.com.", "type": "A"}, ("www.example.com.", "A")),
        ({"name": "bücher", "type": "A"}, ("xn--bcher-kva.example.com.", "A")),
    ],
)
def test_names_have_one_spelling(found: values.Item, key: values.Key) -> None:
    assert values.key_of(found, ORIGIN) == key


def test_what_octodns_has_no_record_for_is_told() -> None:
    zone = Zone(ORIGIN, [])
    with pytest.raises(values.UnfitError, match="no type TYPE65280"):
        values.record(zone, {"name": "x", "type": "TYPE65280", "data": ["\\# 0"]}, 300, None)
    with pytest.raises(values.UnfitError, match="not in the zone"):
        values.record(zone, {"name": "x.example.", "type": "A", "data": ["192.0.2.1"]}, 300, None)
    item = {"name": "x", "type": "SVCB", "data": ["1 . ech=AEj+DQAA"]}
    with pytest.raises(values.UnfitError, match=r"octoDNS cannot read 1 \. ech"):
        values.record(zone, item, 300, None)
    assert values.record(zone, {"name": "@", "type": "A", "data": ["192.0.2.1"]}, 7, None).ttl == 7

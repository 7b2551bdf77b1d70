"""Zones from files and resources: what ends up in the zone, and what is left out and why."""

import gzip
import json

import dns.zone
import pytest
from dns.zonetypes import DigestHashAlgorithm
from dnsfleet.violations import Violation, errors
from dnsfleet.zones import building, master_files
from dnsfleet_engine import Zone
from support import yaml_resources
from support.presigned_zones import signed, signed_text
from support.zones import make_zone

FILE = b"""$TTL 300
@ SOA ns1.example.net. hostmaster 7 7200 900 1209600 300
@ NS ns1.example.net.
www A 192.0.2.1
"""


def get(zone: Zone | None, owner: str, rtype: str) -> tuple[int, list[str]] | None:
    assert zone is not None
    return zone.get(owner, rtype)


def test_the_apex_comes_from_the_spec() -> None:
    zone, violations = building.from_resources(
        yaml_resources.zone("{ttl: 600, soa: {retry: 60}}"), [], None
    )
    assert violations == []
    assert get(zone, "example.com.", "SOA") == (
        600,
        ["ns1.example.net. hostmaster.example.com. 0 7200 60 1209600 300"],
    )
    assert get(zone, "example.com.", "NS") == (600, ["ns1.example.net.", "ns2.example.net."])


def test_ttls_come_from_the_record_or_the_zone() -> None:
    spec = """
      ttl: 600
      records:
        - {name: a, type: A, data: [192.0.2.1]}
        - {name: b, type: A, ttl: 0, data: [192.0.2.1]}
    """
    zone, _ = building.from_resources(yaml_resources.zone(spec), [], None)
    assert get(zone, "a.example.com.", "A") == (600, ["192.0.2.1"])
    assert get(zone, "b.example.com.", "A") == (0, ["192.0.2.1"])


def test_the_digest_of_an_unsigned_zone_is_not_kept() -> None:
    digest = dns.zone.from_text(FILE.decode(), "example.com.").compute_digest(
        DigestHashAlgorithm.SHA384
    )
    file = FILE + f"@ ZONEMD {digest}\n".encode()
    zone = yaml_resources.zone("{zoneFile: {inline: x}}")
    built, violations, _ = building.from_zone_file(zone, file, "f")
    assert get(built, "example.com.", "ZONEMD") is not None
    # The spec repeats a name server of the file, and names one more; the digest is of the file.
    assert [(each.reason, each.where, each.severity) for each in violations] == [
        ("DuplicateRecord", "Zone default/example-com: spec.nameServers[0]", "warning"),
        ("ZoneDigestNotKept", "f", "warning"),
    ]
    refused, violations, _ = building.from_zone_file(zone, file + b"more A 192.0.2.2\n", "f")
    assert refused is None
    assert [(each.reason, each.where) for each in errors(violations)] == [
        ("WrongZoneDigest", "f:5")
    ]
    transfer = "primaries: [{address: 192.0.2.1}], tsigKey: {name: k}"
    spec = f"{{nameServers: null, source: {{transfer: {{{transfer}}}}}}}"
    transferred = yaml_resources.zone(spec)
    _, violations, _ = building.from_zone_file(transferred, file, "f")
    assert not violations, "with the serial of the primary it stays right"


TEXTS = [
    ("v=spf1 mx -all", ['"v=spf1 mx -all"']),
    ('"one" "two words"', ['"one" "two words"']),
    ("k=rsa; p=abc", ['"k=rsa; p=abc"']),
    ('say "hi"', ['"say \\"hi\\""']),
    ("a" * 300, ['"' + "a" * 255 + '" "' + "a" * 45 + '"']),
    ("\\097" * 256, ['"' + "a" * 255 + '" "a"']),
    ("ü", ['"\\195\\188"']),
    ("(no group", ['"(no group"']),
]


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_unquoted_text(text: str, expected: list[str]) -> None:
    zone = yaml_resources.zone_with([{"name": "t", "type": "TXT", "data": [text]}])
    built, violations = building.from_resources(zone, [], None)
    assert violations == []
    assert get(built, "t.example.com.", "TXT") == (300, expected)


def test_types_that_few_zones_have() -> None:
    spec = """
      records:
        - {name: a, type: HTTPS, data: ['1 . alpn=h2 port=8443']}
        - {name: a, type: LOC, data: [52 22 23 N 4 53 32 E -2m]}
        - {name: a, type: NAPTR, data: ['100 10 "u" "sip+E2U" "!^.*$!sip:info@example.com!" .']}
        - {name: a, type: TYPE65280, data: ['\\# 3 abcdef']}
        - {name: a, type: URI, data: ['10 1 "https://example.com/"']}
        - {name: b, type: RP, data: [mail info]}
    """
    zone, violations = building.from_resources(yaml_resources.zone(spec), [], None)
    assert violations == []
    assert zone is not None
    assert zone.rdata_size("a.example.com.", "HTTPS") == 16
    assert get(zone, "a.example.com.", "TYPE65280") == (300, ["\\# 3 ABCDEF"])
    assert zone.rdata_size("b.example.com.", "RP") == len(
        b"\4mail\7example\3com\0\4info\7example\3com\0"
    )


REFUSED = [
    ("NOPE", "x", "unknown type, write TYPEnnn"),
    ("AXFR", "x", "a type for queries and messages, no zone holds it"),
    ("LOC", "x", '"x" is not a number from 0 to 90'),
    ("LP", "10 a..b", "empty label"),
]


@pytest.mark.parametrize(("rtype", "text", "message"), REFUSED)
def test_data_of_no_type(rtype: str, text: str, message: str) -> None:
    zone = yaml_resources.zone_with([{"name": "t", "type": rtype, "data": [text]}])
    built, violations = building.from_resources(zone, [], None)
    assert built is None
    assert message in violations[0].message


def test_gzip() -> None:
    plain, _ = master_files.read(FILE, "f", "example.com.")
    packed, violations = master_files.read(gzip.compress(FILE), "f", "example.com.")
    assert violations == []
    assert plain is not None
    assert packed is not None
    assert packed.encode() == plain.encode()
    _, violations = master_files.read(gzip.compress(FILE)[:-9], "f", "example.com.")
    assert Violation("BadSyntax", "bad gzip: the file ends too early", "f") in violations


def test_a_zone_file_without_soa_takes_that_of_the_spec() -> None:
    zone = yaml_resources.zone("{nameServers: [ns1.example.net], soa: {}, zoneFile: {path: f}}")
    built, violations, _ = building.from_zone_file(zone, b"$TTL 300\nwww A 192.0.2.1\n", "f")
    assert violations == []
    assert get(built, "example.com.", "NS") == (300, ["ns1.example.net."])


def test_soa_in_file_and_spec() -> None:
    zone = yaml_resources.zone("{nameServers: [ns1.example.net], soa: {}, zoneFile: {path: f}}")
    built, violations, _ = building.from_zone_file(zone, FILE, "f")
    assert built is None
    assert [str(violation) for violation in errors(violations)] == [
        "Zone default/example-com: spec.soa: the zone file has a SOA already; remove spec.soa, or "
        "the SOA from the file [MultipleSOA]"
    ]


def test_name_servers_in_file_and_spec() -> None:
    zone = yaml_resources.zone("{nameServers: [ns9.example.net], zoneFile: {path: f}}")
    built, violations, _ = building.from_zone_file(zone, FILE, "f")
    assert built is None
    assert [str(violation) for violation in violations] == [
        "Zone default/example-com: spec.nameServers: the zone file names other servers; remove "
        "spec.nameServers, or the NS records at the apex of the file [ConflictingNameServers]"
    ]
    odd = FILE.replace(b"NS ns1.example.net.", b"NS xn--a-.example.net.")
    built, violations, _ = building.from_zone_file(zone, odd, "f")
    assert built is None
    assert [violation.reason for violation in violations] == ["ConflictingNameServers"]
    same = yaml_resources.zone("{nameServers: [NS1.example.net], zoneFile: {path: f}}")
    built, violations, _ = building.from_zone_file(same, FILE, "f")
    assert built is not None


def test_record_sets_add_to_a_file() -> None:
    base, _ = master_files.read(FILE, "f", "example.com.")
    zone = yaml_resources.zone("{nameServers: null, zoneFile: {path: f}}")
    record_set = yaml_resources.record_set("[{name: api, type: A, data: [192.0.2.9]}]")
    built, violations = building.from_resources(zone, [record_set], base)
    assert violations == []
    assert built is not None
    assert built.serial == 7
    assert get(built, "api.example.com.", "A") == (300, ["192.0.2.9"])
    assert get(built, "www.example.com.", "A") == (300, ["192.0.2.1"])


def test_a_record_set_that_breaks_a_rule_is_left_out() -> None:
    zone = yaml_resources.zone("{records: [{name: www, type: A, data: [192.0.2.1]}]}")
    sets = [
        yaml_resources.record_set("[{name: api, type: A, data: [192.0.2.9]}]", name="good"),
        yaml_resources.record_set("[{name: www, type: CNAME, data: [api]}]", name="alias"),
        yaml_resources.record_set("[{name: x, type: A, data: [192.0.2.300]}]", name="typo"),
        yaml_resources.record_set("[{name: api, type: TXT, data: [hello]}]", name="last"),
    ]
    built, violations = building.from_resources(zone, sets, None)
    assert get(built, "api.example.com.", "A") == (300, ["192.0.2.9"])
    assert get(built, "api.example.com.", "TXT") == (300, ['"hello"'])
    assert get(built, "www.example.com.", "CNAME") is None
    assert get(built, "x.example.com.", "A") is None
    assert [(violation.reason, violation.where) for violation in violations] == [
        ("CNAMEAndOtherData", "RecordSet default/alias: spec.records[0].data[0]"),
        ("BadRdata", "RecordSet default/typo: spec.records[0].data[0]"),
    ]


@pytest.mark.parametrize("name", ["www.example.com", "WWW.Example.com", r"\119ww.exam\112le.com"])
def test_names_that_look_absolute(name: str) -> None:
    record: dict[str, object] = {"name": name, "type": "A", "data": ["192.0.2.1"]}
    built, violations = building.from_resources(yaml_resources.zone_with([record]), [], None)
    assert get(built, "www.example.com.example.com.", "A") is not None
    assert violations == [
        Violation(
            "RelativeName",
            f"{name} has no dot at its end and becomes {name}.example.com.; add "
            "the dot if you mean it as it stands",
            "Zone default/example-com: spec.records[0].name",
            "warning",
        )
    ]


@pytest.mark.parametrize(
    ("name", "rtype"),
    [
        ("www.example.com.", "TYPE16"),
        ("WWW.example.com.", "TXT"),
        (r"\119ww.example.com.", "TYPE016"),
    ],
)
def test_relative_and_absolute_names_of_one_rrset_are_merged_and_told(
    name: str, rtype: str
) -> None:
    records: list[dict[str, object]] = [
        {"name": "www", "type": "TXT", "data": ["one"]},
        {"name": name, "type": rtype, "data": ["two"]},
    ]
    expected = Violation(
        "MergedRecords",
        f"{name} {rtype} is another spelling of records[0], so the data of both is one RRset; "
        "write all of it there",
        "Zone default/example-com: spec.records[1]",
        "warning",
    )
    built, violations = building.from_resources(yaml_resources.zone_with(records), [], None)
    assert get(built, "www.example.com.", "TXT") == (300, ['"one"', '"two"'])
    assert violations == [expected]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "a.☃",
            "\"☃\" is no label of IDNA 2008: Codepoint U+2603 at position 1 of '☃' not allowed",
        ),
        ("a b", '"a b" has a blank or control character; write it as \\032'),
        ("xn--a-", '"xn--a-" begins with xn-- but is no A-label; check its spelling'),
    ],
)
def test_a_name_without_a_normal_spelling_is_refused(name: str, message: str) -> None:
    """The engine takes it, so another object could own the same name by its escapes."""
    record: dict[str, object] = {"name": name, "type": "A", "data": ["192.0.2.1"]}
    built, violations = building.from_resources(yaml_resources.zone_with([record]), [], None)
    assert built is None
    place = "Zone default/example-com: spec.records[0].name"
    assert violations == [Violation("BadName", message, place)]


@pytest.mark.parametrize(
    ("rtype", "data", "expected"),
    [
        ("CNAME", "Bücher", "xn--bcher-kva.example.com."),
        ("MX", "10  bücher.example.", "10 xn--bcher-kva.example."),
        ("SRV", "1 2 3 bücher", "1 2 3 xn--bcher-kva.example.com."),
        ("HTTPS", '1 bücher alpn="h2,h3"', '1 xn--bcher-kva.example.com. alpn="h2,h3"'),
        ("TXT", "bücher", '"b\\195\\188cher"'),
    ],
)
def test_u_labels_in_owners_and_targets(rtype: str, data: str, expected: str) -> None:
    record: dict[str, object] = {"name": "tür", "type": rtype, "data": [data]}
    built, violations = building.from_resources(yaml_resources.zone_with([record]), [], None)
    assert errors(violations) == []
    assert get(built, "xn--tr-xka.example.com.", rtype) == (300, [expected])


def test_a_bad_u_label_in_a_target_is_refused() -> None:
    record: dict[str, object] = {"name": "www", "type": "CNAME", "data": ["☃.example."]}
    built, violations = building.from_resources(yaml_resources.zone_with([record]), [], None)
    assert built is None
    assert [each.reason for each in violations] == ["BadName"]
    assert violations[0].where == "Zone default/example-com: spec.records[0].data[0]"


def test_an_origin_in_u_labels() -> None:
    zone = yaml_resources.zone("{origin: bücher.example}")
    built, violations = building.from_resources(zone, [], None)
    assert built is not None and violations == []
    assert built.origin == zone.origin == "xn--bcher-kva.example."


@pytest.mark.parametrize(
    ("record", "source"),
    [
        ("{name: example.com., type: NS, data: [ns1]}", "spec.nameServers"),
        ("{name: '@', type: TYPE2, data: [ns1]}", "spec.nameServers"),
        ("{name: '@', type: TYPE6, data: [a b 1 1 1 1 1]}", "spec.soa"),
    ],
)
def test_apex_records_however_they_are_spelled(record: str, source: str) -> None:
    built, violations = building.from_resources(
        yaml_resources.zone(f"{{records: [{record}]}}"), [], None
    )
    assert built is None
    assert violations[0].reason == "ApexOwnedByZone"
    assert source in violations[0].message


PLAIN = make_zone("example.com.", [("www", "A", "192.0.2.1")], serial=7)
SIGNED = signed_text(PLAIN).splitlines()
MADE_BY_SIGNING = ("DNSKEY", "NSEC", "RRSIG")


@pytest.mark.parametrize("servers", ["null", "[ns1.example.net]"])
def test_a_signed_file_stays_as_it_is(servers: str) -> None:
    zone = yaml_resources.zone(f"{{zoneFile: {{inline: x}}, nameServers: {servers}}}")
    built, found, _ = building.from_zone_file(zone, "\n".join(SIGNED).encode(), "file")
    assert built is not None, found
    assert built.encode() == signed(PLAIN).encode()


def test_a_signed_file_gets_no_soa_from_the_spec() -> None:
    zone = yaml_resources.zone("{zoneFile: {inline: x}, nameServers: [ns1.example.net], soa: {}}")
    lines = (line for line in SIGNED if " IN SOA " not in line)
    built, found, _ = building.from_zone_file(zone, "\n".join(lines).encode() + b"\n", "file")
    assert built is None
    message = "the zone file is signed; remove spec.soa, and add the SOA where it is signed"
    where = "Zone default/example-com: spec.soa"
    assert errors(found) == [Violation("SignedZone", message, where)]


def made_by_signing(zone: Zone) -> list[dict[str, object]]:
    """What makes a zone of SOA and NS a signed one."""
    found = ((rtype, get(signed(zone), "example.com.", rtype)) for rtype in MADE_BY_SIGNING)
    return [{"name": "@", "type": rtype, "data": rrset[1]} for rtype, rrset in found if rrset]


def test_records_make_no_signed_zone() -> None:
    plain, _ = building.from_resources(yaml_resources.zone(), [], None)
    assert plain is not None
    records = made_by_signing(plain)
    zone, found = building.from_resources(yaml_resources.zone_with(records), [], None)
    assert zone is None
    assert [(each.reason, each.where) for each in errors(found)] == [
        ("SignedZone", "Zone default/example-com: spec.records")
    ]


def test_record_sets_make_no_signed_zone() -> None:
    zone = yaml_resources.zone()
    plain, _ = building.from_resources(zone, [], None)
    assert plain is not None
    signing = yaml_resources.record_set(json.dumps(made_by_signing(plain)), "signing")
    www = yaml_resources.record_set("[{name: www, type: A, data: [192.0.2.1]}]", "www")
    built, found = building.from_resources(zone, [signing, www], None)
    assert built is not None
    assert not built.signed
    assert get(built, "www.example.com.", "A") is not None
    assert [(each.reason, each.where) for each in errors(found)] == [
        ("SignedZone", "RecordSet default/signing: spec.records")
    ]

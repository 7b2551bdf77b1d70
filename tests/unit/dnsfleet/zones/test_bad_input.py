"""Bad input, each with the exact words that people read: place, what was found, what to do."""

import textwrap

import pytest
from dnsfleet.resources import Zone, documents
from dnsfleet.violations import Violation, errors
from dnsfleet.zones import building, master_files

HEAD = """apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata:
  name: example-com
spec:
  origin: example.com
  nameServers: [ns1.example.net]
  records:
"""

FILE_HEAD = """$ORIGIN example.com.
$TTL 300
@ SOA ns1.example.net. hostmaster 1 7200 900 1209600 300
@ NS ns1.example.net.
"""

LONG_LABEL = "a" * 64
LONG_NAME = ".".join(["a" * 63] * 3 + ["a" * 50])
TEXT = "x" * 1000


def from_manifest(text: str) -> list[str]:
    """The lines that people read about a document."""
    found, violations = documents.load(text, "zone.yaml")
    for document in found:
        assert isinstance(document.resource, Zone)
        zone, more = building.from_resources(document.resource, [], None)
        assert zone is None
        violations += more
    return lines(documents.place(violations, found))


def from_file(text: str) -> list[str]:
    """The lines that people read about a master file."""
    zone, violations = master_files.read(text.encode(), "example.com.zone", "example.com.")
    assert zone is None
    return lines(violations)


def lines(violations: list[Violation]) -> list[str]:
    return [str(violation) for violation in errors(violations)]


RECORDS = [
    # what is wrong, the records of the object from line 9 on, the line that people read
    (
        "record outside the zone",
        "- {name: www.example.org., type: A, data: [192.0.2.1]}",
        "zone.yaml:9: spec.records[0].data[0]: www.example.org. is outside the zone example.com. "
        "[OutOfZone]",
    ),
    (
        "CNAME beside other data",
        "- {name: www, type: A, data: [192.0.2.1]}\n- {name: www, type: CNAME, data: [web]}",
        "zone.yaml:10: spec.records[1].data[0]: www.example.com. has a CNAME and also A; a CNAME "
        "stands alone [CNAMEAndOtherData]",
    ),
    (
        "two SOA",
        "- {name: '@', type: SOA, data: [ns1.example.net. hostmaster 1 7200 900 1209600 300]}",
        "zone.yaml:9: spec.records[0]: the SOA is not a record here; write it in spec.soa "
        "[BadValue]",
    ),
    (
        "bad address",
        "- {name: www, type: A, data: [127.0.0.300]}",
        'zone.yaml:9: spec.records[0].data[0]: A rdata "127.0.0.300": not an IPv4 address '
        "[BadRdata]",
    ),
    (
        "TTL of 2^31",
        "- {name: www, type: A, ttl: 2147483648, data: [192.0.2.1]}",
        "zone.yaml:9: spec.records[0].ttl: found the number 2147483648, at most 2147483647 is "
        "allowed [BadValue]",
    ),
    (
        "label of 64 octets",
        f"- {{name: {LONG_LABEL}, type: A, data: [192.0.2.1]}}",
        "zone.yaml:9: spec.records[0].name: label of 64 octets, at most 63 allowed [BadName]",
    ),
    (
        "name of 256 octets",
        f"- {{name: {LONG_NAME}, type: A, data: [192.0.2.1]}}",
        "zone.yaml:9: spec.records[0].name: name of 256 octets, at most 255 allowed [BadName]",
    ),
    (
        "70 KB RRset",
        f"- {{name: big, type: TXT, data: [{', '.join(f'{n:02}{TEXT}' for n in range(70))}]}}",
        "zone.yaml:9: spec.records[0].data[0]: big.example.com. TXT: 71260 octets of records, at "
        "most 65253 fit into a message [RRsetTooLarge]",
    ),
    (
        "wrong type",
        "- {name: www, type: A, ttl: 5m, data: [192.0.2.1]}",
        'zone.yaml:9: spec.records[0].ttl: found the text "5m", a whole number is wanted; write '
        "seconds: 300 [WrongType]",
    ),
    (
        "number in the data",
        "- {name: www, type: A, data: [1.2]}",
        "zone.yaml:9: spec.records[0].data[0]: found the number 1.2, text is wanted; put it in "
        "quotes [WrongType]",
    ),
    (
        "data is no list",
        "- {name: www, type: A, data: 192.0.2.1}",
        'zone.yaml:9: spec.records[0].data: found the text "192.0.2.1", a list is wanted '
        "[WrongType]",
    ),
    (
        "unknown field",
        "- {name: www, type: A, tll: 60, data: [192.0.2.1]}",
        'zone.yaml:9: spec.records[0].tll: there is no field "tll" here; allowed: name, type, ttl, '
        'data; did you mean "ttl"? [UnknownField]',
    ),
    (
        "type of a provider",
        "- {name: www, type: ALIAS, data: [web.example.net.]}",
        'zone.yaml:9: spec.records[0].data[0]: ALIAS rdata "web.example.net.": no type of the DNS, '
        "the provider answered with the addresses of that name; write them as A and AAAA, or a "
        "CNAME where the owner has nothing else [UnknownType]",
    ),
    (
        "unknown type",
        "- {name: www, type: AAA, data: [192.0.2.1]}",
        'zone.yaml:9: spec.records[0].data[0]: AAA rdata "192.0.2.1": unknown type, write TYPEnnn '
        "and \\# LENGTH HEX for one without a name [UnknownType]",
    ),
]


SOA = HEAD.replace("  records:\n", "  soa: {rname: ")
MAILBOXES = [
    (r"hostmaster@example.com", r"hostmaster.example.com"),
    (r"first.last@example.com", r"first\.last.example.com"),
    (r"first\.last@example.com.", r"first\.last.example.com."),
    (r"a.b.c@mail.example.net", r"a\.b\.c.mail.example.net"),
]


def test_a_mailbox_outside_ascii() -> None:
    """A mailbox is no label of a host name, so IDNA has nothing for it."""
    (found,) = from_manifest(f"{SOA}jürgen.example.com}}\n")
    assert found.startswith(
        'zone.yaml:8: spec.soa.rname: "jürgen.example.com" begins with a mailbox'
    )


@pytest.mark.parametrize(("written", "advised"), MAILBOXES)
def test_a_mailbox_with_an_at(written: str, advised: str) -> None:
    assert from_manifest(f"{SOA}{written}}}\n") == [
        f'zone.yaml:8: spec.soa.rname: "{written}" has an @; write a dot in its place: {advised} '
        "[BadValue]"
    ]
    (document,), _ = documents.load(f"{SOA}{advised}}}\n", "zone.yaml")
    assert isinstance(document.resource, Zone)
    zone, _ = building.from_resources(document.resource, [], None)
    assert zone is not None
    _, (soa,) = zone.get("example.com.", "SOA") or (0, [])
    assert soa.split()[1] == advised.removesuffix(".") + "."


@pytest.mark.parametrize(
    ("records", "expected"), [row[1:] for row in RECORDS], ids=[row[0] for row in RECORDS]
)
def test_manifests(records: str, expected: str) -> None:
    assert from_manifest(HEAD + textwrap.indent(records, "    ")) == [expected]


FILES = [
    # what is wrong, the master file from its line 5 on, the line that people read
    (
        "record outside the zone",
        "www.example.org. A 192.0.2.1",
        "example.com.zone:5: www.example.org. is outside the zone example.com. [OutOfZone]",
    ),
    (
        "CNAME beside other data",
        "www A 192.0.2.1\nwww CNAME web",
        "example.com.zone:6: www.example.com. has a CNAME and also A; a CNAME stands alone "
        "[CNAMEAndOtherData]",
    ),
    (
        "two SOA",
        "@ SOA ns1.example.net. other 2 7200 900 1209600 300",
        "example.com.zone:5: example.com. has 2 different SOA, one allowed [MultipleSOA]",
    ),
    (
        "bad address",
        "www A 127.0.0.300",
        'example.com.zone:5: A rdata "127.0.0.300": not an IPv4 address [BadRdata]',
    ),
    (
        "TTL of 2^31",
        "www 2147483648 A 192.0.2.1",
        "example.com.zone:5: TTL 2147483648: at most 2147483647 allowed [BadTTL]",
    ),
    (
        "label of 64 octets",
        f"{LONG_LABEL} A 192.0.2.1",
        f'example.com.zone:5: owner "{LONG_LABEL[:60]}…": label of 64 octets, at most 63 allowed '
        "[BadName]",
    ),
    (
        "name of 256 octets",
        f"{LONG_NAME} A 192.0.2.1",
        f'example.com.zone:5: owner "{LONG_NAME[:60]}…": name of 256 octets, at most 255 allowed '
        "[BadName]",
    ),
    (
        "70 KB RRset",
        "\n".join(f'big TXT "{n:03}{TEXT[:250]}"' for n in range(280)),
        "example.com.zone:5: big.example.com. TXT: 74480 octets of records, at most 65253 fit into "
        "a message [RRsetTooLarge]",
    ),
    (
        "$GENERATE over the limit",
        "$GENERATE 1-65537 host-$ A 192.0.2.1",
        "example.com.zone:5: $GENERATE of 65537 records, at most 65536 allowed [GenerateTooLarge]",
    ),
    (
        "$INCLUDE where there are no files",
        "$INCLUDE other.zone",
        "example.com.zone:5: $INCLUDE other.zone: not possible here [IncludeFailed]",
    ),
    (
        "unknown type",
        "www AAA 192.0.2.1",
        'example.com.zone:5: AAA rdata "192.0.2.1": unknown type, write TYPEnnn and \\# LENGTH HEX '
        "for one without a name [UnknownType]",
    ),
]


@pytest.mark.parametrize(
    ("text", "expected"), [row[1:] for row in FILES], ids=[row[0] for row in FILES]
)
def test_master_files(text: str, expected: str) -> None:
    assert from_file(FILE_HEAD + text + "\n") == [expected]


def test_the_rest_of_a_file_is_read_for_more_faults() -> None:
    text = "a A 1\nb A 192.0.2.1\nc AAAA 1\n"
    assert [line.partition(": ")[0] for line in from_file(FILE_HEAD + text)] == [
        "example.com.zone:5",
        "example.com.zone:7",
    ]


def test_a_zone_file_in_the_manifest_gives_its_lines() -> None:
    written = HEAD.partition("  nameServers")[0] + "  zoneFile:\n    inline: |\n"
    written += textwrap.indent(FILE_HEAD + "www A 127.0.0.300\n", "      ")
    (document,), _ = documents.load(written, "zone.yaml")
    zone = document.resource
    assert isinstance(zone, Zone)
    assert zone.spec.zone_file is not None
    text = (zone.spec.zone_file.inline or "").encode()
    _, violations, _ = building.from_zone_file(
        zone, text, f"{zone.reference}: spec.zoneFile.inline"
    )
    (line,) = lines(documents.place(violations, [document]))
    assert written.splitlines()[12] == "      www A 127.0.0.300"
    assert line == (
        'zone.yaml:13: spec.zoneFile.inline:5: A rdata "127.0.0.300": not an IPv4 address '
        "[BadRdata]"
    )

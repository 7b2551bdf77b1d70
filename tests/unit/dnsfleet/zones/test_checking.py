"""The checks of what is well-formed and mostly a mistake: what they find, and what they leave."""

import pytest
from dnsfleet.violations import Violation
from dnsfleet.zones import building, master_files
from dnsfleet.zones.checking import checks, ignoring, written
from support import yaml_resources

APEX = """$TTL 300
@ SOA ns1.example.net. hostmaster 7 7200 900 1209600 300
@ NS ns1.example.net.
"""
ED25519 = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


def found_in(text: str) -> list[tuple[str, str]]:
    """(line of `text`, reason) of each warning about a zone with this text."""
    zone, violations = master_files.read((APEX + text).encode(), "f", "example.com.")
    assert zone is not None
    lines = (APEX + text).splitlines()
    assert all(each.severity == "warning" for each in violations)
    return [(lines[int(each.where.removeprefix("f:")) - 1], each.reason) for each in violations]


TARGETS = [
    # what is wrong with a line in ZONE
    ("@ MX 10 mail.example.com", "RelativeTarget"),
    ("w CNAME example.com", "RelativeTarget"),
    ("w CNAME mail.example.com", "RelativeTarget"),
    ("_s._tcp SRV 1 1 1 mail.example.com", "RelativeTarget"),
    ("w HTTPS 1 mail.example.com", "RelativeTarget"),
    ("w SVCB 1 Mail.Example.Com", "RelativeTarget"),
    ("w PTR mail.example.com", "RelativeTarget"),
    ("w DNAME example.com", "RelativeTarget"),
    ("w NS mail.example.com", "RelativeTarget"),
    ("w CNAME gone", "MissingTarget"),
    ("w CNAME gone.mail", "MissingTarget"),
    ("w MX 10 mail.example.net", "MissingTarget"),
    ("w DNAME gone", "MissingTarget"),
    ("w PTR gone", "MissingTarget"),
    ("w MX 10 192.0.2.1", "TargetIsAddress"),
    ("w MX 10 192.0.2.1.", "TargetIsAddress"),
    ("w MX 10 2001:db8::1", "TargetIsAddress"),
    ("w NS 192.0.2.1", "TargetIsAddress"),
    ("w CNAME ::1.", "TargetIsAddress"),
    ("w MX 10 alias", "TargetIsAlias"),
    ("w NS alias", "TargetIsAlias"),
    ("_s._tcp SRV 1 1 1 alias", "TargetIsAlias"),
    ("w MX 10 any.aliases", "TargetIsAlias"),
    ("w MX 10 any.turned", "TargetIsAlias"),
    ("w CNAME alias", None),
    ("w HTTPS 1 alias", None),
    ("w MX 10 mail", None),
    ("w MX 0 .", None),
    ("w HTTPS 1 .", None),
    ("w CNAME @", None),
    ("w CNAME between", None),  # which has only names below it
    ("w MX 10 any.wild", None),
    ("w MX 10 a.b.wild", None),
    ("w MX 10 there.wild", None),
    ("w MX 10 any.cut", None),
    ("w CNAME cut", None),
    ("w CNAME any.turned", None),
    ("w MX 10 mail.example.net.", None),
    ("w MX 10 mail.otherexample.com.", None),
    ("w CNAME a\\.example.com.", None),
]
ZONE = """mail A 192.0.2.1
alias CNAME mail
deep.between A 192.0.2.1
*.wild A 192.0.2.1
there.wild A 192.0.2.1
*.aliases CNAME mail
cut NS ns1.example.net.
turned DNAME example.net.
"""


@pytest.mark.parametrize(("line", "reason"), TARGETS)
def test_targets(line: str, reason: str | None) -> None:
    found = [each for each in found_in(ZONE + line) if each[1] in checks.CHECKS]
    assert found == ([] if reason is None else [(line, reason)])


def test_a_wildcard_makes_no_address_right() -> None:
    line = "w MX 10 192.0.2.1"
    assert found_in(f"{line}\n* A 192.0.2.1\n") == [(line, "TargetIsAddress")]
    assert found_in(f"{line}\n192.0.2.1 A 192.0.2.1\n") == []


def test_targets_in_the_root_zone() -> None:
    text = f"{APEX}w CNAME gone.w\nv CNAME w.\nu CNAME a.example.\nexample NS ns1.example.net.\n"
    zone, violations = master_files.read(f"{text}net NS a.net.\n".encode(), "f", ".")
    assert zone is not None
    message = "w. CNAME leads to gone.w., which does not exist; add it, or write another name"
    found = [each for each in violations if each.reason in checks.CHECKS]
    assert found == [Violation("MissingTarget", message, "f:4", "warning")]


def test_a_wildcard_stands_for_nothing_below_a_name_that_is_there() -> None:
    line = "w CNAME x.there.wild"
    assert found_in(ZONE + line) == [(line, "MissingTarget")]


TEXTS = [
    ('a TXT "v=spf1 mx -all"\na TXT "v=SPF1 -all"', {"SeveralSpf"}),
    ('a TXT "v=spf1 mx -all"\na TXT "v=spf10"\na TXT "note"', set()),
    ('a TXT "v=spf1" " a:x mx mx ptr exists:x a a a a a a -all"', {"SpfLookups"}),
    ('a TXT "v=spf1 a:x mx mx ptr exists:x a a a a ?a -all"', set()),
    ('a TXT "v=spf1 a:x mx mx ptr exists:x a a a a a redirect=x"', {"SpfLookups"}),
    ('a TXT "v=spf1 a:x mx mx ptr exists:x a a a a a redirect=x -all"', set()),
    ('a TXT "v=spf1 ip4:192.0.2.1 ip6:::1 all=1 exp=a.b ALL"', set()),
    (
        'a TXT "v=spf1 include:b.example.com include:b.example.com a a a -all"\n'
        'b TXT "v=spf1 mx a ptr -all"',
        {"SpfLookups"},
    ),
    ('a TXT "v=spf1 include:b.example.com -all"\nb TXT "v=spf1 include:a.example.com"', set()),
    ('a TXT "v=spf1 include:%{d}.example.com include:..x -all"', set()),
    (f'k._domainkey TXT "v=DKIM1; k=ed25519; p={ED25519}"', set()),
    (f'k._domainkey TXT "v=DKIM1; k=ed25519;" "p={ED25519[:20]} {ED25519[20:]};"', set()),
    ('k._domainkey TXT "v=DKIM1; p="', set()),
    ('k._domainkey TXT "v=DKIM1; k=later; p=QUJD"', set()),
    ('_domainkey TXT "o=-"\n_adsp._domainkey TXT "dkim=all"', set()),
    (f'k._domainkey TXT "v=DKIM1; k=ed25519; p={ED25519[:30]}"', {"BadDkimKey"}),
    ('k._domainkey TXT "v=DKIM1; k=ed25519; p=QUJD"', {"BadDkimKey"}),
    (f'k._domainkey TXT "v=DKIM1; k=rsa; p={ED25519}"', {"BadDkimKey"}),
    ('k._domainkey TXT "v=DKIM1; k=rsa"', {"BadDkimKey"}),
    ('k._domainkey TXT "v=DKIM1, p="', {"BadDkimKey"}),
    ('k._domainkey TXT "p=; v=DKIM1"', {"BadDkimKey"}),
    ('k._domainkey TXT "p=; p="', {"BadDkimKey"}),
    ('k._domainkey TXT "\\"v=DKIM1; p=\\""', {"BadDkimKey"}),
    ("sub 0 NS ns1.example.net.\nsub 0 NS ns2.example.net.", {"ZeroTtl"}),
]


@pytest.mark.parametrize(("text", "reasons"), TEXTS)
def test_texts(text: str, reasons: set[str]) -> None:
    assert {reason for _, reason in found_in(text)} == reasons


def test_an_rsa_key_is_read() -> None:
    from base64 import b64encode

    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = rsa.generate_private_key(65537, 1024).public_key()
    for form in (PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1):
        key = b64encode(public.public_bytes(Encoding.DER, form)).decode()
        assert found_in(f'k._domainkey TXT "v=DKIM1; p={key}"') == []
        assert found_in(f'k._domainkey TXT "v=DKIM1; p={key[:40]}"') != []


def test_a_finding_is_told_once() -> None:
    assert len(found_in("sub 0 NS ns1.example.net.\nsub 0 NS ns2.example.net.")) == 1


def test_messages_say_where_it_leads_and_what_to_do() -> None:
    _, found = master_files.read(f"{APEX}@ MX 10 mail.example.com\n".encode(), "f", "example.com.")
    message = (
        "example.com. MX leads to mail.example.com.example.com.; "
        "write mail.example.com. with a dot at its end if you mean it as it stands"
    )
    assert found == [Violation("RelativeTarget", message, "f:4", "warning")]


def test_places_are_fields_of_objects() -> None:
    zone = yaml_resources.zone("records: [{name: w, type: CNAME, data: [gone]}]")
    record_set = yaml_resources.record_set("[{name: v, type: MX, data: [1 v, 1 w]}]")
    _, violations = building.from_resources(zone, [record_set], None)
    assert [(each.reason, each.where) for each in violations] == [
        ("MissingTarget", "Zone default/example-com: spec.records[0].data[0]"),
        ("TargetIsAlias", "RecordSet default/web: spec.records[0].data[1]"),
    ]


def test_what_a_record_set_adds_is_not_missing() -> None:
    zone = yaml_resources.zone("{nameServers: null, zoneFile: {inline: x}}")
    text = f"{APEX}w CNAME app\nv CNAME gone\n"
    base, violations, doubtful = building.from_zone_file(zone, text.encode(), "f")
    assert base is not None and violations == []
    record_set = yaml_resources.record_set("[{name: app, type: A, data: [192.0.2.1]}]")
    _, alone = building.from_resources(zone, [], base, doubtful)
    assert [(each.reason, each.where) for each in alone] == [
        ("MissingTarget", "f:4"),
        ("MissingTarget", "f:5"),
    ]
    _, together = building.from_resources(zone, [record_set], base, doubtful)
    assert [(each.reason, each.where) for each in together] == [("MissingTarget", "f:5")]


def test_an_alias_that_a_record_set_adds_under_a_target_of_the_file() -> None:
    zone = yaml_resources.zone("{nameServers: null, zoneFile: {inline: x}}")
    text = f"{APEX}@ MX 1 mail\n"
    base, _, doubtful = building.from_zone_file(zone, text.encode(), "f")
    record_set = yaml_resources.record_set("[{name: mail, type: CNAME, data: [x.example.net.]}]")
    _, violations = building.from_resources(zone, [record_set], base, doubtful)
    assert [(each.reason, each.where) for each in violations] == [("TargetIsAlias", "f:4")]


def test_an_annotation_silences_checks_of_its_own_object() -> None:
    spec = "records: [{name: w, type: CNAME, data: [gone]}, {name: v, type: MX, data: [1 w]}]"
    text = "[{name: u, type: CNAME, data: [gone]}]"
    for names, left in (
        ("MissingTarget", [("Zone", "TargetIsAlias"), ("RecordSet", "MissingTarget")]),
        ("TargetIsAlias , MissingTarget", [("RecordSet", "MissingTarget")]),
    ):
        zone = yaml_resources.zone(spec, annotations={ignoring.ANNOTATION: names})
        _, found = building.from_resources(zone, [yaml_resources.record_set(text)], None)
        assert [(each.where.partition(" ")[0], each.reason) for each in found] == left


def test_an_annotation_of_a_zone_silences_checks_of_its_file() -> None:
    zone = yaml_resources.zone(
        "{nameServers: null, zoneFile: {inline: x}}",
        annotations={ignoring.ANNOTATION: "MissingTarget"},
    )
    text = f"{APEX}w CNAME gone\n"
    for name in ("f", f"{zone.reference}: spec.zoneFile.inline"):
        base, _, doubtful = building.from_zone_file(zone, text.encode(), name)
        assert doubtful
        assert building.from_resources(zone, [], base, doubtful)[1] == []


def test_an_annotation_with_a_check_that_there_is_not() -> None:
    zone = yaml_resources.zone(annotations={ignoring.ANNOTATION: "MissingTargets"})
    _, (found,) = building.from_resources(zone, [], None)
    assert (found.reason, found.severity) == ("UnknownCheck", "warning")
    assert found.where == (
        "Zone default/example-com: metadata.annotations[dnsfleet.io/ignore-checks]"
    )
    assert "there is no check MissingTargets; there are BadDkimKey, " in found.message


def test_a_big_zone_is_looked_at_in_part() -> None:
    good = "".join(f"a{index} CNAME @\n" for index in range(written.MAX_WRITTEN - 2))
    assert found_in(good + "last CNAME gone\nbeyond CNAME gone\n") == [
        ("last CNAME gone", "MissingTarget")
    ]


def test_a_zone_full_of_mistakes_is_told_in_part() -> None:
    text = "".join(f"a{index} CNAME gone\n" for index in range(checks.MAX_DOUBTFUL + 1))
    assert len(found_in(text)) == checks.MAX_DOUBTFUL


def test_a_warning_about_letters_in_a_file_shows_both_forms() -> None:
    text = f"{APEX}w CNAME bücher"
    _, violations = master_files.read(text.encode(), "f", "example.com.")
    (found,) = violations
    assert "leads to xn--bcher-kva.example.com. (bücher.example.com.)" in found.message

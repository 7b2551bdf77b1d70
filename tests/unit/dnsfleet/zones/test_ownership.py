"""Which RecordSets may add to a zone, and which Zone owns an origin."""

import pytest
from dnsfleet.resources import RecordSet
from dnsfleet.violations import Violation
from dnsfleet.zones import master_files, ownership
from support import yaml_resources
from support.presigned_zones import signed
from support.zones import make_zone

OLD = {"creationTimestamp": "2026-01-01T00:00:00Z"}
NEW = {"creationTimestamp": "2026-02-01T00:00:00Z"}
RECORD = "[{{name: {name}, type: {type}, data: [x]}}]"
WWW = "[{name: www, type: A, data: [192.0.2.1]}]"


def claim(name: str, rtype: str) -> RecordSet:
    """A RecordSet with one record, named after its type."""
    return yaml_resources.record_set(RECORD.format(name=name, type=rtype), name=rtype.lower())


def test_the_oldest_zone_owns_an_origin() -> None:
    young = yaml_resources.zone(name="a", **NEW)
    old = yaml_resources.zone("{origin: EXAMPLE.com.}", name="b", **OLD)
    other = yaml_resources.zone("{origin: example.org}", name="c", **NEW)
    owners, violations = ownership.zones_by_origin([young, old, other], {})
    assert owners == {"example.com.": old, "example.org.": other}
    assert violations == [
        Violation(
            "ZoneInUse",
            "example.com. is the origin of Zone default/b; remove one of the two",
            "Zone default/a: spec.origin",
        )
    ]


def test_record_sets_without_a_zone() -> None:
    zone = yaml_resources.zone()
    here = yaml_resources.record_set(WWW)
    astray = yaml_resources.record_set(WWW, name="astray")
    astray = astray.model_copy(
        update={
            "spec": astray.spec.model_copy(update={"zone_ref": yaml_resources.zone_ref("other")})
        }
    )
    found, violations = ownership.record_sets_by_zone([zone], [here, astray])
    assert found == {zone.reference: [here]}
    assert violations == [
        Violation(
            "ZoneNotFound",
            "there is no Zone default/other; make it, or correct the reference",
            "RecordSet default/astray: spec.zoneRef",
        )
    ]


def test_the_oldest_claim_wins() -> None:
    young = yaml_resources.record_set(WWW, name="a", **NEW)
    old = yaml_resources.record_set(WWW.replace("www", "WWW.example.com."), name="b", **OLD)
    aside = yaml_resources.record_set(WWW.replace("A,", "TXT,"), name="c", **NEW)
    admission = ownership.admit(yaml_resources.zone(), [young, old, aside], {})
    assert admission.record_sets == (old, aside)
    assert admission.violations == [
        Violation(
            "NotOwner",
            "www.example.com. A belongs to RecordSet default/b; remove it here or there",
            "RecordSet default/a: spec.records[0]",
        )
    ]


def test_a_refused_record_set_claims_nothing() -> None:
    zone = yaml_resources.zone("{records: [{name: www, type: A, data: [192.0.2.1]}]}")
    refused = yaml_resources.record_set(
        "[{name: www, type: A, data: [x]}, {name: api, type: A, data: [x]}]", name="a", **OLD
    )
    later = yaml_resources.record_set("[{name: api, type: A, data: [x]}]", name="b", **NEW)
    admission = ownership.admit(zone, [refused, later], {})
    assert admission.record_sets == (later,)
    assert [violation.reason for violation in admission.violations] == ["NotOwner"]
    assert "belongs to Zone default/example-com" in admission.violations[0].message


def test_the_zone_file_owns_its_records() -> None:
    text = b"@ 60 SOA ns1 h 1 1 1 1 1\n@ 60 NS ns1\nns1 60 A 192.0.2.1\n"
    base, _ = master_files.read(text, "f", "example.com.")
    zone = yaml_resources.zone("{nameServers: null, zoneFile: {path: f}}")
    claims = [claim("ns1", rtype) for rtype in ("A", "TXT")]
    admission = ownership.admit(zone, claims, {}, base)
    assert admission.record_sets == (claims[1],)
    assert admission.violations[0].reason == "NotOwner"


@pytest.mark.parametrize(
    "spelled",
    [("A", "TYPE1"), ("A", "TYPE001"), ("DOA", "TYPE259"), ("HHIT", "TYPE67")],
    ids=" and ".join,
)
def test_type_numbers_are_types(spelled: tuple[str, str]) -> None:
    both = [claim("www", rtype) for rtype in spelled]
    assert ownership.admit(yaml_resources.zone(), both, {}).record_sets == (both[0],)


@pytest.mark.parametrize("name", ["WWW", "www.example.com.", r"'\119ww'", r"'w\ww.EXAMPLE.com.'"])
def test_a_name_is_one_name_however_it_is_spelled(name: str) -> None:
    zone = yaml_resources.zone(f"{{records: {WWW}}}")
    admission = ownership.admit(zone, [claim(name, "A")], {})
    assert [violation.reason for violation in admission.violations] == ["NotOwner"]


def test_an_unknown_type_is_refused_beside_a_zone_file_too() -> None:
    text = b"@ 60 SOA ns1 h 1 1 1 1 1\n@ 60 NS ns1\nns1 60 A 192.0.2.1\n"
    base, _ = master_files.read(text, "f", "example.com.")
    zone = yaml_resources.zone("{nameServers: null, zoneFile: {path: f}}")
    admission = ownership.admit(zone, [claim("www", "AAA")], {}, base)
    assert admission.violations == [
        Violation(
            "UnknownType",
            "type AAA is unknown; write it as TYPEnnn (RFC 3597)",
            "RecordSet default/aaa: spec.records[0]",
        )
    ]


CONSENTS = [
    # spec.recordSets, name and type of the record, namespace, admitted
    ("{}", "www", "A", "default", True),
    ("{}", "www", "A", "team", False),
    ("{namespaces: {from: All}}", "www", "A", "team", True),
    ("{namespaces: {from: Selector, selector: {matchLabels: {t: '1'}}}}", "www", "A", "team", True),
    (
        "{namespaces: {from: Selector, selector: {matchLabels: {t: '2'}}}}",
        "www",
        "A",
        "team",
        False,
    ),
    ("{namespaces: {from: Selector, selector: {}}}", "www", "A", "unknown", True),
    ("{names: [www]}", "www", "A", "default", True),
    ("{names: [www]}", "WWW.example.com.", "A", "default", True),
    ("{names: [www]}", "a.www", "A", "default", False),
    ("{names: ['*.dev']}", "a.dev", "A", "default", True),
    ("{names: ['*.dev']}", "b.a.dev", "A", "default", True),
    ("{names: ['*.dev']}", "'*.dev'", "A", "default", True),
    ("{names: ['*.dev']}", "dev", "A", "default", False),
    ("{names: ['*.dev']}", "adev", "A", "default", False),
    ("{names: ['@']}", "'@'", "TXT", "default", True),
    ("{types: [TXT]}", "www", "TXT", "default", True),
    ("{types: [TXT]}", "www", "TYPE16", "default", True),
    ("{types: [TXT]}", "www", "A", "default", False),
    ("{}", "'@'", "NS", "default", False),
    ("{}", "example.com.", "NS", "default", False),
    ("{}", "dev", "NS", "default", False),
    ("{}", "dev", "TYPE2", "default", False),
    ("{}", "dev", "DNAME", "default", False),
    ("{}", "dev", "DS", "default", False),
    ("{types: [NS]}", "dev", "NS", "default", True),
    ("{types: [NS]}", "dev", "DS", "default", False),
    ("{}", "'@'", "TYPE6", "default", False),
    ("{}", "a..b", "A", "default", False),
]


@pytest.mark.parametrize(("consent", "name", "rtype", "namespace", "admitted"), CONSENTS)
def test_consent(consent: str, name: str, rtype: str, namespace: str, admitted: bool) -> None:
    zone = yaml_resources.zone(f"{{recordSets: {consent}}}")
    record_set = yaml_resources.record_set(
        RECORD.format(name=name, type=rtype), namespace=namespace
    )
    admission = ownership.admit(zone, [record_set], {"team": {"t": "1"}})
    assert admission.record_sets == ((record_set,) if admitted else ())
    assert len(admission.violations) == (0 if admitted else 1)


REFUSALS = [
    (
        "{}",
        "'@'",
        "NS",
        "ApexOwnedByZone",
        "the NS of the apex comes from Zone default/example-com; remove it here",
    ),
    (
        "{types: [TXT]}",
        "www",
        "A",
        "NotAllowedByZone",
        "Zone default/example-com does not allow www.example.com. A in its spec.recordSets.types",
    ),
    (
        "{}",
        "shop",
        "NS",
        "NotAllowedByZone",
        "Zone default/example-com does not allow shop.example.com. NS in its spec.recordSets.types,"
        " which has to list this type",
    ),
    (
        "{names: [api]}",
        "www",
        "A",
        "NotAllowedByZone",
        "Zone default/example-com does not allow www.example.com. A in its spec.recordSets.names",
    ),
]


@pytest.mark.parametrize(("consent", "name", "rtype", "reason", "message"), REFUSALS)
def test_refusals_say_why(consent: str, name: str, rtype: str, reason: str, message: str) -> None:
    zone = yaml_resources.zone(f"{{recordSets: {consent}}}")
    record_set = yaml_resources.record_set(RECORD.format(name=name, type=rtype))
    (violation,) = ownership.admit(zone, [record_set], {}).violations
    assert violation == Violation(reason, message, "RecordSet default/web: spec.records[0]")


ALL = "nestedZones: {namespaces: {from: All}}"
TRUSTED = "nestedZones: {namespaces: {from: Selector, selector: {matchLabels: {dns: trusted}}}}"
LABELS = {"shop": {"dns": "trusted"}, "other": {"dns": "unknown"}}

NESTED = [
    # older origin and consent, younger origin and namespace, the younger's fate
    ("example.com", "", "shop.example.com", "dns", None),
    ("example.com", "", "shop.example.com", "shop", "below"),
    ("example.com", "", "a.b.example.com", "shop", "below"),
    ("example.com", "", "Shop.EXAMPLE.com.", "shop", "below"),
    ("example.com", "", "badexample.com", "shop", None),
    ("example.com", "", "example.org", "shop", None),
    ("example.com", "", "com", "shop", "above"),
    ("example.com", "", ".", "shop", "above"),
    ("example.com", ALL, "shop.example.com", "shop", None),
    ("example.com", ALL, "com", "shop", None),
    ("example.com", TRUSTED, "shop.example.com", "shop", None),
    ("example.com", TRUSTED, "shop.example.com", "other", "below"),
    ("example.com", TRUSTED, "shop.example.com", "unheard-of", "below"),
]


@pytest.mark.parametrize(("origin", "consent", "nested", "namespace", "side"), NESTED)
def test_nested_zones_need_consent(
    origin: str, consent: str, nested: str, namespace: str, side: str | None
) -> None:
    older = yaml_resources.zone(f"origin: {origin}\n{consent}", namespace="dns", **OLD)
    younger = yaml_resources.zone(f"origin: {nested}", namespace=namespace, name="new", **NEW)
    owners, violations = ownership.zones_by_origin([younger, older], LABELS)
    assert (younger.origin in owners) == (side is None)
    assert owners[older.origin] is older
    if side is not None:
        assert [violation.reason for violation in violations] == ["NotAllowedByZone"]
        assert violations[0].where == f"Zone {namespace}/new: spec.origin"
        assert f"is {side} example.com. of Zone dns/example-com" in violations[0].message


def test_the_nearest_zone_above_decides() -> None:
    top = yaml_resources.zone(f"origin: example.com\n{ALL}", namespace="dns", name="a", **OLD)
    middle = yaml_resources.zone("origin: b.example.com", namespace="shop", name="b", **OLD)
    mine = yaml_resources.zone("origin: c.b.example.com", namespace="shop", name="c", **NEW)
    other = yaml_resources.zone("origin: d.b.example.com", namespace="other", name="d", **NEW)
    owners, violations = ownership.zones_by_origin([top, middle, mine, other], LABELS)
    assert list(owners) == ["example.com.", "b.example.com.", "c.b.example.com."]
    assert [violation.where for violation in violations] == ["Zone other/d: spec.origin"]


def test_every_zone_below_has_to_agree_to_one_above() -> None:
    agrees = yaml_resources.zone(f"origin: a.example.com\n{ALL}", namespace="dns", name="a", **OLD)
    does_not = yaml_resources.zone("origin: b.example.com", namespace="shop", name="b", **OLD)
    above = yaml_resources.zone("origin: example.com", namespace="other", name="c", **NEW)
    _, violations = ownership.zones_by_origin([agrees, does_not, above], {})
    assert [violation.reason for violation in violations] == ["NotAllowedByZone"]
    assert "of Zone shop/b" in violations[0].message


def test_a_signed_zone_takes_no_record_sets() -> None:
    zone, plain = yaml_resources.zone(), make_zone("example.com.", serial=7)
    mine, kept = yaml_resources.record_set(WWW), yaml_resources.record_set(WWW, name="kept")
    kept_names = {kept.reference}
    admission = ownership.admit(zone, [mine, kept], {}, signed(plain), kept_names)
    assert admission.record_sets == ()
    assert admission.violations == [
        Violation(
            "SignedZone",
            "the zone file of Zone default/example-com is signed elsewhere, and what is added here "
            "would have no signatures; add the records where it is signed",
            f"RecordSet default/{name}: spec.zoneRef",
        )
        for name in ("kept", "web")
    ]
    assert ownership.admit(zone, [mine], {}, plain).record_sets == (mine,)

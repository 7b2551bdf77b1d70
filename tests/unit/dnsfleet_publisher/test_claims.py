"""What stands in for objects that do not speak for themselves is as old as they are."""

from collections.abc import Iterator
from typing import Self

from dnsfleet.resources import Reference
from dnsfleet.zones import ownership
from dnsfleet_operator.observed.observation import Known
from dnsfleet_operator.zones.retained import stand_in
from dnsfleet_publisher import claims
from dnsfleet_publisher.claims import Claim, Ledger
from dnsfleet_publisher.measures import Measure, Measures
from support import yaml_resources
from support.zones import make_zone

CREATED = "2026-02-01T00:00:00Z"


def test_a_record_set_as_it_was_published_has_its_age() -> None:
    owner, rtype = "www.example.com.", "A"
    zone = make_zone("example.com.", [(owner, rtype, "192.0.2.1")])
    claim = Claim(Reference("Zone", "dns", "a"), CREATED, frozenset({(owner, rtype)}))
    found = claims.as_published(Reference("RecordSet", "dns", "web"), claim, zone)
    assert found is not None
    assert ownership.age(found) == (CREATED, False, "dns", "web")
    assert claims.of_record_set(found, yaml_resources.zone()) == claim


class _Noted:
    """A core in which a writer before noted these claims."""

    fence = 1

    def __init__(self, **claims: str) -> None:
        self._claims = {name: text.encode() for name, text in claims.items()}

    @property
    def core(self) -> Self:
        return self

    def claims(self) -> Iterator[dict[str, bytes]]:
        yield {f"example.com. dns/{name}": value for name, value in self._claims.items()}


class _Read(_Noted):
    """A core that has these fields, in this order."""

    def claims(self) -> Iterator[dict[str, bytes]]:
        yield self._claims


def test_the_claim_of_the_zone_that_a_record_set_is_in_is_the_last_one() -> None:
    text = '{"zone":["dns","%s"],"uid":"u","created":"%s","rrsets":[]%s}'
    here, held = text % ("b", CREATED, ""), text % ("a", CREATED, ',"gone":true')
    reference = Reference("RecordSet", "dns", "web")
    for fields in (
        {"b. dns/web": here, "a. dns/web": held},
        {"a. dns/web": held, "b. dns/web": here},
    ):
        ledger = Ledger(_Read(**fields))  # type: ignore[arg-type]
        assert list(ledger.open()) == [None]
        assert [origin for origin, _ in ledger.of_record_set(reference)] == ["a.", "b."]


def test_a_measure_is_no_claim_for_an_operator_that_knows_none() -> None:
    measures = Measures()
    noted = Measure(42, {"1" * 16: 8}, 3, frozenset({Reference("RecordSet", "team", "web")}), 50)
    measures.put("example.com.", noted)
    fields = measures.changes()
    ((field, value),) = fields.items()
    assert value is not None
    assert claims.decode(value) is None
    measures.written()
    assert (measures.changes(), measures.all()) == ({}, fields)
    ledger = Ledger(_Read(**{field: value.decode()}))  # type: ignore[arg-type]
    assert list(ledger.open()) == [None]
    assert ledger.of_zone("example.com.") == {}
    assert ledger.measures.get("example.com.") == noted
    measures.put("example.com.", None)
    assert measures.changes() == {field: None}


def test_a_measure_of_an_earlier_version_is_of_all_that_wait() -> None:
    measures = Measures()
    assert measures.read("a. /", b'{"before":42,"approved":{"1":8}}')
    found = measures.get("a.")
    assert found == Measure(42, {"1": 8}, since=None, together=42)
    measures.put("a.", found)
    assert measures.changes() == {}
    assert measures.all() == {"a. /": b'{"before":42,"approved":{"1":8},"rest":0}'}


def test_a_claim_that_names_a_type_in_another_way_is_the_same_claim() -> None:
    text = '{"zone":["dns","a"],"uid":"u","created":"%s","rrsets":[%s]}'
    ledger = Ledger(
        _Noted(  # type: ignore[arg-type]
            web=text % (CREATED, '["www.example.com.","TYPE259"],["www.example.com.","DOA"]'),
            later=text % (CREATED, '["www.example.com.","OF-A-LATER-VERSION"]'),
        )
    )
    assert list(ledger.open()) == [None]
    found = {each.name: claim.rrsets for each, claim in ledger.of_zone("example.com.").items()}
    assert found == {"web": {("www.example.com.", "DOA")}, "later": frozenset()}


def test_a_zone_that_is_not_understood_holds_its_origin_by_its_age() -> None:
    reference = Reference("Zone", "dns", "young")
    known = Known("1", 1, CREATED, 1, None, (), b"")
    held = stand_in(reference, known, "example.com.")
    older = yaml_resources.zone(name="old", creationTimestamp="2026-01-01T00:00:00Z")
    owners, refusals = ownership.zones_by_origin([held, older], {})
    assert owners == {"example.com.": older}
    assert [each.reason for each in refusals] == ["ZoneInUse"]


NAME, KEY = "_acme-challenge.example.com.", ("_acme-challenge.example.com.", "TXT")


def test_a_claim_names_the_values_of_what_others_may_share() -> None:
    record_set = yaml_resources.record_set(
        "[{name: _acme-challenge, type: TXT, data: [one, two]}, {name: www, type: TXT, data: [x]}]"
    )
    claim = claims.of_record_set(record_set, yaml_resources.zone())
    assert claim.values == {KEY: frozenset({'"one"', '"two"'})}
    texts = [(NAME, "TXT", each) for each in ("one", "two", "three")]
    zone = make_zone("example.com.", [*texts, ("www", "TXT", "x")])
    found = claims.as_published(record_set.reference, claim, zone)
    assert found is not None
    data = {record.name: record.data for record in found.spec.records}
    assert data == {NAME: ('"one"', '"two"'), "www.example.com.": ('"x"',)}
    others = make_zone("example.com.", texts[2:])
    assert claims.as_published(record_set.reference, claim, others) is None


def test_two_claims_of_one_object_cover_what_either_does() -> None:
    def claim(values: dict[tuple[str, str], frozenset[str]], *keys: tuple[str, str]) -> Claim:
        return Claim(Reference("Zone", "dns", "a"), CREATED, frozenset(keys), "u", values)

    one, two = frozenset({'"one"'}), frozenset({'"two"'})
    found = claims.wider(claim({KEY: one}, KEY), claim({KEY: two}, KEY))
    assert found.values == {KEY: one | two}
    assert claims.wider(claim({KEY: one}, KEY), claim({}, KEY)).values == {}, "it had all"
    assert claims.wider(claim({KEY: one}, KEY), claim({})).values == {KEY: one}


def test_a_claim_of_a_dynamic_record_set_notes_the_age_of_each_rrset() -> None:
    times = ["2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"]
    dynamic = yaml_resources.dynamic(
        [
            {"name": name, "type": "A", "data": ["192.0.2.1"], "since": since}
            for name, since in zip(("b", "a"), times, strict=True)
        ],
        creationTimestamp=CREATED,
    )
    claim = claims.of_record_set(dynamic, yaml_resources.zone())
    assert claims.decode(claims.encode(claim)) == claim
    zone = make_zone("example.com.", [(name, "A", "192.0.2.1") for name in ("a", "b", "c")])
    found = claims.as_published(dynamic.reference, claim, zone)
    assert found is not None
    assert [(each.name, each.since) for each in found.spec.dynamic_records or ()] == [
        ("a.example.com.", times[1]),
        ("b.example.com.", times[0]),
    ]
    assert claims.of_record_set(found, yaml_resources.zone()) == claim


def test_what_two_claims_of_a_dynamic_record_set_cover_has_its_age() -> None:
    def claim(name: str, since: str) -> Claim:
        record: dict[str, object] = {"name": name, "type": "A", "data": ["192.0.2.1"]}
        dynamic = yaml_resources.dynamic([record | {"since": since}], creationTimestamp=CREATED)
        return claims.of_record_set(dynamic, yaml_resources.zone())

    found = claims.wider(claim("a", "2026-03-01T00:00:00Z"), claim("b", "2026-04-01T00:00:00Z"))
    assert claims.decode(claims.encode(found)) == found
    assert [found.since[key] for key in sorted(found.rrsets)] == [
        "2026-03-01T00:00:00Z",
        "2026-04-01T00:00:00Z",
    ]

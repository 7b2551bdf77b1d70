"""What becomes of the RRsets of a dynamic RecordSet, one by one."""

import pytest
from dnsfleet.resources import RecordSet, Zone
from dnsfleet.violations import Violation, errors
from dnsfleet.zones import building, claimants, ownership
from dnsfleet.zones.claims import MAX_NOTED
from dnsfleet_engine import ZoneBuilder
from dnsfleet_publisher import claims
from support import yaml_resources

EARLY, LATE = "2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z"
BETWEEN = {"creationTimestamp": "2026-02-01T00:00:00Z"}
OLD = {"creationTimestamp": "2025-01-01T00:00:00Z"}
MANY = 1000


def a(name: str, data: str = "192.0.2.1", **more: object) -> dict[str, object]:
    return {"name": name, "type": "A", "data": [data], **more}


def names_of(record_set: RecordSet) -> list[str]:
    return [each.name for each in record_set.spec.rrsets]


def many() -> RecordSet:
    return yaml_resources.dynamic([a(f"n{number}") for number in range(MANY)], **OLD)


def served(zone: Zone, *record_sets: RecordSet) -> tuple[list[RecordSet], list[Violation]]:
    """What of them is in the zone, and what is told."""
    admission = ownership.admit(zone, record_sets, {})
    joined = building.from_claimants(zone, admission.claimants, None)
    found = claimants.taken(admission.record_sets, joined.claimants)
    return list(found), admission.violations + joined.violations


def test_a_record_of_the_zone_takes_that_rrset_and_leaves_the_others() -> None:
    zone = yaml_resources.zone("{records: [{name: n7, type: A, data: [192.0.2.9]}]}")
    admission = ownership.admit(zone, [many()], {})
    (kept,) = admission.record_sets
    assert names_of(kept) == [f"n{number}" for number in range(MANY) if number != 7]
    assert admission.violations == [
        Violation(
            "NotOwner",
            "n7.example.com. A belongs to Zone default/example-com; remove it here or there; "
            "this RRset is left out",
            "RecordSet default/update: spec.dynamicRecords[7]",
            "warning",
        )
    ]
    built = building.from_claimants(zone, admission.claimants, None).zone
    assert built is not None
    assert built.get("n7.example.com.", "A") == (300, ["192.0.2.9"])
    assert built.get("n999.example.com.", "A") == (300, ["192.0.2.1"])


def test_an_rrset_has_the_age_of_its_own_claim() -> None:
    early, late = a("www", since=EARLY), a("api", since=LATE)
    dynamic = yaml_resources.dynamic([early, late], **OLD)
    both = yaml_resources.record_set("[{name: www, type: A, data: [192.0.2.8]}]", "w", **BETWEEN)
    other = yaml_resources.record_set("[{name: api, type: A, data: [192.0.2.8]}]", "a", **BETWEEN)
    admission = ownership.admit(yaml_resources.zone(), [dynamic, both, other], {})
    assert [(each.metadata.name, names_of(each)) for each in admission.record_sets] == [
        ("update", ["www"]),
        ("a", ["api"]),
    ]
    assert [(each.where, each.severity) for each in admission.violations] == [
        ("RecordSet default/w: spec.records[0]", "error"),
        ("RecordSet default/update: spec.dynamicRecords[1]", "warning"),
    ]


def test_no_claim_is_older_than_the_object() -> None:
    dynamic = yaml_resources.dynamic([a("www", since=EARLY)], creationTimestamp=LATE)
    other = yaml_resources.record_set("[{name: www, type: A, data: [192.0.2.8]}]", **BETWEEN)
    admission = ownership.admit(yaml_resources.zone(), [dynamic, other], {})
    assert [names_of(each) for each in admission.record_sets] == [["www"], []]


def test_what_is_held_comes_before_older_ones() -> None:
    dynamic = yaml_resources.dynamic([a("www", since=LATE)])
    other = yaml_resources.record_set("[{name: www, type: A, data: [192.0.2.8]}]", **OLD)
    first = {dynamic.reference}
    admission = ownership.admit(yaml_resources.zone(), [dynamic, other], {}, None, first, first)
    assert admission.record_sets == (dynamic,)


@pytest.mark.parametrize("record", [a("b..a"), a("www.example.org."), a("www", type="NS"), a("x")])
def test_what_may_not_be_leaves_the_others(record: dict[str, object]) -> None:
    zone = yaml_resources.zone("{recordSets: {names: [www, api]}}")
    found, told = served(zone, yaml_resources.dynamic([a("api"), record]))
    assert [names_of(each) for each in found] == [["api"]]
    assert [(each.where, each.severity) for each in told] == [
        ("RecordSet default/update: spec.dynamicRecords[1]", "warning")
    ]


@pytest.mark.parametrize(
    ("spec", "namespace", "reason"),
    [
        ("{}", "shop", "NotAllowedByZone"),
        ("{nameServers: null, source: {transfer: TRANSFER}}", "default", "TransferredZone"),
    ],
)
def test_what_is_wrong_with_all_of_it_is_one_error(spec: str, namespace: str, reason: str) -> None:
    transfer = "{primaries: [{address: 10.0.0.1}], tsigKey: {name: k}}"
    zone = yaml_resources.zone(spec.replace("TRANSFER", transfer))
    dynamic = yaml_resources.dynamic([a("www"), a("api")], namespace=namespace)
    admission = ownership.admit(zone, [dynamic], {})
    assert (admission.record_sets, admission.claimants) == ((), ())
    (violation,) = admission.violations
    assert (violation.reason, violation.severity) == (reason, "error")


def test_an_empty_one_adds_nothing_and_is_admitted() -> None:
    empty = yaml_resources.dynamic([])
    assert served(yaml_resources.zone(), empty) == ([empty], [])


def test_one_that_is_admitted_whole_is_the_same_object() -> None:
    whole = yaml_resources.dynamic([a("www"), a("api")])
    found, told = served(yaml_resources.zone(), whole)
    assert found[0] is whole
    assert told == []


def test_what_breaks_the_zone_is_found_in_few_builds(monkeypatch: pytest.MonkeyPatch) -> None:
    """One CNAME beside other data among a thousand RRsets, of which all others stay."""
    builds = []

    def counted(origin: str) -> ZoneBuilder:
        builds.append(origin)
        return ZoneBuilder(origin)

    records = [a(f"n{number}") for number in range(MANY - 1)]
    records.insert(600, {"name": "n3", "type": "CNAME", "data": ["elsewhere"], "since": LATE})
    dynamic = yaml_resources.dynamic(records)
    admission = ownership.admit(yaml_resources.zone(), [dynamic], {})
    monkeypatch.setattr(building, "ZoneBuilder", counted)
    joined = building.from_claimants(yaml_resources.zone(), admission.claimants, None)
    assert len(joined.claimants) == MANY - 1
    assert len(builds) <= 2 + 2 * 10
    assert [(each.reason, each.where, each.severity) for each in joined.violations] == [
        (
            "CNAMEAndOtherData",
            "RecordSet default/update: spec.dynamicRecords[600].data[0]",
            "warning",
        )
    ]
    assert errors(joined.violations) == []


def test_the_older_rrset_stands_whichever_the_check_names() -> None:
    alias = {"name": "www", "type": "CNAME", "data": ["api"]}
    for times in [(EARLY, LATE), (LATE, EARLY)]:
        records = [alias | {"since": times[0]}, a("www", since=times[1]), a("api")]
        (found,), told = served(yaml_resources.zone(), yaml_resources.dynamic(records))
        is_alias = times[0] == EARLY
        assert [each.type for each in found.spec.rrsets] == ["CNAME" if is_alias else "A", "A"]
        assert [each.where.partition(".data")[0] for each in told] == [
            f"RecordSet default/update: spec.dynamicRecords[{int(is_alias)}]"
        ]


@pytest.mark.parametrize(("labels", "refused"), [(2, False), (3, True)])
def test_more_names_than_the_core_can_note_are_refused(labels: int, refused: bool) -> None:
    tail = ".".join(["x" * 60] * labels)
    dynamic = yaml_resources.dynamic([a(f"n{number}.{tail}") for number in range(MANY)])
    admission = ownership.admit(yaml_resources.zone(), [dynamic], {})
    assert (admission.record_sets == ()) == refused
    assert [each.reason for each in admission.violations] == ["TooManyNames"] * refused
    claim = claims.encode(claims.of_record_set(dynamic, yaml_resources.zone()))
    assert (len(claim) > MAX_NOTED) == refused

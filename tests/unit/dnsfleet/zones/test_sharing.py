"""Which RRsets several RecordSets may share, with which TTL, and which value is whose."""

import pytest
from dnsfleet.resources import RecordSet, Zone
from dnsfleet.zones import building, ownership, shared_values, sharing
from support import yaml_resources

CHALLENGE = "_acme-challenge.www"
ALL = "namespaces: {from: All}"


def adds(
    name: str, value: str, owner: str = CHALLENGE, rtype: str = "TXT", ttl: int = 60, **more: str
) -> RecordSet:
    """A RecordSet with one value."""
    records = f"[{{name: {owner}, type: {rtype}, ttl: {ttl}, data: ['{value}']}}]"
    return yaml_resources.record_set(records, name, **more)


def allowing(consent: str) -> Zone:
    return yaml_resources.zone(f"recordSets: {{{consent}}}")


SHARING = [
    # spec.recordSets, owner name, type, namespace of the second one, whether it is admitted
    ("", CHALLENGE, "TXT", "default", True),
    ("", "_ACME-challenge.www.example.com.", "TYPE16", "default", True),
    ("", "_acme-challenge", "TXT", "default", True),
    (ALL, CHALLENGE, "TXT", "team", False),
    (f"{ALL}, merge: [TXT]", CHALLENGE, "TXT", "team", False),
    (f"{ALL}, merge: [TXT]", CHALLENGE, "TXT", "default", True),
    ("", "www", "TXT", "default", False),
    ("", CHALLENGE, "A", "default", False),
    ("", "x_acme-challenge.www", "TXT", "default", False),
    ("", "www._acme-challenge", "TXT", "default", False),
    (f"{ALL}, merge: [TXT]", "www", "TXT", "team", True),
    (f"{ALL}, merge: [TXT]", "www.example.com.", "TYPE16", "team", True),
    (f"{ALL}, merge: [TXT]", "www", "A", "team", False),
    ("merge: [TXT]", "www", "TXT", "team", False),
]


@pytest.mark.parametrize(("consent", "owner", "rtype", "namespace", "shared"), SHARING)
def test_who_may_add_to_whose_rrset(
    consent: str, owner: str, rtype: str, namespace: str, shared: bool
) -> None:
    old, new = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
    sets = [
        adds("a", "192.0.2.1", owner, rtype, creationTimestamp=old),
        adds("b", "192.0.2.2", owner, rtype, namespace=namespace, creationTimestamp=new),
    ]
    admission = ownership.admit(allowing(consent), sets, {})
    assert admission.record_sets == tuple(sets if shared else sets[:1])
    reasons = {violation.reason for violation in admission.violations}
    assert reasons <= {"NotOwner", "NotAllowedByZone"}
    assert bool(reasons) != shared


def test_what_the_zone_has_is_its_own() -> None:
    record = f"[{{name: {CHALLENGE}, type: TXT, data: [own]}}]"
    zone = yaml_resources.zone(f"records: {record}\nrecordSets: {{merge: [TXT]}}")
    admission = ownership.admit(zone, [adds("a", "one")], {})
    assert [violation.reason for violation in admission.violations] == ["NotOwner"]


def test_a_neighbour_may_not_join_two_of_one_namespace() -> None:
    sets = [
        adds("a", "one", creationTimestamp="2026-01-01T00:00:00Z"),
        adds("b", "two", creationTimestamp="2026-01-02T00:00:00Z"),
        adds("c", "three", namespace="team", creationTimestamp="2026-01-03T00:00:00Z"),
    ]
    admission = ownership.admit(allowing(f"{ALL}, merge: [TXT]"), sets, {})
    assert admission.record_sets == tuple(sets[:2])


def test_the_lowest_ttl_counts_and_each_value_once() -> None:
    sets = [adds("a", "one", ttl=300), adds("b", "two", ttl=60), adds("c", "one", ttl=90)]
    zone = yaml_resources.zone()
    assert sharing.lowest_ttls(zone, sets) == {("_acme-challenge.www.example.com.", "TXT"): 60}
    built, violations = building.from_resources(zone, sets, None)
    assert built is not None
    assert built.get("_acme-challenge.www.example.com.", "TXT") == (60, ['"one"', '"two"'])
    assert [violation.reason for violation in violations] == ["DuplicateRecord"]


def test_a_record_set_that_is_left_out_lowers_no_ttl() -> None:
    low = yaml_resources.record_set(
        f"[{{name: {CHALLENGE}, type: TXT, ttl: 1, data: [low]}}, "
        "{name: x, type: A, data: [192.0.2.300]}]",
        "low",
    )
    sets = [adds("a", "one", ttl=300), low, adds("c", "two", ttl=90)]
    built, violations = building.from_resources(yaml_resources.zone(), sets, None)
    assert built is not None
    assert built.get("_acme-challenge.www.example.com.", "TXT") == (90, ['"one"', '"two"'])
    assert [violation.reason for violation in violations] == ["BadRdata"]


def test_each_value_has_its_owners() -> None:
    sets = [adds("a", "one"), adds("b", "two"), adds("c", '"one"'), adds("d", "alone", "www")]
    (found,) = shared_values.shared(yaml_resources.zone(), sets)
    assert (found.name, found.rtype) == ("_acme-challenge.www.example.com.", "TXT")
    whose = {value: [each.name for each in owners] for value, owners in found.values}
    assert whose == {'"one"': ["a", "c"], '"two"': ["b"]}


def test_what_is_noted_of_shared_data_is_bounded() -> None:
    much = adds("a", "x" * (sharing.MAX_OCTETS - 1))
    assert ownership.admit(yaml_resources.zone(), [much], {}).violations == []
    more = yaml_resources.record_set(
        f"[{{name: {CHALLENGE}, type: TXT, data: ['{'x' * 40000}', '{'y' * 40000}']}}]"
    )
    (violation,) = ownership.admit(yaml_resources.zone(), [more], {}).violations
    assert violation.reason == "TooMuchShared"
    assert violation.message.startswith("80000 octets of data in RRsets that others may share")

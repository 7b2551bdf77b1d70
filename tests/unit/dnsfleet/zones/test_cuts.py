"""Zone cuts and DNAMEs hide nothing of an older owner."""

import itertools

import pytest
from dnsfleet.resources import RecordSet
from dnsfleet.violations import Violation
from dnsfleet.zones import master_files, ownership
from support import yaml_resources

OLD = {"creationTimestamp": "2026-01-01T00:00:00Z"}
NEW = {"creationTimestamp": "2026-02-01T00:00:00Z"}
ALL = "types: [A, AAAA, TXT, NS, DS, DNAME]"
FILE = b"""\
@     60 SOA ns1 h 1 1 1 1 1
@     60 NS  ns1
ns1   60 A   192.0.2.1
a.www 60 A   192.0.2.2
sub   60 NS  ns.other.example.
"""


def claims(name: str, *records: str, **metadata: str) -> RecordSet:
    """A RecordSet with these records, each `OWNER TYPE`."""
    split = [record.split() for record in records]
    listed = [{"name": owner, "type": rtype, "data": ["x"]} for owner, rtype in split]
    return yaml_resources.record_set(str(listed), name=name, **metadata)


# What the older RecordSet has, what the younger one claims, and whether it may.
PAIRS = [
    ("www A", "www NS", False),
    ("www A", "www TYPE2", False),
    ("a.www A", "www NS", False),
    ("b.a.www A", "www NS", False),
    ("www DS", "www NS", False),
    ("www A", "a.www NS", True),
    ("awww A", "www NS", True),
    ("a.www A", "www DNAME", False),
    ("www A", "www DNAME", True),
    ("a TXT", "@ DNAME", False),
    ("www NS", "www A", False),
    ("www NS", "www DS", False),
    ("www NS", "ns.www A", False),
    ("www NS", "a.ns.www TXT", False),
    ("www NS", "awww A", True),
    ("a.www NS", "www A", True),
]


@pytest.mark.parametrize(("old", "new", "allowed"), PAIRS)
def test_the_older_owner_wins(old: str, new: str, allowed: bool) -> None:
    zone = yaml_resources.zone(f"{{recordSets: {{{ALL}}}}}")
    older, younger = claims("old", old, **OLD), claims("new", new, **NEW)
    admission = ownership.admit(zone, [younger, older], {})
    assert admission.record_sets == ((older, younger) if allowed else (older,))
    told = {(each.where.partition(": ")[0], each.severity) for each in admission.violations}
    both = {("RecordSet default/new", "error"), ("RecordSet default/old", "warning")}
    assert told == (set() if allowed else both)


# Each record of the Zone or its file, and what a RecordSet may not claim beside it.
@pytest.mark.parametrize("claim", ["www NS", "www DNAME", "a.www NS", "sub DS", "ns.sub A"])
def test_a_zone_file_is_older_than_any_record_set(claim: str) -> None:
    base, _ = master_files.read(FILE, "f", "example.com.")
    zone = yaml_resources.zone(
        f"{{nameServers: null, zoneFile: {{path: f}}, recordSets: {{{ALL}}}}}"
    )
    admission = ownership.admit(zone, [claims("new", claim)], {}, base)
    assert admission.record_sets == ()
    assert [each.severity for each in admission.violations] == ["error", "warning"]
    assert ownership.admit(zone, [claims("new", "other NS", "b.www A")], {}, base).record_sets


@pytest.mark.parametrize("claim", ["www NS", "sub DS", "ns.sub A"])
def test_the_records_of_a_zone_are_older_than_any_record_set(claim: str) -> None:
    records = "[{name: a.www, type: A, data: [192.0.2.2]}, {name: sub, type: NS, data: [ns.x.]}]"
    zone = yaml_resources.zone(f"{{records: {records}, recordSets: {{{ALL}}}}}")
    admission = ownership.admit(zone, [claims("new", claim)], {})
    assert admission.record_sets == ()
    assert [each.where for each in admission.violations] == [
        "RecordSet default/new: spec.records[0]",
        "Zone default/example-com: spec",
    ]


def test_a_zone_may_name_the_cut() -> None:
    zone = yaml_resources.zone(f"{{recordSets: {{names: ['*', www], {ALL}}}}}")
    older, younger = claims("old", "a.www A", **OLD), claims("new", "www NS", **NEW)
    admission = ownership.admit(zone, [older, younger], {})
    assert admission.record_sets == (older, younger)
    assert admission.violations == [
        Violation(
            "HidesNames",
            "www.example.com. NS hides a.www.example.com. A of RecordSet default/old",
            "RecordSet default/new: spec.records[0]",
            "warning",
        ),
        Violation(
            "HidesNames",
            "a.www.example.com. A is hidden by www.example.com. NS of RecordSet default/new, as "
            "the Zone allows",
            "RecordSet default/old: spec",
            "warning",
        ),
    ]


def test_a_zone_may_name_glue_below_a_cut() -> None:
    zone = yaml_resources.zone(f"{{recordSets: {{names: ['*', ns.www], {ALL}}}}}")
    older, younger = claims("old", "www NS", **OLD), claims("new", "ns.www A", **NEW)
    admission = ownership.admit(zone, [older, younger], {})
    assert admission.record_sets == (older, younger)
    assert admission.violations == []


def test_nothing_may_be_below_a_dname_whatever_the_zone_allows() -> None:
    zone = yaml_resources.zone(f"{{recordSets: {{names: ['*', www], {ALL}}}}}")
    older, younger = claims("old", "a.www A", **OLD), claims("new", "www DNAME", **NEW)
    admission = ownership.admit(zone, [older, younger], {})
    assert admission.record_sets == (older,)
    assert admission.violations[0] == Violation(
        "HidesNames",
        "www.example.com. DNAME would hide a.www.example.com. A of RecordSet default/old; remove "
        "that first",
        "RecordSet default/new: spec.records[0]",
    )


def test_the_refusal_of_a_cut_says_what_to_do() -> None:
    zone = yaml_resources.zone(f"{{recordSets: {{{ALL}}}}}")
    older, younger = claims("old", "a.www A", **OLD), claims("new", "www NS", **NEW)
    assert ownership.admit(zone, [older, younger], {}).violations == [
        Violation(
            "HidesNames",
            "www.example.com. NS would hide a.www.example.com. A of RecordSet default/old; remove "
            "one of them, or have spec.recordSets.names of Zone default/example-com name "
            "www.example.com.",
            "RecordSet default/new: spec.records[0]",
        ),
        Violation(
            "HidesNames",
            "www.example.com. NS of RecordSet default/new is refused, as it would hide "
            "a.www.example.com. A",
            "RecordSet default/old: spec",
            "warning",
        ),
    ]


def test_a_cut_and_its_glue_come_in_one_record_set() -> None:
    zone = yaml_resources.zone(f"{{recordSets: {{{ALL}}}}}")
    whole = claims("whole", "www NS", "www DS", "ns.www A")
    admission = ownership.admit(zone, [whole], {})
    assert admission.record_sets == (whole,)
    assert admission.violations == []


TIMES = ["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"]


@pytest.mark.parametrize("times", list(itertools.permutations(TIMES)))
def test_a_cut_its_ds_and_its_glue_come_one_after_the_other(times: tuple[str, ...]) -> None:
    """In a dynamic RecordSet; what another owner has is hidden by none of it."""
    zone = yaml_resources.zone(f"{{recordSets: {{{ALL}}}}}")
    owners = (("www", "NS"), ("www", "DS"), ("ns.www", "A"))
    records: list[dict[str, object]] = [
        {"name": name, "type": rtype, "data": ["x"], "since": since}
        for (name, rtype), since in zip(owners, times, strict=True)
    ]
    dynamic = yaml_resources.dynamic(records)
    admission = ownership.admit(zone, [dynamic], {})
    assert admission.record_sets == (dynamic,)
    assert admission.violations == []
    other = claims("other", "b.www A", creationTimestamp="2025-01-01T00:00:00Z")
    kept, _ = ownership.admit(zone, [dynamic, other], {}).record_sets
    assert [each.type for each in kept.spec.rrsets] == ["DS", "A"]
    late = claims("other", "b.www A", creationTimestamp="2026-04-01T00:00:00Z")
    assert ownership.admit(zone, [dynamic, late], {}).record_sets == (dynamic,)

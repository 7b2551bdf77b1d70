"""What a RecordSet may have, as it is written and as dynamic updates write it."""

import pytest
from dnsfleet import resources
from dnsfleet.resources.record_sets import (
    MAX_DYNAMIC_RECORDS,
    MAX_DYNAMIC_TEXT,
    MAX_RECORD_SET_RECORDS,
)
from dnsfleet.violations import Violation

Object = dict[str, object]
SINCE = "2026-01-01T00:00:00Z"


def records(count: int, **more: object) -> list[Object]:
    return [
        {"name": f"n{number}", "type": "A", "data": ["192.0.2.1"], **more}
        for number in range(count)
    ]


def claimed(count: int, **more: object) -> list[Object]:
    return records(count, **{"ttl": 60, "since": SINCE} | more)


def judged(**spec: object) -> list[Violation]:
    item = {
        "apiVersion": resources.API_VERSION,
        "kind": "RecordSet",
        "metadata": {"name": "web"},
        "spec": {"zoneRef": {"name": "z"}, **spec},
    }
    return resources.parse(item, "item")[1]


@pytest.mark.parametrize("count", [1, MAX_RECORD_SET_RECORDS])
def test_a_record_set_as_people_write_it(count: int) -> None:
    assert judged(records=records(count)) == []


@pytest.mark.parametrize("count", [0, 1, MAX_DYNAMIC_RECORDS])
def test_a_dynamic_record_set(count: int) -> None:
    assert judged(dynamicRecords=claimed(count)) == []


SHARE = MAX_DYNAMIC_TEXT // 8


def full(length: int) -> list[Object]:
    """Eight TXT with this many characters of data each, and names of eight."""
    return [
        {"name": f"{n:08}", "type": "TXT", "ttl": 60, "data": ["x" * length], "since": SINCE}
        for n in range(8)
    ]


FAULTS: list[tuple[Object, str, str]] = [
    # a field, the place, and a part of the message
    ({}, "", "give records; or dynamicRecords"),
    ({"records": records(1), "dynamicRecords": []}, "", "give records; or dynamicRecords"),
    ({"records": []}, ".records", "found it empty"),
    ({"records": records(101)}, ".records", "found 101 entries, at most 100"),
    ({"records": claimed(1)}, ".records[0].since", 'there is no field "since"'),
    ({"dynamicRecords": records(1, ttl=60)}, ".dynamicRecords[0].since", "required"),
    ({"dynamicRecords": records(1, since=SINCE)}, ".dynamicRecords[0].ttl", "required"),
    ({"dynamicRecords": claimed(1001)}, ".dynamicRecords", "found 1001 entries, at most 1000"),
    (
        {"dynamicRecords": claimed(1, since="2026-01-01")},
        ".dynamicRecords[0].since",
        "does not fit the pattern",
    ),
    (
        {"dynamicRecords": claimed(1, since="2026-13-01T00:00:00Z")},
        ".dynamicRecords[0].since",
        "is no time",
    ),
    (
        {"dynamicRecords": [*claimed(1), *claimed(1, name="N0")]},
        ".dynamicRecords[1]",
        "N0 A is already dynamicRecords[0], spelled n0 A",
    ),
    (
        {"dynamicRecords": full(SHARE - 7)},
        ".dynamicRecords",
        "262152 characters of names and data, at most 262144 are allowed",
    ),
]


@pytest.mark.parametrize(("spec", "where", "message"), FAULTS)
def test_faults(spec: Object, where: str, message: str) -> None:
    (violation,) = judged(**spec)
    assert violation.where == f"item: spec{where}"
    assert message in violation.message


def test_as_much_text_as_is_allowed() -> None:
    assert judged(dynamicRecords=full(SHARE - 8)) == []

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


def judged(found: list[Object], **spec: object) -> list[Violation]:
    item = {
        "apiVersion": resources.API_VERSION,
        "kind": "RecordSet",
        "metadata": {"name": "web"},
        "spec": {"zoneRef": {"name": "z"}, "records": found, **spec},
    }
    return resources.parse(item, "item")[1]


@pytest.mark.parametrize("count", [1, MAX_RECORD_SET_RECORDS])
def test_a_record_set_as_people_write_it(count: int) -> None:
    assert judged(records(count)) == judged(records(count), dynamic=False) == []


@pytest.mark.parametrize("count", [0, 1, MAX_DYNAMIC_RECORDS])
def test_a_dynamic_record_set(count: int) -> None:
    assert judged(records(count, since=SINCE), dynamic=True) == []


FULL: Object = {"type": "TXT", "since": SINCE}
SHARE = MAX_DYNAMIC_TEXT // 8
FAULTS: list[tuple[list[Object], bool, str, str]] = [
    # records, whether it is dynamic, the place, and a part of the message
    ([], False, "records", "only a dynamic RecordSet may have none"),
    (records(101), False, "records", "found 101 RRsets, at most 100 are allowed"),
    (records(2, since=SINCE), False, "records[0].since", "remove it"),
    (records(1), True, "records[0].since", "since when it is claimed; give it"),
    (records(1001, since=SINCE), True, "records", "found 1001 entries, at most 1000"),
    (records(1, since="2026-01-01"), True, "records[0].since", "does not fit the pattern"),
    (records(1, since="2026-13-01T00:00:00Z"), True, "records[0].since", "is no time"),
    (
        [{"name": f"{number:08}", "data": ["x" * (SHARE - 7)], **FULL} for number in range(8)],
        True,
        "records",
        "262152 characters of names and data, at most 262144 are allowed",
    ),
]


@pytest.mark.parametrize(("found", "dynamic", "where", "message"), FAULTS)
def test_faults(found: list[Object], dynamic: bool, where: str, message: str) -> None:
    (violation,) = judged(found, dynamic=dynamic)
    assert violation.where == f"item: spec.{where}"
    assert message in violation.message


def test_as_much_text_as_is_allowed() -> None:
    found = [{"name": f"{n:08}", "data": ["x" * (SHARE - 8)], **FULL} for n in range(8)]
    assert judged(found, dynamic=True) == []

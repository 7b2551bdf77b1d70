"""What the operator logs of a change: what it heard of, and that all of it is live."""

import time
from typing import Any

import pytest
from dnsfleet.resources import Reference
from dnsfleet_operator import stations
from dnsfleet_operator.inbox import Event
from dnsfleet_operator.stations import Propagations

ZONE = Reference("Zone", "dns", "example")


def made(seq: int, propagated: str = "True", origin: str = "Example.COM") -> dict[str, Any]:
    """A Zone with a status."""
    conditions = [
        {"type": "Accepted", "status": "True"},
        {"type": "Propagated", "status": propagated},
    ]
    status = {"observedGeneration": 4, "revision": {"epoch": 3, "seq": seq}, "serial": 7}
    return {"spec": {"origin": origin}, "status": {**status, "conditions": conditions}}


@pytest.fixture(autouse=True)
def _info(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "dnsfleet_operator.stations")


def test_what_was_heard_of_names_the_object_and_how_long_it_waited(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 12.5)
    found = {"metadata": {"generation": 4}}
    stations.seen(ZONE, Event(found, deleted=False, listed=False, at=12.25))
    deleted = Event({"metadata": {}}, deleted=True, listed=False, at=12.5)
    stations.seen(Reference("Pop", "", "fra"), deleted)
    assert caplog.messages == [
        "event=change_seen kind=Zone object=dns/example generation=4 deleted=false waited=0.250",
        "event=change_seen kind=Pop object=fra deleted=true waited=0.000",
    ]


def test_each_revision_is_told_to_be_everywhere_once(caplog: pytest.LogCaptureFixture) -> None:
    told = Propagations()
    for seq, propagated in ((57, "False"), (57, "True"), (57, "True"), (58, "False"), (58, "True")):
        told.written(ZONE, made(seq, propagated))
    line = "event=zone_propagated zone=example.com. revision=3.{} serial=7 object=dns/example"
    expected = [f"{line.format(seq)} generation=4" for seq in (57, 58)]
    assert caplog.messages == expected
    told.clear()
    told.written(ZONE, made(58))
    assert caplog.messages == [*expected, expected[-1]]


def test_of_a_zone_that_was_deleted_nothing_is_remembered(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told = Propagations()
    told.written(ZONE, made(57))
    told.forget(ZONE)
    told.forget(ZONE)
    told.written(ZONE, made(57))
    assert len(caplog.messages) == 2


@pytest.mark.parametrize(
    "found",
    [
        {},
        {"status": {"observedGeneration": 1, "conditions": []}},
        {"status": {"conditions": [{"type": "Propagated", "status": "True"}]}},
    ],
)
def test_a_status_without_a_revision_is_no_end(
    caplog: pytest.LogCaptureFixture, found: dict[str, Any]
) -> None:
    Propagations().written(ZONE, found)
    Propagations().written(Reference("RecordSet", "dns", "shop"), made(1))
    assert caplog.messages == []


def test_an_origin_that_cannot_be_read_is_none(caplog: pytest.LogCaptureFixture) -> None:
    Propagations().written(ZONE, made(1, origin="a..b"))
    assert 'zone=""' in caplog.messages[0]

"""A ZoneClass refuses single RRsets of a dynamic RecordSet, and what was served of them stays."""

from typing import Any

import pytest
from dnsfleet.resources import Reference
from support.held_owners import FULL, A
from support.random_objects import namespace, zone_class
from support.valkey import Valkey
from support.zone_writers import Writer, changed, item

Object = dict[str, Any]
CLASS = zone_class("teams", ["example"], types=["A"], ttl={"minimum": 60})
UPDATE = Reference("RecordSet", "dns", "update")
DNS = namespace("dns", {})


def rrset(name: str, ttl: int = 300, rtype: str = "A", data: str = "192.0.2.3") -> Object:
    since = "2026-06-01T00:00:00Z"
    return {"name": name, "type": rtype, "ttl": ttl, "data": [data], "since": since}


def updated(*records: Object) -> Object:
    spec = {"zoneRef": {"name": "a"}, "dynamicRecords": [*records]}
    return item("RecordSet", "update", spec)


def get(writer: Writer, name: str, rtype: str = "A") -> tuple[int, list[str]] | None:
    zone = writer.store.load(A)
    assert zone is not None
    return zone.get(f"{name}.{A}", rtype)


@pytest.mark.parametrize("restarted", [False, True])
def test_what_a_class_refuses_leaves_the_others(core: Valkey, restarted: bool) -> None:
    writer = Writer(core)
    first = updated(rrset("one"), rrset("two"))
    assert writer.run(DNS, CLASS, FULL, first).violations == {}
    if restarted:
        writer = Writer(core)
    hurried = rrset("one", ttl=5, data="192.0.2.9")
    asked = [hurried, rrset("two"), rrset("new", ttl=5), rrset("new", rtype="TXT"), rrset("ok")]
    found = writer.run(DNS, CLASS, FULL, changed(first, 2, dynamicRecords=asked)).violations
    assert {(each.reason, each.severity) for each in found[UPDATE]} == {
        ("NotAllowedByClass", "warning")
    }
    assert [(each.where, each.message.rpartition("; ")[2]) for each in found[UPDATE]] == [
        (f"{UPDATE}: spec.dynamicRecords[0]", "what is served goes on"),
        (f"{UPDATE}: spec.dynamicRecords[2]", "this RRset is left out"),
        (f"{UPDATE}: spec.dynamicRecords[3]", "this RRset is left out"),
    ]
    assert get(writer, "one") == (300, ["192.0.2.3"])
    assert get(writer, "ok") == (300, ["192.0.2.3"])
    assert get(writer, "new") is None
    assert get(writer, "new", "TXT") is None
    gone = changed(first, 3, dynamicRecords=[rrset("ok")])
    assert writer.run(DNS, CLASS, FULL, gone).violations == {}
    assert get(writer, "one") is None


def test_a_class_that_comes_stops_nothing_that_is_served(core: Valkey) -> None:
    writer = Writer(core)
    first = updated(rrset("one", ttl=5), rrset("one", rtype="TXT", data="hello"))
    writer.run(DNS, FULL, first)
    found = writer.run(DNS, CLASS, FULL, first).violations
    assert [each.severity for each in found[UPDATE]] == ["warning"] * 2
    assert get(writer, "one") == (5, ["192.0.2.3"])
    assert get(writer, "one", "TXT") == (300, ['"hello"'])
    later = changed(first, 2, dynamicRecords=[*first["spec"]["dynamicRecords"], rrset("ok")])
    writer.run(DNS, CLASS, FULL, later)
    assert get(writer, "ok") == (300, ["192.0.2.3"])
    assert get(writer, "one") == (5, ["192.0.2.3"])


def test_a_quota_is_for_all_of_it(core: Valkey) -> None:
    """What was served goes on without what a class had left out of it."""
    limited = zone_class("teams", ["example"], types=["A"], quota={"rrsets": 22})
    writer = Writer(core)
    first = updated(rrset("one"), rrset("two", rtype="TXT"))
    writer.run(DNS, limited, FULL, first)
    assert (get(writer, "one"), get(writer, "two", "TXT")) == ((300, ["192.0.2.3"]), None)
    more = [rrset("two", rtype="TXT"), rrset("three"), rrset("four")]
    found = writer.run(DNS, limited, FULL, changed(first, 2, dynamicRecords=more)).violations
    told = {(each.reason, each.severity) for each in found[UPDATE]}
    assert told == {("QuotaExceeded", "error"), ("NotAllowedByClass", "warning")}
    assert get(writer, "one") == (300, ["192.0.2.3"])
    assert get(writer, "three") is None
    assert get(writer, "two", "TXT") is None
    less = changed(first, 3, dynamicRecords=[rrset("three")])
    assert writer.run(DNS, limited, FULL, less).violations == {}
    assert (get(writer, "one"), get(writer, "three")) == (None, (300, ["192.0.2.3"]))

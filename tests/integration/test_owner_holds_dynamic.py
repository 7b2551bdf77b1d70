"""What an update takes away of a dynamic RecordSet is not held; that its object goes is."""

from typing import Any

import pytest
from dnsfleet_publisher.publishing import State
from support.held_owners import FULL, MAIL, MANY, MOVED, SHOP, A, answers, many, names, told
from support.valkey import Valkey
from support.zone_writers import Writer, changed, item

Object = dict[str, Any]
SINCE = "2026-06-01T00:00:00Z"


def claimed(*numbers: int, since: str = SINCE) -> list[Object]:
    return [{"ttl": 300, **each, "since": since} for each in names(*numbers)]


def updated(*numbers: int) -> Object:
    spec = {"zoneRef": {"name": "a"}, "dynamicRecords": claimed(*numbers)}
    return item("RecordSet", "update", spec)


UPDATED = updated(*range(100, 100 + 2 * MANY))


@pytest.mark.parametrize("left", [[], [100], list(range(100, 110))])
@pytest.mark.parametrize("restarted", [False, True])
def test_what_an_update_takes_away_goes_at_once(
    core: Valkey, restarted: bool, left: list[int]
) -> None:
    writer = Writer(core)
    writer.run(FULL, UPDATED, MAIL)
    assert answers(writer, "n139") == ["192.0.2.3"]
    less = changed(UPDATED, 2, dynamicRecords=claimed(*left))
    if restarted:
        writer = Writer(core)
    seen = writer.run(FULL, less, MOVED)
    assert seen.violations == {}
    assert seen.outcomes[A].state is State.PUBLISHED
    assert writer.passes.results.owner_holds == {}
    assert answers(writer, "n139") == []
    assert answers(writer, "mail") == ["192.0.2.7"]
    again = writer.run(FULL, changed(less, 3, dynamicRecords=claimed(500)), MOVED)
    assert again.violations == {}
    assert answers(writer, "n500") == ["192.0.2.3"]


def test_all_that_a_zone_has_beside_its_apex_may_go_by_updates(core: Valkey) -> None:
    writer = Writer(core)
    bare = item("Zone", "a", {**FULL["spec"], "records": []})
    writer.run(bare, UPDATED)
    seen = writer.run(bare, changed(UPDATED, 2, dynamicRecords=[]))
    assert (seen.violations, seen.outcomes[A].state) == ({}, State.PUBLISHED)
    assert writer.served()[A.removesuffix(".") + "."] == 2


def test_it_neither_adds_to_the_sum_of_others_nor_hides_what_they_remove(core: Valkey) -> None:
    half = changed(SHOP, 2, records=names(*range(12)))
    less = changed(UPDATED, 2, dynamicRecords=[])
    writer = Writer(core)
    writer.run(FULL, SHOP, UPDATED)
    assert writer.run(FULL, half, less).violations == {}, "8 of 82 go beside the updates"
    assert (answers(writer, "n19"), answers(writer, "n100")) == ([], [])

    again = changed(UPDATED, 3)
    large = many("large", first=200, count=3 * MANY)
    writer.run(FULL, half, again, large)
    gone = changed(large, 2, records=names(200))
    writer.run(FULL, half, changed(again, 4, dynamicRecords=[]), gone)
    assert "59 of 94 RRsets" in told(writer, "RecordSet", "large")
    assert [bool(answers(writer, name)) for name in ("n259", "n100")] == [True, False]
    assert told(writer, "RecordSet", "update") == ""


def test_updates_go_on_while_somebody_else_waits(core: Valkey) -> None:
    writer = Writer(core)
    writer.run(FULL, SHOP, UPDATED)
    held = changed(SHOP, 2, records=names(0))
    writer.run(FULL, held, changed(UPDATED, 2, dynamicRecords=claimed(*range(100, 110))))
    assert "19 of 52 RRsets" in told(writer, "RecordSet", "shop")
    seen = writer.run(FULL, held, changed(UPDATED, 3, dynamicRecords=claimed(500)))
    assert {ref.name for ref, found in seen.violations.items() if found} == {"shop", "a"}
    assert [bool(answers(writer, f"n{each}")) for each in (19, 100, 500)] == [True, False, True]


@pytest.mark.parametrize("restarted", [False, True])
def test_what_its_object_had_is_held_when_it_is_deleted(core: Valkey, restarted: bool) -> None:
    writer = Writer(core)
    writer.run(FULL, UPDATED, MAIL)
    writer.run(FULL, MOVED)
    if restarted:
        writer = Writer(core)
        writer.run(FULL, MOVED)
    assert answers(writer, "n139") == ["192.0.2.3"]
    heir = item("RecordSet", "heir", {"zoneRef": {"name": "a"}, "records": names(103)})
    writer.run(FULL, MOVED, heir)
    assert "belongs to RecordSet dns/update, which is gone" in told(writer, "RecordSet", "heir")
    (hold,) = writer.passes.results.owner_holds[A]
    writer.passes.approve({hold.hash})
    writer.work()
    assert answers(writer, "n139") == []
    assert writer.passes.results.owner_holds == {}


def test_a_consent_that_is_withdrawn_from_it_is_held(core: Valkey) -> None:
    writer = Writer(core)
    writer.run(FULL, UPDATED, MAIL)
    closed = changed(FULL, 2, recordSets={"names": ["mail"]})
    writer.run(closed, UPDATED, MOVED)
    assert answers(writer, "n139") == ["192.0.2.3"]
    assert "40 of 63 RRsets" in told(writer, "RecordSet", "update")


def test_a_name_that_the_zone_takes_costs_that_rrset_only(core: Valkey) -> None:
    writer = Writer(core)
    writer.run(FULL, UPDATED)
    more = [*FULL["spec"]["records"], *names(105, address="192.0.2.9")]
    taken = changed(FULL, 2, records=more)
    seen = writer.run(taken, UPDATED)
    assert [each.severity for own in seen.violations.values() for each in own] == ["warning"]
    assert answers(writer, "n105") == ["192.0.2.9"]
    assert all(answers(writer, f"n{n}") for n in range(100, 140))
    keys = {
        key
        for ref, claim in writer.passes._ledger.of_zone(A).items()
        for key in claim.rrsets
        if ref.name == "update"
    }
    assert len(keys) == 39
    anew = Writer(core)
    anew.run(taken, UPDATED)
    assert answers(anew, "n105") == ["192.0.2.9"]


def test_what_is_not_understood_any_more_keeps_each_claim_with_its_age(core: Valkey) -> None:
    """A younger RecordSet gets nothing while the object cannot be read; an older one its name."""
    writer = Writer(core)
    writer.run(FULL, updated(1, 2))
    odd = changed(updated(1, 2), 2, fromAFutureVersion=True)
    between = {"creationTimestamp": "2026-03-01T00:00:00Z"}
    spec = {"zoneRef": {"name": "a"}, "records": names(1, address="192.0.2.8")}
    anew = Writer(core)
    anew.run(FULL, odd)
    assert answers(anew, "n1") == ["192.0.2.3"]
    anew.run(FULL, odd, item("RecordSet", "older", spec, **between))
    assert answers(anew, "n1") == ["192.0.2.8"]
    assert answers(anew, "n2") == ["192.0.2.3"]

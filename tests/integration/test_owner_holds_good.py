"""What is held was never good: neither as a last good version nor for a quota."""

import pytest
from dnsfleet.resources import Reference
from support.held_owners import (
    AFTER,
    FULL,
    LESS,
    MAIL,
    MOVED,
    SHOP,
    A,
    Object,
    answers,
    approving,
    many,
    names,
)
from support.valkey import Valkey
from support.zone_writers import Writer, changed, item

SHOP_REFERENCE = Reference("RecordSet", "dns", "shop")
FULL_REFERENCE = Reference("Zone", "dns", "a")
TEXT = {"name": "x", "type": "TXT", "data": ["x"]}


def zone_class(**spec: object) -> Object:
    found = item("ZoneClass", "all", {"suffixes": ["example"], **spec})
    del found["metadata"]["namespace"]
    return found


def test_a_version_that_is_held_is_no_last_good_one(core: Valkey) -> None:
    writer = Writer(core)
    writer.run(FULL, SHOP, MAIL)
    good = writer.passes._assembler.good
    before = {each: good[each] for each in (SHOP_REFERENCE, FULL_REFERENCE)}
    empty = changed(FULL, 2, records=[])
    for version in (empty, changed(empty, 3)):
        writer.run(version, LESS, MAIL)
        assert {each: good[each] for each in before} == before
        writer.passes.mark(A)
        writer.work()
        assert {each: good[each] for each in before} == before
    writer.run(changed(FULL, 4), changed(SHOP, 4), MAIL)
    assert {good[each].resource.metadata.generation for each in before} == {4}


@pytest.mark.parametrize("restarted", [False, True])
def test_a_version_that_is_held_counts_no_more_once_another_one_is_refused(
    core: Valkey, restarted: bool
) -> None:
    alias = changed(SHOP, 2, records=[{"name": "n3", "type": "CNAME", "data": ["h0"]}])
    writer = Writer(core)
    writer.run(zone_class(), FULL, SHOP, MAIL)
    writer.run(zone_class(), FULL, alias, MAIL)
    assert len(writer.passes.results.owner_holds[A]) == 1
    narrow = changed(zone_class(), 2, types=["A"])
    for each in [writer, Writer(core)] if restarted else [writer]:
        found = each.run(narrow, FULL, alias, MAIL).violations[SHOP_REFERENCE]
        assert [violation.reason for violation in found] == ["NotAllowedByClass"]
        assert each.passes.results.owner_holds == {}
        assert answers(each, "n3") == ["192.0.2.3"]


@pytest.mark.parametrize("restarted", [False, True])
def test_what_is_held_takes_its_room_of_a_quota(core: Valkey, restarted: bool) -> None:
    limited = zone_class(quota={"rrsets": 45})
    writer = Writer(core)
    writer.run(limited, FULL, SHOP)
    writer.run(limited, FULL, LESS)
    assert answers(writer, "n19")
    if restarted:
        writer = Writer(core)
        writer.run(limited, FULL, LESS)
    more = many("more", 100, 10)
    more["metadata"]["creationTimestamp"] = "2026-02-01T00:00:00Z"
    found = writer.run(limited, FULL, LESS, more).violations
    assert "QuotaExceeded" in [
        each.reason for ref, own in found.items() if ref.name == "more" for each in own
    ]
    assert (bool(answers(writer, "n19")), answers(writer, "n100")) == (True, [])
    fewer = changed(SHOP, 3, records=names(*range(15)))
    found = writer.run(limited, FULL, fewer, more).violations
    assert found == {}, "it is undone as far as it was too much"
    assert (answers(writer, "n19"), bool(answers(writer, "n100"))) == ([], True)


@pytest.mark.parametrize("held", [False, True])
def test_a_zone_that_its_class_refuses_freezes_nothing_of_others_for_a_new_writer(
    core: Valkey, held: bool
) -> None:
    only_a = zone_class(types=["A"])
    records = FULL["spec"]["records"]
    refused = changed(FULL, 2, records=[*(records[:2] if held else records), TEXT])
    writer = Writer(core)
    writer.run(only_a, FULL, SHOP, MAIL)
    writer.run(only_a, refused, LESS, MAIL)
    before = writer.passes.results.violations
    holds = writer.passes.results.owner_holds
    assert [each.owner for each in holds[A]] == [SHOP_REFERENCE]
    for version in (MAIL, MOVED):
        writer = Writer(core)
        writer.run(only_a, refused, LESS, version)
        assert writer.passes.results.violations == before
        assert writer.passes.results.owner_holds == holds
        assert writer.passes.results.frozen == set()
        assert (bool(answers(writer, "h19")), bool(answers(writer, "n19"))) == (True, True)
    assert answers(writer, "mail") == ["192.0.2.7"]
    writer.run(only_a, refused, LESS, changed(MOVED, 3, records=names(900)))
    assert (answers(writer, "mail"), bool(answers(writer, "n900"))) == ([], True)
    (hold,) = holds[A]
    writer.run(only_a, refused, approving(LESS, hold.hash), AFTER)
    assert (answers(writer, "n19"), bool(answers(writer, "h19"))) == ([], True)
    later = changed(FULL, 3, records=records[:19])
    writer.run(only_a, later, LESS, AFTER)
    assert writer.passes.results.violations == {}
    assert (answers(writer, "h19"), bool(answers(writer, "h18"))) == ([], True)


def test_a_refused_zone_takes_no_record_sets_from_the_zone_that_was_published(core: Valkey) -> None:
    writer = Writer(core)
    writer.run(FULL, MAIL)
    writer = Writer(core)
    other = item("Zone", "other", FULL["spec"] | {"records": [TEXT]})
    writer.run(zone_class(types=["A"]), other, MAIL)
    assert (bool(answers(writer, "mail")), bool(answers(writer, "h19"))) == (True, True)

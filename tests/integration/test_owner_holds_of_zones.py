"""The own records of a Zone are held beside its RecordSets, and what it allows them is."""

import sys

import pytest
from dnsfleet.zones import plans
from dnsfleet_publisher import owner_cases
from dnsfleet_publisher.owner_holds import OwnerHolds
from dnsfleet_publisher.publishing import State
from support.held_owners import (
    AFTER,
    FULL,
    LESS,
    MAIL,
    MANY,
    MOVED,
    SHOP,
    A,
    Object,
    answers,
    approving,
    many,
    names,
    told,
)
from support.valkey import Valkey
from support.zone_writers import Writer, changed, item, record_set, zone

SERVER = {"name": "ns1", "type": "A", "data": ["192.0.2.5"]}
WITH_SERVER = changed(
    FULL, 1, nameServers=["ns1.a.example"], records=[*FULL["spec"]["records"], SERVER]
)


def test_a_held_zone_with_a_name_server_in_it_holds_nothing_of_others(core: Valkey) -> None:
    writer = Writer(core)
    writer.run(WITH_SERVER, MAIL)
    writer.run(changed(WITH_SERVER, 2, records=[SERVER]), MOVED, AFTER)
    assert told(writer, "Zone", "a")
    assert answers(writer, "h3") == answers(writer, "h19") == ["192.0.2.1"]
    assert (answers(writer, "mail"), answers(writer, "n900")) == (["192.0.2.7"], ["192.0.2.3"])


def test_what_does_not_fit_together_is_held_as_a_whole_and_nobody_is_told_another_thing(
    core: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Writer(core)
    writer.run(FULL, MAIL)
    monkeypatch.setattr(owner_cases, "_own_part", lambda *_: None)
    results = writer.run(changed(FULL, 2, records=[]), MOVED, AFTER)
    assert results.outcomes[A].state is State.HELD
    assert (answers(writer, "h3"), answers(writer, "mail")) == (["192.0.2.1"], ["192.0.2.2"])
    assert not writer.passes.results.programmed.keys() & writer.passes.results.members[A]


def test_what_the_zone_is_told_approves_the_record_sets_that_wait_beside_it(core: Valkey) -> None:
    writer = Writer(core)
    teams = [many("b", 100), many("c", 200)]
    less = [changed(each, 2, records=each["spec"]["records"][:1]) for each in teams]
    writer.run(FULL, *teams)
    empty = changed(FULL, 2, records=[])
    writer.run(empty, *less)
    (warning,) = [
        each.message
        for ref, found in writer.passes.results.violations.items()
        for each in found
        if ref.kind == "Zone" and each.severity == "warning"
    ]
    writer.run(approving(empty, plans.asked_hash(warning)), *less)
    assert [answers(writer, each) for each in ("n119", "n219")] == [[], []]
    assert answers(writer, "h3") == ["192.0.2.1"]


def _sharing(name: str, value: str, first: int) -> Object:
    text = {"name": "shared", "type": "TXT", "data": [value]}
    records = [text, *names(*range(first, first + MANY))]
    return item("RecordSet", name, {"zoneRef": {"name": "a"}, "records": records})


@pytest.mark.parametrize("is_edited", [False, True])
def test_a_zone_that_withdraws_merging_holds_nothing_of_others(
    core: Valkey, is_edited: bool
) -> None:
    writer = Writer(core)
    merging = changed(FULL, 1, recordSets={"merge": ["TXT"]})
    teams = [_sharing("b", "one", 100), _sharing("c", "two", 200)]
    writer.run(merging, *teams, MAIL)
    alone = changed(FULL, 2, recordSets={})
    if is_edited:
        teams = [changed(each, 2, records=each["spec"]["records"][1:2]) for each in teams]
    writer.run(alone, *teams, MOVED)
    for _ in range(2):
        assert answers(writer, "mail") == ["192.0.2.7"]
        assert answers(writer, "n119") == answers(writer, "n219") == ["192.0.2.3"]
        published = writer.store.load(A)
        assert published is not None
        _, data = published.get(f"shared.{A}", "TXT") or (0, [])
        assert data == ['"one"', '"two"']
        before = told(writer, "RecordSet", "c")
        assert before
        writer = Writer(core)
        writer.run(alone, *teams, MOVED)
        assert told(writer, "RecordSet", "c") == before


@pytest.mark.parametrize("address", ["192.0.2.1", "192.0.2.2"])
def test_the_hash_of_a_held_zone_stays_when_somebody_claims_one_of_its_names(
    core: Valkey, address: str
) -> None:
    writer = Writer(core)
    writer.run(FULL, MAIL)
    empty = changed(FULL, 2, records=[])
    writer.run(empty, MAIL)
    before = plans.asked_hash(told(writer, "Zone", "a"))
    taker = record_set("taker", "h3", data=address)
    writer.run(empty, MAIL, taker)
    assert plans.asked_hash(told(writer, "Zone", "a")) == before
    anew = Writer(core)
    anew.run(empty, MAIL, taker)
    assert plans.asked_hash(told(anew, "Zone", "a")) == before
    anew.run(approving(empty, before), MAIL, taker)
    assert (answers(anew, "h3"), answers(anew, "h4")) == ([address], [])


def test_a_zone_that_is_approved_and_has_no_room_is_not_asked_again(core: Valkey) -> None:
    writer = Writer(core)
    writer.run(FULL, SHOP, MAIL)
    alias = {"name": "n3", "type": "CNAME", "data": ["mail"]}
    aliased = changed(FULL, 2, records=[alias])
    writer.run(aliased, LESS, MOVED)
    digest = plans.asked_hash(told(writer, "Zone", "a"))
    assert digest
    writer.run(approving(aliased, digest), LESS, MOVED)
    message = told(writer, "Zone", "a")
    assert "leaves no room" in message
    assert plans.asked_hash(message) == ""
    assert (answers(writer, "h3"), answers(writer, "mail")) == (["192.0.2.1"], ["192.0.2.7"])
    shop = plans.asked_hash(told(writer, "RecordSet", "shop"))
    both = approving(aliased, digest, shop)
    assert writer.run(both, LESS, MOVED).violations == {}
    assert (answers(writer, "h3"), answers(writer, "n3")) == ([], [])


def test_what_it_takes_to_hold_grows_with_the_owners_that_wait(
    core: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge, counts = OwnerHolds.judge, []

    def counted(*arguments: object) -> object:
        calls = 0

        def count(_frame: object, event: str, _arg: object) -> None:
            nonlocal calls
            calls += event in ("call", "c_call")

        sys.setprofile(count)
        try:
            return judge(*arguments)  # type: ignore[arg-type]
        finally:
            sys.setprofile(None)
            counts.append(calls)

    for waiting in (50, 200):
        writer = Writer(core)
        teams = [many(f"t{each}", 10 * each, 4) for each in range(waiting)]
        writer.run(zone("a"), *teams)
        less = [changed(each, 2, records=each["spec"]["records"][:1]) for each in teams]
        with monkeypatch.context() as patch:
            patch.setattr(OwnerHolds, "judge", counted)
            writer.run(zone("a"), *less)
        assert len(writer.passes.results.owner_holds[A]) == waiting
        writer.run(zone("a"), *[changed(each, 3) for each in teams])
    few, many_more = counts
    assert many_more < 6 * few, "four times as many owners"

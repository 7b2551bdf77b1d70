"""A change that removes too much is held for its owner; what others change goes on."""

import pytest
from dnsfleet.zones import plans
from dnsfleet.zones.owner_plans import Holder
from dnsfleet_operator.leading import terms
from dnsfleet_publisher.publishing import State
from support.controlled_fleets import DEADLINE_SECONDS, ControlledFleet
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
from support.waiting import wait_for
from support.zone_writers import Writer, changed, item, record_set, zone


def test_the_hold_of_one_record_set_holds_nothing_of_others(core: Valkey) -> None:
    writer = Writer(core)
    writer.run(FULL, SHOP, MAIL)
    writer.run(FULL, LESS, MOVED, AFTER)
    assert answers(writer, "mail") == ["192.0.2.7"]
    assert answers(writer, "n900") == ["192.0.2.3"]
    assert all(answers(writer, f"n{each}") for each in range(MANY))
    own = told(writer, "RecordSet", "shop")
    digest = plans.asked_hash(own)
    assert "19 of 43 RRsets" in own
    assert "annotate the RecordSet" in own
    assert "RecordSet dns/shop" in told(writer, "Zone", "a")
    assert plans.asked_hash(told(writer, "Zone", "a")) == digest
    assert told(writer, "RecordSet", "mail") == ""

    writer.run(FULL, approving(LESS, digest), MOVED, AFTER)
    assert [bool(answers(writer, f"n{each}")) for each in range(3)] == [True, False, False]
    assert writer.passes.results.violations == {}
    assert writer.passes.results.outcomes[A].state is State.PUBLISHED


def test_another_writer_finds_the_same_hold(core: Valkey) -> None:
    writer = Writer(core)
    writer.run(FULL, SHOP, MAIL)
    writer.run(FULL, LESS, MAIL)
    before = told(writer, "RecordSet", "shop")
    anew = Writer(core)
    anew.run(FULL, LESS, MOVED)
    assert told(anew, "RecordSet", "shop") == before
    assert answers(anew, "n19") == ["192.0.2.3"]
    assert answers(anew, "mail") == ["192.0.2.7"]
    assert anew.run(FULL, changed(SHOP, 3), MOVED).violations == {}
    assert anew.passes.results.owner_holds == {}


@pytest.mark.parametrize("restarted", [False, True])
def test_a_deleted_record_set_is_held_on_its_zone_and_on_the_fleet(
    core: Valkey, restarted: bool
) -> None:
    writer = Writer(core)
    writer.run(FULL, SHOP, MAIL)
    writer.run(FULL, MOVED)
    if restarted:
        writer = Writer(core)
        writer.run(FULL, MOVED)
    assert answers(writer, "n19") == ["192.0.2.3"]
    assert answers(writer, "mail") == ["192.0.2.7"]
    heir = item("RecordSet", "heir", {"zoneRef": {"name": "a"}, "records": names(3)})
    writer.run(FULL, MOVED, heir)
    assert told(writer, "RecordSet", "heir").startswith(
        f"n3.{A} A belongs to RecordSet dns/shop, which is gone: "
    )
    (hold,) = writer.passes.results.owner_holds[A]
    assert hold.holder is Holder.GONE
    assert hold.hash in told(writer, "Zone", "a")
    writer.passes.approve({hold.hash})
    writer.work()
    assert answers(writer, "n19") == []
    assert answers(writer, "h0") == ["192.0.2.1"]
    assert writer.passes.results.owner_holds == {}


@pytest.mark.parametrize("restarted", [False, True])
def test_what_a_replaced_record_set_published_is_held_as_that_of_a_deleted_one(
    core: Valkey, restarted: bool
) -> None:
    writer = Writer(core)
    writer.run(FULL, SHOP, MAIL)
    anew = item("RecordSet", "shop", LESS["spec"], uid="another")
    anew["spec"] = anew["spec"] | {"records": names(0, 50)}
    writer.run(FULL, anew, MOVED)
    if restarted:
        writer = Writer(core)
        writer.run(FULL, anew, MOVED)
    assert answers(writer, "mail") == ["192.0.2.7"]
    assert [bool(answers(writer, f"n{each}")) for each in (0, 19, 50)] == [True, True, False]
    (claim,) = [c for ref, c in writer.passes._ledger.of_zone(A).items() if ref.name == "shop"]
    assert claim.uid == SHOP["metadata"]["uid"]
    (hold,) = writer.passes.results.owner_holds[A]
    assert hold.holder is Holder.REPLACED
    assert "a RecordSet that had this name" in told(writer, "RecordSet", "shop")
    assert "annotate the Zone" in told(writer, "RecordSet", "shop")
    writer.run(FULL, approving(anew, hold.hash), MOVED)
    assert answers(writer, "n19"), "it approves what another object published"

    digest = plans.asked_hash(told(writer, "Zone", "a"))
    assert writer.run(approving(FULL, digest), anew, MOVED).violations == {}
    assert [bool(answers(writer, f"n{each}")) for each in (0, 19, 50)] == [True, False, True]
    (claim,) = [c for ref, c in writer.passes._ledger.of_zone(A).items() if ref.name == "shop"]
    assert claim.uid == "another"


def test_a_replaced_record_set_that_takes_little_away_is_not_held(core: Valkey) -> None:
    writer = Writer(core)
    writer.run(FULL, SHOP, MAIL)
    anew = many(count=MANY - 1)
    anew["metadata"]["uid"] = "another"
    assert writer.run(FULL, anew, MAIL).violations == {}
    assert [bool(answers(writer, f"n{each}")) for each in (18, 19)] == [True, False]
    (claim,) = [c for ref, c in writer.passes._ledger.of_zone(A).items() if ref.name == "shop"]
    assert claim.uid == "another"


def test_the_zone_approves_what_is_held_in_it(core: Valkey) -> None:
    writer = Writer(core)
    writer.run(FULL, SHOP, MAIL)
    writer.run(FULL, LESS, MAIL)
    digest = plans.asked_hash(told(writer, "Zone", "a"))
    assert writer.run(approving(FULL, digest), LESS, MAIL).violations == {}
    assert answers(writer, "n19") == []


def test_names_that_others_add_meanwhile_end_no_hold(core: Valkey) -> None:
    writer = Writer(core)
    writer.run(FULL, SHOP)
    less = changed(SHOP, 2, records=names(*range(6)))
    writer.run(FULL, less)
    assert answers(writer, "n19")
    for count in (50, 100):
        writer.run(FULL, less, changed(many("large", 1000, count), count))
        assert answers(writer, f"n{999 + count}")
    assert answers(writer, "n19")
    harmless = changed(SHOP, 3, records=names(*range(MANY - 1), address="192.0.2.4"))
    writer.run(FULL, harmless, many("large", 1000, 100))
    assert (answers(writer, "n0"), answers(writer, "n19")) == (["192.0.2.4"], [])


def test_a_hold_of_the_last_names_ends_for_every_writer_when_somebody_adds_one(
    core: Valkey,
) -> None:
    writer = Writer(core)
    empty = changed(zone("a"), 2, records=[])
    writer.run(empty, MAIL)
    elsewhere = changed(MAIL, 2, zoneRef={"name": "b"})
    writer.run(empty, elsewhere)
    assert answers(writer, "mail") == ["192.0.2.2"]
    writer.run(empty, elsewhere, AFTER)
    anew = Writer(core)
    anew.run(empty, elsewhere, AFTER)
    for each in (writer, anew):
        assert each.passes.results.owner_holds == {}
        assert (answers(each, "mail"), answers(each, "n900")) == ([], ["192.0.2.3"])


def test_many_that_remove_a_harmless_part_each_are_held_together(core: Valkey) -> None:
    writer = Writer(core)
    teams = [many(f"team{each}", 100 * each, 8) for each in range(4)]
    writer.run(zone("a"), *teams)
    less = [changed(each, 2, records=each["spec"]["records"][:1]) for each in teams]
    writer.run(zone("a"), *less, MAIL)
    assert all(answers(writer, f"n{100 * each + 7}") for each in range(4))
    assert answers(writer, "mail") == ["192.0.2.2"]
    holds = writer.passes.results.owner_holds[A]
    assert [each.owner.name for each in holds] == [f"team{each}" for each in range(4)]
    assert "and with others that are held 28" in holds[0].text
    writer.run(zone("a"), approving(less[0], holds[0].hash), *less[1:], MAIL)
    assert [bool(answers(writer, f"n{100 * each + 7}")) for each in range(4)] == [
        False,
        *[True] * 3,
    ]
    digest = plans.asked_hash(told(writer, "Zone", "a"))
    assert writer.run(approving(zone("a"), digest), *less, MAIL).violations == {}
    assert not any(answers(writer, f"n{100 * each + 7}") for each in range(4))


def test_the_zones_own_records_are_held_like_those_of_others(core: Valkey) -> None:
    writer = Writer(core)
    writer.run(FULL, MAIL)
    emptied = changed(FULL, 2, records=[])
    writer.run(emptied, MOVED, AFTER)
    assert answers(writer, "h19") == ["192.0.2.1"]
    assert answers(writer, "mail") == ["192.0.2.7"]
    assert answers(writer, "n900") == ["192.0.2.3"]
    digest = plans.asked_hash(told(writer, "Zone", "a"))
    anew = Writer(core)
    anew.run(emptied, MAIL, AFTER)
    assert plans.asked_hash(told(anew, "Zone", "a")) == digest
    assert answers(anew, "mail") == ["192.0.2.2"]
    assert anew.run(approving(emptied, digest), MAIL, AFTER).violations == {}
    assert answers(anew, "h19") == []
    assert answers(anew, "mail") == ["192.0.2.2"]


def one(name: str, owner: str, rtype: str, data: str, created: str = "2025-01-01") -> Object:
    made = record_set(name, owner, rtype, data)
    made["metadata"]["creationTimestamp"] = f"{created}T00:00:00Z"
    return made


@pytest.mark.parametrize(
    ("owner", "rtype", "data", "reason"),
    [
        ("n3", "A", "192.0.2.9", "NotOwner"),
        ("n3", "CNAME", "h0", "CNAMEAndOtherData"),
        ("n3", "NS", "ns.elsewhere.example.", "HidesNames"),
    ],
)
def test_what_is_held_comes_before_what_others_begin_to_claim(
    core: Valkey, owner: str, rtype: str, data: str, reason: str
) -> None:
    full = changed(FULL, 1, recordSets={"types": ["A", "CNAME", "NS"]})
    writer = Writer(core)
    writer.run(full, SHOP)
    writer.run(full, LESS)
    older = one("older", owner, rtype, data)
    results = writer.run(full, LESS, older, MAIL)
    assert answers(writer, "n3") == ["192.0.2.3"]
    assert answers(writer, "mail")
    (found,) = [each for ref, each in results.violations.items() if ref.name == "older"]
    assert found[0].reason == reason
    digest = plans.asked_hash(told(writer, "RecordSet", "shop"))
    assert writer.run(full, approving(LESS, digest), older, MAIL).violations == {}
    assert answers(writer, "n3") == (["192.0.2.9"] if rtype == "A" else [])


def test_a_zone_that_leaves_no_room_for_what_is_held_waits_too(core: Valkey) -> None:
    writer = Writer(core)
    writer.run(FULL, SHOP, MAIL)
    alias = {"name": "n3", "type": "CNAME", "data": ["h0"]}
    aliased = changed(FULL, 2, records=[*FULL["spec"]["records"], alias])
    writer.run(aliased, LESS, MOVED)
    assert answers(writer, "n3") == ["192.0.2.3"]
    assert answers(writer, "mail") == ["192.0.2.7"]
    assert "leaves no room" in told(writer, "Zone", "a")
    digest = plans.asked_hash(told(writer, "RecordSet", "shop"))
    assert writer.run(aliased, approving(LESS, digest), MOVED).violations == {}
    published = writer.store.load(A)
    assert published is not None
    assert published.get(f"n3.{A}", "CNAME") is not None


def test_only_the_values_of_who_is_held_stay_in_a_shared_rrset(core: Valkey) -> None:
    def shared(name: str, value: str, *more: Object) -> Object:
        txt = {"name": "_acme-challenge", "type": "TXT", "data": [value]}
        return item("RecordSet", name, {"zoneRef": {"name": "a"}, "records": [txt, *more]})

    writer = Writer(core)
    held = shared("shop", "one", *names(*range(MANY)))
    writer.run(FULL, held, shared("other", "two"))
    less = changed(held, 2, records=names(0))
    records = shared("other", "three")["spec"]["records"]
    writer.run(FULL, less, changed(shared("other", "two"), 2, records=records))
    published = writer.store.load(A)
    assert published is not None
    _, data = published.get(f"_acme-challenge.{A}", "TXT") or (0, [])
    assert data == ['"one"', '"three"']


def test_a_zone_that_withdraws_its_consent_is_told_what_would_go(core: Valkey) -> None:
    writer = Writer(core)
    writer.run(FULL, SHOP, MAIL)
    narrow = changed(FULL, 2, recordSets={"names": ["mail"]})
    writer.run(narrow, SHOP, MOVED)
    assert answers(writer, "n19") == ["192.0.2.3"]
    assert answers(writer, "mail") == ["192.0.2.7"]
    found = next(
        each for ref, each in writer.passes.results.violations.items() if ref.name == "shop"
    )
    assert {each.reason for each in found} == {"UnsafePlan", "NotAllowedByZone"}
    digest = plans.asked_hash(told(writer, "Zone", "a"))
    writer.run(approving(narrow, digest), SHOP, MOVED)
    assert answers(writer, "n19") == []


def test_the_fleet_tells_at_once_what_is_held_of_one_owner(
    core: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terms, "FLEET_SECONDS", 3600.0)
    with ControlledFleet(core) as fleet:
        for each in (FULL, SHOP):
            fleet.put(each)
        fleet.wait_until_served(A, f"n19.{A}", "192.0.2.3")
        fleet.put(LESS)
        wait_for("the hold is told", lambda: _held(fleet), DEADLINE_SECONDS)
        assert [each["object"] for each in _held(fleet)] == ["RecordSet dns/shop"]


def _held(fleet: ControlledFleet) -> list[Object]:
    found = fleet.cluster.get("Fleet", "dnsfleet")
    held: list[Object] = (found or {}).get("status", {}).get("held", [])
    return held

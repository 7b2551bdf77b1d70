"""Holds of single owners outlast their writer, and no word for another change ends one."""

from typing import Any

import pytest
from dnsfleet.resources import Reference
from dnsfleet.zones import plans
from dnsfleet.zones.owner_plans import Holder
from dnsfleet.zones.parts import Parts
from dnsfleet_publisher.publishing import Publisher
from dnsfleet_publisher.store_errors import StoreError
from support.held_owners import (
    FULL,
    LESS,
    MAIL,
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

TEAMS = [many("b", 100, 9), many("c", 200, 9)]
TEAMS_LESS = [changed(each, 2, records=each["spec"]["records"][:1]) for each in TEAMS]
SHOP_REFERENCE = Reference("RecordSet", "dns", "shop")


@pytest.mark.parametrize("count", [50, 100])
def test_a_hold_outlasts_its_writer_whatever_others_add(core: Valkey, count: int) -> None:
    less = changed(SHOP, 2, records=names(*range(6)))
    writer = Writer(core)
    writer.run(FULL, SHOP)
    writer.run(FULL, less)
    writer.run(FULL, less, many("large", 1000, count))
    before = told(writer, "RecordSet", "shop")
    writer = Writer(core)
    writer.run(FULL, less, many("large", 1000, count))
    assert answers(writer, "n19") == ["192.0.2.3"]
    assert told(writer, "RecordSet", "shop") == before
    writer.run(FULL, changed(SHOP, 3), many("large", 1000, count))
    less = changed(less, 4)
    writer = Writer(core)
    assert writer.run(FULL, less, many("large", 1000, count)).violations == {}, "it ended"


@pytest.mark.parametrize("restarted", [False, True])
def test_a_hold_outlasts_a_zone_that_is_not_understood_for_a_while(
    core: Valkey, restarted: bool
) -> None:
    others = (changed(SHOP, 2, records=names(*range(6))), many("large", 1000, 100))
    writer = Writer(core)
    writer.run(FULL, SHOP)
    writer.run(FULL, others[0])
    writer.run(FULL, *others)
    writer.run(changed(FULL, 2, records="nonsense"), *others)
    if restarted:
        writer = Writer(core)
        writer.run(changed(FULL, 2, records="nonsense"), *others)
    writer.run(changed(FULL, 3), *others)
    assert answers(writer, "n19") == ["192.0.2.3"]
    assert "14 of 42" in told(writer, "RecordSet", "shop")
    zone_reference = Reference("Zone", "dns", "a")
    known = writer.observation.remove(zone_reference, FULL["metadata"]["uid"])
    assert known is not None
    writer.passes.deleted(zone_reference, known)
    writer.work()
    assert writer.store.live() == []
    assert not [name for part in writer.store.core.claims() for name in part], (
        "nothing is left of it"
    )


def test_the_hold_of_a_zone_outlasts_its_writer_when_its_last_record_set_left(core: Valkey) -> None:
    less = changed(FULL, 2, records=FULL["spec"]["records"][:2], recordSets={"names": ["other"]})
    writer = Writer(core)
    writer.run(FULL, MAIL)
    writer.run(less, MAIL)
    assert answers(writer, "mail") == [], "its consent is taken back"
    assert answers(writer, "h19") == ["192.0.2.1"]
    before = told(writer, "Zone", "a")
    assert "18 of 22" in before, "of what is left, as another writer tells it"
    (hold,) = writer.passes.results.owner_holds[A]
    writer = Writer(core)
    writer.passes._publisher._parts[A] = Parts((("spec.records", 20),))
    writer.run(less, MAIL)
    assert writer.passes.results.owner_holds[A] == (hold,)
    assert told(writer, "Zone", "a") == before
    writer.run(approving(less, hold.hash), MAIL)
    assert answers(writer, "h19") == []
    assert not [name for part in writer.store.core.claims() for name in part], (
        "nothing is left of it"
    )


def test_a_record_set_that_moved_and_is_broken_is_served_in_its_new_zone(core: Valkey) -> None:
    writer = Writer(core)
    other = zone("b", hosts=200)
    moved = changed(SHOP, 2, zoneRef={"name": "b"})
    writer.run(FULL, other, SHOP)
    writer.run(FULL, other, moved)
    broken = changed(moved, 3, records="nonsense")
    for _ in range(2):
        writer.run(FULL, other, broken)
        found = dict(writer.passes._ledger.of_record_set(SHOP_REFERENCE))
        assert {origin: each.gone for origin, each in found.items()} == {
            A: True,
            "b.example.": False,
        }
        assert list(found)[-1] == "b.example."
        served = writer.store.load("b.example.")
        assert served is not None
        assert served.get("n3.b.example.", "A") is not None
        assert answers(writer, "n3") == ["192.0.2.3"]
        writer = Writer(core)


class _Crash(BaseException):
    """The end of a process."""


def _crash(*_: Any, **__: Any) -> None:
    raise _Crash


@pytest.mark.parametrize("is_published", [False, True])
def test_a_crash_within_an_approved_replacement_loses_nothing_of_either(
    core: Valkey, monkeypatch: pytest.MonkeyPatch, is_published: bool
) -> None:
    writer = Writer(core)
    writer.run(FULL, SHOP, MAIL)
    anew = item("RecordSet", "shop", SHOP["spec"] | {"records": names(0, 50)}, uid="another")
    writer.run(FULL, anew, MAIL)
    (hold,) = writer.passes.results.owner_holds[A]
    with monkeypatch.context() as patch:
        if is_published:
            patch.setattr(writer.passes._ledger, "after", _crash)
        else:
            patch.setattr(Publisher, "reconcile", _crash)
        with pytest.raises(_Crash):
            writer.run(approving(FULL, hold.hash), anew, MAIL)
    writer = Writer(core)
    if not is_published:
        writer.run(FULL, anew, MAIL)
        assert answers(writer, "n19") == ["192.0.2.3"]
        assert [each.hash for each in writer.passes.results.owner_holds[A]] == [hold.hash]
        writer = Writer(core)
    assert writer.run(approving(FULL, hold.hash), anew, MAIL).violations == {}
    assert (answers(writer, "n19"), answers(writer, "n50")) == ([], ["192.0.2.3"])
    assert writer.passes._ledger.of_zone(A)[SHOP_REFERENCE].uid == "another"


@pytest.mark.parametrize("beside", [False, True])
def test_an_approval_that_is_withdrawn_while_the_core_is_away_has_no_effect(
    core: Valkey, monkeypatch: pytest.MonkeyPatch, beside: bool
) -> None:
    def is_away() -> None:
        raise StoreError("away")

    writer = Writer(core)
    small, other = zone("a"), many("other", 300)
    other_less = changed(other, 2, records=names(300))
    others, others_less = ([other], [other_less]) if beside else ([], [])
    writer.run(small, SHOP, *others)
    writer.run(small, LESS, *others_less)
    digest = plans.asked_hash(told(writer, "RecordSet", "shop"))
    with monkeypatch.context() as patch:
        patch.setattr(writer.store, "check", is_away)
        writer.run(small, approving(LESS, digest), *others_less)
    withdrawn = LESS | {"metadata": LESS["metadata"] | {"resourceVersion": "77"}}
    writer.run(small, withdrawn, *others_less)
    assert answers(writer, "n19") == ["192.0.2.3"]
    assert SHOP_REFERENCE in [each.owner for each in writer.passes.results.owner_holds[A]]


@pytest.mark.parametrize("restarted", [False, True])
def test_an_approval_of_one_owner_lets_no_other_go(core: Valkey, restarted: bool) -> None:
    writer = Writer(core)
    writer.run(zone("a"), *TEAMS)
    less, held = TEAMS_LESS
    writer.run(zone("a"), less, held)
    hashes = {each.owner.name: each.hash for each in writer.passes.results.owner_holds[A]}
    writer.run(zone("a"), approving(less, hashes["b"]), held)
    writer.run(zone("a"), approving(less, hashes["b"]), held, MAIL)
    if restarted:
        writer = Writer(core)
        writer.run(zone("a"), less, held, MAIL)
    assert (answers(writer, "n108"), answers(writer, "n208")) == ([], ["192.0.2.3"])
    assert answers(writer, "mail")
    assert told(writer, "RecordSet", "c")
    assert writer.run(zone("a"), less, approving(held, hashes["c"]), MAIL).violations == {}
    assert answers(writer, "n208") == []


def test_an_approval_that_stays_does_not_take_the_next_object_away(core: Valkey) -> None:
    writer = Writer(core)
    writer.run(FULL, SHOP, MAIL)
    writer.run(FULL, MAIL)
    (hold,) = writer.passes.results.owner_holds[A]
    writer.passes.approve({hold.hash})
    writer.work()
    assert answers(writer, "n3") == []
    anew = item("RecordSet", "shop", SHOP["spec"], uid="second")
    writer.run(FULL, anew, MAIL)
    writer.run(FULL, MAIL)
    assert answers(writer, "n3") == ["192.0.2.3"]
    (again,) = writer.passes.results.owner_holds[A]
    assert again.holder is Holder.GONE
    assert again.hash != hold.hash


def test_small_removals_of_the_same_change_go_beside_large_ones(core: Valkey) -> None:
    writer = Writer(core)
    challenge = record_set("acme", "_acme-challenge", "TXT", "one")
    writer.run(zone("a"), *TEAMS, challenge)
    writer.run(zone("a"), *TEAMS_LESS)
    holds = writer.passes.results.owner_holds[A]
    assert [each.owner.name for each in holds] == ["b", "c"]
    published = writer.store.load(A)
    assert published is not None
    assert published.get(f"_acme-challenge.{A}", "TXT") is None


def _file(hosts: int, version: int) -> Object:
    records = "".join(f"h{number} A 192.0.2.1\n" for number in range(hosts))
    text = f"@ SOA ns1.example.net. h. 1 7200 900 1209600 300\n@ NS ns1.example.net.\n{records}"
    found = item("ConfigMap", "file", {}, resourceVersion=str(version))
    del found["spec"]
    return found | {"apiVersion": "v1", "data": {"zone": text}}


def test_a_hold_for_a_doubt_about_a_file_outlasts_its_writer_while_that_file_stays(
    core: Valkey,
) -> None:
    spec = {"origin": "a.example", "zoneFile": {"configMaps": [{"name": "file", "key": "zone"}]}}
    objects = (item("Zone", "a", spec), SHOP, many("more", 100, 25))

    def writer_with(hosts: int, version: int) -> Writer:
        made = Writer(core)
        made.list(*objects)
        made.observation.put(_file(hosts, version))
        made.work()
        return made

    writer = writer_with(20, 1)
    writer.observation.put(_file(3, 2))
    writer.work()
    before = told(writer, "Zone", "a")
    assert "17 of 67 RRsets and" in before
    assert "has lost 17 of 22 records" in before
    for _ in range(2):
        writer = writer_with(3, 2)
        assert told(writer, "Zone", "a") == before
        assert answers(writer, "h19") == ["192.0.2.1"]
    writer = writer_with(20, 3)
    assert writer.passes.results.violations == {}
    assert not [name for part in writer.store.core.claims() for name in part if name[-1] == "/"]

"""Catalogs of the operator on a real core: what they list while zones come, wait and go."""

from typing import Any

import pytest
from dnsfleet.zones import catalogs
from dnsfleet.zones.catalogs import Member
from dnsfleet.zones.plans import APPROVE_ANNOTATION
from dnsfleet.zones.removals import LATELY_SECONDS
from dnsfleet_publisher import kept_contents
from dnsfleet_publisher.publishing import State
from support.clocks import Clock
from support.valkey import Valkey
from support.zone_writers import GRACE_SECONDS, Writer, changed, delete, item, zone

Object = dict[str, Any]
CATALOG = "catalog.example."
ZONES = [zone(f"z{number:02}") for number in range(42)]
ALL = {each["spec"]["origin"] + "." for each in ZONES}


def catalog(**asked: Any) -> Object:
    spec = {"origin": "catalog.example", "source": {"catalog": asked}}
    return item("Zone", "catalog", spec)


def labelled(found: Object, **labels: str) -> Object:
    metadata = found["metadata"] | {"labels": labels, "resourceVersion": "2", "generation": 2}
    return found | {"metadata": metadata}


def listed(writer: Writer) -> dict[str, Member]:
    content = writer.store.load(CATALOG)
    assert content is not None
    return catalogs.members(content)


def proven(writer: Writer) -> None:
    """One look at everything finds nothing else."""
    wrong: list[None] = []
    for _ in writer.passes.prove(lambda: wrong.append(None)):
        pass
    assert wrong == []


@pytest.fixture
def clock() -> Clock:
    return Clock(1_000_000.0)


def test_a_zone_is_listed_after_it_is_published_and_at_no_pop(core: Valkey) -> None:
    writer = Writer(core)
    writer.run(catalog(), zone("a"))
    first = writer.store.manifest(CATALOG)
    assert first is not None
    assert first.pops == ()
    assert listed(writer).keys() == {"a.example."}
    writer.observation.put(zone("b"))
    writer.work()
    member, lists = writer.store.manifest("b.example."), writer.store.manifest(CATALOG)
    assert member is not None
    assert lists is not None
    assert member.lsn < lists.lsn
    assert listed(writer).keys() == {"a.example.", "b.example."}
    proven(writer)


def test_zones_whose_removal_is_held_stay_listed_and_then_leave_without_another_approval(
    core: Valkey, clock: Clock
) -> None:
    first = Writer(core, clock)
    first.run(catalog(), *ZONES)
    before = listed(first)
    assert before.keys() == ALL
    delete(first, *ZONES[:30])
    assert listed(first) == before

    clock.now += 10 * LATELY_SECONDS
    second = Writer(core, clock)  # it knows nothing but the core
    second.run(catalog(), *ZONES[30:])
    second.passes.sweep(second.observation, clock.now)
    second.work()
    assert listed(second) == before
    hold = second.passes.held_removal
    assert hold is not None
    second.passes.approve({hold.hash})
    results = second.work()
    assert results.outcomes[CATALOG].state is State.PUBLISHED
    left = {each["spec"]["origin"] + "." for each in ZONES[30:]}
    assert listed(second) == {origin: before[origin] for origin in left}
    proven(second)


def test_an_orphan_is_listed_until_it_goes(core: Valkey) -> None:
    Writer(core).run(catalog(), zone("a"), zone("b"))
    writer = Writer(core)
    writer.list(catalog(), zone("a"))
    writer.passes.sweep(writer.observation, 0.0)
    writer.work()
    assert listed(writer).keys() == {"a.example.", "b.example."}
    writer.passes.sweep(writer.observation, GRACE_SECONDS)
    writer.work()
    assert listed(writer).keys() == {"a.example."}


def test_a_core_that_lost_its_data_gets_the_same_list(core: Valkey) -> None:
    writer = Writer(core)
    writer.run(catalog(), *ZONES[:3])
    before = listed(writer)
    with core.client() as client:
        client.flushall()
    writer.store.audit()
    writer.work()
    assert listed(writer) == before
    # Another writer, with nothing but the objects, makes the labels of the same uids.
    with core.client() as client:
        client.flushall()
    anew = Writer(core)
    anew.run(catalog(), *ZONES[:3])
    assert listed(anew) == before


def test_a_selector_that_takes_nothing_any_more_waits_for_an_approval(core: Valkey) -> None:
    writer = Writer(core)
    writer.run(catalog(), zone("a"), zone("b"))
    before = listed(writer)
    nobody = {"catalog": {"zoneSelector": {"matchLabels": {"no": "body"}}}}
    wrong = changed(catalog(), 2, source=nobody)
    results = writer.run(wrong, zone("a"), zone("b"))
    outcome = results.outcomes[CATALOG]
    assert (outcome.state, outcome.reason) == (State.HELD, "UnsafePlan")
    assert listed(writer) == before
    wrong["metadata"] |= {"annotations": {APPROVE_ANNOTATION: outcome.plan}}
    wrong = changed(wrong, 3)
    results = writer.run(wrong, zone("a"), zone("b"))
    assert results.outcomes[CATALOG].state is State.PUBLISHED
    assert listed(writer) == {}


def test_the_last_zone_that_was_removed_leaves_without_an_approval(core: Valkey) -> None:
    writer = Writer(core)
    writer.run(catalog(), zone("a"))
    delete(writer, zone("a"))
    writer.work()
    assert listed(writer) == {}


def test_many_labels_that_are_lost_wait_although_few_zones_go(core: Valkey, clock: Clock) -> None:
    selected = catalog(zoneSelector={"matchLabels": {"out": "yes"}})
    writer = Writer(core, clock)
    writer.run(selected, *(labelled(each, out="yes") for each in ZONES))
    assert listed(writer).keys() == ALL
    lost = [changed(labelled(each), 3) for each in ZONES[:30]]
    results = writer.run(selected, *lost, *(labelled(each, out="yes") for each in ZONES[30:]))
    assert results.outcomes[CATALOG].state is State.HELD
    assert listed(writer).keys() == ALL


def test_a_zone_that_cannot_be_understood_stays_listed(core: Valkey) -> None:
    writer = Writer(core)
    writer.run(catalog(), zone("a"), zone("b"))
    before = listed(writer)
    writer.run(catalog(), changed(zone("a"), 2, records="none"), zone("b"))
    assert listed(writer) == before
    anew = Writer(core)
    anew.run(catalog(), changed(zone("a"), 2, records="none"), zone("b"))
    assert listed(anew) == before


def test_a_removed_catalog_is_not_kept(core: Valkey) -> None:
    writer = Writer(core)
    writer.run(catalog(), zone("a"))
    delete(writer, catalog(), zone("a"))
    kept = kept_contents.read(writer.store.core, writer.store.public).removed
    assert [each.zone.origin for each in kept] == ["a.example."]


def test_a_zone_that_becomes_a_catalog_is_listed_nowhere_until_no_pop_serves_it(
    core: Valkey,
) -> None:
    writer = Writer(core)
    pop = item("Pop", "fra", {}, namespace=None)
    other = changed(zone("catalog"), 2, source={"catalog": {}})
    for field in ("records", "nameServers"):
        del other["spec"][field]
    writer.run(pop, zone("catalog"), zone("a"))
    before = writer.store.load(CATALOG)
    results = writer.run(pop, other, zone("a"))
    outcome = results.outcomes[CATALOG]
    assert (outcome.state, outcome.reason) == (State.HELD, "UnsafePlacement")
    assert writer.store.load(CATALOG) is before
    assert outcome.placement is not None
    # It takes all of its records away, too.
    for generation in (3, 4):
        approved = outcome.placement.hash if outcome.placement is not None else outcome.plan
        other["metadata"] |= {"annotations": {APPROVE_ANNOTATION: approved}}
        outcome = writer.run(pop, changed(other, generation), zone("a")).outcomes[CATALOG]
    manifest = writer.store.manifest(CATALOG)
    assert manifest is not None
    assert manifest.pops == ()
    assert listed(writer).keys() == {"a.example."}


def test_a_catalog_that_others_made_is_a_zone_as_any(core: Valkey) -> None:
    text = '@ 0 SOA invalid. invalid. 1 2 3 4 5\n@ 0 NS invalid.\nversion 0 TXT "2"\n'
    rows = "".join(f"m{number}.zones 0 PTR z{number}.example.net.\n" for number in range(20))
    found = item(
        "Zone", "catalog", {"origin": "catalog.example", "zoneFile": {"inline": text + rows}}
    )
    writer = Writer(core)
    writer.run(found)
    manifest = writer.store.manifest(CATALOG)
    assert manifest is not None
    assert manifest.pops is None
    less = writer.run(changed(found, 2, zoneFile={"inline": text}))
    assert less.outcomes[CATALOG].reason == "UnsafePlan"
    delete(writer, found)
    kept = kept_contents.read(writer.store.core, writer.store.public).removed
    assert [each.zone.origin for each in kept] == [CATALOG]

"""Many zones that leave at once are served on until that is approved, whoever leads meanwhile."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dnsfleet.zones.removals import LATELY_SECONDS, SETTLING_SECONDS
from dnsfleet_operator.leading import terms
from support.clocks import Clock
from support.controlled_fleets import DEADLINE_SECONDS, ControlledFleet
from support.core_servers import PUBLISHER_USER
from support.valkey import Valkey
from support.waiting import wait_for
from support.zone_writers import GRACE_SECONDS, Writer, delete, zone

Object = dict[str, Any]
ZONES = [zone(f"z{number:02}") for number in range(42)]
ALL = {each["spec"]["origin"] + "." for each in ZONES}
FLEET = "dnsfleet"
NOTES = "dnsfleet:1:removals"


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Valkey]:
    core = Valkey(tmp_path, users=[PUBLISHER_USER])
    core.start()
    yield core
    core.kill()


@pytest.fixture
def clock() -> Clock:
    return Clock(1_000_000.0)


def held(writer: Writer) -> tuple[str, ...]:
    hold = writer.passes.held_removal
    return () if hold is None else hold.origins


def origins(*objects: Object) -> tuple[str, ...]:
    return tuple(sorted(each["spec"]["origin"] + "." for each in objects))


def test_thirty_of_42_zones_are_served_on_and_leave_by_one_approval(
    core: Valkey, clock: Clock
) -> None:
    first = Writer(core, clock)
    first.run(*ZONES)
    delete(first, *ZONES[:30])
    assert first.served().keys() == ALL
    assert held(first) == origins(*ZONES[:30])
    before = first.passes.held_removal

    clock.now += 10 * LATELY_SECONDS
    second = Writer(core, clock)  # it knows nothing but the core
    second.run(*ZONES[30:])
    second.passes.sweep(second.observation, clock.now)
    assert second.passes.orphans == 0
    assert second.passes.held_removal == before
    delete(second, ZONES[30])
    assert before is not None
    second.passes.approve({before.hash})
    second.work()
    assert second.served().keys() == ALL, "31 is not what was approved"

    larger = second.passes.held_removal
    assert larger is not None
    second.passes.approve({larger.hash})
    second.work()
    assert second.served().keys() == set(origins(*ZONES[31:]))
    assert held(second) == ()


def test_zones_that_come_back_stay_and_nothing_is_held_any_more(core: Valkey, clock: Clock) -> None:
    writer = Writer(core, clock)
    writer.run(*ZONES)
    delete(writer, *ZONES[:30])
    for back in (5, 29):
        writer.run(*ZONES[:back], *ZONES[30:])
        assert held(writer) == origins(*ZONES[back:30])
    writer.run(*ZONES)
    clock.now += SETTLING_SECONDS
    writer.work()
    assert writer.served().keys() == ALL
    assert held(writer) == ()
    with core.client() as client:
        assert client.hgetall(NOTES) == {}


def test_a_trickle_is_counted_across_leaders(core: Valkey, clock: Clock) -> None:
    Writer(core, clock).run(*ZONES)
    for number in range(13):
        writer = Writer(core, clock)
        writer.run(*ZONES[number:])
        delete(writer, ZONES[number])
        clock.now += SETTLING_SECONDS
        writer.work()
    assert held(writer) == origins(*ZONES[10:13])
    assert writer.served().keys() == set(origins(*ZONES[10:]))


def test_orphans_are_counted_with_zones_that_were_deleted(core: Valkey, clock: Clock) -> None:
    Writer(core, clock).run(*ZONES)
    writer = Writer(core, clock)
    writer.list(*ZONES[4:])
    writer.passes.sweep(writer.observation, clock.now)
    writer.work()
    delete(writer, *ZONES[4:12])
    clock.now += SETTLING_SECONDS
    writer.work()
    assert writer.served().keys() == set(origins(*ZONES[:4], *ZONES[12:]))
    writer.passes.sweep(writer.observation, clock.now + GRACE_SECONDS)
    writer.work()
    assert held(writer) == origins(*ZONES[:3]), "8 left, and a sweep takes a tenth of 34"
    clock.now += SETTLING_SECONDS
    writer.work()
    assert writer.served().keys() == set(origins(*ZONES[:4], *ZONES[12:]))


def test_a_core_that_lost_everything_has_the_set_of_the_leader_again(
    core: Valkey, clock: Clock
) -> None:
    writer = Writer(core, clock)
    writer.run(*ZONES)
    delete(writer, *ZONES[:30])
    before = writer.passes.held_removal
    core.kill()
    core.start()
    writer.work()
    delete(writer, ZONES[30])
    writer.work()
    assert writer.served().keys() == ALL
    after = writer.passes.held_removal
    assert before is not None
    assert after is not None
    assert len(after.origins) == len(before.origins) + 1
    with core.client() as client:
        assert len(client.hgetall(NOTES)) == len(after.origins)


@pytest.fixture
def fleet(core: Valkey, monkeypatch: pytest.MonkeyPatch) -> Iterator[ControlledFleet]:
    monkeypatch.setattr(terms, "FLEET_SECONDS", 0.1)
    with ControlledFleet(core) as fleet:
        for each in ZONES:
            fleet.put(each)
        for origin in sorted(ALL):
            wait_for(f"{origin} is served", lambda o=origin: fleet.served(o), DEADLINE_SECONDS)
        yield fleet


def wait_until_held(fleet: ControlledFleet, zones: int) -> Object:
    """Wait until the Fleet tells of a removal of so many zones."""

    def find() -> list[Object]:
        status = (fleet.cluster.get("Fleet", FLEET) or {}).get("status", {})
        found = [each for each in status.get("held", ()) if each["kind"] == "Removal"]
        return found if [each["zoneCount"] for each in found] == [zones] else []

    return wait_for(f"a removal of {zones} zones is held", find, DEADLINE_SECONDS)[0]


def serving(fleet: ControlledFleet) -> set[str]:
    return {origin for origin in ALL if fleet.served(origin) is not None}


def test_a_wrong_path_in_a_gitops_tool_takes_nothing_and_is_told_and_approved(
    fleet: ControlledFleet,
) -> None:
    for each in ZONES[:30]:
        fleet.delete(each)
    entry = wait_until_held(fleet, 30)
    assert serving(fleet) == ALL
    assert entry["message"] == "the removal takes 30 of 42 zones from the fleet"
    assert entry["zones"] == list(origins(*ZONES[:10]))
    value = fleet.metrics.registry.get_sample_value
    assert value("dnsfleet_removals_held") == 30

    def events() -> list[str]:
        found = fleet.cluster.objects("Event")
        return [each["note"] for each in found if each["reason"] == "UnsafeRemoval"]

    wait_for("an Event", lambda: entry["message"] in events(), DEADLINE_SECONDS)
    for each in ZONES[:5]:
        fleet.put(each)
    rest = wait_until_held(fleet, 25)
    assert rest["since"] == entry["since"]
    annotations = {"dnsfleet.io/approve": rest["hash"]}
    fleet.cluster.put({"kind": "Fleet", "metadata": {"name": FLEET, "annotations": annotations}})
    kept = set(origins(*ZONES[:5], *ZONES[30:]))
    others: list[float] = []
    """What DnsfleetChangesHeld sees: all that is held but for removals."""

    def nothing_held() -> bool:
        samples = [each for family in fleet.metrics.fleet.collect() for each in family.samples]
        found = {each.name.removeprefix("dnsfleet_"): each.value for each in samples}
        others.append(found["zones_held"] - found["removals_held"])
        return found["zones_held"] == 0

    wait_for("nothing is held", nothing_held, DEADLINE_SECONDS)
    assert set(others) == {0}
    wait_for("the approved zones are gone", lambda: serving(fleet) == kept, DEADLINE_SECONDS)
    fleet.wait_for_condition("Fleet", FLEET, "Held", "NothingHeld")
    assert value("dnsfleet_removals_held") == 0

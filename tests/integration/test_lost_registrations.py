"""A core that lost its data is filled again by the operator that runs, registrations included."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.controlled_fleets import ControlledFleet
from support.core_servers import PUBLISHER_USER
from support.registered_zones import begun, deleted
from support.valkey import Valkey
from support.zone_writers import GRACE_SECONDS, record_set, zone

REGISTRATIONS = "dnsfleet:1:registrations"
A, B = zone("a"), zone("b")
NEW = zone("new")


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Valkey]:
    valkey = Valkey(tmp_path, users=[PUBLISHER_USER])
    valkey.start()
    yield valkey
    valkey.kill()


def registered(core: Valkey) -> set[str]:
    return {name.decode() for name in core.client().hkeys(REGISTRATIONS)}


@pytest.mark.parametrize(
    ("objects", "origins"),
    [
        ([A, B, NEW], ["a", "b", "new"]),  # a Zone that nobody noted yet
        ([A], ["a"]),  # one that is deleted
        ([A, B, record_set("web", "www")], ["a", "b"]),  # nothing of them is unwritten
    ],
)
def test_the_pass_that_finds_the_loss_writes_all_again(
    core: Valkey, objects: list[dict[str, Any]], origins: list[str]
) -> None:
    writer = begun(core, A, B)
    core.client().flushall()
    if B not in objects:
        deleted(writer, B)
    writer.list(*objects)
    writer.passes.run(writer.observation)
    assert {f"{each}.example." for each in origins} <= registered(core)
    writer.work()
    assert writer.served().keys() >= {f"{each}.example." for each in origins}


def test_a_core_that_went_back_forgets_what_ended_since(core: Valkey) -> None:
    writer = begun(core, A, B)
    old = core.client().hgetall(REGISTRATIONS)
    deleted(writer, B)
    writer.work()
    writer.passes.sweep(writer.observation, time.time() + GRACE_SECONDS + 1)
    writer.run(A)
    assert registered(core) == {"a.example."}
    core.client().flushall()
    core.client().hset(REGISTRATIONS, mapping=old)
    writer.run(A, NEW)
    assert registered(core) == {"a.example.", "new.example."}


def test_the_whole_operator_goes_on_without_a_restart(core: Valkey) -> None:
    with ControlledFleet(core) as fleet:
        fleet.put(A)
        fleet.wait_until_served("a.example.", "h0.a.example.", "192.0.2.1")
        core.client().flushall()
        fleet.put(NEW)
        fleet.wait_until_served("new.example.", "h0.new.example.", "192.0.2.1")
        fleet.wait_until_served("a.example.", "h0.a.example.", "192.0.2.1")
        assert registered(core) == {"a.example.", "new.example."}

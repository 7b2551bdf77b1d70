"""When an edge begins to load all zones anew, after it was told to."""

import time

import pytest
from dnsfleet.replication import pop_commands
from dnsfleet.replication.events import Refresh
from dnsfleet.replication.pop_commands import SNAPSHOT, PopCommand, Request
from dnsfleet.replication.revisions import Revision
from dnsfleet_edge.refresh_commands import (
    IN_TURN,
    LONGEST_WAIT_SECONDS,
    LOOK_SECONDS,
    RECORD_SECONDS,
    ZONE_SECONDS,
    RefreshCommands,
    load_seconds,
)
from dnsfleet_engine import Engine
from support import clocks
from support.clocks import Clock
from support.signed_zones import PUBLISHER
from support.zones import make_zone

LOAD_SECONDS = 2.0
POP = "fra"
HOUR_MS = 3_600_000
TRIES = 400


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return clocks.monotonic(monkeypatch)


def edge(load: float = LOAD_SECONDS) -> RefreshCommands:
    return RefreshCommands(POP, (PUBLISHER.public_key(),), lambda: load)


def entry(number: int, lasts_ms: int = HOUR_MS) -> bytes:
    now_ms = time.time_ns() // 1_000_000
    request = Request(f"r{number}", SNAPSHOT, "", now_ms, now_ms + lasts_ms)
    return pop_commands.sign(PopCommand(POP, Revision(1, number), request), PUBLISHER)


def waits(told: RefreshCommands, entries: list[bytes], clock: Clock) -> float:
    """Seconds until it begins, by looks that come ten times a second."""
    began = clock.now
    while told.take(entries) is None:
        clock.now += 0.1
        assert clock.now - began < 2 * LONGEST_WAIT_SECONDS, "it never begins"
    return clock.now - began


def test_edges_begin_spread_over_a_time_in_which_several_could_load(clock: Clock) -> None:
    entries = [entry(1)]
    begun = sorted(waits(edge(), entries, clock) for _ in range(TRIES))
    window = IN_TURN * LOAD_SECONDS
    assert begun[-1] <= window + 0.2
    for eighth in range(IN_TURN):
        share = [each for each in begun if eighth <= each / LOAD_SECONDS < eighth + 1]
        assert TRIES / IN_TURN / 3 < len(share) < TRIES / IN_TURN * 3, "they crowd"


def test_an_edge_with_little_begins_at_once(clock: Clock) -> None:
    assert max(waits(edge(0.005), [entry(n)], clock) for n in range(1, 50)) <= 0.2


@pytest.mark.parametrize(
    ("load", "lasts_ms", "longest"),
    [
        (1e6, HOUR_MS, LONGEST_WAIT_SECONDS),
        (1e6, 60_000, 60.0 - LOOK_SECONDS),
        (1e6, 500, 0.0),
    ],
)
def test_it_is_begun_in_time(clock: Clock, load: float, lasts_ms: int, longest: float) -> None:
    begun = [waits(edge(load), [entry(1, lasts_ms)], clock) for _ in range(50)]
    assert max(begun) <= longest + 0.2


def test_it_is_done_once_and_the_newest_counts(clock: Clock) -> None:
    told = edge()
    assert told.take([]) is None
    told.take([entry(1)])
    begun = waits(told, both := [entry(1), entry(2)], clock)
    assert begun <= IN_TURN * LOAD_SECONDS + 0.2
    clock.now += LONGEST_WAIT_SECONDS
    assert told.take(both) is None
    assert told.take([entry(2)]) is None
    third = [entry(3)]
    while (done := told.take(third)) is None:
        clock.now += 0.1
    assert done == Refresh(Revision(1, 3))


def test_one_that_expired_while_it_waited_is_not_begun(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the link is cut meanwhile: nobody looks before it is over."""
    told, entries = edge(1e6), [entry(1, 60_000)]
    assert told.take(entries) is None
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now + 61 * 10**9)
    clock.now += 61
    assert told.take(entries) is None
    clock.now += LONGEST_WAIT_SECONDS
    assert told.take(entries) is None
    assert told.take([entry(2)]) is None
    assert waits(told, [entry(2)], clock) <= LONGEST_WAIT_SECONDS + 0.2, "the next one is"


def test_edges_whose_wait_ended_during_a_cut_begin_spread_again(clock: Clock) -> None:
    entries, edges = [entry(1)], [edge() for _ in range(TRIES)]
    for each in edges:
        each.take(entries)
        each.disconnected()
    clock.now += 2 * IN_TURN * LOAD_SECONDS
    began = []
    for each in edges:
        before = clock.now
        began.append(waits(each, entries, clock))
        clock.now = before
    assert sum(each < LOAD_SECONDS for each in began) < TRIES / IN_TURN * 3, "they crowd"
    assert max(began) <= IN_TURN * LOAD_SECONDS + 0.2


def test_another_command_makes_a_wait_no_longer(clock: Clock) -> None:
    """Or who asks again and again would never have it done."""
    told, began = edge(), clock.now
    number = 1
    while told.take([entry(number)]) is None:
        number += 1
        clock.now += 0.5
        assert clock.now - began <= IN_TURN * LOAD_SECONDS + 1.0


def test_what_loading_takes_follows_from_zones_and_records() -> None:
    engine = Engine("edge")
    assert load_seconds(engine) == 0.0
    zone = make_zone("example.com.", [("www", "A", "192.0.2.1")])
    engine.load(zone)
    assert load_seconds(engine) == pytest.approx(ZONE_SECONDS + zone.records * RECORD_SECONDS)

"""When a secondary is asked about which zone."""

import itertools
from collections import Counter

from dnsfleet_gate.secondaries.turns import (
    BETWEEN_SECONDS,
    FIRST_SECONDS,
    LONGEST_SECONDS,
    QUERIES_A_SECOND,
    RARELY_SECONDS,
    SILENT_AFTER,
    SILENT_SECONDS,
    Turns,
)


class Clock:
    """Turns without chance, and a secondary that answers as it is told."""

    def __init__(self, *origins: str) -> None:
        self.now = 1000.0
        self.turns = Turns(lambda: 0.5)
        self.turns.set(origins, self.now)
        self.asked: list[tuple[float, str]] = []

    def run(self, seconds: float, *, anything: bool = True, current: bool = True) -> list[float]:
        """The times of the questions, from the beginning."""
        end, began = self.now + seconds, self.now
        first = len(self.asked)
        while (due := self.turns.due()) is not None and due < end:
            self.now = max(self.now, due)
            origin = self.turns.take(self.now)
            self.asked.append((self.now, origin))
            self.turns.answered(origin, anything=anything, current=current, now=self.now)
        self.now = end
        return [round(at - began, 2) for at, _ in self.asked[first:]]


def test_nothing_is_due_without_a_zone() -> None:
    assert Clock().turns.due() is None


def test_a_zone_is_asked_about_soon_and_then_rarely() -> None:
    clock = Clock("a.")
    assert clock.run(200) == [FIRST_SECONDS + n * RARELY_SECONDS for n in range(4)]


def test_a_zone_that_is_behind_is_asked_about_ever_later() -> None:
    clock = Clock("a.")
    assert clock.run(200, current=False) == [1, 2, 4, 8, 16, 32, 64, 124, 184]
    assert LONGEST_SECONDS == 60


def test_a_change_is_asked_about_soon() -> None:
    clock = Clock("a.", "b.")
    clock.run(30)
    clock.turns.changed("a.", clock.now)
    clock.turns.changed("none.", clock.now)
    assert clock.run(10) == [FIRST_SECONDS]
    assert clock.asked[-1][1] == "a."


def test_a_zone_that_changes_all_the_time_is_not_asked_about_all_the_time() -> None:
    clock = Clock("a.")
    clock.run(30)
    times = []
    for _ in range(600):
        clock.turns.changed("a.", clock.now)
        times += clock.run(0.1)
    assert 60 / BETWEEN_SECONDS <= len(times) <= 60 / BETWEEN_SECONDS + 1


def test_many_zones_are_asked_about_at_a_bounded_rate_and_none_is_left_out() -> None:
    zones = [f"{n}." for n in range(5000)]
    clock = Clock(*zones)
    whole_round = 2 * len(zones) / QUERIES_A_SECOND
    times = clock.run(3 * whole_round)
    assert all(b - a >= 1 / QUERIES_A_SECOND - 0.02 for a, b in itertools.pairwise(times))
    counts = Counter(origin for _, origin in clock.asked)
    assert set(counts) == set(zones) and max(counts.values()) - min(counts.values()) <= 1


def test_changes_and_rare_questions_do_not_wait_behind_each_other() -> None:
    clock = Clock(*(f"{n}." for n in range(5000)))
    clock.turns.changed("4999.", clock.now)  # behind all that are due as well
    clock.run(3)
    assert "4999." in [origin for _, origin in clock.asked]
    changing, before = [f"{n}." for n in range(1000, 2000)], len(clock.asked)
    for _ in range(100):
        for origin in changing:
            clock.turns.changed(origin, clock.now)
        clock.run(1)
    asked = [origin for _, origin in clock.asked[before:]]
    rare = [origin for origin in asked if origin not in changing]
    assert len(asked) > 1900 and 0.4 < len(rare) / len(asked) < 0.6


def test_a_silent_secondary_is_asked_now_and_then_about_any_zone() -> None:
    clock = Clock("a.", "b.", "c.")
    times = clock.run(600, anything=False)
    assert clock.turns.silent
    assert len(times) <= 600 / SILENT_SECONDS + SILENT_AFTER
    assert {origin for _, origin in clock.asked[-6:]} == {"a.", "b.", "c."}
    clock.run(SILENT_SECONDS + 1)
    assert not clock.turns.silent
    assert {origin for at, origin in clock.asked if at > clock.now - RARELY_SECONDS} >= {"a."}


def test_zones_come_and_go() -> None:
    clock = Clock("a.", "b.")
    clock.run(100)
    clock.turns.set(["b.", "c."], clock.now)
    assert clock.turns.origins == {"b.", "c."}
    clock.run(100)
    assert {origin for at, origin in clock.asked if at > 1100} == {"b.", "c."}
    clock.turns.answered("a.", anything=True, current=False, now=clock.now)
    assert clock.turns.origins == {"b.", "c."}


def test_it_tells_for_how_long_questions_about_changes_wait() -> None:
    many = 2000
    clock = Clock(*(f"{number}." for number in range(many)))
    clock.run(3 * many / QUERIES_A_SECOND)
    assert clock.turns.lag == 0
    for number in range(many):
        clock.turns.changed(f"{number}.", clock.now)
    clock.run(50)
    assert 45 <= clock.turns.lag <= 50
    clock.run(many / QUERIES_A_SECOND)
    assert clock.turns.lag == 0


def test_nobody_waits_to_ask_a_silent_one() -> None:
    clock = Clock(*(f"{number}." for number in range(100)))
    clock.run(60)
    for number in range(100):
        clock.turns.changed(f"{number}.", clock.now)
    clock.run(120, anything=False)
    assert clock.turns.silent and clock.turns.lag == 0

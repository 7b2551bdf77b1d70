"""What Zones show of their secondaries, by what gates tell and what is published."""

from typing import Any

from dnsfleet.secondaries import pages
from dnsfleet.secondaries.answers import Answer, Pair
from dnsfleet.secondaries.pages import Page
from dnsfleet.secondaries.standings import GRACE_SECONDS
from dnsfleet.tsig_keys import Target, UsableKey
from dnsfleet_operator.gates.secondaries import (
    KEPT_SECONDS,
    SERIAL_SECONDS,
    TOLD_AT_ONCE,
    Secondaries,
    Zones,
)
from dnsfleet_operator.statuses.secondaries import Shown

A, B = Target("192.0.2.1", 53), Target("2001:db8::1", 5353)
ORIGIN = "one.example."
SILENCE = Answer("silence", problem="it does not answer")


def serial(number: int) -> Answer:
    return Answer("serial", number)


class Rig:
    """A leader, and the fleet around it."""

    def __init__(self, *targets: Target, zones: frozenset[str] | None = None) -> None:
        self.serials: dict[str, int] = {}
        self.statuses: dict[str, Shown] = {}
        self.now = 1000.0
        self.begin(*targets, zones=zones)

    def begin(self, *targets: Target, zones: frozenset[str] | None = None) -> None:
        """A new leader."""
        self.known = Secondaries(Zones(self.serials.get, self.statuses.get))
        assert self.known.set_keys(keys(*targets, zones=zones))
        self.known.published(self.serials)

    def publish(self, number: int, origin: str = ORIGIN) -> None:
        self.serials[origin] = number
        self.known.published([origin])

    def hear(
        self,
        target: Target,
        answer: Answer,
        origin: str = ORIGIN,
        gate: str = "g",
        instance: str = "i",
        lag: float = 0.0,
    ) -> None:
        row = pages.row(Pair(origin, target), answer)
        lags = pages.lags([(target, lag)])
        page = Page(instance=instance, position=1, more=False, rows=[row], lags=lags)
        self.known.hear(gate, page, self.now)

    def told_nothing(self, gate: str = "g", instance: str = "i") -> None:
        """A gate is read, and nothing has changed there."""
        page = Page(instance=instance, position=0, more=False, rows=[])
        self.known.hear(gate, page, self.now)

    def look(self, after: float = 0.0) -> list[str]:
        """One look so many seconds later; the statuses are written."""
        self.now += after
        news = self.known.look(self.now, self.now)
        for origin in news:
            shown = self.known.shown(origin)
            if shown is None:
                self.statuses.pop(origin, None)
            else:
                self.statuses[origin] = shown
        return news

    def states(self, origin: str = ORIGIN) -> dict[str, Any]:
        servers = self.statuses.get(origin, {}).get("servers", [])
        return {each["address"]: (each["state"], each.get("serial")) for each in servers}


def keys(*targets: Target, zones: frozenset[str] | None = None) -> list[UsableKey]:
    return [UsableKey("k.", "hmac-sha256", b"k" * 32, zones, targets)] if targets else []


def test_a_current_secondary_is_shown_at_once() -> None:
    rig = Rig(A)
    rig.publish(5)
    rig.hear(A, serial(5))
    assert rig.look() == [ORIGIN]
    since = "1970-01-01T00:16:40Z"
    server = {"address": "192.0.2.1", "port": 53, "state": "Current", "since": since, "serial": 5}
    assert rig.statuses[ORIGIN] == {"count": 1, "current": 1, "text": "1/1", "servers": [server]}
    assert rig.look(100) == []


def test_one_that_stays_behind_is_shown_with_the_time_of_what_it_lacks() -> None:
    rig = Rig(A, B)
    rig.publish(5)
    rig.hear(A, serial(5))
    rig.hear(B, serial(5))
    rig.look()
    rig.publish(6)
    rig.look(10)
    rig.hear(A, serial(6))
    assert rig.look(10) == []  # the serial of the other one is told with what comes next
    assert rig.look(GRACE_SECONDS - 10) == [ORIGIN]
    assert rig.states() == {"2001:db8::1": ("Behind", 5), "192.0.2.1": ("Current", 6)}
    shown = rig.statuses[ORIGIN]
    assert shown["text"] == "1/2"
    assert [each["since"] for each in shown["servers"]] == [
        "1970-01-01T00:16:50Z",
        "1970-01-01T00:16:40Z",
    ]
    rig.hear(B, serial(6))
    assert rig.look(1) == [ORIGIN]
    assert rig.states()["2001:db8::1"] == ("Current", 6)


def test_one_that_is_not_asked_yet_is_not_behind() -> None:
    rig = Rig(A)
    for number in range(2):
        rig.publish(5, f"{number}.example.")
        rig.hear(A, serial(5), f"{number}.example.")
    rig.look()
    before = dict(rig.statuses)
    for number in range(2):
        rig.publish(6, f"{number}.example.")
    rig.look()
    for waited in range(10, 310, 10):  # questions about other zones come first
        rig.hear(A, serial(5), "0.example.", lag=float(waited))
        assert rig.look(10) == []
    assert rig.statuses == before
    rig.hear(A, serial(6), "0.example.")
    rig.look(10)
    rig.look(GRACE_SECONDS)
    assert rig.states("0.example.") == {"192.0.2.1": ("Current", 6)}
    rig.told_nothing()
    rig.look(300)
    assert rig.states("1.example.") == {"192.0.2.1": ("Behind", 5)}


def test_serials_alone_are_told_once_a_minute() -> None:
    rig = Rig(A)
    rig.publish(5)
    rig.hear(A, serial(5))
    written = len(rig.look())
    for number in range(6, 66):
        rig.publish(number)
        rig.hear(A, serial(number))
        written += len(rig.look(10))
    assert 600 / SERIAL_SECONDS <= written <= 600 / SERIAL_SECONDS + 2
    rig.look(SERIAL_SECONDS)
    assert rig.states() == {"192.0.2.1": ("Current", 65)}


def test_a_restart_of_a_secondary_is_no_news() -> None:
    rig = Rig(A)
    rig.publish(5)
    rig.hear(A, serial(5))
    rig.look()
    rig.hear(A, SILENCE)
    assert rig.look(20) == []
    rig.hear(A, serial(5))
    assert [rig.look(20) for _ in range(10)] == [[]] * 10


def test_one_that_is_silent_is_shown_and_forgotten_with_its_key() -> None:
    rig = Rig(A)
    rig.publish(5)
    rig.hear(A, serial(5))
    rig.look()
    rig.hear(A, SILENCE)
    rig.look()
    rig.look(GRACE_SECONDS)
    assert rig.states() == {"192.0.2.1": ("Silent", None)}
    assert rig.statuses[ORIGIN]["servers"][0]["message"] == "it does not answer"
    assert rig.known.set_keys(keys())
    rig.known.published(rig.serials)
    assert rig.look() == [ORIGIN]
    assert rig.statuses == {}


def test_the_newest_serial_of_several_gates_counts() -> None:
    rig = Rig(A)
    rig.publish(6)
    rig.hear(A, SILENCE, gate="cut-off")
    rig.hear(A, serial(5), gate="early")
    rig.hear(A, serial(6), gate="late")
    rig.look()
    assert rig.states() == {"192.0.2.1": ("Current", 6)}


def test_a_new_leader_shows_what_was_shown_until_something_else_is_sure() -> None:
    rig = Rig(A, B)
    rig.publish(5)
    for target in (A, B):
        rig.hear(target, serial(5))
    rig.look()
    rig.hear(B, SILENCE)
    rig.look()
    rig.look(GRACE_SECONDS)
    before = dict(rig.statuses)
    rig.now += 100
    rig.begin(A, B)
    assert rig.known.shown(ORIGIN) == before[ORIGIN]
    rig.hear(A, serial(5), instance="again")
    rig.hear(B, SILENCE, instance="again")
    assert rig.look() == [] and rig.look(GRACE_SECONDS) == []
    assert rig.statuses == before


def test_a_new_leader_waits_for_new_gates_to_ask() -> None:
    rig = Rig(A, B)
    rig.publish(5)
    for target in (A, B):
        rig.hear(target, serial(5))
    rig.look()
    before = dict(rig.statuses)
    rig.begin(A, B)
    rig.hear(A, serial(5), gate="new")
    assert rig.look() == [] and rig.look(2 * GRACE_SECONDS) == []
    rig.hear(B, serial(5), gate="new")
    assert rig.look(1) == []
    assert rig.statuses == before
    rig.begin(A, B)
    rig.hear(A, serial(5), gate="newer")
    assert rig.look() == []
    rig.hear(A, serial(5), gate="newer")
    assert rig.look(KEPT_SECONDS - 1) == []
    rig.hear(A, serial(5), gate="newer")
    rig.look(1)
    rig.hear(A, serial(5), gate="newer")
    rig.look(GRACE_SECONDS)
    assert rig.states() == {"192.0.2.1": ("Current", 5), "2001:db8::1": ("Unknown", None)}


def test_what_a_gate_heard_counts_while_the_next_one_asks() -> None:
    rig = Rig(A)
    rig.publish(5)
    rig.hear(A, serial(5))
    rig.look()
    rig.told_nothing("next", "n")
    assert rig.look(KEPT_SECONDS) == []
    rig.told_nothing("next", "n")
    rig.look(1)
    rig.look(GRACE_SECONDS)
    assert rig.states() == {"192.0.2.1": ("Unknown", None)}


def test_what_a_gate_heard_counts_while_it_asks_again_after_a_restart() -> None:
    rig = Rig(A)
    rig.publish(5)
    rig.hear(A, serial(5), instance="one")
    rig.look()
    rig.told_nothing(instance="two")
    assert rig.look(2 * GRACE_SECONDS) == []
    rig.told_nothing(instance="two")
    assert rig.look(KEPT_SECONDS - 2 * GRACE_SECONDS) == []
    rig.told_nothing(instance="two")
    rig.look(1)
    rig.look(GRACE_SECONDS)
    assert rig.states() == {"192.0.2.1": ("Unknown", None)}


def test_what_a_gate_says_after_a_restart_takes_the_place_of_what_it_said() -> None:
    rig = Rig(A)
    rig.publish(6)
    rig.hear(A, serial(6), instance="one")
    rig.look()
    rig.hear(A, serial(5), instance="two")
    rig.look()
    assert rig.look(GRACE_SECONDS) == [ORIGIN]
    assert rig.states() == {"192.0.2.1": ("Behind", 5)}
    rig.told_nothing(instance="two")
    assert rig.look(KEPT_SECONDS) == []


def test_nothing_is_kept_of_zones_that_are_not_published() -> None:
    rig = Rig(A)
    rig.publish(5)
    rig.hear(A, serial(5))
    rig.look()
    for number in range(100):
        rig.hear(A, serial(5), f"{number}.nobody.example.")
    del rig.serials[ORIGIN]
    rig.known.published([ORIGIN])
    rig.look()
    assert rig.known.kept == 0


def test_an_answer_about_a_zone_that_is_known_later_is_read_again() -> None:
    rig = Rig(A)
    rig.publish(5, "other.example.")
    rig.look()
    rig.hear(A, serial(5))
    rig.look()
    assert not rig.known.missed
    rig.publish(5)
    rig.look()
    assert rig.known.missed
    rig.publish(5, "third.example.")
    rig.look()
    assert not rig.known.missed


def test_a_dead_secondary_of_many_zones_is_told_some_zones_at_a_time() -> None:
    rig = Rig(A)
    origins = [f"{number}.example." for number in range(3 * TOLD_AT_ONCE)]
    for origin in origins:
        rig.publish(5, origin)
        rig.hear(A, serial(5), origin)
    while rig.look():
        pass
    for origin in origins:
        rig.hear(A, SILENCE, origin)
    assert rig.look() == []
    told = [rig.look(GRACE_SECONDS), rig.look(10), rig.look(10)]
    assert [len(each) for each in told] == [TOLD_AT_ONCE] * 3
    assert rig.look(10) == []
    assert {state for origin in origins for state, _ in rig.states(origin).values()} == {"Silent"}


def test_only_what_keys_name_is_kept() -> None:
    rig = Rig(A, zones=frozenset([ORIGIN]))
    rig.publish(5)
    rig.publish(5, "two.example.")
    rig.hear(A, serial(5), "two.example.")
    rig.hear(B, serial(5))
    rig.look()
    assert rig.look(GRACE_SECONDS) == []
    assert rig.states() == {"192.0.2.1": ("Unknown", None)}
    assert rig.states("two.example.") == {}


def test_a_zone_that_is_published_no_more_shows_none() -> None:
    rig = Rig(A)
    rig.publish(5)
    rig.hear(A, serial(5))
    rig.look()
    del rig.serials[ORIGIN]
    rig.known.published([ORIGIN])
    assert rig.look() == [ORIGIN] and rig.statuses == {}


def test_very_many_secondaries_are_counted_and_those_with_something_wrong_are_named() -> None:
    targets = [Target(f"10.0.0.{number}", 53) for number in range(30)]
    rig = Rig(*targets)
    rig.publish(5)
    for target in targets[:-1]:
        rig.hear(target, serial(5))
    rig.hear(targets[-1], serial(4))
    rig.look()
    rig.look(GRACE_SECONDS)
    shown = rig.statuses[ORIGIN]
    assert (shown["count"], shown["current"], len(shown["servers"])) == (30, 29, 16)
    assert shown["servers"][0]["address"] == "10.0.0.29"
    assert shown["servers"][0]["state"] == "Behind"

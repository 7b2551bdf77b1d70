"""What happens to objects, to the writer and to the core: the first part of the rules."""

from collections.abc import Sequence
from functools import cache
from typing import TypeVar

from dnsfleet.replication import keys
from dnsfleet_engine import Zone
from dnsfleet_publisher.publishing import Desired
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from support.fleet_models.fleets import YEAR, Fleet
from support.fleet_models.memory_redis import Data
from support.zones import make_zone

ORIGINS = ("a.example.", "b.example.", "c.example.")
ORIGIN = st.sampled_from(ORIGINS)
PLACES = st.sampled_from([None, None, ("ams",), ("fra",), ("ams", "fra")])
BACK = st.integers(1, 6)
"""Publications."""
PICK = st.integers(0, 30)
"""Which of some things: its rest modulo their number."""
LAST_OCTETS = 200

T = TypeVar("T")


def pick(these: Sequence[T], which: int) -> T:
    """One of these."""
    return these[which % len(these)]


@cache
def content(origin: str, number: int) -> Zone:
    """A zone that differs from those of other numbers."""
    return make_zone(origin, [("www", "A", f"192.0.2.{number}")])


class CoreRules(RuleBasedStateMachine):
    """A fleet whose edges do nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.fleet = Fleet()
        self.number = 0
        self.backups: list[tuple[Data, dict[str, Desired]]] = []

    # Objects and passes

    @rule(origin=ORIGIN, pops=PLACES, then=st.booleans())
    def apply(self, origin: str, pops: tuple[str, ...] | None, then: bool) -> None:
        self.number = self.number % LAST_OCTETS + 1
        self.fleet.writer.want(origin, Desired(content(origin, self.number), pops))
        if then:
            self.fleet.writer.run()

    @rule(origin=ORIGIN)
    def delete(self, origin: str) -> None:
        self.fleet.writer.want(origin, None)

    @rule()
    def run_a_pass(self) -> None:
        self.fleet.writer.run()

    @rule()
    def look(self) -> None:
        self.fleet.look()

    @rule(then=st.booleans())
    def restart_the_writer(self, then: bool) -> None:
        self._go_on(True, then)

    @rule(seconds=st.sampled_from([0.0, -86400.0, -3600.0, 10 * YEAR]))
    def move_the_writers_clock(self, seconds: float) -> None:
        self.fleet.clocks.wrong = seconds

    @rule(then=st.sampled_from(["refused", "done", "later"]))
    def lose_an_answer(self, then: str) -> None:
        self.fleet.core.lost_answer = then

    @rule()
    def carry_out_what_is_late(self) -> None:
        self.fleet.core.carry_out()

    # The core

    @rule()
    def back_up(self) -> None:
        kept = (self.fleet.core.data.copy(), dict(self.fleet.writer.desired))
        self.backups = [*self.backups[-2:], kept]

    @precondition(lambda self: self.backups)
    @rule(which=PICK, objects=st.booleans(), restart=st.booleans(), then=st.booleans())
    def restore(self, which: int, objects: bool, restart: bool, then: bool) -> None:
        kept, desired = pick(self.backups, which)
        self.fleet.core.data = kept.copy()
        if objects:
            for origin in ORIGINS:
                now, before = self.fleet.writer.desired.get(origin), desired.get(origin)
                if now != before:
                    self.fleet.writer.want(origin, before)
        self._go_on(restart, then)

    @precondition(lambda self: self.fleet.core.moments)
    @rule(back=BACK, restart=st.booleans(), then=st.booleans())
    def lose_the_last_writes(self, back: int, restart: bool, then: bool) -> None:
        moments = self.fleet.core.moments
        self.fleet.core.data = moments[-min(back, len(moments))].copy()
        self._go_on(restart, then)

    @rule(restart=st.booleans(), then=st.booleans())
    def wipe_the_core(self, restart: bool, then: bool) -> None:
        self.fleet.core.data = Data()
        self._go_on(restart, then)

    @rule(which=PICK)
    def delete_a_key(self, which: int) -> None:
        core = self.fleet.core.data
        core.delete(pick(sorted({*core.values, *core.hashes, keys.LOG}), which))

    @rule()
    def let_an_hour_pass(self) -> None:
        self.fleet.clocks.now += 3600
        self.fleet.core.data.expire()

    @rule(keep=st.integers(0, 3))
    def trim_the_log(self, keep: int) -> None:
        log = self.fleet.core.data.log
        del log[: max(0, len(log) - keep)]

    def _go_on(self, restart: bool, then: bool) -> None:
        if restart:
            self.fleet.writer.restart()
        if then:
            self.fleet.writer.run()

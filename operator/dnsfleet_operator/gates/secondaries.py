"""How the secondaries of all zones stand, by what gates tell and what is published. Pure.

    rows of gates ──▶ the answer that counts ──▶ standing ──▶ what the status of a Zone is to say
    keys, serials ──────────────────────────────────┘             changed? when it was told last?

Work follows the change: an origin is looked at when an answer, its serial or a key changed, and
when the minute is over after which a secondary is called behind. What a status says changes at once
where a state is another one; where only serials are, at most once in SERIAL_SECONDS. A dead
secondary of thousands of zones changes at most TOLD_AT_ONCE Zones at a look. What a Zone shows when
a leader begins stays until something else is sure.

What a gate heard counts for KEPT_SECONDS after it was read last, or started again. So when gates
are replaced, zones do not become Unknown until the next gate has asked for all of them.

Nothing is kept of zones that are not published: a gate could name any number of them.
"""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple

from dnsfleet.secondaries import answers
from dnsfleet.secondaries.answers import Answer, Pair
from dnsfleet.secondaries.pages import Page
from dnsfleet.secondaries.standings import GRACE_SECONDS, Standing
from dnsfleet.tsig_keys import Target, UsableKey

from dnsfleet_operator.statuses import secondaries
from dnsfleet_operator.statuses.secondaries import CURRENT, Shown, Told

SERIAL_SECONDS = 60.0
"""Between two changes of what the status of a Zone says, where no state is another one: each
is a write to etcd, and tells watchers of the Zone."""
TOLD_AT_ONCE = 100
"""Zones that one look tells something new."""
KEPT_SECONDS = 900.0
"""A gate asks a secondary of 9,000 zones about each in that time."""


class Zones(NamedTuple):
    """What is known of zones."""

    serial: Callable[[str], int | None]
    """What is published; None where nothing is."""
    shown: Callable[[str], Shown | None]
    """What the Zone of an origin shows of its secondaries."""


class _Gate:
    """What one gate told."""

    def __init__(self) -> None:
        self.instance = ""
        self.answers: dict[Pair, Answer] = {}
        self.read_at = 0.0
        self.started_at = 0.0
        self.lags: dict[Target, float] = {}
        """For how many seconds its questions to a secondary wait."""
        self.old: set[Pair] = set()
        """What it told before it started again, and has not told since."""

    def is_now(self, instance: str, now: float) -> None:
        """It has this name since its last start."""
        if instance != self.instance:
            self.instance, self.started_at = instance, now
            self.old = set(self.answers)

    def hear(self, pair: Pair, answer: Answer) -> None:
        self.answers[pair] = answer
        self.old.discard(pair)

    def forget(self, pair: Pair) -> None:
        self.answers.pop(pair, None)
        self.old.discard(pair)


class Secondaries:
    """What one leader knows of them. Times are monotonic seconds; `wall` is Unix time."""

    def __init__(self, zones: Zones) -> None:
        self._zones = zones
        self._asked: list[tuple[object, ...]] = []
        self._of_all: frozenset[Target] = frozenset()
        self._of_zone: dict[str, frozenset[Target]] = {}
        """By origin, the secondaries that a key for it names."""
        self._gates: dict[str, _Gate] = {}
        self._standings: dict[str, dict[Target, tuple[Standing, str]]] = {}
        """By origin, with since when the state is this one."""
        self._told: dict[str, Shown | None] = {}
        self._told_at: dict[str, float] = {}
        self._news: dict[str, Shown | None] = {}
        """What is not told yet."""
        self._stale: set[str] = set()
        self._due: list[tuple[float, str]] = []
        self._began: float | None = None
        """The time of the first look."""
        self._early = False
        """Whether a gate told of a zone that was not known to be published."""
        self.missed = False
        """Whether there may be answers about a new zone that were not kept: gates are to be read
        anew. As the last look found it."""

    @property
    def kept(self) -> int:
        """How many answers of gates are kept."""
        return sum(len(each.answers) for each in self._gates.values())

    def set_keys(self, keys: Iterable[UsableKey]) -> bool:
        """These are the keys of gates; whether their secondaries are others than before.

        Then all zones may have others.
        """
        used = [each for each in keys if each.secondaries and each.transfers]
        asked: list[tuple[object, ...]] = [(each.zones, each.secondaries) for each in used]
        if asked == self._asked:
            return False
        self._asked = asked
        self._of_all = frozenset(t for each in used if each.zones is None for t in each.secondaries)
        of_zone: defaultdict[str, frozenset[Target]] = defaultdict(frozenset)
        for each in used:
            for origin in each.zones or ():
                of_zone[origin] |= frozenset(each.secondaries)
        self._of_zone = dict(of_zone)
        return True

    def published(self, origins: Iterable[str]) -> None:
        """These zones have, or may have, another serial; or are published no more."""
        self._stale.update(origins)

    def hear(self, gate: str, page: Page, now: float) -> None:
        """A gate told this."""
        known = self._gates.setdefault(gate, _Gate())
        known.is_now(page.instance, now)
        known.read_at = now
        known.lags = {Target(address, port): lag for address, port, lag in page.lags}
        for pair, answer in page.answers.items():
            if pair.target not in self._targets(pair.origin):
                continue
            if self._zones.serial(pair.origin) is None:
                self._early = True
                continue
            known.hear(pair, answer)
            self._stale.add(pair.origin)

    def shown(self, origin: str) -> Shown | None:
        """What the status of a Zone is to show; None where it has no secondaries."""
        if origin not in self._told:
            self._told[origin] = self._zones.shown(origin)
        return self._told[origin]

    def look(self, now: float, wall: float) -> list[str]:
        """The origins of which something else is to be shown from now on."""
        self._began = now if self._began is None else self._began
        self.missed = False
        self._forget_gates(now)
        while self._due and self._due[0][0] <= now:
            self._stale.add(heapq.heappop(self._due)[1])
        for origin in self._stale:
            found = self._judge(origin, now, wall)
            if found == self.shown(origin):
                self._news.pop(origin, None)
            else:
                self._news[origin] = found
        self._stale.clear()
        told: list[str] = []
        for origin, found in list(self._news.items()):
            if len(told) == TOLD_AT_ONCE:
                break
            quiet = not secondaries.is_news(self.shown(origin), found)
            if quiet and now - self._told_at.get(origin, self._began) < SERIAL_SECONDS:
                continue
            del self._news[origin]
            self._told[origin], self._told_at[origin] = found, now
            told.append(origin)
        return told

    def _judge(self, origin: str, now: float, wall: float) -> Shown | None:
        """What is to be shown of one zone."""
        serial, targets = self._zones.serial(origin), self._targets(origin)
        before = self._standings.get(origin)
        self._forget(origin, (before or {}).keys() - (frozenset() if serial is None else targets))
        if serial is None or not targets:
            self._standings.pop(origin, None)
            return None
        if before is None:
            if self._early:
                self._early, self.missed = False, True
            shown = secondaries.states(self.shown(origin))
            if self._has_to_wait(origin, shown.keys() & targets, now):
                return self.shown(origin)
            before = {target: (Standing(state), since) for target, (state, since) in shown.items()}
        after: dict[Target, tuple[Standing, str]] = {}
        found: list[Told] = []
        for target in targets:
            answer, lag = self._answer(Pair(origin, target)), self._lag(target, now)
            standing, since = before.get(target, (Standing(), ""))
            new = standing.after(answer, serial, now, lag)
            if new.state != standing.state or not since:
                ago = 0.0 if new.state == CURRENT else new.seconds_behind(now)
                since = secondaries.rfc3339(wall - ago)
            if (due := new.due(answer, serial, lag)) is not None:
                heapq.heappush(self._due, (due, origin))
            after[target] = new, since
            has = answer.serial if answer.kind == "serial" else None
            found.append(Told(target, new.state, since, has, answer.problem))
        self._standings[origin] = after
        return secondaries.field(found)

    def _has_to_wait(self, origin: str, shown: Iterable[Target], now: float) -> bool:
        """Whether gates are still to tell of secondaries that were shown before this leader.

        An upgrade replaces gates and operators at the same time.
        """
        end = (now if self._began is None else self._began) + KEPT_SECONDS
        waits = any(self._answer(Pair(origin, each)) is answers.UNASKED for each in shown)
        if not waits or now >= end:
            return False
        heapq.heappush(self._due, (end, origin))
        return True

    def _answer(self, pair: Pair) -> Answer:
        told = (gate.answers.get(pair) for gate in self._gates.values())
        return answers.best(each for each in told if each is not None)

    def _lag(self, target: Target, now: float) -> float:
        """For how long gates that are there have waited to ask a secondary."""
        there = (each for each in self._gates.values() if now - each.read_at < GRACE_SECONDS)
        return max((each.lags.get(target, 0.0) for each in there), default=0.0)

    def _targets(self, origin: str) -> frozenset[Target]:
        """The secondaries of a zone."""
        return self._of_all | self._of_zone.get(origin, frozenset())

    def _forget_gates(self, now: float) -> None:
        for name, each in list(self._gates.items()):
            gone: set[Pair] = set()
            if now - each.read_at > KEPT_SECONDS:
                gone.update(self._gates.pop(name).answers)
            elif now - each.started_at > KEPT_SECONDS:
                gone.update(each.old)
            for pair in gone:
                each.forget(pair)
                self._stale.add(pair.origin)

    def _forget(self, origin: str, targets: Iterable[Target]) -> None:
        """A zone has these secondaries no more."""
        for target in targets:
            for gate in self._gates.values():
                gate.forget(Pair(origin, target))

"""One prober: rounds of asking, each of all zones of the list at its targets.

A fault counts only when it is still there after news had the time to come: by then a newer list
says that the Pop is drained, or not ready, and the manifests say which zones were published again
or removed. Where a zone is not what the edges of a Pop prove, that Pop is asked for it in every
round until it is, also when the lists have come to others.
"""

import itertools
import logging
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple, Protocol

from dnsfleet.probing import division, judging
from dnsfleet.probing.judging import TRANSPORTS, Replies, Verdict
from dnsfleet.probing.lists import LIST_SECONDS, ProbedPop, ProbedZone, ProbeList
from dnsfleet.replication.manifests import Manifest
from dnsfleet_io.logs import line

from dnsfleet_probe import asking
from dnsfleet_probe.asking import Places
from dnsfleet_probe.replica import UnreadableError

ASKED_AT_ONCE = 64
"""Threads, each of which asks one address over one transport and mostly waits. 60 Pops with two
addresses that do not answer take 15 s."""
CONFIRM_SECONDS = LIST_SECONDS + 5.0
"""Until a newer list is there, if the writer runs and the replica follows."""
POLL_SECONDS = 0.5
MAX_WRONG = 50
"""Zones of a Pop that are asked for again: where more are wrong they have one reason."""

log = logging.getLogger(__name__)


class Source(Protocol):
    """Where the list comes from; every method may raise UnreadableError."""

    def probe_list(self) -> ProbeList:
        """The list that is there now."""

    def manifests(self, origins: Sequence[str]) -> Mapping[str, Manifest]:
        """The newest manifests of these zones, as far as there are any."""


class Round(NamedTuple):
    """What one round found."""

    list: ProbeList
    """The one that the verdicts are about."""
    verdicts: tuple[Verdict, ...]
    """One for each Pop that was asked."""
    problem: str = ""
    """Why there is no newer list; empty where it was read."""


class Prober:
    """The prober of a place: the name of its Pop, or any other text."""

    def __init__(self, place: str, source: Source, stopping: threading.Event) -> None:
        """`stopping` ends a wait, and a round within the time of one query."""
        self._place = place
        self._source = source
        self._stopping = stopping
        self._known: ProbeList | None = None
        self._problem = ""
        self._wrong: dict[str, tuple[ProbedZone, ...]] = {}
        """By Pop, the zones that were not what its edges prove in the last round."""

    def round(self, confirm_seconds: float = CONFIRM_SECONDS) -> Round:
        """Ask all targets once.

        UnreadableError where no list was ever there, StoppedError where it was stopped. Where
        something is wrong it waits for a newer list, `confirm_seconds` at most, and asks that Pop
        again.
        """
        first = self._news()
        verdicts = self._ask(division.targets(self._place, first.pops), first.zones)
        suspects = {each.pop.name for each in verdicts if each.faults}
        if suspects:
            newest = self._wait_for_news(first, confirm_seconds)
            known = {pop.name: pop.exceptions for pop in first.pops}
            asked_again = [
                pop._replace(exceptions=(*pop.exceptions, *known.get(pop.name, ())))
                for pop in division.targets(self._place, newest.pops)
                if pop.name in suspects
            ]
            rest = [each for each in verdicts if each.pop.name not in suspects]
            zones = (*first.zones, *newest.zones)
            verdicts = [*rest, *map(self._settled, self._ask(asked_again, zones))]
        self._wrong = {each.pop.name: each.contradicted[:MAX_WRONG] for each in verdicts}
        newest = self._known or first
        ordered = sorted(verdicts, key=lambda each: each.pop.name)
        return Round(newest, tuple(ordered), self._problem)

    def _news(self) -> ProbeList:
        """The newest list that was ever there."""
        try:
            found = self._source.probe_list()
        except UnreadableError as error:
            if self._known is None:
                raise
            if str(error) != self._problem:
                log.warning(line("list_unreadable", problem=error))
            self._problem = str(error)
            return self._known
        self._problem = ""
        if self._known is None or found.revision >= self._known.revision:
            self._known = found
        return self._known

    def _wait_for_news(self, than: ProbeList, seconds: float) -> ProbeList:
        end = time.monotonic() + seconds
        while (found := self._news()).revision <= than.revision and time.monotonic() < end:
            if self._stopping.wait(POLL_SECONDS):
                break
        return found

    def _ask(self, pops: Sequence[ProbedPop], zones: Sequence[ProbedZone]) -> list[Verdict]:
        """Ask these Pops for these zones, and for those that were not what their edges prove."""
        newest = {each.zone: each for each in zones}
        begun: list[tuple[ProbedPop, list[ProbedZone], Places, list[Future[Replies]]]] = []
        with ThreadPoolExecutor(ASKED_AT_ONCE, "ask") as pool:
            for pop, places in zip(pops, pool.map(asking.resolve, pops), strict=True):
                wrong = {each.zone: each for each in self._wrong.get(pop.name, ())}
                asked = [each for each in (wrong | newest).values() if each.is_in(pop)]
                where = itertools.product(places.addresses, TRANSPORTS)
                futures = [pool.submit(asking.ask, *each, asked, self._stopping) for each in where]
                begun.append((pop, asked, places, futures))
            return [
                judging.judge(pop, asked, [*(f.result() for f in futures), *places.unresolved])
                for pop, asked, places, futures in begun
            ]

    def _settled(self, verdict: Verdict) -> Verdict:
        """Without the zones that were published again, or removed, while they were asked for."""
        wrong = [each for each in verdict.asked if each.zone in verdict.wrong]
        if not wrong:
            return verdict
        try:
            now = self._source.manifests([each.zone for each in wrong])
        except UnreadableError:
            return verdict
        moved = {each.zone for each in wrong if not each.is_still(now.get(each.zone))}
        return judging.without(verdict, moved)

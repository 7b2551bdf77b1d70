"""Asks one secondary about its zones, as `turns` says, and keeps what it answers.

One question without an answer is no news: packets get lost. A secondary that never answered a
question about any zone may be there for NOTIFY only, as the distribution servers of some DNS hosts
are. Of such a one nothing is known, and nothing is wrong.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from random import random
from typing import NamedTuple

from dnsfleet.secondaries.answers import UNASKED, Answer, Pair
from dnsfleet.secondaries.standings import Standing, State
from dnsfleet.tsig_keys import Target, UsableKey

from dnsfleet_gate.secondaries import asking
from dnsfleet_gate.secondaries.rows import Rows
from dnsfleet_gate.secondaries.turns import Turns

AT_ONCE = 8
"""Questions that wait for an answer: it may be half a second away."""
MISSED = 2
"""Questions in a row about one zone without an answer, until that counts."""
NEVER = Answer("unknown", problem="it has not answered a query for any zone yet")


class Given(NamedTuple):
    """What all secondaries share."""

    keys: Callable[[Pair], list[UsableKey]]
    """That can sign a question."""
    serial: Callable[[str], int | None]
    """What this gate has of a zone."""
    rows: Rows
    pace: Callable[[], Awaitable[None]]
    """Waits until a question may be asked."""
    asked: Callable[[str], None]
    """Gets the kind of each answer."""


class Secondary:
    """One of them. For the thread of the event loop, but `standing`."""

    def __init__(self, target: Target, given: Given) -> None:
        self._target = target
        self._given = given
        self._turns = Turns(random)
        self._answers: dict[str, Answer] = {}
        self._standings: dict[str, Standing] = {}
        self._missed: Counter[str] = Counter()
        self._tries = 0
        self._answered = False
        """Whether it ever gave the SOA of a zone."""
        self._woken = asyncio.Event()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._questions: set[asyncio.Task[None]] = set()
        self._task = asyncio.create_task(self._run())

    def set(self, origins: Iterable[str]) -> None:
        """These are its zones now."""
        before = self._turns.origins
        self._turns.set(origins, time.monotonic())
        for gone in before - self._turns.origins:
            self._answers.pop(gone, None)
            self._standings.pop(gone, None)
            del self._missed[gone]
            self._given.rows.forget(Pair(gone, self._target))
        self._woken.set()

    def changed(self, origin: str) -> None:
        """A zone has a new revision."""
        self._turns.changed(origin, time.monotonic())
        if origin in self._answers:
            self._judge(origin)
        self._woken.set()

    async def stop(self) -> None:
        """Ask it no more."""
        self.set(())
        tasks = [self._task, *self._questions]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def standing(self, now: float) -> tuple[float | None, Counter[State]]:
        """For how long it has lacked something, in seconds, and how many zones are in each state.

        None of one that never gave the SOA of a zone: it is not known. From any thread.
        """
        behind, states, lag = 0.0, Counter[State](), self._turns.lag
        standings = self._standings.copy()
        for origin, standing in standings.items():
            answer, serial = self._answers.get(origin, UNASKED), self._given.serial(origin)
            now_so = standing if serial is None else standing.after(answer, serial, now, lag)
            states[now_so.state] += 1
            behind = max(behind, standing.seconds_behind(now, lag))
        states["Unknown"] += len(self._turns.origins - standings.keys())
        return (behind if self._answered else None), states

    @property
    def lag(self) -> float:
        """For how many seconds questions about its zones wait. From any thread."""
        return self._turns.lag

    async def _run(self) -> None:
        while True:
            due = self._turns.due()
            left = None if due is None else due - time.monotonic()
            if left is None or left > 0:
                self._woken.clear()
                try:
                    async with asyncio.timeout(left):
                        await self._woken.wait()
                except TimeoutError:
                    pass
                continue
            await self._slots.acquire()
            await self._given.pace()
            due, now = self._turns.due(), time.monotonic()
            if due is None or due > now:
                self._slots.release()
                continue
            question = asyncio.create_task(self._ask(self._turns.take(now)))
            self._questions.add(question)
            question.add_done_callback(self._questions.discard)

    async def _ask(self, origin: str) -> None:
        try:
            pair = Pair(origin, self._target)
            keys, serial = self._given.keys(pair), self._given.serial(origin)
            if not keys or serial is None:
                return
            # While a secret is exchanged, the secondary may know only one of them.
            answer = await asking.ask(pair, keys[self._tries % len(keys)])
            self._tries += answer.kind != "serial"
            self._given.asked(answer.kind)
            self._heard(origin, answer)
        finally:
            self._slots.release()
            self._woken.set()

    def _heard(self, origin: str, answer: Answer) -> None:
        if origin not in self._turns.origins:
            return
        self._answered = self._answered or answer.kind == "serial"
        anything = answer.kind != "silence"
        self._missed[origin] = 0 if anything else self._missed[origin] + 1
        if anything or self._missed[origin] >= MISSED:
            self._put(origin, answer)
        current = self._standings.get(origin, Standing()).goal is None and anything
        self._turns.answered(origin, anything=anything, current=current, now=time.monotonic())
        if self._turns.silent:
            self._put_of_all(answer)

    def _put_of_all(self, silence: Answer) -> None:
        """It is silent, which holds for its other zones, too; only what is new costs anything."""
        kind = silence.kind if self._answered else NEVER.kind
        for each in self._turns.origins:
            before = self._answers.get(each)
            if before is None or before.kind != kind:
                self._put(each, silence)

    def _put(self, origin: str, answer: Answer) -> None:
        if answer.kind == "silence" and not self._answered:
            answer = NEVER
        self._answers[origin] = answer
        self._given.rows.put(Pair(origin, self._target), answer)
        self._judge(origin)

    def _judge(self, origin: str) -> None:
        if (serial := self._given.serial(origin)) is not None:
            before = self._standings.get(origin, Standing())
            now = time.monotonic()
            answer, lag = self._answers[origin], self._turns.lag
            self._standings[origin] = before.after(answer, serial, now, lag)

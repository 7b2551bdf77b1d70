"""The commands to load all zones anew, as the replica has them.

They are signed Pop commands (see `dnsfleet.replication.pop_commands`), of which this kind is for
edges. Only the newest one counts: it does what those before it ask for. An edge keeps no journal of
them. One that starts anew while the command has not expired does it once more, and serves the same
after it as before.

To load takes processor time from answers, and all edges of a Pop hear a command in the same
second. So each waits for a random time first, out of IN_TURN times what its own loading takes: then
few load at the same time, and seldom all. Edges need not know of each other for that.
"""

import logging
import random
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from dnsfleet.replication import events, pop_commands
from dnsfleet.replication.pop_commands import SNAPSHOT
from dnsfleet.replication.public_keys import PublicKeys
from dnsfleet.replication.revisions import Revision
from dnsfleet_engine import Engine
from dnsfleet_following.link import LOOK_SECONDS
from dnsfleet_io.logs import line

IN_TURN = 8
"""So two edges load at the same time in a quarter of all refreshes, and three in one of 23."""
ZONE_SECONDS, RECORD_SECONDS = 0.005, 4e-5
"""Measured on two busy cores: 1,000 zones of three records took 5 s, one of 200,000 took 9 s."""
LONGEST_WAIT_SECONDS = 600.0
"""Whoever asked looks for what became of it. 10,000 zones of ten records need no more."""

log = logging.getLogger(__name__)


def load_seconds(engine: Engine) -> float:
    """About how long it takes to load all zones that an engine serves."""
    zones = (engine.zone(origin) for origin in engine.origins())
    return sum(ZONE_SECONDS + zone.records * RECORD_SECONDS for zone in zones if zone is not None)


class _Waiting(NamedTuple):
    """A command that is to be done."""

    begin: float
    """Monotonic seconds."""
    number: Revision
    expires_ms: int
    """From when it is not begun any more, Unix time in milliseconds."""


class RefreshCommands:
    """What one edge was told. Not thread-safe: it belongs to the link's thread."""

    def __init__(self, pop: str, trusted: PublicKeys, load_seconds: Callable[[], float]) -> None:
        """`load_seconds` says about how long it takes to load all zones that are served now."""
        self.trusted = trusted
        self.pop = pop
        self._load_seconds = load_seconds
        self._seen: tuple[Sequence[bytes], PublicKeys] | None = None
        self._taken = Revision(0, 0)
        self._waiting: _Waiting | None = None
        self._cut = False

    def disconnected(self) -> None:
        """The replica could not be asked for a while."""
        self._cut = True

    def take(self, entries: Sequence[bytes]) -> events.Refresh | None:
        """What is to be done now by these entries and those before, and was not told yet."""
        waiting = self._waiting
        if waiting is not None and waiting.expires_ms <= _now_ms():
            log.warning(line("refresh_expired", command=waiting.number))
            self._waiting = None
        elif waiting is not None and self._cut and waiting.begin <= time.monotonic():
            # The wait of every edge of the Pop may have ended in the cut, and all are back now.
            self._waiting = self._wait(waiting.number, waiting.expires_ms)
        self._cut = False
        if (entries, self.trusted) != self._seen:
            self._seen = (entries, self.trusted)  # to verify them again would cost more
            self._hear(entries)
        if self._waiting is None or time.monotonic() < self._waiting.begin:
            return None
        number = self._waiting.number
        self._waiting = None
        return events.Refresh(number)

    def _hear(self, entries: Sequence[bytes]) -> None:
        """Have the newest command of these done, if it is news and has not expired."""
        now_ms = _now_ms()
        expiries = {
            each.sequence: each.request.expires_ms
            for each in pop_commands.readable(entries, self.pop, self.trusted)
            if each.request.verb == SNAPSHOT and now_ms < each.request.expires_ms
        }
        newest = max(expiries, default=self._taken)
        if newest <= self._taken:
            return
        self._taken = newest
        before, made = self._waiting, self._wait(newest, expiries[newest])
        begin = made.begin if before is None else min(made.begin, before.begin)
        self._waiting = made._replace(begin=begin)

    def _wait(self, number: Revision, expires_ms: int) -> _Waiting:
        """Begin so much later, by chance."""
        in_time = max(0.0, (expires_ms - _now_ms()) / 1000 - LOOK_SECONDS)
        longest = min(IN_TURN * self._load_seconds(), LONGEST_WAIT_SECONDS, in_time)
        seconds = random.uniform(0, longest)  # noqa: S311 - nobody gains by guessing it
        log.info(line("refresh_waits", command=number, seconds=f"{seconds:.1f}"))
        return _Waiting(time.monotonic() + seconds, number, expires_ms)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000

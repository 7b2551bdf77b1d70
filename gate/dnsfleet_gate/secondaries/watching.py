"""The secondaries of all keys, each of which is asked by itself (see `one_secondary`).

So one that is slow or dead holds up no other. All of them together are asked at most ALL_A_SECOND
questions.
"""

import asyncio
import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from urllib.parse import parse_qsl

from dnsfleet.secondaries import pages
from dnsfleet.secondaries.answers import Pair
from dnsfleet.secondaries.standings import State
from dnsfleet.tsig_keys import Target, UsableKey
from dnsfleet_engine import Engine
from dnsfleet_io.pages import Page, json_page

from dnsfleet_gate.secondaries.one_secondary import Given, Secondary
from dnsfleet_gate.secondaries.rows import Rows
from dnsfleet_gate.secondaries.samples import SecondaryMetrics

ALL_A_SECOND = 200.0
"""Questions to all secondaries: each costs less than a millisecond of the gate's processor, of
which transfers are to have the most."""
INSTANCE_OCTETS = 8
"""Of randomness in the name of one start of a gate."""
POSITION_DIGITS = 18
"""More than a gate counts in its life."""


class Watch:
    """What is known of the secondaries. For the thread of the event loop, but `standings`."""

    def __init__(
        self,
        keys: Callable[[], list[UsableKey]],
        engine: Engine,
        metrics: SecondaryMetrics,
    ) -> None:
        """`keys` gives those whose secondaries are asked, another list after each change."""
        self._keys = keys
        self._engine = engine
        self._rows = Rows(secrets.token_hex(INSTANCE_OCTETS))
        self._given = Given(self._keys_of, self._serial, self._rows, self._pace, metrics.asked)
        metrics.standings = self.standings
        self._next = 0.0
        self._secondaries: dict[Target, Secondary] = {}
        self._seen: list[UsableKey] = []
        self._known: frozenset[str] = frozenset()
        self._stale = True
        """Whether there may be other zones than those that are known."""

    def changed(self, origin: str) -> None:
        """A zone has a new revision, or is gone."""
        if origin not in self._known or self._serial(origin) is None:
            self._stale = True
        for each in list(self._secondaries.values()):
            each.changed(origin)

    async def look(self) -> None:
        """See which secondaries there are now, and of which zones."""
        keys = self._keys()
        if keys == self._seen and not self._stale:
            return
        self._seen, self._stale = keys, False
        self._known = frozenset(self._engine.origins())
        zones: defaultdict[Target, frozenset[str]] = defaultdict(frozenset)
        for key in keys:
            if key.secondaries and key.transfers:
                told = self._known if key.zones is None else self._known & key.zones
                for target in key.secondaries:
                    zones[target] |= told
        for target in self._secondaries.keys() - zones.keys():
            await self._secondaries.pop(target).stop()
        for target, told in zones.items():
            if target not in self._secondaries:
                self._secondaries[target] = Secondary(target, self._given)
            self._secondaries[target].set(told)

    async def stop(self) -> None:
        """Ask nobody any more."""
        secondaries, self._secondaries = self._secondaries, {}
        await asyncio.gather(*(each.stop() for each in secondaries.values()))

    def standings(self) -> dict[Target, tuple[float | None, Counter[State]]]:
        """What `Secondary.standing` says of each. From any thread."""
        now = time.monotonic()
        return {target: each.standing(now) for target, each in self._secondaries.copy().items()}

    def page(self, query: str) -> Page:
        """For the operator, what changed after a position (see `dnsfleet.secondaries.pages`).

        `instance=INSTANCE&after=POSITION` say which; without them it is the first page. From any
        thread.
        """
        fields = dict(parse_qsl(query))
        after = fields.get("after", "")
        position = int(after) if after.isdecimal() and len(after) <= POSITION_DIGITS else 0
        found = self._rows.page(fields.get("instance", ""), position)
        lags = pages.lags((t, each.lag) for t, each in self._secondaries.copy().items())
        found = found.model_copy(update={"lags": lags})
        return json_page(found.model_dump_json().encode())

    def _keys_of(self, pair: Pair) -> list[UsableKey]:
        return [
            each
            for each in self._keys()
            if each.allows(pair.origin) and pair.target in each.secondaries
        ]

    def _serial(self, origin: str) -> int | None:
        zone = self._engine.zone(origin)
        return None if zone is None else zone.serial

    async def _pace(self) -> None:
        """Wait until the next question may be asked."""
        now = time.monotonic()
        at = self._next = max(now, self._next + 1 / ALL_A_SECOND)
        await asyncio.sleep(at - now)

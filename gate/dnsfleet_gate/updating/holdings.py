"""What keys have of one zone: read, known and written.

What is read of a key for the first time, or after a batch of which nobody knows what became, counts
once it is published and this gate holds that. Until then an RRset of it that does not show would
look deleted, and be so by the next write.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import NamedTuple

import dns.rcode
from dnsfleet.resources import Reference
from dnsfleet_engine import Zone

from dnsfleet_gate.updating import stores
from dnsfleet_gate.updating.batches import Clock
from dnsfleet_gate.updating.outcomes import Outcome
from dnsfleet_gate.updating.stores import Claims, Store, Stored

LOOK_SECONDS = 0.25
"""How often a RecordSet is read while its change does not show."""
SETTLE_SECONDS = 30.0
"""After this time nobody waits for a change any more."""
WRITE_SECONDS = 0.25
"""Between two writes of a zone: what comes in between goes together."""
MAX_TRIES = 5
"""How often something is looked at anew because somebody else wrote its RecordSet."""


class Surroundings(NamedTuple):
    """What a queue needs of its gate."""

    store: Store
    published: Callable[[str], Zone | None]
    """The zone of an origin as the gate holds it."""
    leading: Callable[[], bool]
    """Whether this gate may write."""
    holds_all: Callable[[float], bool]
    """Whether the gate holds what was published before a time of `clock`."""
    call: Callable[[Callable[[], Stored]], Awaitable[Stored]]
    """Runs something in a thread."""
    spend: Callable[[int], Awaitable[None]]
    """Waits until as many characters may be written."""
    clock: Clock
    written: Callable[[str], None]
    """Counts a write by its outcome."""


class FailedError(Exception):
    """A batch came to nothing; all of its messages get this."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.why)
        self.outcome = outcome


class NotTakenError(Exception):
    """The operator or the store refuses what was written."""


class Holdings:
    """Those of one zone; not thread-safe."""

    def __init__(self, zone: Reference, around: Surroundings, began: float) -> None:
        """`began` is since when nobody else writes, by the clock."""
        self.known: dict[str, Stored] = {}
        """By key, as it was read or written last."""
        self.next_write = 0.0
        """When there may be another write, by the clock."""
        self._zone = zone
        self._around = around
        self._arrived: dict[str, int] = {}
        """By key the generation that this gate has seen published."""
        self._doubtful_at = began
        """What was published before may not be here yet: another gate led, or a batch failed."""

    def doubt(self) -> None:
        """Nobody knows what became of the last writes."""
        self.known.clear()
        self._doubtful_at = self._around.clock()

    def arrived(self, stored: Mapping[str, Stored]) -> None:
        """These are published, and here."""
        self._arrived |= {key: made.generation for key, made in stored.items()}

    async def claims(self, key: str) -> Claims:
        """What a key has; where that is not known it is read, and its publication awaited."""
        if key not in self.known:
            found = await self.read(key)
            if self._arrived.get(key) != found.generation:
                found = await self._publication(key, found)
                self._arrived[key] = found.generation
            self.known[key] = found
        return self.known[key].claims

    async def _publication(self, key: str, found: Stored) -> Stored:
        """What a key has, when the operator has published it and it is here.

        What is not here would count as deleted, and be so by the next write.
        """
        clock = self._around.clock
        until, published = clock() + SETTLE_SECONDS, self._doubtful_at
        while is_on_its_way(found):
            await self._look_again(until, "the change before is not published")
            found, published = await self.read(key), clock()
        while not self._around.holds_all(published):
            await self._look_again(until, "this gate is behind what is published")
        return found

    async def _look_again(self, until: float, why: str) -> None:
        if self._around.clock() > until:
            raise FailedError(Outcome(dns.rcode.SERVFAIL, why))
        await asyncio.sleep(LOOK_SECONDS)

    async def stored(self, key: str) -> Stored:
        """What the store has of a key; it raises what that does."""
        return await self._around.call(lambda: self._around.store.read(key, self._zone))

    async def read(self, key: str) -> Stored:
        """The same; FailedError."""
        try:
            return await self.stored(key)
        except (stores.UnavailableError, stores.RefusedError) as error:
            raise FailedError(_failed(error)) from None

    async def put(self, key: str, claims: Claims) -> Stored:
        """Have these in place of what is known; ConflictError, NotTakenError, FailedError."""
        await self._around.spend(stores.text(claims))
        if not self._around.leading():
            raise FailedError(Outcome(dns.rcode.SERVFAIL, "another gate takes updates"))
        self.next_write = self._around.clock() + WRITE_SECONDS
        write = partial(self._around.store.write, key, self._zone, claims, self.known[key].version)
        try:
            stored = self.known[key] = await self._around.call(write)
        except stores.ConflictError:
            self._around.written("conflict")
            raise
        except stores.RefusedError as error:
            self._around.written("refused")
            raise NotTakenError(str(error)) from None
        except stores.UnavailableError as error:
            self._around.written("failed")
            raise FailedError(_failed(error)) from None
        self._around.written("done")
        return stored


def is_on_its_way(stored: Stored) -> bool:
    """Whether the operator has not said yet what it makes of the last generation."""
    return bool(stored.generation) and stored.programmed < stored.generation and not stored.refusal


def _failed(error: Exception) -> Outcome:
    rcode = dns.rcode.REFUSED if isinstance(error, stores.RefusedError) else dns.rcode.SERVFAIL
    return Outcome(rcode, str(error))

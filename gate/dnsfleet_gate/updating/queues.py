"""The messages of one zone, in order: look at them, write, wait until that is published.

    settled ── a message comes ──> evaluate on what is published ──> write ──> wait ──> settled

While a change is on its way nothing else of the zone is looked at; what comes meanwhile goes
together with the next write. A change has arrived when the zone that this gate holds is as it was
to be. Where that does not come at once, the RecordSet is read: the operator may have refused it.
Then what was before is written again, and each message of the batch has its turn alone, so that it
is the wrong one that is refused, with all that it changed. A RecordSet that the operator took, and
of which an RRset does not show, is one of which this RRset was refused. Where messages changed
nothing but such RRsets, and no others are about them, the others stand.

A batch is one write for each key. Where one of them fails after others, the messages before the
first of its key stand, and those behind have their turn again. A write that meets another version
of the same RRsets, as that with a status, is sent again.

When nobody knows what became of a change, it may stand. The next messages then begin with reading.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple, TypeVar

import dns.rcode
from dnsfleet.resources import Reference
from dnsfleet_engine import Zone
from dnsfleet_io.logs import line

from dnsfleet_gate.updating import arrivals, batches, stores
from dnsfleet_gate.updating.batches import Batch, Clock, Judged
from dnsfleet_gate.updating.outcomes import DONE, Outcome, Waiting
from dnsfleet_gate.updating.ownership import text_key
from dnsfleet_gate.updating.propagations import Propagations
from dnsfleet_gate.updating.rrsets import Changes, Key
from dnsfleet_gate.updating.stores import Claims, Store, Stored

WRITE_SECONDS = 0.25
"""Between two writes of a zone: what comes in between goes together."""
LOOK_SECONDS = 0.25
"""How often a RecordSet is read while its change does not show."""
SHOW_SECONDS = 1.0
"""What is published is in this gate after this time."""
SETTLE_SECONDS = 30.0
"""After this time nobody waits for a change any more."""
MAX_TRIES = 5
"""How often a batch is looked at anew because somebody else wrote its RecordSet: a status that the
operator writes makes another version, too."""

Result = TypeVar("Result")
log = logging.getLogger(__name__)


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


class _FailedError(Exception):
    """A batch came to nothing; all of its messages get this."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.why)
        self.outcome = outcome


class _RefusedError(Exception):
    """The operator refuses what was written."""


class ZoneQueue:
    """Messages of one zone; not thread-safe."""

    def __init__(self, origin: str, zone: Reference, around: Surroundings, began: float) -> None:
        """`began` is since when nobody else writes, by the clock."""
        self.zone = zone
        """The Zone that owns the origin."""
        self._origin = origin
        self._around = around
        self._waiting: deque[Waiting] = deque()
        self._known: dict[str, Stored] = {}
        self._arrived: dict[str, int] = {}
        """By key the generation that this gate has seen published."""
        self._doubtful_at = began
        """What was published before may not be here yet: another gate led, or a batch failed."""
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._propagations = Propagations(self._store_read, around.clock)
        self._next_write = 0.0

    def put(self, waiting: Waiting) -> None:
        """Have a message looked at behind all that came before."""
        self._waiting.append(waiting)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    def changed(self) -> None:
        """The gate holds another revision of the zone."""
        self._changed.set()

    def stop(self) -> None:
        """End; what is under way may stand."""
        if self._task is not None:
            self._task.cancel()
        self._propagations.stop()

    async def _run(self) -> None:
        while self._waiting:
            late = self._around.clock() - SETTLE_SECONDS
            for each in self._waiting:
                if each.arrived < late:
                    each.end(Outcome(dns.rcode.SERVFAIL, "others took too long"))
            tried = [each for each in self._waiting if not each.outcome.done()]
            self._waiting = deque(tried)
            if not tried:
                return
            taken = batches.together(tried)
            try:
                await self._pause()
                await self._one(taken)
            except _FailedError as error:
                self._fail(taken, error.outcome)
            except Exception as error:  # one batch costs its messages
                log.exception(line("update_defect", zone=self._origin))
                self._fail(taken, Outcome(dns.rcode.SERVFAIL, str(error)))

    def _fail(self, taken: Sequence[Waiting], outcome: Outcome) -> None:
        """Nobody knows what became of these."""
        self._known.clear()
        self._doubtful_at = self._around.clock()
        for each in taken:
            self._end(each, outcome)

    async def _pause(self) -> None:
        """Keep the distance of writes, in which more messages come."""
        await asyncio.sleep(max(0.0, self._next_write - self._around.clock()))

    def _end(self, waiting: Waiting, outcome: Outcome) -> None:
        waiting.end(outcome)
        if waiting in self._waiting:
            self._waiting.remove(waiting)

    async def _one(self, first: Sequence[Waiting]) -> None:
        """Do a batch of these messages."""
        for _ in range(MAX_TRIES):
            have = {key: await self._have(key) for key in {each.key.name for each in first}}
            zone = self._around.published(self._origin)
            if zone is None:
                raise _FailedError(Outcome(dns.rcode.SERVFAIL, "the zone is not here"))
            if zone.signed:
                raise _FailedError(Outcome(dns.rcode.REFUSED, "the zone is signed elsewhere"))
            first = [each for each in first if not each.outcome.done()]
            now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            batch = batches.make(first, zone, have, now, self._around.clock)
            for each in batch.judged:
                each.waiting.begun = True  # before anybody else has a turn, who might give it up
            try:
                batch, stored = await self._write(batch)
            except stores.ConflictError:
                self._known.clear()
                continue
            except _RefusedError as error:
                await self._undo(batch, have, str(error))
                return
            await self._wait(batch, stored, have)
            return
        raise _FailedError(Outcome(dns.rcode.SERVFAIL, "somebody else writes the same RecordSet"))

    async def _have(self, key: str) -> Claims:
        """What a key has; where that is not known it is read, and its publication awaited."""
        if key not in self._known:
            found = await self._read(key)
            if self._arrived.get(key) != found.generation:
                found = await self._publication(key, found)
                self._arrived[key] = found.generation
            self._known[key] = found
        return self._known[key].claims

    async def _publication(self, key: str, found: Stored) -> Stored:
        """What a key has, when the operator has published it and it is here.

        What is not here would count as deleted, and be so by the next write.
        """
        clock = self._around.clock
        until, published = clock() + SETTLE_SECONDS, self._doubtful_at
        while _is_on_its_way(found):
            await self._look_again(until, "the change before is not published")
            found, published = await self._read(key), clock()
        while not self._around.holds_all(published):
            await self._look_again(until, "this gate is behind what is published")
        return found

    async def _look_again(self, until: float, why: str) -> None:
        if self._around.clock() > until:
            raise _FailedError(Outcome(dns.rcode.SERVFAIL, why))
        await asyncio.sleep(LOOK_SECONDS)

    async def _store_read(self, key: str) -> Stored:
        return await self._around.call(lambda: self._around.store.read(key, self.zone))

    async def _read(self, key: str) -> Stored:
        try:
            return await self._store_read(key)
        except (stores.UnavailableError, stores.RefusedError) as error:
            raise _FailedError(_failed(error)) from None

    async def _write(self, batch: Batch) -> tuple[Batch, dict[str, Stored]]:
        """Write what a batch changes: as much of it as goes, and by key what is stored then.

        ConflictError, _RefusedError where nothing of it does.
        """
        made: dict[str, Stored] = {}
        for key, claims in batch.writes.items():
            try:
                made[key] = await self._put(key, claims)
            except (stores.ConflictError, _RefusedError):
                if not made:
                    raise
                self._known.pop(key, None)
                return batches.until(batch, key), made
        return batch, made

    async def _put(self, key: str, claims: Claims) -> Stored:
        await self._around.spend(stores.text(claims))
        if not self._around.leading():
            raise _FailedError(Outcome(dns.rcode.SERVFAIL, "another gate takes updates"))
        self._next_write = self._around.clock() + WRITE_SECONDS
        try:
            stored = self._known[key] = await self._put_over(key, claims)
        except stores.RefusedError as error:
            self._around.written("refused")
            raise _RefusedError(str(error)) from None
        except stores.UnavailableError as error:
            self._around.written("failed")
            raise _FailedError(_failed(error)) from None
        self._around.written("done")
        return stored

    async def _put_over(self, key: str, claims: Claims) -> Stored:
        """Write in place of what is known; ConflictError where somebody else wrote other RRsets."""
        for _ in range(MAX_TRIES):
            known = self._known[key]
            write = partial(self._around.store.write, key, self.zone, claims, known.version)
            try:
                return await self._around.call(write)
            except stores.ConflictError:
                self._around.written("conflict")
                found = self._known[key] = await self._read(key)
                if found.claims != known.claims or bool(found.version) != bool(known.version):
                    raise
        raise stores.ConflictError

    async def _wait(
        self, batch: Batch, stored: dict[str, Stored], have: Mapping[str, Claims]
    ) -> None:
        """Wait until all of a batch is here, and end its messages."""
        try:
            missing = await self._arrival(batch.changes, stored) if stored else frozenset()
        except _RefusedError as error:
            await self._undo(batch, have, str(error))
            return
        self._arrived |= {key: made.generation for key, made in stored.items()}
        if missing and not (len(batch.judged) > 1 and batches.is_apart(batch, missing)):
            owner, rtype = text_key(min(missing))
            await self._undo(batch, have, _not_taken(owner, rtype))
            return
        if missing:
            await self._give_up(missing, batch, have)
        for each in batch.judged:
            lost = missing & each.changes.keys()
            if lost:
                owner, rtype = text_key(min(lost))
                self._end(each.waiting, Outcome(dns.rcode.REFUSED, _not_taken(owner, rtype)))
            else:
                self._finish(each, stored)

    def _finish(self, each: Judged, stored: Mapping[str, Stored]) -> None:
        """End a message that is published, now or when it is everywhere."""
        waiting, updates = each.waiting, each.waiting.key.updates
        # What changes nothing may be what another message has changed, and edges do not have yet.
        made = stored.get(waiting.key.name) or self._known.get(waiting.key.name)
        waits = updates is not None and updates.wait == "Propagated" and each.outcome == DONE
        if made is None or not waits or made.propagated >= made.generation:
            self._end(waiting, each.outcome)
            return
        self._waiting.remove(waiting)
        self._propagations.put(waiting, each.outcome, made.generation)

    async def _arrival(self, wanted: Changes, stored: dict[str, Stored]) -> frozenset[Key]:
        """Wait for these changes; those that do not come although their RecordSet was taken.

        _RefusedError where one was not taken.
        """
        clock = self._around.clock
        until, look, programmed = clock() + SETTLE_SECONDS, clock() + LOOK_SECONDS, 0.0
        while missing := arrivals.missing(wanted, self._around.published(self._origin)):
            now = clock()
            if now > until:
                raise _FailedError(
                    Outcome(dns.rcode.SERVFAIL, "it is stored, and not published yet")
                )
            shows = programmed and self._around.holds_all(programmed)
            if shows and now > programmed + SHOW_SECONDS:
                claims = [each.claims for each in stored.values()]
                return arrivals.left_out(missing, claims, self._around.published(self._origin))
            if now >= look:
                look = now + LOOK_SECONDS
                for key, made in stored.items():
                    found = await self._read(key)
                    if found.generation == made.generation:
                        self._known[key] = stored[key] = found
                    if found.refusal:
                        raise _RefusedError(found.refusal)
                on_its_way = any(map(_is_on_its_way, stored.values()))
                programmed = 0.0 if on_its_way else programmed or now
            self._changed.clear()
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._changed.wait()
            except TimeoutError:
                continue
        return frozenset()

    async def _undo(self, batch: Batch, have: Mapping[str, Claims], why: str) -> None:
        """Have what was before; the messages are refused, or tried one by one."""
        made: dict[str, Stored] = {}
        for key in batch.writes:
            if self._known[key].claims != have[key]:
                made[key] = await self._put_back(key, have[key], why)
        if made:
            with contextlib.suppress(_RefusedError):  # then nothing of this key is published
                await self._arrival(batch.before, made)
        if len(batch.judged) == 1:
            self._end(batch.judged[0].waiting, Outcome(dns.rcode.REFUSED, why))
        for each in batch.judged:
            each.waiting.alone = True

    async def _give_up(
        self, missing: Collection[Key], batch: Batch, have: Mapping[str, Claims]
    ) -> None:
        """Have before what the operator refused of RecordSets that it took."""
        texts = {text_key(key) for key in missing}
        for key, claims in batch.writes.items():
            kept = {named: claim for named, claim in claims.items() if named not in texts}
            kept |= {named: claim for named, claim in have[key].items() if named in texts}
            if kept != claims:
                await self._put_back(key, kept, _not_taken(*min(texts)))

    async def _put_back(self, key: str, claims: Claims, why: str) -> Stored:
        try:
            return await self._put(key, claims)
        except (stores.ConflictError, _RefusedError) as error:
            raise _FailedError(Outcome(dns.rcode.SERVFAIL, f"{why}; {error}")) from None


def _not_taken(owner: str, rtype: str) -> str:
    return f"the operator does not take {owner} {rtype}; see the RecordSet"


def _is_on_its_way(stored: Stored) -> bool:
    """Whether the operator has not said yet what it makes of the last generation."""
    return bool(stored.generation) and stored.programmed < stored.generation and not stored.refusal


def _failed(error: Exception) -> Outcome:
    rcode = dns.rcode.REFUSED if isinstance(error, stores.RefusedError) else dns.rcode.SERVFAIL
    return Outcome(rcode, str(error))

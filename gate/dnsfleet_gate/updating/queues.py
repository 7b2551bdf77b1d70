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
first of its key stand, and those behind have their turn again.

When nobody knows what became of a change, it may stand. The next messages then begin with reading.

Where more comes than can be written, a message that would be answered too late has nothing done for
it, so that those behind it are in time. Without that each message would be done, and each too late.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

import dns.rcode
from dnsfleet.resources import Reference
from dnsfleet_io.logs import line

from dnsfleet_gate.updating import arrivals, batches, stores
from dnsfleet_gate.updating.batches import Batch, Judged
from dnsfleet_gate.updating.holdings import (
    LOOK_SECONDS,
    MAX_TRIES,
    SETTLE_SECONDS,
    FailedError,
    Holdings,
    NotTakenError,
    Surroundings,
    is_on_its_way,
)
from dnsfleet_gate.updating.outcomes import DONE, REPLY_SECONDS, Outcome, Waiting
from dnsfleet_gate.updating.ownership import text_key
from dnsfleet_gate.updating.propagations import Propagations
from dnsfleet_gate.updating.rrsets import Changes, Key
from dnsfleet_gate.updating.stores import Claims, Stored

SHOW_SECONDS = 1.0
"""What is published is in this gate after this time."""

log = logging.getLogger(__name__)


class ZoneQueue:
    """Messages of one zone; not thread-safe."""

    def __init__(self, origin: str, zone: Reference, around: Surroundings, began: float) -> None:
        """`began` is since when nobody else writes, by the clock."""
        self.zone = zone
        """The Zone that owns the origin."""
        self._origin = origin
        self._around = around
        self._waiting: deque[Waiting] = deque()
        self._holdings = Holdings(zone, around, began)
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._propagations = Propagations(self._holdings.stored, around.clock)
        self._took: deque[float] = deque(maxlen=2)
        """Seconds that the last batches took."""

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
        while tried := self._in_time():
            taken = batches.together(tried)
            began = self._around.clock()
            try:
                await self._pause()
                await self._one(taken)
            except FailedError as error:
                self._fail(taken, error.outcome)
            except Exception as error:  # one batch costs its messages
                log.exception(line("update_defect", zone=self._origin))
                self._fail(taken, Outcome(dns.rcode.SERVFAIL, str(error)))
            self._took.append(self._around.clock() - began)

    def _in_time(self) -> Sequence[Waiting]:
        """What still waits, without what can not be answered in time while others can."""
        now = self._around.clock()
        for each in self._waiting:
            if each.arrived < now - SETTLE_SECONDS:
                each.end(Outcome(dns.rcode.SERVFAIL, "others took too long"))
        latest = now + min(self._took, default=0.0) - REPLY_SECONDS
        for each in batches.late(self._waiting, latest):
            each.end(Outcome(dns.rcode.SERVFAIL, "too many come, and nothing was done"))
        found = [each for each in self._waiting if not each.outcome.done()]
        self._waiting = deque(found)
        return found

    def _fail(self, taken: Sequence[Waiting], outcome: Outcome) -> None:
        """Nobody knows what became of these."""
        self._holdings.doubt()
        for each in taken:
            self._end(each, outcome)

    async def _pause(self) -> None:
        """Keep the distance of writes, in which more messages come."""
        await asyncio.sleep(max(0.0, self._holdings.next_write - self._around.clock()))

    def _end(self, waiting: Waiting, outcome: Outcome) -> None:
        waiting.end(outcome)
        if waiting in self._waiting:
            self._waiting.remove(waiting)

    async def _one(self, first: Sequence[Waiting]) -> None:
        """Do a batch of these messages."""
        for _ in range(MAX_TRIES):
            have = {key: await self._holdings.claims(key) for key in {each.key for each in first}}
            zone = self._around.published(self._origin)
            if zone is None:
                raise FailedError(Outcome(dns.rcode.SERVFAIL, "the zone is not here"))
            if zone.signed:
                raise FailedError(Outcome(dns.rcode.REFUSED, "the zone is signed elsewhere"))
            first = [each for each in first if not each.outcome.done()]
            now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            batch = batches.make(first, zone, have, now, self._around.clock)
            for each in batch.judged:
                each.waiting.begun = True  # before anybody else has a turn, who might give it up
            try:
                batch, stored = await self._write(batch)
            except stores.ConflictError:
                self._holdings.known.clear()
                continue
            except NotTakenError as error:
                await self._undo(batch, have, str(error))
                return
            await self._wait(batch, stored, have)
            return
        raise FailedError(Outcome(dns.rcode.SERVFAIL, "somebody else writes the same RecordSet"))

    async def _write(self, batch: Batch) -> tuple[Batch, dict[str, Stored]]:
        """Write what a batch changes: as much of it as goes, and by key what is stored then.

        ConflictError, NotTakenError where nothing of it does.
        """
        made: dict[str, Stored] = {}
        for key, claims in batch.writes.items():
            try:
                made[key] = await self._holdings.put(key, claims)
            except (stores.ConflictError, NotTakenError):
                if not made:
                    raise
                self._holdings.known.pop(key, None)
                return batches.until(batch, key), made
        return batch, made

    async def _wait(
        self, batch: Batch, stored: dict[str, Stored], have: Mapping[str, Claims]
    ) -> None:
        """Wait until all of a batch is here, and end its messages."""
        try:
            missing = await self._arrival(batch.changes, stored) if stored else frozenset()
        except NotTakenError as error:
            await self._undo(batch, have, str(error))
            return
        self._holdings.arrived(stored)
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
        waiting = each.waiting
        # What changes nothing may be what another message has changed, and edges do not have yet.
        made = stored.get(waiting.key) or self._holdings.known.get(waiting.key)
        waits = waiting.may.wait == "Propagated" and each.outcome == DONE
        if made is None or not waits or made.propagated >= made.generation:
            self._end(waiting, each.outcome)
            return
        self._waiting.remove(waiting)
        self._propagations.put(waiting, each.outcome, made.generation)

    async def _arrival(self, wanted: Changes, stored: dict[str, Stored]) -> frozenset[Key]:
        """Wait for these changes; those that do not come although their RecordSet was taken.

        NotTakenError where one was not taken.
        """
        clock = self._around.clock
        until, look, programmed = clock() + SETTLE_SECONDS, clock() + LOOK_SECONDS, 0.0
        while missing := arrivals.missing(wanted, self._around.published(self._origin)):
            now = clock()
            if now > until:
                raise FailedError(
                    Outcome(dns.rcode.SERVFAIL, "it is stored, and not published yet")
                )
            shows = programmed and self._around.holds_all(programmed)
            if shows and now > programmed + SHOW_SECONDS:
                claims = [each.claims for each in stored.values()]
                return arrivals.left_out(missing, claims, self._around.published(self._origin))
            if now >= look:
                look = now + LOOK_SECONDS
                for key, made in stored.items():
                    found = await self._holdings.read(key)
                    if found.generation == made.generation:
                        self._holdings.known[key] = stored[key] = found
                    if found.refusal:
                        raise NotTakenError(found.refusal)
                on_its_way = any(map(is_on_its_way, stored.values()))
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
            if self._holdings.known[key].claims != have[key]:
                made[key] = await self._put_back(key, have[key], why)
        if made:
            with contextlib.suppress(NotTakenError):  # then nothing of this key is published
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
            return await self._holdings.put(key, claims)
        except (stores.ConflictError, NotTakenError) as error:
            raise FailedError(Outcome(dns.rcode.SERVFAIL, f"{why}; {error}")) from None


def _not_taken(owner: str, rtype: str) -> str:
    return f"the operator does not take {owner} {rtype}; see the RecordSet"

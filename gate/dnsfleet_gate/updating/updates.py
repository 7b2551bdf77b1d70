"""UPDATE for a gate: which messages are looked at, by which queue, and how long clients wait.

Common clients give up after two seconds, so each gets a reply before that. SERVFAIL says that the
change may stand. Such a message goes on where something of it may be stored already; when it comes
again, its outcome is told. One that nobody has looked at until then is dropped.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import dns.exception
import dns.message
import dns.rcode
import dns.rdataclass
import dns.update
from dnsfleet.resources import Reference
from dnsfleet.resources.record_sets import MAX_DYNAMIC_TEXT
from dnsfleet.tsig_keys import Updates as Rights
from dnsfleet.tsig_keys import UsableKey
from dnsfleet_engine import Zone

from dnsfleet_gate.answering import Update
from dnsfleet_gate.metrics import Metrics
from dnsfleet_gate.updating import changes, rrsets
from dnsfleet_gate.updating.changes import UpdateError
from dnsfleet_gate.updating.holdings import Surroundings
from dnsfleet_gate.updating.outcomes import REPLY_SECONDS, Outcome, Outcomes, Waiting
from dnsfleet_gate.updating.queues import ZoneQueue
from dnsfleet_gate.updating.stores import Store, Stored

MAX_WAITING = 1000
"""Messages that are looked at or wait for it; more get SERVFAIL at once."""
MAX_OCTETS = 1024 * 1024
"""Of those messages: to be looked at they take a hundred times as much memory."""
TEXT_A_SECOND = 4 * MAX_DYNAMIC_TEXT
"""Characters that all zones together may write: four of the largest RecordSets. etcd keeps each
version, so that is 300 MB in the five minutes after which the API server lets go of them."""
THREADS = 4
"""Requests to the store at a time."""


class Updates:
    """Takes UPDATE messages while this gate leads; not thread-safe."""

    def __init__(
        self,
        store: Store,
        published: Callable[[str], Zone | None],
        leading: Callable[[], bool],
        holds_all: Callable[[float], bool],
        metrics: Metrics,
    ) -> None:
        self._published = published
        self._leading = leading
        self._metrics = metrics
        self._threads = ThreadPoolExecutor(THREADS, "store")
        self._around = Surroundings(
            store,
            published,
            leading,
            holds_all,
            self._call,
            self._spend,
            time.monotonic,
            metrics.written,
        )
        self._outcomes = Outcomes(time.monotonic)
        self._queues: dict[str, ZoneQueue] = {}
        self._answering = 0
        self._octets = 0
        self._free_from = 0.0
        self._led = False
        self._led_since = 0.0

    async def outcome(self, update: Update) -> Outcome:
        """What a message comes to, or what it is told until then."""
        began = time.monotonic()
        try:
            found = await self._outcome(update, began)
        except UpdateError as error:
            found = Outcome(error.rcode, error.why)
        self._metrics.updated(time.monotonic() - began)
        return found

    def changed(self, origin: str) -> None:
        """The gate holds another revision of a zone."""
        if (queue := self._queues.get(origin)) is not None:
            queue.changed()

    def stop(self) -> None:
        """Take nothing new; what is under way may stand."""
        for queue in self._queues.values():
            queue.stop()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _outcome(self, update: Update, began: float) -> Outcome:
        signed, key = update.request.signed, update.signature.key
        assert signed is not None  # noqa: S101 - others are refused before
        assert key is not None  # noqa: S101
        if not self.look():
            return Outcome(dns.rcode.SERVFAIL, "another gate takes updates")
        identity = signed.key, signed.rdata.mac
        waiting = self._outcomes.find(identity)
        octets = len(signed.content)
        if waiting is None:
            if self._answering >= MAX_WAITING or self._octets + octets > MAX_OCTETS:
                return Outcome(dns.rcode.SERVFAIL, "too many updates wait")
            message = _read(signed.content)
            origin, zone, may = self._zone(message, key)
            waiting = Waiting(key.name, may, message, began)
            self._outcomes.keep(identity, waiting)
            self._queue(origin, zone).put(waiting)
        self._answering += 1
        self._octets += octets
        self._metrics.waiting.set(self._answering)
        try:
            async with asyncio.timeout(REPLY_SECONDS):
                found = await asyncio.shield(waiting.outcome)
        except TimeoutError:
            if waiting.begun:
                return Outcome(dns.rcode.SERVFAIL, "it may be done later; send it again")
            found = Outcome(dns.rcode.SERVFAIL, "others came before, and nothing was done")
            waiting.end(found)
        finally:
            self._answering -= 1
            self._octets -= octets
            self._metrics.waiting.set(self._answering)
        if found.rcode == dns.rcode.SERVFAIL and not waiting.begun:
            self._outcomes.forget(identity)
        return found

    def look(self) -> bool:
        """Whether this gate takes updates; one that begins to knows nothing of before.

        To be called every second or so: what was published before it began is here the sooner.
        """
        leads = self._leading()
        if leads != self._led:
            for queue in self._queues.values():
                queue.stop()
            self._queues.clear()
            self._led, self._led_since = leads, time.monotonic()
        return leads

    def _zone(
        self, message: dns.update.UpdateMessage, key: UsableKey
    ) -> tuple[str, Reference, Rights]:
        """The origin that a message is about, its Zone, and what the key may; UpdateError."""
        asked = changes.check_zone(message)
        try:
            origin = rrsets.text(asked)
        except ValueError:  # it begins with xn--, and is no A-label
            raise UpdateError(dns.rcode.NOTAUTH) from None
        if message.zone[0].rdclass != dns.rdataclass.IN:
            raise UpdateError(dns.rcode.NOTAUTH)
        may = key.updates
        if may is None or not key.is_for(origin):
            there = self._published(origin) is not None
            raise UpdateError(dns.rcode.REFUSED if there else dns.rcode.NOTAUTH)
        zone = may.zones.get(origin)
        if zone is None:
            raise UpdateError(dns.rcode.NOTAUTH, "no Zone has this origin")
        return origin, zone, may

    def _queue(self, origin: str, zone: Reference) -> ZoneQueue:
        found = self._queues.get(origin)
        if found is None or found.zone != zone:
            since = self._led_since
            if found is not None:
                found.stop()
                since = time.monotonic()
            found = self._queues[origin] = ZoneQueue(origin, zone, self._around, since)
        return found

    async def _call(self, ask: Callable[[], Stored]) -> Stored:
        return await asyncio.get_running_loop().run_in_executor(self._threads, ask)

    async def _spend(self, text: int) -> None:
        """Wait until as much text may be written; whoever comes later waits longer."""
        now = time.monotonic()
        self._free_from = max(self._free_from, now) + text / TEXT_A_SECOND
        await asyncio.sleep(self._free_from - text / TEXT_A_SECOND - now)


def _read(content: bytes) -> dns.update.UpdateMessage:
    """A message without its signature; UpdateError where it is none."""
    try:
        message = dns.message.from_wire(content)
    except (dns.exception.DNSException, ValueError):
        raise UpdateError(dns.rcode.FORMERR) from None
    if not isinstance(message, dns.update.UpdateMessage):
        raise UpdateError(dns.rcode.FORMERR)
    return message

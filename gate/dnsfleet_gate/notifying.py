"""NOTIFY (RFC 1996): tells secondaries that a zone has changed, signed by their key.

    changed ──▶ due ──▶ sent ──answered──▶ quiet for QUIET_SECONDS ──▶ over, or due again
                 ▲        └──no answer, or a refusal──▶ wait, twice as long each time ──┐
                 └───────────────────────────────────────────────────────────────────────┘

Each zone and secondary has one task while there is something to tell. What changes meanwhile is
told by the next message, so there is at most one a second, however often a zone changes. Each
change has TRIES of its own. A secondary that does not answer then is told again at the next change;
it asks by itself once the refresh of the zone's SOA is over. Where several keys have a secondary,
the tries take them in turn: while a secret is exchanged it may know only one of them.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rrset
import dns.tsig
from dnsfleet.tsig_keys import Target, UsableKey
from dnsfleet_engine import Zone
from dnsfleet_io.logs import line

from dnsfleet_gate import exchanges, signing
from dnsfleet_gate.metrics import Metrics

QUIET_SECONDS = 1.0
"""Between two messages to one secondary about one zone."""
ANSWER_SECONDS = 3.0
"""How long an answer may take."""
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0
"""Between two tries (RFC 1996 section 3.6)."""
TRIES = 8
"""About four minutes in all."""
AT_ONCE = 16
"""Messages to one secondary that wait for an answer: a start tells of every zone, and one that is
dead holds up no other."""

log = logging.getLogger(__name__)


class _Pair(NamedTuple):
    origin: str
    target: Target


class Notifier:
    """Tells the secondaries of keys. For the thread of the event loop."""

    def __init__(
        self,
        keys: Callable[[], Iterable[UsableKey]],
        zone: Callable[[str], Zone | None],
        metrics: Metrics,
    ) -> None:
        self._keys = keys
        self._zone = zone
        self._metrics = metrics
        self._tasks: dict[_Pair, asyncio.Task[None]] = {}
        self._due: set[_Pair] = set()
        self._slots: defaultdict[Target, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(AT_ONCE)
        )

    def changed(self, origin: str) -> None:
        """A zone has a new revision."""
        for key in self._keys():
            if key.allows(origin):
                for target in key.secondaries:
                    self._tell(_Pair(origin, target))

    async def stop(self) -> None:
        """Tell nobody any more."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _tell(self, pair: _Pair) -> None:
        self._due.add(pair)
        if pair not in self._tasks:
            self._tasks[pair] = asyncio.create_task(self._run(pair))

    async def _run(self, pair: _Pair) -> None:
        try:
            await self._tell_all(pair)
        finally:
            # In the step that saw nothing due: what changes behind it needs another task.
            del self._tasks[pair]

    async def _tell_all(self, pair: _Pair) -> None:
        """Tell a secondary until nothing of a zone is due."""
        wait, tries = FIRST_WAIT_SECONDS, 0
        while pair in self._due:
            async with self._slots[pair.target]:
                self._due.discard(pair)
                keys, zone = self._keys_of(pair), self._zone(pair.origin)
                if not keys or zone is None:
                    return
                problem = await _ask(pair, keys[tries % len(keys)], zone)
            if not problem:
                self._metrics.notified("answered")
                log.info(line("notified", **_about(pair, zone)))
                wait, tries = FIRST_WAIT_SECONDS, 0
                await asyncio.sleep(QUIET_SECONDS)
                continue
            tries += 1
            self._metrics.notified("retried" if tries < TRIES else "given_up")
            if tries == 1 or tries == TRIES:
                log.warning(line("notify_failed", **_about(pair, zone), problem=problem))
            if tries == TRIES:
                wait, tries = FIRST_WAIT_SECONDS, 0
                await asyncio.sleep(QUIET_SECONDS)
                continue
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT_SECONDS)
            if pair in self._due:
                tries = 0  # of what changed meanwhile
            self._due.add(pair)

    def _keys_of(self, pair: _Pair) -> list[UsableKey]:
        """The keys that can sign what this secondary is told; none where it is not to be told."""
        keys = self._keys()
        return [
            each for each in keys if each.allows(pair.origin) and pair.target in each.secondaries
        ]


async def _ask(pair: _Pair, key: UsableKey, zone: Zone) -> str:
    """Send one NOTIFY; what went wrong, or nothing."""
    try:
        reply = await exchanges.over_udp(notify(zone, key), pair.target, ANSWER_SECONDS)
    except dns.tsig.PeerError as error:
        return signing.disbelief(error, key)
    except TimeoutError as error:
        return str(error) or "it does not answer"
    except (dns.exception.DNSException, OSError) as error:
        return str(error) or type(error).__name__
    rcode = dns.rcode.Rcode.make(reply.rcode)
    return "" if rcode == dns.rcode.NOERROR else f"it answers {dns.rcode.to_text(rcode)}"


def notify(zone: Zone, key: UsableKey) -> dns.message.Message:
    """The signed message that a zone has changed, with its new SOA (RFC 1996 section 3.7)."""
    message = dns.message.make_query(zone.origin, "SOA")
    message.set_opcode(dns.opcode.NOTIFY)
    message.flags = dns.flags.AA | dns.opcode.to_flags(dns.opcode.NOTIFY)
    ttl, texts = zone.get(zone.origin, "SOA") or (0, [])
    message.answer.append(dns.rrset.from_text(zone.origin, ttl, "IN", "SOA", *texts))
    message.use_tsig(signing.usual(key))
    return message


def _about(pair: _Pair, zone: Zone) -> dict[str, object]:
    to = f"{pair.target.address}#{pair.target.port}"
    return {"zone": pair.origin, "serial": zone.serial, "to": to}

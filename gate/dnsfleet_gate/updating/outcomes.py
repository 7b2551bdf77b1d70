"""What UPDATE messages came to.

Clients send a message again when no reply comes: the same octets, so with the same MAC. It is done
once, and each time it comes it gets what the first one got, or waits for that with it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

import dns.name
import dns.rcode
import dns.update
from dnsfleet.tsig_keys import Updates

from dnsfleet_gate.signing import FUDGE_SECONDS

REPLY_SECONDS = 1.5
"""After that a client is told something: many ask again or give up after two seconds."""
KEPT_SECONDS = 2 * FUDGE_SECONDS
"""As long as a MAC can be right: a client's clock may be ahead of ours, and later behind it."""
MAX_KEPT = 200_000
"""Messages whose outcomes are known: 300 a second for all of that time."""

MessageId = tuple[dns.name.Name, bytes]
"""The key and the MAC of a message."""


class Outcome(NamedTuple):
    """What a message is answered with."""

    rcode: dns.rcode.Rcode
    why: str = ""
    """For people; empty where the code says it all."""


DONE = Outcome(dns.rcode.NOERROR)


class Waiting:
    """A message that was accepted to be looked at, and what came of it."""

    def __init__(
        self, key: str, may: Updates, message: dns.update.UpdateMessage, arrived: float
    ) -> None:
        self.key = key
        """By its name on the wire."""
        self.may = may
        """What that key allowed when the message came."""
        self.message = message
        self.arrived = arrived
        """By the clock of the gate, in seconds."""
        self.begun = False
        """Whether something of it may be stored."""
        self.alone = False
        """Whether it is to be written with no other, as one that it was written with is wrong."""
        self.outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    def end(self, outcome: Outcome) -> None:
        """Have an outcome, if there is none yet."""
        if not self.outcome.done():
            self.outcome.set_result(outcome)
            del self.message  # large ones have megabytes, and an outcome is known for minutes


class Outcomes:
    """The messages of the last minutes."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._known: OrderedDict[MessageId, Waiting] = OrderedDict()

    def find(self, message: MessageId) -> Waiting | None:
        """The same message as it came before; None for a new one."""
        while self._known:
            oldest = next(iter(self._known.values()))
            late = oldest.arrived < self._clock() - KEPT_SECONDS
            if not late and len(self._known) <= MAX_KEPT:
                break
            self._known.popitem(last=False)
        return self._known.get(message)

    def keep(self, message: MessageId, waiting: Waiting) -> None:
        """Know a new message."""
        self._known[message] = waiting

    def forget(self, message: MessageId) -> None:
        """Nothing was done about a message: when it comes again it is a new one."""
        self._known.pop(message, None)

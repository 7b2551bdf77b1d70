"""Work that servers of others are asked in: many at once, few of one server.

A server that does not answer keeps a thread for as long as we wait for it. Each address therefore
has fewer threads than there are, and the addresses that have something to do take turns: what one
of them does costs the others nothing.
"""

import logging
import queue
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable

from dnsfleet.tsig_keys import Target

LEFT_ALONE_SECONDS = 30.0
"""A server that did not answer is left alone for so long. It costs a time-out each time, and a
zone that has another primary should not wait for it in a row with thousands of others."""

Work = Callable[[], None]

_log = logging.getLogger(__name__)


class Turns:
    """Does work in threads of its own, of each address in the order in which it came."""

    def __init__(self, name: str, threads: int, each: int) -> None:
        """At most `threads` at once, and `each` of them for one address."""
        self._name, self._threads, self._each = name, threads, each
        self._lock = threading.Lock()
        self._waiting: dict[str, deque[Work]] = defaultdict(deque)
        self._busy: dict[str, int] = defaultdict(int)
        """How many turns each address has, in `_turns` or under way."""
        self._turns: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._started = False

    def put(self, address: str, work: Work) -> None:
        """Do this once it is the turn of the address."""
        with self._lock:
            self._waiting[address].append(work)
            if self._busy[address] < self._each:
                self._busy[address] += 1
                self._turns.put(address)
            if self._started:
                return
            self._started = True
        # A server may keep one waiting for long, and no process is to wait for that: these threads
        # end with it.
        for number in range(self._threads):
            name = f"{self._name}-{number}"
            threading.Thread(target=self._run, name=name, daemon=True).start()

    def close(self) -> None:
        """Begin nothing any more; what is under way may go on."""
        with self._lock:
            self._waiting.clear()
        for _ in range(self._threads):
            self._turns.put(None)

    def _run(self) -> None:
        while (address := self._turns.get()) is not None:
            work = self._next(address)
            if work is None:
                continue
            try:
                work()
            except Exception:
                _log.exception("%s: %s", self._name, address)
            self._turns.put(address)  # behind those of other addresses

    def _next(self, address: str) -> Work | None:
        """What this turn is for; None where nothing is left, and the turn is over."""
        with self._lock:
            if waiting := self._waiting.get(address):
                return waiting.popleft()
            self._waiting.pop(address, None)
            self._busy[address] -= 1
            if not self._busy[address]:
                del self._busy[address]
            return None


class Silences:
    """The servers that did not answer a moment ago; any thread may ask."""

    def __init__(self) -> None:
        self._known: dict[Target, tuple[float, str]] = {}

    def put(self, server: Target, fault: str) -> None:
        """This server did not answer."""
        now = time.monotonic()
        known = {each: found for each, found in self._known.copy().items() if found[0] > now}
        self._known = known | {server: (now + LEFT_ALONE_SECONDS, fault)}

    def forget(self, server: Target) -> None:
        """This server may be asked again."""
        self._known = {each: found for each, found in self._known.copy().items() if each != server}

    def get(self, server: Target) -> tuple[float, str]:
        """For how many seconds it is left alone, and why; 0.0 and nothing for others."""
        until, fault = self._known.get(server, (0.0, ""))
        left = until - time.monotonic()
        return (left, fault) if left > 0 else (0.0, "")

"""Messages that are published, and wait until all edges have them."""

import asyncio
from collections.abc import Awaitable, Callable

import dns.rcode

from dnsfleet_gate.updating.batches import Clock
from dnsfleet_gate.updating.outcomes import Outcome, Waiting
from dnsfleet_gate.updating.stores import RefusedError, Stored, UnavailableError

LOOK_SECONDS = 0.25
"""Between two looks at a RecordSet, however many messages wait for it."""
SECONDS = 30.0
"""How long a message waits: after this time nobody asks for it any more."""


class Propagations:
    """Those of one zone; not thread-safe."""

    def __init__(self, read: Callable[[str], Awaitable[Stored]], clock: Clock) -> None:
        """`read` gives what a key has; it raises what a store does."""
        self._read = read
        self._clock = clock
        self._waiting: dict[str, list[tuple[int, Waiting, Outcome]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def put(self, waiting: Waiting, outcome: Outcome, generation: int) -> None:
        """End a message with this when all edges have a generation of its key's RecordSet."""
        key = waiting.key
        if key not in self._waiting:
            task = asyncio.create_task(self._follow(key))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._waiting.setdefault(key, []).append((generation, waiting, outcome))

    def stop(self) -> None:
        """End; what waits gets nothing."""
        for task in self._tasks:
            task.cancel()

    async def _follow(self, key: str) -> None:
        """Look at the RecordSet of a key while somebody waits for it."""
        try:
            until = self._clock() + SECONDS
            while self._waiting[key] and self._clock() < until:
                await asyncio.sleep(LOOK_SECONDS)
                try:
                    everywhere = (await self._read(key)).propagated
                except (UnavailableError, RefusedError):
                    continue
                reached = [each for each in self._waiting[key] if each[0] <= everywhere]
                for each in reached:
                    self._waiting[key].remove(each)
                    each[1].end(each[2])
                    until = self._clock() + SECONDS
        finally:
            for _, waiting, _ in self._waiting.pop(key):
                waiting.end(Outcome(dns.rcode.SERVFAIL, "not all edges have it"))

"""What a gate in this process knows of secondaries, while it answers and tells them of changes."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dnsfleet.secondaries import pages
from dnsfleet.secondaries.answers import Answer, Pair
from dnsfleet.tsig_keys import Target, UsableKey
from dnsfleet_engine import Engine, Zone
from dnsfleet_following.status import Readiness, Status
from dnsfleet_gate import signing
from dnsfleet_gate.metrics import Metrics
from dnsfleet_gate.notifying import Notifier
from dnsfleet_gate.secondaries.watching import Watch
from dnsfleet_gate.signing import Keys

from support import gate_servers

LOOK_SECONDS = 0.1


class Gate:
    """An engine with zones, and what a gate does with it. For the thread of the test."""

    def __init__(self) -> None:
        self.engine = Engine()
        self.keys: list[UsableKey] = []
        """Another list after each change."""
        self.transfers = True
        """Whether zones can be transferred with them."""
        self.metrics = Metrics(self.engine, Readiness(), Status())
        self.watch = Watch(lambda: self.keys, self.engine, self.metrics.secondaries)
        self.notifier = Notifier(lambda: self.keys, self.engine.zone, self.metrics)
        self.loop = asyncio.new_event_loop()

    def accepted(self) -> Keys:
        """The keys of those who may transfer now."""
        return signing.key_table(self.keys if self.transfers else [])

    def serve(self, zone: Zone) -> None:
        """Have this version of a zone, and tell of it."""
        self.engine.load(zone)
        self._call(lambda: self._changed(zone.origin))

    def remove(self, origin: str) -> None:
        """Have a zone no more."""
        self.engine.remove(origin)
        self._call(lambda: self.watch.changed(origin))

    def answers(self) -> dict[Pair, Answer]:
        """What the gate tells of its secondaries."""
        return pages.decode(self.watch.page("").body).answers

    def answer(self, origin: str, target: Target) -> Answer | None:
        """The same of one."""
        return self.answers().get(Pair(origin, target))

    def value(self, name: str, **labels: str) -> float | None:
        """A metric of secondaries."""
        name = f"dnsfleet_gate_secondary_{name}"
        return self.metrics.registry.get_sample_value(name, labels)

    def _changed(self, origin: str) -> None:
        self.watch.changed(origin)
        self.notifier.changed(origin)

    def _call(self, call: Callable[[], None]) -> None:
        self.loop.call_soon_threadsafe(call)


@contextmanager
def running(port: int | None = None) -> Iterator[Gate]:
    """A gate whose secondaries are asked; with a port, zones are transferred there."""
    gate = Gate()
    stop = asyncio.Event()

    async def run() -> None:
        server = None
        if port is not None:
            server = gate_servers.server(gate.engine, gate.accepted, gate.metrics, port)
            await server.start()
        while not stop.is_set():
            await gate.watch.look()
            await asyncio.sleep(LOOK_SECONDS)
        await gate.notifier.stop()
        await gate.watch.stop()
        if server is not None:
            await server.stop()

    thread = threading.Thread(target=lambda: gate.loop.run_until_complete(run()))
    thread.start()
    try:
        yield gate
    finally:
        gate.loop.call_soon_threadsafe(stop.set)
        thread.join()
        gate.loop.close()

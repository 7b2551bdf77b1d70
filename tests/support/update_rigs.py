"""A gate that takes updates in this process: with sockets, and an operator of one zone in memory.

The store is a dictionary. What is written is assembled by the assembler of the operator, and loaded
into the engine of the gate, so that what is published is what a fleet would publish.
"""

import asyncio
import functools
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import dns.message
import dns.query
import dns.update
from dnsfleet.resources import RecordSet, Reference, parse
from dnsfleet.resources.documents import Document
from dnsfleet.tsig_keys import Updates as Rights
from dnsfleet.tsig_keys import UsableKey
from dnsfleet.violations import errors
from dnsfleet_cli.zone_paths import ZonePaths
from dnsfleet_engine import Engine, Zone
from dnsfleet_following.status import Readiness, Status
from dnsfleet_gate import signing
from dnsfleet_gate.metrics import Metrics
from dnsfleet_gate.updating import record_sets, stores
from dnsfleet_gate.updating.stores import Claims, Stored
from dnsfleet_gate.updating.updates import Updates
from dnsfleet_publisher.assembling import Assembler

from support import gate_servers
from support.ports import free_port

ORIGIN = "example.org."
ZONE = Reference("Zone", "default", "example-org")
SECONDS = 10.0
CLIENTS = 128
"""That ask at the same time."""


def in_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """A test that runs in an event loop."""

    @functools.wraps(test)
    def run(*arguments: Any, **named: Any) -> None:
        asyncio.run(test(*arguments, **named))

    return run


def key(name: str = "k.", *names: str, types: frozenset[str] | None = None) -> UsableKey:
    """A key for updates of the zone."""
    rights = Rights(names or ("*",), types, "Programmed", {ORIGIN: ZONE})
    return UsableKey(
        name, "hmac-sha256", name.encode() * 16, frozenset({ORIGIN}), (), (), False, rights
    )


def document(kind: str, name: str, spec: dict[str, Any], **metadata: Any) -> Document:
    """An object in namespace default."""
    usual = {"name": name, "namespace": "default", "creationTimestamp": "2026-01-01T00:00:00Z"}
    item = {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": kind,
        "metadata": usual | metadata,
        "spec": spec,
    }
    resource, found = parse(item, "")
    assert resource is not None, found
    return Document(kind, resource, "", 0, {})


class Operator:
    """Publishes one zone into an engine, each time that an object changes."""

    def __init__(self, publish: Callable[[Zone], None], records: list[dict[str, Any]]) -> None:
        self._assembler = Assembler(ZonePaths())
        self._publish = publish
        self._lock = threading.Lock()
        self._serial = 0
        self.own(records)

    def own(self, records: list[dict[str, Any]]) -> None:
        """The Zone itself has these records."""
        spec = {"origin": ORIGIN, "nameServers": ["ns.example.net"], "records": records}
        self.put(document("Zone", ZONE.name, spec, uid="zone"))

    def put(self, found: Document) -> str:
        """Publish what an object changes; why it is refused, or an empty text."""
        with self._lock:
            self._assembler.put(found)
            for each in self._assembler.assemble().zones:
                assert each.zone is not None, each.violations
                self._serial += 1
                self._publish(each.zone.with_serial(self._serial))
            wrong = errors(self._assembler.violations_of(found.reference))
            return "; ".join(each.message for each in wrong)


class MemoryStore:
    """See `stores.Store`."""

    def __init__(self, operator: Operator) -> None:
        self._operator = operator
        self._known: dict[str, Stored] = {}
        self._uids: dict[str, str] = {}
        self.writes = 0
        self.unavailable = False
        self.refuses: set[str] = set()
        """Keys whose writes the API server refuses."""
        self.seconds = 0.0
        """How long a write takes."""
        self.everywhere = True
        """Whether all edges have what is published."""
        self.published = threading.Event()
        """Clear it to have the operator wait."""
        self.published.set()

    def read(self, key: str, zone: Reference) -> Stored:
        """See `stores.Store`."""
        if self.unavailable:
            raise stores.UnavailableError("the API server is away")
        assert zone == ZONE
        found = self._known.get(key, Stored({}))
        return found._replace(propagated=found.programmed if self.everywhere else 0)

    def write(self, key: str, zone: Reference, claims: Claims, version: str) -> Stored:
        """See `stores.Store`."""
        known = self.read(key, zone)
        if known.version != version:
            raise stores.ConflictError
        if key in self.refuses:
            raise stores.RefusedError("the API server does not like it")
        self.writes += 1
        time.sleep(self.seconds)
        generation = known.generation + 1
        name = record_sets.name(key, zone)
        made = document("RecordSet", name, record_sets.spec(zone, claims), uid=name)
        assert isinstance(made.resource, RecordSet)
        stored = Stored(dict(claims), str(generation), generation, known.programmed)
        self._known[key] = stored
        if self.published.is_set():
            self._operate(key, made, stored)
        else:
            threading.Thread(target=self._later, args=(key, made, stored), daemon=True).start()
        return stored

    def change(self, key: str) -> None:
        """Somebody else writes the object, as it is."""
        if (known := self._known.get(key)) is not None:
            self._known[key] = known._replace(version=known.version + "x")

    def _later(self, key: str, made: Document, stored: Stored) -> None:
        if self.published.wait(SECONDS):
            self._operate(key, made, stored)

    def _operate(self, key: str, made: Document, stored: Stored) -> None:
        refusal = self._operator.put(made)
        programmed = stored.programmed if refusal else stored.generation
        self._known[key] = stored._replace(refusal=refusal, programmed=programmed)


class Rig:
    """A gate with its operator."""

    def __init__(self, records: list[dict[str, Any]], keys: list[UsableKey]) -> None:
        self.port = free_port()
        self.keys = keys
        self.engine = Engine()
        self._zones: dict[str, Zone | None] = {}
        self._loop = asyncio.get_running_loop()
        self.operator = Operator(self._publish, records)
        self.store = MemoryStore(self.operator)
        self.metrics = Metrics(self.engine, Readiness(), Status())
        self.leads = self.follows = True
        self.updates = Updates(
            self.store,
            self._held,
            lambda: self.leads,
            lambda _: self.follows,
            self.metrics,
        )
        self.server = gate_servers.server(
            self.engine,
            lambda: signing.key_table(self.keys),
            self.metrics,
            self.port,
            self.updates.outcome,
        )

    def _held(self, origin: str) -> Zone | None:
        """What this gate has, which is behind while it does not follow."""
        if self.follows:
            self._zones[origin] = self.engine.zone(origin)
        return self._zones.get(origin)

    def _publish(self, zone: Zone) -> None:
        self.engine.load(zone)
        if hasattr(self, "updates"):
            self._loop.call_soon_threadsafe(self.updates.changed, ORIGIN)

    def message(self, key: UsableKey | None = None) -> dns.update.UpdateMessage:
        """A new message that a key signs; default: the first one."""
        used = signing.usual(key or self.keys[0])
        return dns.update.UpdateMessage(
            ORIGIN, keyring={used.name: used}, keyname=used.name, keyalgorithm=used.algorithm
        )

    def value(self, name: str, **labels: str) -> float:
        """What the gate says about itself."""
        return self.metrics.registry.get_sample_value(f"dnsfleet_gate_{name}", labels) or 0.0

    async def send(self, message: dns.message.Message, tcp: bool = False) -> dns.message.Message:
        """The reply to a message, whose signature is right."""
        ask = dns.query.tcp if tcp else dns.query.udp
        return await asyncio.to_thread(ask, message, "127.0.0.1", SECONDS, self.port)

    async def send_again(self, wire: bytes) -> dns.message.Message:
        """The reply to the octets of a message; nobody looks at its signature."""

        def ask() -> bytes:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.settimeout(SECONDS)
                client.sendto(wire, ("127.0.0.1", self.port))
                return client.recv(65535)

        reply = await asyncio.to_thread(ask)
        return dns.message.from_wire(reply, keyring=False)

    def get(self, name: str, rtype: str) -> tuple[int, list[str]] | None:
        """What is published of a name."""
        zone = self.engine.zone(ORIGIN)
        assert zone is not None
        return zone.get(f"{name}.{ORIGIN}" if name else ORIGIN, rtype)


@asynccontextmanager
async def rig(
    records: list[dict[str, Any]] | None = None, keys: list[UsableKey] | None = None
) -> AsyncIterator[Rig]:
    """A gate that answers; by default with one key and a zone that has nothing but its apex."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(CLIENTS))
    made = Rig(records or [], keys or [key()])
    await made.server.start()
    try:
        yield made
    finally:
        await made.server.stop()
        made.updates.stop()

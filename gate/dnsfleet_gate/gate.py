"""The gate process: link, keys, sockets, notifier and pages, from start to stop.

The link follows the zones of the fleet in a thread of its own, those of all Pops: a secondary
serves a zone wherever its Pops are. The sockets are bound once every zone is here, so that no
secondary is told that there is no such zone. From then on nothing of the fleet is needed to answer.
There is no disk: secondaries have their own copy, and a gate that starts while the replica is away
only makes them wait, as long as the expire of the zone's SOA allows.

A gate of a cluster may take updates, too (see `dnsfleet_gate.updating`). For that it needs the API
server, and for nothing else.
"""

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import dns.rcode
from dnsfleet.replication import public_keys
from dnsfleet.replication.follower import Follower
from dnsfleet.replication.public_keys import PublicKeys
from dnsfleet.tsig_keys import UsableKey
from dnsfleet_engine import Engine, Zone
from dnsfleet_following.link import Link
from dnsfleet_following.public_key_file import PublicKeyFile
from dnsfleet_following.replica import Replica
from dnsfleet_following.status import Readiness, Status
from dnsfleet_following.workers import Worker
from dnsfleet_io.logs import line
from dnsfleet_io.pages import Page, PageServer, metrics_page, text_page
from dnsfleet_io.redis_watch import RedisWatch

from dnsfleet_gate import key_file
from dnsfleet_gate.answering import Update, Zones
from dnsfleet_gate.config import Config, UpdateSettings
from dnsfleet_gate.journal import Journal
from dnsfleet_gate.key_file import KeyFile
from dnsfleet_gate.metrics import Metrics
from dnsfleet_gate.notifying import Notifier
from dnsfleet_gate.refused_updates import RefusedUpdates
from dnsfleet_gate.secondaries.watching import Watch
from dnsfleet_gate.serving import Server
from dnsfleet_gate.updating.folder import FolderStore
from dnsfleet_gate.updating.outcomes import Outcome
from dnsfleet_gate.updating.stores import Store
from dnsfleet_gate.updating.updates import Updates

if TYPE_CHECKING:
    from dnsfleet_gate.updating.leading import Leading

STOP_SECONDS = 2.0
"""What the link is in the middle of may take this long to end."""
_EXIT_FAILED = 1

log = logging.getLogger(__name__)


class Gate:
    """The gate that a config describes; `run` starts, serves and stops it."""

    def __init__(self, config: Config, trusted: PublicKeys) -> None:
        self._config = config
        self._engine = Engine()
        self._readiness = Readiness()
        self._status = Status()
        self._status.keys = tuple(map(public_keys.identify, trusted))
        self._metrics = Metrics(self._engine, self._readiness, self._status)
        self._keys = KeyFile(config.tsig_keys)
        self._link = Link(
            Replica(config.replica_url),
            Follower(None, trusted),
            self._engine,
            self._status,
            self._metrics.link,
            self,
            refreshes=None,
            complete=lambda: self._from_link(self._complete.set),
            unreachable=lambda: None,
            changed=lambda: None,
        )
        self._following = Worker("link", self._link.run)
        self._public_keys = PublicKeyFile(config.public_key, trusted, self._link.trust)
        self._notifier = Notifier(self._told_keys, self._engine.zone, self._metrics)
        self._watch = Watch(self._told_keys, self._engine, self._metrics.secondaries)
        self._journal = Journal()
        self._leading: Leading | None = None
        self._updates: Updates | None = None
        self._refused = RefusedUpdates(time.monotonic)
        if config.updates is not None:
            self._lead(config.updates)
        elif config.updates_folder is not None:
            self._take_updates(FolderStore(config.updates_folder), lambda: True)
        self._complete = asyncio.Event()
        self._untold: set[str] | None = set()
        """Zones that changed before this gate answered."""

    def _told_keys(self) -> list[UsableKey]:
        """Those whose secondaries hear of changes from this gate.

        In a cluster the gates that take updates are beside those that transfer, which tell them.
        """
        return [] if self._config.updates is not None else self._keys.usable

    def save(self, origin: str, _signed: bytes, zone: Zone | None) -> None:
        """See `dnsfleet_following.link.Keeper`: secondaries are told of what is served anew."""
        self._journal.put(origin, zone)
        self._from_link(lambda: self._changed(origin, gone=zone is None))

    def run(self) -> int:
        """Serve until a signal; returns the exit status of the process."""
        return asyncio.run(self._run())

    async def _run(self) -> int:
        self._loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, stop.set)
        zones = Zones(
            self._engine.zone,
            lambda origin: origin in self._status.ack.failing,
            self._journal.since,
            self._engine.respond,
        )
        server = Server(
            self._config, lambda: self._keys.by_name, zones, self._metrics, self._outcome
        )
        pages = {
            "/healthz": self._healthz,
            "/readyz": self._readyz,
            "/metrics": lambda: metrics_page(self._metrics.registry),
        }
        try:
            http = PageServer(self._config.http, pages, {"/secondaries": self._watch.page})
        except OSError as error:
            log.error(line("cannot_serve", problem=error.strerror))  # noqa: TRY400 - expected
            return _EXIT_FAILED
        http.start()
        self._look_at_keys()
        looking = asyncio.create_task(self._keep_looking())
        self._public_keys.start()
        self._readiness.waiting("waiting for the zones of the fleet from the replica")
        self._following.start()
        watch = RedisWatch(self._config.replica_url, self._metrics.redis)
        log.info(line("started"))
        code = await self._serve(server, stop)
        self._readiness.drain()
        if self._leading is not None:
            await asyncio.to_thread(self._leading.stop)
        await server.stop()
        if self._updates is not None:
            self._updates.stop()
        looking.cancel()
        await self._notifier.stop()
        await self._watch.stop()
        watch.stop()
        self._link.stop()
        self._following.join(STOP_SECONDS)
        self._public_keys.stop()
        http.stop()
        log.info(line("stopped"))
        return code

    def _lead(self, settings: UpdateSettings) -> None:
        # Gates that take none run without the client of Kubernetes.
        from dnsfleet_gate.updating import cluster, leading

        self._leading = leading.connected(settings, self._config.listen[0][1])
        self._take_updates(cluster.connected(), self._leading.leads)

    def _take_updates(self, store: Store, leads: Callable[[], bool]) -> None:
        self._updates = Updates(
            store, self._engine.zone, leads, self._status.holds_all, self._metrics
        )
        self._metrics.take_updates(leads)

    async def _outcome(self, update: Update) -> Outcome:
        if self._updates is None:
            return Outcome(dns.rcode.REFUSED, "this gate takes no updates")
        found = await self._updates.outcome(update)
        if (key := update.signature.key) is not None:
            self._refused.tell(key.name, update.request.name.to_text(), found)
        return found

    async def _serve(self, server: Server, stop: asyncio.Event) -> int:
        """Answer once all zones are here, until the stop; the exit status."""
        waits = [asyncio.create_task(each.wait()) for each in (self._complete, stop)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if not stop.is_set():
            try:
                await server.start()
            except OSError as error:
                log.error(line("cannot_serve", problem=error.strerror))  # noqa: TRY400 - expected
                stop.set()
                return _EXIT_FAILED
            self._readiness.ready("answers")
            if self._leading is not None:
                self._leading.start()
            log.info(line("ready", listen=",".join(f"{a}#{p}" for a, p in self._config.listen)))
            untold, self._untold = self._untold or set(), None
            for origin in sorted(untold):
                self._notifier.changed(origin)
        await stop.wait()
        return 0

    def _from_link(self, call: Callable[[], None]) -> None:
        """Have the event loop call this; after its end nobody is there to hear it."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(call)

    def _changed(self, origin: str, *, gone: bool) -> None:
        """A zone has a new revision, or is gone; nobody is told before this gate answers."""
        self._watch.changed(origin)
        if gone:
            return
        if self._updates is not None:
            self._updates.changed(origin)
        if self._untold is not None:
            self._untold.add(origin)
        else:
            self._notifier.changed(origin)

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(key_file.LOOK_SECONDS)
            self._look_at_keys()
            if self._untold is None:
                await self._watch.look()
            if self._updates is not None:
                self._updates.look()

    def _look_at_keys(self) -> None:
        self._keys.look()
        self._metrics.keys.set(len(self._keys.usable))

    def _healthz(self) -> Page:
        parts = (self._following, self._public_keys.worker)
        problems = [worker.problem for worker in parts if worker.problem]
        return text_page(not problems, "; ".join(problems) or "ok")

    def _readyz(self) -> Page:
        ready, reason = self._readiness.verdict
        replica = "connected" if self._status.connected else "not connected"
        return text_page(ready, f"{reason}; replica {replica}, {len(self._status.zones())} zones")

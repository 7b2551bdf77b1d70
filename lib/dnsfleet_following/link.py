"""The link to the replica: runs what the follower asks for, against Redis and the engine.

    replica ──reads──▶ link ──events──▶ follower ──commands──▶ link ──▶ engine, keeper, status

The follower decides everything; this module only does IO. One thread does all of it, so two threads
never load the same zone. Decoding and applying release the interpreter lock, and the engine answers
from threads of its own, so no client waits, even for a zone of a million records.

A replica that hangs, refuses or is gone ends the connection: the follower is told `Disconnected`,
and each next try waits longer, up to `MAX_BACKOFF_SECONDS`, with jitter, so that the edges of a Pop
do not all come back at the same moment. What is served stays as it is.
"""

import logging
import math
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

import redis
from dnsfleet.replication import announcements, commands, events, keys, public_keys
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.follower import Follower
from dnsfleet.replication.public_keys import PublicKeys
from dnsfleet_engine import Engine, Zone
from dnsfleet_io import stations
from dnsfleet_io.backoff import Backoff
from dnsfleet_io.logs import line

from dnsfleet_following import verification
from dnsfleet_following.link_metrics import LinkMetrics
from dnsfleet_following.replica import Replica
from dnsfleet_following.status import Status
from dnsfleet_following.verification import ContentError

MIN_BACKOFF_SECONDS = 0.1
# "Catches up within seconds": the longest wait before a replica that is back is tried.
MAX_BACKOFF_SECONDS = 2.0
RESYNC_SECONDS = 60.0
# An edge that does not answer yet, and one whose log showed a gap, compare everything again sooner.
# A log with bad entries would otherwise have every edge of the Pop read the index all the time.
SOON_SECONDS = 5.0
# Between looks for commands: a small read of the replica.
LOOK_SECONDS = 1.0

log = logging.getLogger(__name__)


class Keeper(Protocol):
    """What is told of each zone that is served from now on; it must not wait."""

    def save(self, origin: str, signed: bytes, zone: Zone | None) -> None:
        """This revision is served, or with None the zone is served no more."""


class Refreshes(Protocol):
    """What hears the commands to load all zones anew (see `dnsfleet_edge.refresh_commands`)."""

    pop: str
    trusted: PublicKeys

    def disconnected(self) -> None:
        """The replica could not be asked for a while."""

    def take(self, entries: Sequence[bytes]) -> events.Refresh | None:
        """What is to be done now."""


class Link:
    """Follows a replica until it is stopped.

    `refreshes` is None where no command is for this process. `complete` is called once, when every
    zone of this Pop is loaded; `unreachable` when a connection failed; `changed` when there is a
    new ack. All are called from the link's thread.
    """

    def __init__(
        self,
        replica: Replica,
        follower: Follower,
        engine: Engine,
        status: Status,
        metrics: LinkMetrics,
        keeper: Keeper,
        refreshes: Refreshes | None,
        complete: Callable[[], None],
        unreachable: Callable[[], None],
        changed: Callable[[], None],
    ) -> None:
        self._replica = replica
        self._follower = follower
        self._engine = engine
        self._status = status
        self._metrics = metrics
        self._keeper = keeper
        self._refreshes = refreshes
        self._complete = complete
        self._unreachable = unreachable
        self._changed = changed
        self._completed = False
        self._broken = False
        self._snapshots_read = False
        self._told_up_to = 0
        self._trusted: queue.SimpleQueue[PublicKeys] = queue.SimpleQueue()
        self._stopping = threading.Event()

    def trust(self, trusted: PublicKeys) -> None:
        """Have the follower verify by these keys from now on; from any thread."""
        self._trusted.put(trusted)

    def stop(self) -> None:
        """Have `run` return soon."""
        self._stopping.set()

    def run(self) -> None:
        """Follow until `stop`; neither a failure of the replica nor bad data from it ends this."""
        backoff = Backoff(MIN_BACKOFF_SECONDS, MAX_BACKOFF_SECONDS)
        while not self._stopping.is_set():
            started = time.monotonic()
            try:
                self._follow()
            except redis.RedisError as error:
                self._failed(error)
            except BaseException:
                # The engine serves on, so following must go on too, whatever the defect is.
                log.exception(line("link_defect"))
                self._metrics.failures.inc()
            self._replica.disconnect()
            self._status.connected = False
            self._follower.feed(events.Disconnected())
            if self._refreshes is not None:
                self._refreshes.disconnected()
            if time.monotonic() - started > MAX_BACKOFF_SECONDS:
                backoff.worked()
            self._stopping.wait(backoff.failed())

    def _follow(self) -> None:
        """One connection: run commands until it breaks or `stop`."""
        self._replica.connect()
        log.info(line("replica_connected"))
        self._status.connected = True
        self._broken = False
        waiting = deque(self._feed(events.Connected()))
        compared_at = time.monotonic()
        looked_at = -math.inf
        while waiting and not self._stopping.is_set():
            event = self._execute(waiting.popleft())
            if event is not None:
                waiting.extend(self._feed(event))
                if self._follower.complete and not self._completed:
                    self._completed = True
                    self._complete()
            settled = self._follower.complete and not self._follower.gap
            if time.monotonic() - compared_at >= (RESYNC_SECONDS if settled else SOON_SECONDS):
                waiting.extend(self._follower.feed(events.Resync()))
                compared_at = time.monotonic()
            waiting.extend(self._take_keys())
            if time.monotonic() - looked_at >= LOOK_SECONDS:
                waiting.extend(self._take_commands())
                looked_at = time.monotonic()
            if self._status.refreshed != self._follower.refreshed:
                self._status.refreshed = self._follower.refreshed
                self._changed()

    def _take_commands(self) -> list[commands.Command]:
        """Tell the follower to load all zones anew, where somebody wants that."""
        if self._refreshes is None:
            return []
        told = self._refreshes.take(self._replica.commands(self._refreshes.pop))
        if told is None:
            return []
        log.info(line("refreshing", command=told.number))
        return self._follower.feed(told)

    def _take_keys(self) -> list[commands.Command]:
        """Tell the follower of other public keys, if there are some."""
        if self._trusted.empty():
            return []
        trusted = self._trusted.get()
        if self._refreshes is not None:
            self._refreshes.trusted = trusted
        self._status.keys = tuple(map(public_keys.identify, trusted))
        self._changed()
        return self._follower.feed(events.KeysChanged(trusted))

    def _feed(self, event: events.Event) -> list[commands.Command]:
        """Give the follower an event, and count what it found to be wrong with it."""
        had_gap = self._follower.gap
        wanted = self._follower.feed(event)
        if self._follower.gap and not had_gap:
            self._metrics.gaps.inc()
        for reason in self._follower.distrusted:
            self._metrics.verify_failures.labels(reason).inc()
        return wanted

    def _execute(self, command: commands.Command) -> events.Event | None:
        """Do what a command says; the event that answers it."""
        replica = self._replica
        match command:
            case commands.ReadIndex():
                index = replica.index()
                self._metrics.resyncs.inc()
                self._told("index", index.position, len(index.zones))
                return events.IndexRead(command, *index)
            case commands.ReadFleet():
                return events.FleetRead(command, replica.fleet())
            case commands.ReadLog():
                if command.wait:  # nothing else is left to do
                    self._status.up_to_date(time.monotonic())
                    if self._snapshots_read:
                        self._engine.trim()
                        self._snapshots_read = False
                entries, position = replica.log(command.after, command.wait)
                if entries:
                    self._told("log", announcements.position(entries[-1][0]), len(entries))
                return events.LogRead(command, entries, position)
            case commands.ReadManifests():
                names = [keys.manifest(origin) for origin in command.origins]
                return events.ManifestsRead(command, replica.values(names))
            case commands.ReadChunks():
                return events.ChunksRead(command, replica.values(command.keys))
            case commands.Load() | commands.Apply():
                return events.Applied(command, self._take_over(command))
            case commands.Drop():
                self._drop(command)
            case commands.Withhold():
                self._engine.withhold(command.origin)
                log.warning(stations.withheld(command.origin))
            case Ack():
                self._acknowledge(command)
        return None

    def _told(self, source: str, lsn: int, entries: int) -> None:
        """Log up to where the replica told what is published, where that is news."""
        if lsn != self._told_up_to:
            log.info(stations.told(lsn, source, entries))
        self._told_up_to = lsn

    def _take_over(self, command: commands.Load | commands.Apply) -> str | None:
        """Check that the result is what was signed, and serve it; None, or the reason why not."""
        manifest = command.manifest
        try:
            zone = self._base(command)
            for delta in command.deltas:
                zone = zone.apply(delta)
            verification.check(manifest, zone)
            self._engine.load(zone)
        except ValueError as error:
            # Changes may not fit what is here, which is nobody's fault: a snapshot always fits.
            if isinstance(error, ContentError) and isinstance(command, commands.Load):
                self._metrics.verify_failures.labels("content").inc()
            return str(error)
        except BaseException as error:
            # The follower waits for an answer, and one zone must not stop the others.
            log.exception(line("load_defect", zone=manifest.zone))
            return repr(error)
        self._status.loaded(manifest)
        self._keeper.save(manifest.zone, command.signed, zone)
        source = "snapshot" if isinstance(command, commands.Load) else "delta"
        self._metrics.loads.labels(source).inc()
        self._metrics.propagation.observe(max(0.0, time.time() - manifest.time_ms / 1000))
        log.info(stations.loaded(manifest, source))
        return None

    def _base(self, command: commands.Load | commands.Apply) -> Zone:
        if isinstance(command, commands.Load):
            self._snapshots_read = True
            return Zone.decode(command.snapshot)
        zone = self._engine.zone(command.manifest.zone)
        if zone is None:
            raise ValueError("there is no zone to apply the change to")
        return zone

    def _drop(self, command: commands.Drop) -> None:
        manifest = command.manifest
        self._engine.remove(manifest.zone)
        self._status.removed(manifest.zone)
        self._keeper.save(manifest.zone, command.signed, None)
        reason = "removed" if manifest.tombstone else "assigned to other Pops"
        log.info(stations.dropped(manifest, reason))

    def _acknowledge(self, ack: Ack) -> None:
        for origin, reason in ack.failing.items():
            if self._status.ack.failing.get(origin) != reason:
                self._metrics.refusals.inc()
                log.warning(stations.refused(origin, reason))
        self._status.ack = ack
        self._changed()

    def _failed(self, error: redis.RedisError) -> None:
        """Count every failure, and log only the first in a row."""
        self._metrics.failures.inc()
        if not self._broken:
            log.warning(line("replica_lost", problem=error))
        self._broken = True
        self._unreachable()

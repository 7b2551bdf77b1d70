"""The controller: one thread that takes events in, and brings the cluster to what it should be.

    kopf's watches ──events──▶ inbox ──▶ observation ──▶ queue of keys ──▶ passes ──▶ looks

It is level-triggered: an event only says what to look at. Everything is listed anew when this
replica begins to lead, and again every few minutes, so a lost event costs time and nothing else.
What takes long is done in parts, each a key that is added again, so that a change overtakes it.
Only the leader works; a replica that waits keeps its observation up to date and touches nothing.

What nobody foresaw costs what it met: a pass that ends with a defect is tried again like one that
the core or the API server failed, and everything else goes on.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from dnsfleet.resources import Reference
from dnsfleet.tsig_keys import PrimaryKey
from dnsfleet_io.listen_addresses import EVERY_ADDRESS
from dnsfleet_publisher.store_errors import Fenced, StoreError
from dnsfleet_publisher.transferring.notify_port import NotifyPort
from dnsfleet_publisher.transferring.transfers import Transfers

from dnsfleet_operator import stations
from dnsfleet_operator.cluster import Cluster, ClusterError
from dnsfleet_operator.configuration import Configuration
from dnsfleet_operator.failure_log import FailureLog
from dnsfleet_operator.inbox import Event, Inbox, Message
from dnsfleet_operator.leading.dependencies import Begin, Dependencies, Work
from dnsfleet_operator.leading.terms import (
    ACCESS,
    COOKIES,
    FLEET,
    KEYS,
    PREPARATION,
    PROOF,
    SYNC,
    ZONES,
)
from dnsfleet_operator.metrics import Metrics
from dnsfleet_operator.objects import POP_LABEL, Object, reference_of
from dnsfleet_operator.observed import edge_sets
from dnsfleet_operator.observed.observation import Observation
from dnsfleet_operator.observed.slimming import slimmed
from dnsfleet_operator.observed.workloads import KINDS, Workloads
from dnsfleet_operator.statuses.writing import StatusWriter
from dnsfleet_operator.work_queue import Key, WorkQueue
from dnsfleet_operator.zones.downloads import Downloads

STALLED_SECONDS = 300.0
"""A loop that has not turned for so long hangs; the slowest known ones read all zones of a large
fleet from the core, or fill a core that lost them."""
LOOK_SECONDS = 0.05
"""Between looks at the acks while a revision is on its way."""
IDLE_LOOK_SECONDS = 1.0
LOOK_SHARE = 4
"""Looks at a large fleet take longer: they may fill a fifth of the time."""
FENCED_SECONDS = 5.0
"""After another writer took over: two fleets on one core must not wrestle at full speed."""
BURST_SECONDS = 0.02
"""Zones wait so long for more of the same apply."""

_LOOK = "look"
_log = logging.getLogger(__name__)


class _Keys:
    """The keys that wait, with the clock that their times are of."""

    def __init__(self) -> None:
        self.queue: WorkQueue[Key] = WorkQueue()

    def add(self, key: Key, delay: float = 0.0) -> None:
        """Have a key looked at after so many seconds."""
        self.queue.add(key, time.monotonic(), delay)

    def failed(self, key: Key) -> float:
        """Have a key looked at after its backoff; the seconds until then."""
        return self.queue.failed(key, time.monotonic())

    def succeeded(self, key: Key) -> None:
        """Forget the failures of a key."""
        self.queue.succeeded(key)

    def hasten(self) -> None:
        """Have all keys that failed looked at now."""
        self.queue.hasten(time.monotonic())


class Controller:
    """Give it events with `event`, and run it in a thread of its own."""

    def __init__(
        self,
        cluster: Cluster,
        configuration: Configuration,
        begin: Begin,
        metrics: Metrics,
        leads: Callable[[], bool],
    ) -> None:
        """`begin` begins the term of this operator when it leads."""
        self._begin = begin
        self._metrics = metrics
        self._leads = leads
        self._inbox = Inbox()
        self._observation = Observation(configuration.watch_namespaces)
        self._workloads = Workloads()
        self._keys = _Keys()
        self._failures = FailureLog((ClusterError, StoreError))
        self._propagations = stations.Propagations()
        self._downloads = Downloads(self._hear_of_zone_file)
        self._primary_keys: Mapping[str, PrimaryKey] = {}
        self.transfers = Transfers(
            lambda: self._primary_keys,
            self._hear_of_zone_file,
            asked=lambda outcome: metrics.primaries_asked.labels(outcome).inc(),
        )
        metrics.fleet.transfers = self.transfers.standings_by_origin
        self._notifies: NotifyPort | None = None
        if configuration.gate:
            self._notifies = NotifyPort(
                (EVERY_ADDRESS, configuration.notify_port),
                lambda: self._primary_keys,
                self.transfers.notified,
                hears=lambda: self._term is not None,  # the leader answers, and nobody else
            )
        self._writer = StatusWriter(
            cluster,
            configuration.identity,
            written=lambda made, packed: self._inbox.put(lambda: self._written(made, packed)),
        )
        self._given = Dependencies(
            cluster,
            configuration,
            metrics,
            self._observation,
            self._workloads,
            self._downloads,
            self.transfers,
            self.trust_primaries,
            self._writer.put,
            self._keys,
        )
        self._term: Work | None = None
        self._next_look = 0.0
        self._turned = time.monotonic()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="controller", daemon=True)

    # From other threads

    def start(self) -> None:
        """Begin to work."""
        self._writer.start()
        self._thread.start()
        if self._notifies is not None:
            self._notifies.start()

    def stop(self) -> None:
        """End after the turn that is under way."""
        self._stopping.set()
        if self._notifies is not None:
            self._notifies.stop()
        self.wake()
        self._thread.join()
        self._writer.stop()
        self._downloads.close()
        self.transfers.close()

    def trust_primaries(self, keys: Mapping[str, PrimaryKey]) -> None:
        """Fetch zones from primaries by these keys from now on, by the names of their TsigKeys."""
        if keys != self._primary_keys:
            self._primary_keys = keys
            self.transfers.hasten()

    def _hear_of_zone_file(self, zone: Reference) -> None:
        self._inbox.put(lambda: self._zone_file_came(zone))

    def wake(self) -> None:
        """Look at the Lease again."""
        self._inbox.put(lambda: None)

    def sync(self) -> None:
        """List everything anew: events may have been missed."""
        self._inbox.put(self._sync)

    def event(self, kind: str, found: Object, deleted: bool, listed: bool = False) -> None:
        """An object was made, changed or deleted, or was there when a watch began (`listed`)."""
        _hear(lambda: self._event(slimmed(kind, found), deleted, listed))

    def _event(self, found: Object, deleted: bool, listed: bool) -> None:
        event = Event(found, deleted, listed, time.monotonic())
        self._inbox.put_event(reference_of(found), event)

    def workloads(self, kind: str, objects: Iterable[Object]) -> None:
        """All pods, Deployments or Services of the Pops."""
        found: list[Object] = [slimmed(kind, each) for each in objects]
        self._inbox.put(lambda: self._take_workloads(kind, found))

    def problem(self) -> str:
        """Why this replica is of no use any more; empty where it is."""
        if not self._thread.is_alive() and not self._stopping.is_set():
            return "the controller's thread has ended"
        silent = time.monotonic() - self._turned
        return (
            f"the controller has not turned for {silent:.0f} s" if silent > STALLED_SECONDS else ""
        )

    # The thread

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._turn()
            except Fenced as error:
                _log.error("%s", error)
                self._end_term()
                self._stopping.wait(FENCED_SECONDS)
            self._turned = time.monotonic()
            self._metrics.last_pass.set(time.time())
            self._metrics.queue_depth.set(len(self._keys.queue))
        self._end_term()

    def _turn(self) -> None:
        self._receive()
        if not self._leads():
            self._end_term()
            return
        if self._term is None:
            self._begin_term()
        now = time.monotonic()
        looks = now >= self._next_look
        key = self._next_key(now, looks)
        if key is not None:
            self._reconcile(key)
        elif looks:
            self._look()

    def _next_key(self, now: float, looks: bool) -> Key | None:
        """What to reconcile now; where a look is due, no part of what goes through all objects.

        Such a part can wait, whoever waits for a status cannot. Zones come before both: what is
        published next would make the status old again.
        """
        waiting = []
        while (key := self._keys.queue.take(now)) in (SYNC, PREPARATION, PROOF) and looks:
            waiting.append(key)
        for part in waiting:
            self._keys.add(part)
        return key

    def _receive(self) -> None:
        """Take in all that has come, and wait for something where there is nothing to do."""
        wait = IDLE_LOOK_SECONDS
        if self._term is not None:
            due = self._keys.queue.due()
            until = self._next_look if due is None else min(due, self._next_look)
            wait = min(max(0.0, until - time.monotonic()), IDLE_LOOK_SECONDS)
        messages, events = self._inbox.take(wait)
        for message in messages:
            _hear(message)
        for reference, event in events.items():
            _hear(partial(self._take, reference, event))

    # Events

    def _take(self, reference: Reference, event: Event) -> None:
        kind, observation = reference.kind, self._observation
        if kind in KINDS:
            self._take_workload(event.found, event.deleted)
            return
        if event.deleted:
            known = observation.remove(reference, event.found["metadata"]["uid"])
            if known is None:
                return
            if kind == "Zone":
                self._propagations.forget(reference)
                if self._term is not None:
                    self._term.zone_deleted(reference, known)
        elif not observation.put(event.found, event=not event.listed):
            return
        if self._term is not None and not event.listed:
            stations.seen(reference, event)
        self._changed(reference)

    def _changed(self, reference: Reference) -> None:
        if self._term is not None:
            if reference.kind == "Pop":
                self._keys.add(Key("Pop", reference.name))
                self._keys.add(ACCESS)
            self._zones_changed()

    def _zone_file_came(self, zone: Reference) -> None:
        if self._term is not None:
            self._term.zone_file_came(zone)
            self._zones_changed()

    def _sync(self) -> None:
        if self._term is not None:
            self._term.sync()

    def _zones_changed(self) -> None:
        self._keys.add(ZONES, BURST_SECONDS)

    def _take_workloads(self, kind: str, listed: list[Object]) -> None:
        self._workloads.replace(kind, listed)
        self._next_look = 0.0

    def _take_workload(self, manifest: Object, deleted: bool) -> None:
        labels = manifest["metadata"].get("labels") or {}
        pop = labels.get(POP_LABEL, "")
        if deleted:
            self._workloads.remove(manifest)
            before = None
        else:
            before = self._workloads.put(manifest)
        self._next_look = 0.0
        if self._term is None:
            return
        if deleted and self._observation.get(Reference("Pop", "", pop)) is None:
            self._zones_changed()  # it served on until now
        if manifest["kind"] == "Pod":
            known = edge_sets.host_ips(before) if before is not None else []
            moved = deleted or known != edge_sets.host_ips(manifest)
            if moved and edge_sets.is_on_node(manifest):
                self._keys.add(Key("Pop", pop), BURST_SECONDS)  # its policies name nodes
            return
        if manifest["kind"] in edge_sets.KINDS and len(self._workloads.edges(pop)) > 1:
            self._keys.add(Key("Pop", pop), BURST_SECONDS)  # one may serve now, and the other end
            return
        was = before["metadata"].get("generation") if before is not None else None
        if deleted or was != manifest["metadata"].get("generation"):
            self._keys.add(Key("Pop", pop), BURST_SECONDS)

    def _written(self, made: Object, packed: bytes) -> None:
        self._metrics.status_writes.labels(made["kind"]).inc()
        reference = reference_of(made)
        self._propagations.written(reference, made)
        if self._observation.refresh(made):
            self._changed(reference)  # the event that tells of it comes too late to be news
        if self._term is not None:
            self._term.looks.written(reference, packed)

    # Terms

    def _begin_term(self) -> None:
        self._observation.forget()
        self._keys.queue = WorkQueue()
        self._term = self._begin(self._given)
        self._keys.add(KEYS)
        self._keys.add(SYNC)
        self._keys.add(COOKIES)
        self._keys.add(FLEET)
        self._keys.add(ACCESS)
        self._metrics.leader.set(1)
        _log.info("lead from now on")

    def _end_term(self) -> None:
        if self._term is None:
            return
        self._term.close()
        self._term = None
        self._failures.clear()
        self._propagations.clear()
        self._writer.clear()
        self._metrics.end_term()
        _log.info("lead no more")

    # Work

    def _reconcile(self, key: Key) -> None:
        assert self._term is not None  # noqa: S101 - only a leader takes keys
        try:
            with self._metrics.pass_seconds.labels(key.kind).time():
                done = self._term.reconcile(key)
        except Fenced:
            raise
        except Exception as error:
            self._keys.failed(key)
            self._metrics.reconciles.labels(key.kind, "error").inc()
            self._failures.failed(key, error)
        else:
            self._keys.succeeded(key)
            self._failures.succeeded(key)
            if not done:
                return
            self._metrics.reconciles.labels(key.kind, "success").inc()
        self._next_look = 0.0

    def _look(self) -> None:
        assert self._term is not None  # noqa: S101 - only a leader looks
        began = time.monotonic()
        try:
            with self._metrics.look_seconds.time():
                self._term.look()
        except Fenced:
            raise
        except Exception as error:
            self._metrics.reconciles.labels("Propagation", "error").inc()
            self._failures.failed(_LOOK, error)
            self._next_look = time.monotonic() + IDLE_LOOK_SECONDS
            return
        self._metrics.reconciles.labels("Propagation", "success").inc()
        self._failures.succeeded(_LOOK)
        took = time.monotonic() - began
        pause = LOOK_SECONDS if self._term.looks.pending else IDLE_LOOK_SECONDS
        self._next_look = time.monotonic() + max(pause, took * LOOK_SHARE)


def _hear(message: Message) -> None:
    try:
        message()
    except Exception:
        _log.exception("news could not be taken in")

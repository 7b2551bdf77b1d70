"""The controller: one thread that takes events in, and brings the cluster to what it should be.

    kopf's watches ──events──▶ inbox ──▶ observation ──▶ queue of keys ──▶ passes ──▶ looks

It is level-triggered: an event only says what to look at. Everything is listed anew when this
replica begins to lead, and again every few minutes, so a lost event costs time and nothing else.
Only the leader works; a replica that waits keeps its observation up to date and touches nothing.

All that a leader knows of the core lives in a `_Term`. It ends with the Lease, or when another
writer turns out to have a higher fence, and the next term begins from nothing.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dnsfleet.resources import Pop, Reference

from dnsfleet_operator import drains, edge_pods, pop_passes
from dnsfleet_operator.assembling import Assembler
from dnsfleet_operator.cluster import Cluster, ClusterError
from dnsfleet_operator.configuration import Configuration
from dnsfleet_operator.downloads import Downloads
from dnsfleet_operator.fleet_view import FleetView, PopResult, View
from dnsfleet_operator.key_secrets import Keys
from dnsfleet_operator.metrics import Metrics
from dnsfleet_operator.observation import LISTED, Observation, reference_of
from dnsfleet_operator.pops.setting import MANAGED_SELECTOR
from dnsfleet_operator.publishing import State
from dnsfleet_operator.record_store import RecordStore, connect
from dnsfleet_operator.status_writing import StatusWriter
from dnsfleet_operator.store_errors import Fenced, StoreError
from dnsfleet_operator.work_queue import Key, WorkQueue
from dnsfleet_operator.workload_cache import KINDS, Workloads
from dnsfleet_operator.zone_passes import ZonePasses

SYNC_SECONDS = 300.0
"""Between complete lists: what a lost event costs at most."""
STALLED_SECONDS = 60.0
"""A loop that has not turned for so long hangs; the slowest known turn parses a huge zone."""
LOOK_SECONDS = 0.05
"""Between looks at the acks while a revision is on its way."""
IDLE_LOOK_SECONDS = 1.0
LOOK_SHARE = 4
"""Looks at a large fleet take longer: they may fill a fifth of the time."""
BURST_SECONDS = 0.02
"""Zones wait so long for more of the same apply."""
DEAD_ACK_MS = 24 * 3600 * 1000
"""What an edge said is kept for a day after its last word."""

SYNC, ZONES = Key("Sync"), Key("Zone")

_log = logging.getLogger(__name__)

Manifest = Mapping[str, Any]
Message = Callable[[], None]


@dataclass
class _Term:
    """The time of one leadership."""

    store: RecordStore
    close: Callable[[], None]
    zones: ZonePasses
    looks: FleetView
    view: View


class Controller:
    """Give it events with `event`, and run it in a thread of its own."""

    def __init__(
        self,
        cluster: Cluster,
        configuration: Configuration,
        keys: Keys,
        metrics: Metrics,
        leads: Callable[[], bool],
    ) -> None:
        self._cluster = cluster
        self._configuration = configuration
        self._keys = keys
        self._metrics = metrics
        self._leads = leads
        self._inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._observation = Observation()
        self._workloads = Workloads()
        self._queue = WorkQueue()
        self._downloads = Downloads(lambda: self._inbox.put(self._zones_changed))
        self._writer = StatusWriter(
            cluster,
            configuration.identity,
            written=lambda made: self._inbox.put(lambda: self._written(made)),
            failed=lambda reference: self._inbox.put(lambda: self._not_written(reference)),
        )
        self._term: _Term | None = None
        self._next_look = 0.0
        self._turned = time.monotonic()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="controller", daemon=True)

    # From other threads

    def start(self) -> None:
        """Begin to work."""
        self._writer.start()
        self._thread.start()

    def stop(self) -> None:
        """End after the turn that is under way."""
        self._stopping.set()
        self.wake()
        self._thread.join()
        self._writer.stop()
        self._downloads.close()

    def wake(self) -> None:
        """Look at the Lease again."""
        self._inbox.put(lambda: None)

    def event(self, kind: str, manifest: Manifest, deleted: bool) -> None:
        """An object was made, changed or deleted."""
        whole = {"kind": kind, **manifest}
        self._inbox.put(lambda: self._take(kind, whole, deleted))

    def workloads(self, kind: str, manifests: Iterable[Manifest]) -> None:
        """All pods, Deployments or Services of the Pops."""
        listed = list(manifests)
        self._inbox.put(lambda: self._take_workloads(kind, listed))

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
            self._turned = time.monotonic()
            self._metrics.last_pass.set(time.time())
            self._metrics.queue_depth.set(len(self._queue))
        self._end_term()

    def _turn(self) -> None:
        self._receive()
        if not self._leads():
            self._end_term()
            return
        if self._term is None:
            self._begin_term()
        now = time.monotonic()
        key = self._queue.take(now)
        if key is not None:
            self._reconcile(key)
        elif now >= self._next_look:
            self._look()

    def _receive(self) -> None:
        """Take in all that has come, and wait for something where there is nothing to do."""
        wait = IDLE_LOOK_SECONDS
        if self._term is not None:
            due = self._queue.due()
            until = self._next_look if due is None else min(due, self._next_look)
            wait = min(max(0.0, until - time.monotonic()), IDLE_LOOK_SECONDS)
        try:
            self._inbox.get(timeout=wait)() if wait else self._inbox.get_nowait()()
            while True:
                self._inbox.get_nowait()()
        except queue.Empty:
            return

    # Events

    def _take(self, kind: str, manifest: Manifest, deleted: bool) -> None:
        if kind in KINDS:
            self._take_workload(manifest, deleted)
            return
        reference = reference_of(manifest)
        if kind == "ConfigMap" and reference not in self._observation.config_maps():
            return
        if deleted:
            known = self._observation.remove(reference, manifest["metadata"]["uid"])
            if known is None:
                return
            if self._term is not None and kind == "Zone":
                self._term.zones.deleted(reference, known)
        elif not self._observation.put(manifest):
            return
        if self._term is not None:
            self._changed(kind, reference.name)

    def _changed(self, kind: str, name: str) -> None:
        if kind == "Pop":
            self._add(Key("Pop", name))
        self._zones_changed()

    def _zones_changed(self) -> None:
        self._add(ZONES, BURST_SECONDS)

    def _take_workloads(self, kind: str, listed: list[Manifest]) -> None:
        self._workloads.replace(kind, listed)
        self._next_look = 0.0

    def _take_workload(self, manifest: Manifest, deleted: bool) -> None:
        labels = manifest["metadata"].get("labels") or {}
        pop = labels.get("dnsfleet.io/pop", "")
        if deleted:
            self._workloads.remove(manifest)
            before = None
        else:
            before = self._workloads.put(manifest)
        self._next_look = 0.0
        if manifest["kind"] == "Pod" or self._term is None:
            return
        was = before["metadata"].get("generation") if before is not None else None
        if deleted or was != manifest["metadata"].get("generation"):
            self._add(Key("Pop", pop), BURST_SECONDS)

    def _written(self, made: Manifest) -> None:
        self._metrics.status_writes.labels(made["kind"]).inc()
        self._observation.put(made)

    def _not_written(self, reference: Reference) -> None:
        if self._term is not None:
            self._term.looks.forget(reference)

    def _add(self, key: Key, delay: float = 0.0) -> None:
        self._queue.add(key, time.monotonic(), delay)

    # Terms

    def _begin_term(self) -> None:
        configuration = self._configuration
        client = connect(
            f"redis://publisher:{self._keys.publisher_password}"
            f"@{configuration.core_host}:{configuration.core_port}/0"
        )
        store = RecordStore(client, self._keys.private, time.time)
        zones = ZonePasses(
            self._cluster, store, Assembler(self._downloads), configuration.orphan_seconds
        )
        looks = FleetView(self._metrics, self._writer.put)
        view = View(self._observation, self._workloads)
        self._term = _Term(store, client.close, zones, looks, view)
        self._observation.forget()
        self._queue = WorkQueue()
        self._add(SYNC)
        self._metrics.leader.set(1)
        _log.info("lead from now on")

    def _end_term(self) -> None:
        if self._term is None:
            return
        self._term.close()
        self._term = None
        self._writer.clear()
        self._metrics.leader.set(0)
        self._metrics.forget()
        _log.info("lead no more")

    # Work

    def _reconcile(self, key: Key) -> None:
        assert self._term is not None  # noqa: S101 - only a leader takes keys
        work = {"Sync": self._sync, "Zone": self._pass_zones, "Pop": self._pass_pop}[key.kind]
        try:
            work(self._term, key)
        except (ClusterError, StoreError) as error:
            delay = self._queue.failed(key, time.monotonic())
            self._metrics.reconciles.labels(key.kind, "error").inc()
            _log.warning("%s; again in %.1f s", error, delay)
        else:
            self._queue.succeeded(key)
            self._metrics.reconciles.labels(key.kind, "success").inc()
        self._next_look = 0.0

    def _sync(self, term: _Term, key: Key) -> None:
        """List everything; what is no longer there was deleted while nobody saw it."""
        namespace = self._configuration.namespace
        for kind in LISTED:
            for known in self._observation.replace(kind, self._cluster.objects(kind)):
                if kind == "Zone":
                    term.zones.deleted(reference_of(known.manifest), known)
        for kind in KINDS:
            self._workloads.replace(kind, self._cluster.objects(kind, namespace, MANAGED_SELECTOR))
        self._read_config_maps(anew=True)
        term.zones.sweep(self._observation, time.monotonic())
        self._forget_edges(term)
        term.looks.forget()
        for pop in self._observation.pops:
            self._add(Key("Pop", pop.metadata.name))
        self._add(ZONES)
        self._add(key, SYNC_SECONDS)
        self._metrics.last_sync.set(time.time())
        self._metrics.orphans.set(term.zones.orphans)

    def _read_config_maps(self, anew: bool) -> None:
        """Read the ConfigMaps that Zones refer to; without `anew` only those not known yet."""
        for reference in self._observation.config_maps():
            if anew or self._observation.get(reference) is None:
                found = self._cluster.get("ConfigMap", reference.name, reference.namespace)
                if found is not None:
                    self._observation.put(found)

    def _forget_edges(self, term: _Term) -> None:
        now_ms = time.time_ns() // 1_000_000
        pods = {edge.field for pod in self._workloads.pods if (edge := edge_pods.read(pod))}
        term.store.forget_edges(
            [
                field
                for field, ack in term.store.acks().items()
                if field not in pods and now_ms - ack.time_ms > DEAD_ACK_MS
            ]
        )

    def _pass_zones(self, term: _Term, _key: Key) -> None:
        if not self._observation.complete:
            return  # the Sync that is due adds this key again
        self._read_config_maps(anew=False)
        try:
            results = term.zones.run(self._observation)
        except StoreError:
            self._metrics.core_up.set(0)
            raise
        term.view.results = results
        for origin, outcome in results.outcomes.items():
            manifest, state = outcome.manifest, outcome.state
            if state in (State.PUBLISHED, State.REMOVED) and manifest is not None:
                _log.info("%s %s %s", origin, state.value.lower(), manifest.revision)
        self._decide_drains(term)
        self._metrics.core_up.set(not results.failed)
        if results.failed:
            raise StoreError(results.failed)

    def _decide_drains(self, term: _Term) -> None:
        """Look again at who may be out of service, and have Pops applied whose answer is new."""
        before = term.view.drains
        already = before.drained | self._drained_before()
        placements = {origin: m.pops for origin, m in term.view.manifests().items()}
        decided = drains.decide(self._observation.pops, placements, already)
        term.view.drains = decided
        for name in decided.drained ^ before.drained:
            if self._observation.get(Reference("Pop", "", name)) is not None:
                self._add(Key("Pop", name))

    def _drained_before(self) -> set[str]:
        """The Pops that an earlier term took out of service, by their Deployments."""
        found = set()
        for pop in self._observation.pops:
            edges = self._workloads.get("Deployment", f"pop-{pop.metadata.name}-edge")
            if edges is not None and edges["spec"].get("replicas") == 0:
                found.add(pop.metadata.name)
        return found

    def _pass_pop(self, term: _Term, key: Key) -> None:
        reference = Reference("Pop", "", key.name)
        known = self._observation.get(reference)
        pop = known.document.resource if known is not None and known.document else None
        if known is None or not isinstance(pop, Pop):
            term.view.pops.pop(key.name, None)
            return
        if not term.view.results.outcomes and pop.spec.state == "Drained":
            # Who would be left without it is known after the first pass over the zones.
            drained = key.name in self._drained_before()
        else:
            drained = key.name in term.view.drains.drained
        result = PopResult(known.generation)
        if pop.spec.cluster == "local":
            try:
                applied = pop_passes.run(
                    self._cluster, self._configuration, self._keys.public_pem, pop, drained
                )
            except ClusterError as error:
                term.view.pops[key.name] = PopResult(known.generation, ("ApplyFailed", str(error)))
                raise
            for kind, name in applied:
                _log.info("applied %s %s", kind, name)
        else:
            result.problem = ("NotSupported", "spec.cluster: agent is not supported yet; use local")
        if known.violations:
            result.problem = (known.violations[0].reason, str(known.violations[0]))
        term.view.pops[key.name] = result

    def _look(self) -> None:
        assert self._term is not None  # noqa: S101 - only a leader looks
        term, began = self._term, time.monotonic()
        namespace = self._configuration.namespace
        try:
            term.looks.look(
                term.view,
                term.store.acks(),
                lambda: self._cluster.objects("Pod", namespace, MANAGED_SELECTOR),
            )
        except (ClusterError, StoreError) as error:
            self._metrics.reconciles.labels("Propagation", "error").inc()
            _log.warning("%s", error)
            self._next_look = time.monotonic() + IDLE_LOOK_SECONDS
            return
        self._metrics.reconciles.labels("Propagation", "success").inc()
        took = time.monotonic() - began
        pause = LOOK_SECONDS if term.looks.pending else IDLE_LOOK_SECONDS
        self._next_look = time.monotonic() + max(pause, took * LOOK_SHARE)

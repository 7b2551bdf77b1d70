"""The work of a leader, for as long as it leads.

A term knows what the core has, and what every pass gave. It ends with the Lease, or when another
writer turns out to have a higher fence; the next one begins from nothing, so that nothing that was
true under an old fence is believed under a new one.
"""

import logging
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dnsfleet import cookies
from dnsfleet.replication.acks import Ack
from dnsfleet.resources import Reference
from dnsfleet_publisher.assembling import Assembler
from dnsfleet_publisher.core_redis import connect
from dnsfleet_publisher.publishing import State
from dnsfleet_publisher.record_store import RecordStore
from dnsfleet_publisher.store_errors import StoreError

from dnsfleet_operator.cluster import Cluster
from dnsfleet_operator.configuration import Configuration
from dnsfleet_operator.labels import MANAGED_SELECTOR
from dnsfleet_operator.metrics import Metrics
from dnsfleet_operator.observed import edge_pods
from dnsfleet_operator.observed.observation import LISTED, Known, Observation, reference_of
from dnsfleet_operator.observed.workloads import KINDS, Workloads
from dnsfleet_operator.pops.passes import PopPasses
from dnsfleet_operator.secrets import cookie_secrets
from dnsfleet_operator.secrets.cookie_secrets import CookieSecretError
from dnsfleet_operator.secrets.key_secrets import Keys
from dnsfleet_operator.statuses.looks import FleetView, View
from dnsfleet_operator.statuses.updates import PutStatus
from dnsfleet_operator.work_queue import Key
from dnsfleet_operator.zones.downloads import Downloads
from dnsfleet_operator.zones.passes import ZonePasses

SYNC_SECONDS = 300.0
"""Between complete lists: what a lost event costs at most."""
DEAD_ACK_MS = 24 * 3600 * 1000
"""What an edge said is kept for a day after its last word."""

SYNC, SWEEP, ZONES, COOKIES = Key("Sync"), Key("Sweep"), Key("Zone"), Key("Cookies")

_log = logging.getLogger(__name__)

Add = Callable[[Key, float], None]
"""Gets a key and the seconds after which it is to be looked at."""


@dataclass(frozen=True)
class Surroundings:
    """What outlives a term."""

    cluster: Cluster
    configuration: Configuration
    keys: Keys
    metrics: Metrics
    observation: Observation
    workloads: Workloads
    downloads: Downloads
    put_status: PutStatus
    add: Add


class Term:
    """One leadership. ClusterError and StoreError of a pass mean to try again, Fenced to end."""

    def __init__(self, around: Surroundings) -> None:
        configuration = around.configuration
        self._cluster = around.cluster
        self._configuration = configuration
        self._metrics = around.metrics
        self._observation = around.observation
        self._workloads = around.workloads
        self._add = around.add
        self._client = connect(
            f"redis://publisher:{around.keys.publisher_password}"
            f"@{configuration.core_host}:{configuration.core_port}/0"
        )
        self._store = RecordStore(self._client, around.keys.private, time.time)
        self._zones = ZonePasses(
            around.cluster,
            self._store,
            Assembler(around.downloads),
            configuration.orphan_seconds,
        )
        self._pops = PopPasses(
            around.cluster,
            configuration,
            around.keys.public_pem,
            around.observation,
            around.workloads,
        )
        self._view = View(around.observation, around.workloads, pops=self._pops.results)
        self._said: Mapping[str, Ack] = {}
        self.looks = FleetView(around.metrics, around.put_status)
        self._passes: Mapping[str, Callable[[Key], None]] = {
            "Sync": self._sync,
            "Sweep": self._sweep,
            "Zone": self._pass_zones,
            "Pop": lambda key: self._pops.run(key.name),
            "Cookies": self._pass_cookies,
        }

    def close(self) -> None:
        """Let go of the core."""
        self._client.close()

    def reconcile(self, key: Key) -> None:
        """The pass of a key."""
        self._passes[key.kind](key)

    def zone_deleted(self, reference: Reference, known: Known) -> None:
        """A Zone object is gone; the next pass finds out whether that was meant."""
        self._zones.deleted(reference, known)

    def look(self) -> None:
        """See how far everything has come; StoreError where it is by what edges said before."""
        namespace = self._configuration.namespace
        away = None
        try:
            self._said = self._store.core.acks()
        except StoreError as error:
            away = error  # statuses have to tell of that too, and of pods that come and go
        self.looks.look(
            self._view,
            self._said,
            lambda: self._cluster.objects("Pod", namespace, MANAGED_SELECTOR),
        )
        if away is not None:
            raise away

    def _sync(self, key: Key) -> None:
        """List everything; what is no longer there was deleted while nobody saw it."""
        namespace = self._configuration.namespace
        for kind in LISTED:
            for known in self._observation.replace(kind, self._cluster.objects(kind)):
                if kind == "Zone":
                    self._zones.deleted(reference_of(known.manifest), known)
        for kind in KINDS:
            self._workloads.replace(kind, self._cluster.objects(kind, namespace, MANAGED_SELECTOR))
        found = [self._config_map(reference) for reference in self._observation.config_maps()]
        self._observation.replace("ConfigMap", filter(None, found))
        self.looks.forget()
        for name in {pop.metadata.name for pop in self._observation.pops} | self._workloads.pops:
            self._add(Key("Pop", name), 0.0)
        self._add(SWEEP, 0.0)
        self._add(ZONES, 0.0)
        self._add(key, SYNC_SECONDS)
        self._metrics.last_sync.set(time.time())

    def _config_map(self, reference: Reference) -> dict[str, Any] | None:
        return self._cluster.get("ConfigMap", reference.name, reference.namespace)

    def _sweep(self, _key: Key) -> None:
        """Find what is in the core and belongs to nobody; what ends by that, the next pass ends."""
        self._zones.sweep(self._observation, time.monotonic())
        self._metrics.orphans.set(self._zones.orphans)
        self._add(ZONES, 0.0)
        now_ms = time.time_ns() // 1_000_000
        pods = {edge.field for pod in self._workloads.pods if (edge := edge_pods.read(pod))}
        self._store.core.forget_edges(
            [
                field
                for field, ack in self._store.core.acks().items()
                if field not in pods and now_ms - ack.time_ms > DEAD_ACK_MS
            ]
        )

    def _pass_zones(self, _key: Key) -> None:
        if not self._observation.complete:
            return  # the Sync that is due adds this key again
        for reference in self._observation.config_maps():
            if self._observation.get(reference) is None:
                found = self._config_map(reference)
                if found is not None:
                    self._observation.put(found)
        try:
            results = self._zones.run(self._observation, self._lingering())
        except StoreError:
            self._metrics.core_up.set(0)
            raise
        self._view.results = results
        for origin, outcome in results.outcomes.items():
            manifest, state = outcome.manifest, outcome.state
            if state in (State.PUBLISHED, State.REMOVED) and manifest is not None:
                _log.info("%s %s %s", origin, state.value.lower(), manifest.revision)
        placements = None
        if not results.failed:
            placements = {origin: each.pops for origin, each in self._view.manifests().items()}
        for name in self._pops.decide(placements):
            self._add(Key("Pop", name), 0.0)
        self._view.drains = self._pops.drains
        self._metrics.core_up.set(not results.failed)
        if results.failed:
            raise StoreError(results.failed)

    def _lingering(self) -> set[str]:
        """Pops whose pods run, and whose objects are gone or not understood."""
        return self._workloads.pops - {pop.metadata.name for pop in self._observation.pops}

    def _pass_cookies(self, key: Key) -> None:
        """Make or rotate the cookie secrets; edges see for themselves."""
        name = cookie_secrets.name(self._configuration)
        namespace = self._configuration.namespace
        found = self._cluster.get("Secret", name, namespace)
        fresh = secrets.token_bytes(cookies.OCTETS)
        try:
            secret = cookie_secrets.renewed(found, self._configuration, int(time.time()), fresh)
        except CookieSecretError as error:
            _log.error("%s", error)
            secret = None
        if secret is not None:
            self._cluster.create(secret) if found is None else self._cluster.replace(secret)
            _log.info("rotated the cookie secrets in Secret %s/%s", namespace, name)
        self._add(key, cookies.LOOK_SECONDS)

"""The work of a leader, for as long as it leads.

A term knows what the core has, and what every pass gave. It ends with the Lease, or when another
writer turns out to have a higher fence; the next one begins from nothing, so that nothing that was
true under an old fence is believed under a new one.
"""

import contextlib
import itertools
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Set

from dnsfleet import cookies
from dnsfleet.replication.acks import Ack
from dnsfleet.resources import Reference
from dnsfleet_io.redis_watch import RedisWatch
from dnsfleet_publisher.core_redis import CoreRedis, connect
from dnsfleet_publisher.key_secrets import REPLICA_ACL
from dnsfleet_publisher.outside_texts import OutsideTexts
from dnsfleet_publisher.record_store import RecordStore
from dnsfleet_publisher.store_errors import StoreError, StoreResetError

from dnsfleet_operator import garbage, stations
from dnsfleet_operator.cluster import ClusterError
from dnsfleet_operator.gates import passes as gates
from dnsfleet_operator.gates.passes import GatePasses
from dnsfleet_operator.inbox import Event
from dnsfleet_operator.leading import config_maps, syncs
from dnsfleet_operator.leading.config_maps import ConfigMapReads
from dnsfleet_operator.leading.dependencies import Dependencies
from dnsfleet_operator.leading.fleet_objects import FleetObject
from dnsfleet_operator.leading.outages import Outage
from dnsfleet_operator.leading.pop_commands import PopCommands
from dnsfleet_operator.leading.probing import Probing
from dnsfleet_operator.leading.replica_passes import ReplicaPasses
from dnsfleet_operator.leading.secondary_serials import SecondarySerials
from dnsfleet_operator.leading.telemetry import Telemetry
from dnsfleet_operator.members.passes import MemberPasses
from dnsfleet_operator.objects import MANAGED_SELECTOR
from dnsfleet_operator.observed import edge_pods
from dnsfleet_operator.observed.observation import Known
from dnsfleet_operator.pops import access
from dnsfleet_operator.pops.access import PopAccess
from dnsfleet_operator.pops.passes import PopPasses
from dnsfleet_operator.pops.remote import RemotePasses
from dnsfleet_operator.pops.setting import version_of
from dnsfleet_operator.samples import Held
from dnsfleet_operator.secrets import cookie_secrets, rotations
from dnsfleet_operator.secrets.key_keeping import KeyKeeper
from dnsfleet_operator.secrets.rotations import Progress
from dnsfleet_operator.statuses import fleets
from dnsfleet_operator.statuses.conditions import Condition
from dnsfleet_operator.statuses.events import Notice
from dnsfleet_operator.statuses.looks import FleetView, View
from dnsfleet_operator.statuses.posting import post
from dnsfleet_operator.work_queue import Key
from dnsfleet_operator.zones.passes import ZonePasses

SYNC_SECONDS = 300.0
"""Between complete lists: what a lost event costs at most."""
DEAD_ACK_MS = 24 * 3600 * 1000
"""What an edge said is kept for a day after its last word."""

AUDIT_SECONDS = 1.0
"""Between audits, each of a few milliseconds: 10,000 zones are compared in two minutes."""
FLEET_SECONDS = 2.0
"""Between looks at the Fleet object: how late an approval is heard, for one small request."""
RETRY_SECONDS = 1.0
"""Until a Pop of another cluster is looked at again where the core cannot be written yet."""
KEYS_SECONDS = 2.0
"""Between looks at the Secret with the keys: how late its loss is told, for one small request."""

SYNC, SWEEP, ZONES, COOKIES = Key("Sync"), Key("Sweep"), Key("Zone"), Key("Cookies")
"""ZONES is a pass over what changed; a key of that kind with an origin is one over that as well."""
PROOF, PREPARATION, KEYS = Key("Proof"), Key("Preparation"), Key("Keys")
ACCESS, FLEET, CONFIG_MAPS = Key("Access"), Key("Fleet"), Key("ConfigMaps")
GATES, MEMBERS = Key("Gates"), Key("Members")

_log = logging.getLogger(__name__)


class Term:
    """One leadership. ClusterError and StoreError of a pass mean to try again, Fenced to end."""

    def __init__(self, given: Dependencies, keeper: KeyKeeper) -> None:
        configuration = given.configuration
        self._cluster = given.cluster
        self._configuration = configuration
        self._metrics = given.metrics
        self._observation = given.observation
        self._workloads = given.workloads
        self._downloads = given.downloads
        self._transfers = given.transfers
        self._waiting = given.waiting
        self._keys = keeper
        self._keys.begin_term()
        keys = self._keys.keys
        core = configuration.core("publisher", keys.publisher_password)
        self._client, self._watch = connect(core), RedisWatch(core, given.metrics.redis)
        self._store = RecordStore(
            CoreRedis(self._client), keys.private, time.time, keys.previous, self._other_clocks
        )
        self._transfers.live = self._store.load
        self._zones = ZonePasses(
            given.cluster,
            self._store,
            OutsideTexts(given.downloads, given.transfers),
            configuration.orphan_seconds,
        )
        self._members = MemberPasses(
            given.cluster,
            given.observation,
            self._zones.naming,
            self._zones.revision,
            self._store.load,
            self._confirmed,
            self._touch,
            given.metrics.fleet.catalogs,
        )
        self._pops = PopPasses(
            given.cluster,
            configuration,
            given.observation,
            given.workloads,
        )
        self._access = PopAccess(given.cluster, configuration, given.observation)
        self._remote = RemotePasses(self._store, given.observation, self._pops)
        self._commands = PopCommands(
            given, keeper, self._store, self._client, self._remote.edges, lambda: self._said
        )
        self._replicas = ReplicaPasses(given, lambda: self.looks.differing())
        self._telemetry = Telemetry(given, self._client, lambda: self._said)
        self._view = View(
            given.observation,
            given.workloads,
            self._zones.results,
            self._pops.results,
            positions=self._store.positions,
            remote=self._remote.edges,
            commands=self._commands.shown,
            transfers=given.transfers.standing,
            members=self._members.standing,
        )
        self._probing = Probing(given, keeper, self._store, self._view, lambda: self._said)
        self._config_maps = ConfigMapReads(given.cluster, given.observation)
        self._fleet = FleetObject(given.cluster, configuration.release, given.put_status)
        self._gates = GatePasses(
            given.cluster,
            configuration,
            given.put_status,
            given.metrics.tsig_keys_are,
            given.trust_primaries,
            lambda: self._zones.owner if self._looked_at_all else None,
        )
        if configuration.gate:
            given.waiting.add(GATES)
        self._outage = Outage(given.metrics.core_up.set)
        self._ready: frozenset[str] = frozenset()
        self._looked_at_all = False
        """Whether there was a moment when no zone waited for a pass."""
        self._said: Mapping[str, Ack] = {}
        self._audit_due = 0.0
        self._list: Iterator[None] | None = None
        self._proof: Iterator[None] | None = None
        self._unproved = False
        """Whether a proof is due, as soon as no zone waits to be published."""
        self.looks = FleetView(given.metrics, given.put_status)
        self._secondaries = SecondarySerials(
            given,
            self._view,
            self._zones.owner,
            lambda: self._gates.keys if self._looked_at_all else None,
            self.looks.touch,
        )
        self._passes: Mapping[str, Callable[[Key], bool]] = {
            "Sync": self._sync,
            "Preparation": self._prepare,
            "Sweep": self._sweep,
            "Proof": self._prove,
            "Zone": self._pass_zones,
            "ConfigMaps": self._read_config_maps,
            "Pop": self._pass_pop,
            "Cookies": self._pass_cookies,
            "Access": self._pass_access,
            "Keys": self._pass_keys,
            "Replica": self._replicas.run,
            "Fleet": self._pass_fleet,
            "Commands": self._commands.run,
            "Telemetry": self._telemetry.run,
            "Probes": self._probing.run,
            "Gates": self._pass_gates,
            "Members": self._pass_members,
            "Secondaries": self._secondaries.run,
        }

    def close(self) -> None:
        """Let go of the core."""
        self._keys.end_term()
        self._downloads.clear()
        self._transfers.clear()
        self._access.close()
        self._secondaries.close()
        self._watch.stop()
        self._client.close()

    def reconcile(self, key: Key) -> bool:
        """The pass of a key; whether it is done, and not only a part of it."""
        return self._passes[key.kind](key)

    def sync(self) -> None:
        """List everything anew, from the first page on: events may have been missed."""
        self._list = None
        self._waiting.add(SYNC)

    def zone_deleted(self, reference: Reference, known: Known) -> None:
        """A Zone object is gone; the next pass finds out whether that was meant."""
        self._zones.deleted(reference, known)

    def zone_file_came(self, zone: Reference) -> None:
        """There is something new about the zone file of a Zone."""
        self._zones.read_again(zone)

    def look(self) -> None:
        """See how far everything has come; StoreError where it is by what edges said before."""
        namespace = self._configuration.namespace
        away = None
        try:
            acks = self._store.core.acks()
            for name in self._remote.look():
                self._waiting.add(Key("Pop", name))
            self._said = acks | self._remote.edges.said
            if self._is_to_be_written():
                self._waiting.add(ZONES)
        except StoreError as error:
            away = error  # statuses have to tell of that too, and of pods that come and go
        if self._outage.looked("" if away is None else str(away)):
            self._waiting.hasten()  # a change that waited for the core waits no longer
        self._view.core_away = bool(self._outage.reason)
        if self._hears_of_others_ready() and self._holds:
            self._waiting.add(ZONES)
        self.looks.look(
            self._view,
            self._said,
            lambda: self._cluster.objects("Pod", namespace, MANAGED_SELECTOR),
        )
        if away is not None:
            raise away
        self._replicas.look()

    def _other_clocks(self) -> list[float]:
        """What the core and the API server say that it is."""
        if self._configuration.trust_clock:
            return []
        clocks = [self._store.core.time()]
        with contextlib.suppress(ClusterError):  # the core is filled without it too
            clocks.append(self._cluster.time())
        return [each for each in clocks if each is not None]

    def _is_to_be_written(self) -> bool:
        """Whether the core or the edges are not as they should be, which the next pass mends."""
        if self._store.fence == 0:
            return False
        try:
            self._store.check()
            if self._store.hear(self._said):
                return True
            now = time.monotonic()
            if now < self._audit_due:
                return False
            self._audit_due = now + AUDIT_SECONDS
            return self._store.audit()
        except StoreResetError as error:
            _log.warning("%s", error)
            return True

    # All objects, a part at a time

    def _sync(self, key: Key) -> bool:
        """List everything anew; what is different, the passes take as any change."""
        if self._list is None:
            self._list = syncs.pages(
                self._cluster,
                self._configuration.namespace,
                self._observation,
                self._workloads,
                self._zones.deleted,
            )
        if self._goes_on(self._list, key):
            self._waiting.add(PREPARATION)
            return False
        self._list = None
        self.looks.recheck(self._observation)
        for name in {pop.metadata.name for pop in self._observation.pops} | self._workloads.pops:
            self._waiting.add(Key("Pop", name))
        for next_key in (ZONES, SWEEP, CONFIG_MAPS):
            self._waiting.add(next_key)
        self._waiting.add(key, SYNC_SECONDS)
        self._metrics.last_sync.set(time.time())
        return True

    def _prepare(self, key: Key) -> bool:
        """Do between two pages what the first pass would have to do after the last one.

        It is a part of that pass, and there is nothing to look at after it.
        """
        if self._zones.prepare(self._observation):
            self._waiting.add(key)
        return False

    def _goes_on(self, parts: Iterator[None], key: Key) -> bool:
        """Take the next part, and have the one after it taken; whether there may be one."""
        try:
            next(parts)
        except StopIteration:
            return False
        except Exception:
            self._list = self._proof = None
            raise
        self._waiting.add(key)
        return True

    def _sweep(self, _key: Key) -> bool:
        """Find what is in the core and belongs to nobody; what ends by that, the next pass ends."""
        if not self._keys.known:
            return True  # the next Sync adds this key again
        self._zones.sweep(self._observation, self._store.now())
        self._metrics.fleet.orphans = self._zones.orphans
        self._metrics.fleet.first_removal = self._zones.first_removal
        self._waiting.add(ZONES)
        self._unproved = True
        now_ms = time.time_ns() // 1_000_000
        pods = {edge.field for pod in self._workloads.pods if (edge := edge_pods.read(pod))}
        self._store.core.forget_edges(
            [
                field
                for field, ack in self._store.core.acks().items()
                if field not in pods and now_ms - ack.time_ms > DEAD_ACK_MS
            ]
        )
        return True

    def _prove(self, key: Key) -> bool:
        """Compare what the changes made with what one look at everything gives."""
        if self._proof is None:
            wrong = self._metrics.resync_corrections.inc
            self._proof = self._zones.prove(wrong)
        if self._goes_on(self._proof, key):
            return False
        self._proof = None
        self._waiting.add(ZONES)
        garbage.settle()
        return True

    # What changed

    def _read_config_maps(self, key: Key) -> bool:
        """See whether some of the ConfigMaps that Zones name are others than before."""
        for reference in self._config_maps.look():
            gone = self._observation.get(reference) is None
            stations.seen(reference, Event({"metadata": {}}, gone, False, time.monotonic()))
            self._waiting.add(ZONES)
        self._waiting.add(key, config_maps.TURN_SECONDS)
        return True

    def _pass_zones(self, key: Key) -> bool:
        if not (self._observation.complete and self._keys.known):
            return True  # the Sync, or the look at the keys, that is due adds this key again
        for reference in list(self._observation.unread):
            syncs.read_config_map(self._cluster, self._observation, reference)
        if key.name:
            self._zones.mark(key.name)
            if self._outage.of_passes:
                self._waiting.add(ZONES)  # the one pass that is tried again takes this zone too
                return False
        try:
            if not self._pops.decided:
                self._remote.hear()  # what they say counts in the first decision
            self._hears_of_others_ready()
            done = self._zones.run(self._observation, self._lingering(), self._ready)
        except StoreError as error:
            self._outage.passed(str(error))
            raise
        self.looks.passed(done, self._zones.results)
        self._secondaries.published(done.origins)
        self._outage.passed(done.away)
        self._decide_who_stops(bool(done.away))
        if done.away:
            raise StoreError(done.away)
        self._looked_at_all = self._looked_at_all or not self._zones.waiting
        if self._members.take(self._zones.take_zones()) and self._looked_at_all:
            self._waiting.add(MEMBERS)
        if self._zones.waiting or self._store.outdated:
            self._waiting.add(ZONES)
        elif self._unproved:
            self._unproved = False
            self._waiting.add(PROOF)
        for origin, seconds in done.again.items():
            self._waiting.add(Key("Zone", origin), seconds)
        self._try_again(done.failed, done.origins, key.name)
        return True

    def _decide_who_stops(self, away: bool) -> None:
        """Decide which Pops may stop to answer, and have what became of that told."""
        placements = None if away else self._zones.results.placements
        stopped = self._remote.edges.without_edges
        for name in self._pops.decide(placements, self._ready, self._fleet.approvals, stopped):
            self._waiting.add(Key("Pop", name))
        self._view.drains = self._pops.drains
        if self._holds:
            self._waiting.add(FLEET)

    @property
    def _holds(self) -> bool:
        """Whether anything waits, for an approval or for a Pop that takes over."""
        results, removal = self._zones.results, self._zones.held_removal
        held = results.held or results.owner_holds or removal
        return bool(held or self._pops.drains.refused)

    def _hears_of_others_ready(self) -> bool:
        """Know which Pops have a Ready edge; whether those are others than before."""
        ready = self._view.ready().keys() - self._remote.edges.quiet
        before, self._ready = self._ready, frozenset(ready)
        return self._ready != before

    def _try_again(self, failed: Mapping[str, str], origins: Set[str], name: str) -> None:
        """Have each zone that failed for a reason of its own looked at after its own backoff."""
        for origin in origins - failed.keys() - {name}:
            self._waiting.succeeded(Key("Zone", origin))
        for origin in failed.keys() - {name}:
            self._waiting.failed(Key("Zone", origin))
        if name in failed:
            raise StoreError(failed[name])

    def _pass_pop(self, key: Key) -> bool:
        self._pops.run(key.name)
        if self._keys.known and not self._remote.run(key.name, self._keys.keys.private):
            self._waiting.add(key, RETRY_SECONDS)
        return True

    def _pass_fleet(self, key: Key) -> bool:
        """Take the approvals of the Fleet object, and bring its status up to date."""
        before = self._fleet.approvals
        self._fleet.look()
        if self._fleet.approvals != before:
            self._zones.approve(self._fleet.approvals)
            self._waiting.add(ZONES)
        if self._observation.complete:
            self._fleet.show(self._fleet_facts())
        self._waiting.add(key, FLEET_SECONDS)
        return True

    def _fleet_facts(self) -> fleets.Facts:
        away, held = self._outage.reason, None
        if self._looked_at_all and not away:
            removal = self._zones.held_removal
            held = fleets.held(self._zones.results, self._pops.drains, removal)
            objects = sum(each.objects for each in held)
            leaving = 0 if removal is None else len(removal.origins)
            self._metrics.fleet.held = Held(objects, leaving)
        return fleets.Facts(
            away=away,
            fence=self._store.fence,
            position=self._store.position,
            held=held,
            orphans=self._zones.orphans_since(),
            keys=Condition("KeysReady", *self._keys.report),
            orphan_seconds=self._configuration.orphan_seconds,
        )

    def _lingering(self) -> frozenset[str]:
        """Pops whose pods run, and whose objects are gone or not understood."""
        known = {pop.metadata.name for pop in self._observation.pops}
        return frozenset(self._workloads.pops - known)

    def _pass_keys(self, key: Key) -> bool:
        """See that the Secret is as it is to be; what changed by that is signed and told anew."""
        keeper = self._keys
        try:
            keeper.look(self._rotation_progress())
        finally:
            about = Reference(
                "Secret", self._configuration.namespace, self._configuration.keys_secret
            )
            for notice in keeper.take_notices():
                post(self._cluster, self._configuration.identity, Notice(*notice), about)
        if keeper.known and self._pops.public_keys != keeper.keys.public_pem:
            self._store.sign_with(keeper.keys.private, keeper.keys.previous)
            self._pops.public_keys = keeper.keys.public_pem
            self._pops.users_version = version_of(keeper.keys.entries[REPLICA_ACL])
            self._waiting.add(ZONES)
            for pop in self._observation.pops:
                self._waiting.add(Key("Pop", pop.metadata.name))
        self._waiting.add(key, KEYS_SECONDS)
        return True

    def _rotation_progress(self) -> Progress | None:
        """How far the fleet has come with the keys; None where that is not known yet."""
        if not (self._keys.known and self._observation.complete):
            return None
        if rotations.is_on(self._keys.keys):
            pods = self._cluster.objects("Pod", self._configuration.namespace, MANAGED_SELECTOR)
            self._workloads.replace("Pod", pods)  # one that became Ready meanwhile counts too
        edges = itertools.chain.from_iterable(self._view.serving().values())
        said = edge_pods.newest_words(edges, self._said)
        signed_by, newest = self._zones.signed_by()
        return Progress(said, signed_by, newest, self._store.positions)

    def _pass_cookies(self, key: Key) -> bool:
        """Make or rotate the cookie secrets; edges see for themselves."""
        cookie_secrets.keep(self._cluster, self._configuration)
        self._waiting.add(key, cookies.LOOK_SECONDS)
        return True

    def _pass_gates(self, key: Key) -> bool:
        """Have gates and transfers get the keys of TsigKeys; no zone's status says more then."""
        self._gates.look()
        self._waiting.add(key, gates.LOOK_SECONDS)
        return False

    def _pass_members(self, key: Key) -> bool:
        """Bring the Zones of catalogs of primaries to what these list."""
        if (seconds := self._members.run()) is not None:
            self._waiting.add(key, seconds)
        return False

    def _confirmed(self, zone: Reference) -> int | None:
        """The serial that a primary of a Zone said last in this term."""
        standing = self._transfers.standing(zone)
        return None if standing is None else standing.serial

    def _touch(self, origin: str) -> None:
        """Have the status of the Zone of an origin looked at again."""
        self._zones.mark(origin)
        self._waiting.add(ZONES)

    def _pass_access(self, key: Key) -> bool:
        """Let Pops of other clusters in, and send those away that left."""
        if self._keys.known:
            self._access.look(self._keys.keys)
            self._metrics.fleet.certificate_ends = self._access.certificate_ends
            if self._access.pops is not None:
                self._remote.end_others(self._access.pops)
        self._waiting.add(key, access.LOOK_SECONDS)
        return True

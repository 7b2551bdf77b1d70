"""Passes over zones: from the objects that are known to what the core publishes.

    changed objects ──assemble──▶ zones of marked origins ──publish──▶ outcomes

A pass takes what changed since the last one, and of the origins that this marks a part at a time:
those that an event marked first, so that a change is not late because all zones are looked at, as
they are at the start. Zones depend on each other (who owns an origin, whose RecordSets may add to
it), and the assembler knows which a change can reach.

So the first pass has to wait until all objects are listed. What it needs of them, and of the core,
is taken in while the pages of the lists come (`prepare`): with 60,000 objects that is seconds of
work, for which a change right after the last page would have to wait.

What is published and not asked for by any good object is served on, as it is in the core:

* a Zone that is refused or not understood keeps what it published;
* a published zone without a Zone object is an orphan (see `absences`);
* a deleted Zone is removed once the API server confirms that it was meant (see `deletions`),
  unless too many are to leave at once (see `brake`); its origin stays with its namespace for some
  time (see `registrations`).

For what a RecordSet added to a zone the same holds; `retained` knows what that was, and
`without_zone` what is told to a RecordSet whose Zone is away.
"""

import itertools
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from contextlib import suppress
from functools import partial

from dnsfleet.resources import Reference
from dnsfleet.zones.placements import NOBODY, Fleet
from dnsfleet.zones.plans import APPROVE_ANNOTATION
from dnsfleet.zones.removals import Hold
from dnsfleet_publisher import proofs
from dnsfleet_publisher.assembling import Assembler, Assembly
from dnsfleet_publisher.catalogs import PublishedZones
from dnsfleet_publisher.claims import Claims, Ledger
from dnsfleet_publisher.dependencies import Groups
from dnsfleet_publisher.keeping import Keeper
from dnsfleet_publisher.last_good import Assembled
from dnsfleet_publisher.owner_holds import OwnerHolds
from dnsfleet_publisher.publishing import Desired, Outcome, Publisher, State
from dnsfleet_publisher.record_store import RecordStore
from dnsfleet_publisher.settling import Settling
from dnsfleet_publisher.store_errors import StoreError, StoreResetError
from dnsfleet_publisher.zone_sources import Outside

from dnsfleet_operator.cluster import Cluster
from dnsfleet_operator.observed.deletions import Deletions, refused
from dnsfleet_operator.observed.observation import Known, Observation, origins_of
from dnsfleet_operator.zones import orphans
from dnsfleet_operator.zones.absences import Absences
from dnsfleet_operator.zones.brake import Brake
from dnsfleet_operator.zones.misplaced import misplaced
from dnsfleet_operator.zones.placements import Selections
from dnsfleet_operator.zones.registrations import Registry
from dnsfleet_operator.zones.results import AWAY, Pass, Results
from dnsfleet_operator.zones.retained import Retained, published_at, stand_in
from dnsfleet_operator.zones.without_zone import WithoutZone

MOST_ORIGINS = 100
"""Origins that one pass looks at: a tenth of a second, for which a change may have to wait."""
MOST_OBJECTS = 1000
"""Objects that `prepare` takes in at once: some 20 ms. It is more than a page of a list has, so a
replica that knew all objects before it began to lead has taken them in before they are listed."""

_log = logging.getLogger(__name__)


class ZonePasses:
    """One writer's passes, from the moment when it begins to lead."""

    def __init__(
        self,
        cluster: Cluster,
        store: RecordStore,
        outside: Outside,
        orphan_seconds: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._brake = Brake(store, clock)
        self._deletions = Deletions(cluster)
        self._ledger = Ledger(store)
        self._keeper = Keeper(store, self._ledger.of_zone, clock)
        self._publisher = Publisher(store, self._keeper)
        self._owner_holds = OwnerHolds(store, self._publisher, self._ledger)
        self._settling = Settling(self._ledger, self._owner_holds.of)
        self._absences = Absences(store, self._deletions, orphan_seconds)
        self._retained = Retained(self._ledger, store, self._deletions, self._absences)
        self._without_zone = WithoutZone(self._ledger, self._is_orphan)
        self._assembler = Assembler(outside, published=self._ledger.published, live=store.load)
        self._selections = Selections()
        self._naming: Groups[str] = Groups()
        self._registry = Registry(store, self._assembler, self._naming, orphan_seconds)
        self._names: dict[Reference, frozenset[str]] = {}
        self._desired: dict[str, Desired] = {}
        self._deleted: dict[Reference, Known] = {}
        self._removed: set[str] = set()
        self._approvals: frozenset[str] = frozenset()
        self._fleet = NOBODY
        self._silent: set[Reference] = set()
        self._touched: set[Reference] = set()
        self._taken_zones: set[Reference] = set()
        self._pending: dict[Reference, bool] = {}
        self._live: set[str] = set()
        self._reading: Iterator[None] | None = None
        self._begun = False
        self.results = Results()

    @property
    def orphans(self) -> int:
        """Published zones that no Zone object names."""
        return len(self.orphans_since())

    def orphans_since(self) -> Mapping[str, float]:
        """Since when each of them is missed: Unix time in seconds, or infinite for no time."""
        leaving = self._brake.waiting
        return {
            origin: since
            for origin, since in self._absences.of_kind("Zone").items()
            if origin in self._live and origin not in leaving
        }

    @property
    def first_removal(self) -> float | None:
        """When an orphan may be removed at the earliest, Unix time in seconds; None for never."""
        return self._absences.first_removal("Zone")

    @property
    def held_removal(self) -> Hold | None:
        """The zones that are to leave and wait for an approval."""
        return self._brake.hold

    @property
    def waiting(self) -> int:
        """Origins that the next passes will look at."""
        return len(self._assembler.marks)

    def owner(self, origin: str) -> Reference | None:
        """The Zone that owns an origin; None where there is none, or only what is left of one."""
        zone = self._assembler.owners.owner(origin)
        there = zone is not None and self._assembler.has_zone(zone.reference)
        return zone.reference if zone is not None and there else None

    def naming(self, origin: str) -> list[Reference]:
        """The Zones that name an origin, however they are understood."""
        return self._naming[origin]

    def revision(self, zone: Reference, origin: str) -> str:
        """The published revision of an origin that this Zone owns; empty where there is none."""
        is_so = origin in self._live and self.owner(origin) == zone
        return self._revision(origin) if is_so else ""

    def take_zones(self) -> set[Reference]:
        """The Zones that were taken into account since the last call, those that are gone too."""
        taken, self._taken_zones = self._taken_zones, set()
        return taken

    def signed_by(self) -> tuple[str, int]:
        """Which key signed all that is published, and the newest position then.

        The position stays the same until another key signs; both are empty until all is signed.
        """
        return self._store.signed

    def deleted(self, reference: Reference, known: Known) -> None:
        """A Zone object is gone; the next pass finds out whether that was meant."""
        self._deleted[reference] = known

    def mark(self, origin: str) -> None:
        """Have an origin looked at again."""
        self._assembler.marks.add(origin)

    def read_again(self, zone: Reference) -> None:
        """There is something new about the zone file of a Zone."""
        self._assembler.read_again(zone)

    def prepare(self, observation: Observation) -> bool:
        """Do a part of what the first pass needs; whether another part is known already.

        It takes the fence and publishes nothing, so the objects need not all be listed. StoreError
        ends it; the next call reads the core anew, or goes on.
        """
        if not self._begun:
            return self._read_on(observation)
        self._pending |= observation.take_changed()
        self._take_some(observation, MOST_OBJECTS)
        return bool(self._pending)

    def approve(self, hashes: Set[str]) -> None:
        """Take the hashes that are approved for all zones; the next pass goes by them."""
        self._approvals = frozenset(hashes)

    def run(
        self,
        observation: Observation,
        lingering: Set[str] = frozenset(),
        ready: Set[str] = frozenset(),
    ) -> Pass:
        """One pass; ClusterError, StoreError and Fenced end it, the next one begins anew.

        `lingering` are Pops whose edges run and whose objects are gone or not understood; `ready`
        are those that have a Ready edge.
        """
        self._begin(observation)
        running = {pop.metadata.name for pop in observation.pops}
        fleet = Fleet(running | lingering, frozenset(ready), self._approvals)
        if fleet != self._fleet:
            self._fleet = fleet
            self._look_at_held()
        self._retained.follow(self._silent, observation, self._assembler)
        self._silent.clear()
        self._registry.settle(observation, time.time())
        self._confirm_deletions()
        named = self._registry.is_named
        self._remove([each for each in self._store.ended if not named(each)])
        self._brake.ask(orphans.to_end(self.orphans_since(), self._approvals))
        leaving = self._brake.decide(self._live, named, self._approvals)
        self._remove(leaving)
        self._absences.end("Zone", {o for o in self.orphans_since() if self._has_zone(o)} | leaving)
        for origin in self._registry.free(self._brake.waiting):
            self._touched |= self._ledger.of_zone(origin).keys()  # the zone is no orphan any more
        for origin in self._selections.follow(observation.pops, lingering):
            self.mark(origin)
        assembly = self._assembler.assemble(MOST_ORIGINS)
        self._touched |= assembly.touched
        try:
            return self._pass(assembly, observation, lingering)
        except Exception:
            for origin in assembly.origins:
                self.mark(origin)
            raise

    def _pass(self, assembly: Assembly, observation: Observation, lingering: Set[str]) -> Pass:
        """Publish what was assembled."""
        held, fleet = self._owner_holds, self._approvals
        zones = [held.judge(each, self._assembler, fleet) for each in assembly.zones]
        for zone in zones:
            self._want(zone, lingering)
            self.results.note_owners(zone.origin, held.of(zone.origin))
        for origin in assembly.vacant:
            self._want_as_published(origin)
        changed = [origin for origin in assembly.origins if origin in self._desired]
        self._removed -= {each.origin for each in zones}
        wanted = self._settling.new(zones)
        complete = observation.complete and not self._assembler.marks
        outcomes = self._publish(assembly, changed, wanted, complete)
        self._note(outcomes, observation)
        self._registry.catch_up()
        self._settling.end(zones, wanted, outcomes)
        for origin in outcomes:
            self._touched |= self.results.members.get(origin, frozenset())
        touched, self._touched = frozenset(self._touched), set()
        self.results.tell(touched, observation, self._assembler, self._without_zone)
        again = {each.origin: each.again for each in assembly.zones if each.again is not None}
        if self._brake.wait_seconds is not None and (leaving := self._brake.waiting):
            again[min(leaving)] = self._brake.wait_seconds
        origins = frozenset(assembly.origins) | outcomes.keys()
        return Pass(outcomes, origins, touched, again, self._publisher.away)

    def sweep(self, observation: Observation, now: float) -> None:
        """Look for orphans; only after a complete list. It raises what `run` raises.

        `now` is Unix time in seconds.
        """
        self._begin(observation)
        before = self._absences.of_kind("Zone")
        at = partial(published_at, self._store)
        self._registry.settle(observation, time.time())
        missed = self._live - self._brake.waiting  # what is to leave is no orphan
        named = set(self._naming) - self._registry.waiting  # by somebody who may have it
        unseen = self._registry.unseen(missed - named | self._registry.waiting, observation)
        self._brake.ask(self._absences.sweep("Zone", missed, named, at, now, unseen))
        if new := self._absences.of_kind("Zone").keys() - before.keys():
            more = f" and {len(new) - 1} more" if len(new) > 1 else ""
            _log.warning("no Zone names %s%s; what is published is served on", min(new), more)
        self._registry.sweep(now, self._brake.waiting | unseen)
        self._keeper.sweep(self._live, self._assembler)
        self._silent |= set(self._retained.sweep(observation, now))

    def prove(self, wrong: Callable[[], None]) -> Iterator[None]:
        """Compare what changes made with what one look at everything gives, a part at a time.

        What differs is logged, told to `wrong`, and looked at again by the next pass.
        """
        wanted = misplaced(
            self._live, self._desired, self._removed, self._assembler, self._selections
        )
        for origin in itertools.chain(proofs.differences(self._assembler), wanted):
            if origin is None:
                yield
                continue
            _log.error("%s was not what one look at all objects gives; it is made anew", origin)
            wrong()
            self._assembler.owners.judge_again(origin)
            self.mark(origin)

    def _has_zone(self, origin: str) -> bool:
        """Whether a Zone object that may have a published origin names it."""
        return origin in self._naming and origin not in self._registry.waiting

    # What changed

    def _begin(self, observation: Observation) -> None:
        """Read what earlier writers left and take all objects in, as far as `prepare` did not."""
        while not self._begun:
            self._read_on(observation)
        self._pending |= observation.take_changed()
        self._take_some(observation, len(self._pending))

    def _read_on(self, observation: Observation) -> bool:
        """Read a part of what earlier writers left; true, for the objects are to be taken then."""
        if self._reading is None:
            self._reading = self._read(observation)
        try:
            next(self._reading, None)
        except Exception:
            self._reading = None
            raise
        return True

    def _read(self, observation: Observation) -> Iterator[None]:
        """Read what earlier writers left; from then on every object waits to be taken once."""
        if self._store.fence == 0:
            self._store.claim()
        for notes in (self._ledger, self._absences, self._brake, self._registry, self._keeper):
            yield from notes.open()
        yield from self._store.read_all()
        self._live = set(self._store.live())
        for origin in self._live:
            self._assembler.marks.add(origin, urgent=False)
        revisions = {origin: self._revision(origin) for origin in self._live}
        self._assembler.catalogs.open(PublishedZones(revisions, self._store.load))
        self._silent |= self._ledger.record_sets()
        # What changed until now may be all that changed since this replica waits for the Lease.
        self._pending |= dict.fromkeys(observation.take_changed(), False)
        for kind in ("RecordSet", "Zone", "ConfigMap", "Namespace", "ZoneClass"):
            self._pending |= dict.fromkeys(observation.of_kind(kind), False)
        self._begun = True

    def _take_some(self, observation: Observation, most: int) -> None:
        """Take so many of the objects that wait into account, those that came last first."""
        for _ in range(min(most, len(self._pending))):
            reference, event = self._pending.popitem()
            self._take(reference, observation, urgent=event)

    def _take(self, reference: Reference, observation: Observation, urgent: bool) -> None:
        """Take one object as it is now into account."""
        known = observation.get(reference)
        document = None if known is None else known.document
        if reference.kind == "Zone":
            self._taken_zones.add(reference)
            self._name(reference, frozenset() if known is None else frozenset(origins_of(known)))
            if document is None:
                self._take_unreadable_zone(reference, known)
                self._assembler.touch(reference)
        elif reference.kind == "RecordSet" and document is None:
            self._silent.add(reference)
            self._assembler.touch(reference)
        elif reference.kind in ("Namespace", "ZoneClass"):
            self._registry.rules_changed()
        if reference.kind in ("Namespace", "ConfigMap", "ZoneClass") and document is None:
            self._assembler.remove(reference)
        if document is not None and reference.kind != "Pop":
            self._assembler.put(document, urgent)

    def _name(self, zone: Reference, origins: frozenset[str]) -> None:
        """Keep up to date which Zone objects name an origin, however they are understood."""
        before = self._names.pop(zone, frozenset())
        for origin in before ^ origins:  # the zone may be an orphan now, or one no longer
            self._touched |= self._ledger.of_zone(origin).keys()
        self._registry.changed(before | origins)
        for origin in before - origins:
            self._naming.discard(origin, zone)
        for origin in origins:
            self._naming.add(origin, zone)
        if origins:
            self._names[zone] = origins

    def _take_unreadable_zone(self, reference: Reference, known: Known | None) -> None:
        """A Zone that is gone, or cannot be understood: it holds its origin where that is live."""
        live = [origin for origin in self._names.get(reference, ()) if origin in self._live]
        if known is None or not live:
            self._assembler.remove(reference)
        else:
            self._assembler.hold(stand_in(reference, known, live[0]))

    def _confirm_deletions(self) -> None:
        if not self._deleted:
            return
        gone = {reference: known.created for reference, known in self._deleted.items()}
        found = self._deletions.why_not(gone)
        for reference, why in found.items():
            known = self._deleted.pop(reference)
            if why is None:
                ends = partial(self._registry.is_to_end, zone=reference)
                self._brake.ask(filter(ends, origins_of(known)))
        for line in refused(found, "its zone is served on"):
            _log.warning("%s", line)

    def _is_orphan(self, origin: str) -> bool:
        """Whether edges serve an origin without a Zone that may have it, and are to go on."""
        served = origin in self._live and origin not in self._removed
        return served and (origin not in self._naming or origin in self._registry.waiting)

    def _remove(self, origins: Iterable[str]) -> None:
        """Have the next pass remove these zones."""
        for origin in origins:
            self._desired.pop(origin, None)
            self._removed.add(origin)

    # What is wanted

    def _want(self, assembled: Assembled, lingering: Set[str]) -> None:
        # A zone that has only errors stays as the core has it, and counts as one that is live.
        origin, resource = assembled.origin, assembled.resource
        zone = assembled.zone or self._store.load(origin)
        if zone is None:
            self._want_nothing(origin)
            return
        manifest = self._store.manifest(origin) if lingering else None
        pops = self._selections.choose(resource, (manifest and manifest.pops) or ())
        annotation = resource.metadata.annotations.get(APPROVE_ANNOTATION)
        approve = self._owner_holds.approvals(origin, annotation)
        self._desired[origin] = Desired(zone, pops, approve, assembled.parts, resource.spec.source)

    def _want_as_published(self, origin: str) -> None:
        """What is published and has no good object stays as it is."""
        self._want_nothing(origin)
        if origin in self._live and origin not in self._removed:
            zone, manifest = self._store.load(origin), self._store.manifest(origin)
            if zone is not None:
                self._desired[origin] = Desired(zone, None if manifest is None else manifest.pops)

    def _want_nothing(self, origin: str) -> None:
        self._desired.pop(origin, None)
        self._settling.forget(origin)
        self._owner_holds.forget(origin)
        self._selections.forget(origin)
        self.results.forget(origin)

    # What is published

    def _publish(
        self,
        assembly: Assembly,
        changed: list[str],
        wanted: Mapping[str, Claims],
        complete: bool,
    ) -> dict[str, Outcome]:
        try:
            with suppress(StoreResetError):  # publishing finds it, and all is noted again then
                self._registry.note(assembly.zones)
                self._keeper.note(assembly.zones, self._assembler)
            self._settling.begin(wanted)
        except StoreError as error:
            return self._publisher.unavailable((*changed, *self._removed), error)
        return self._publisher.reconcile(
            self._desired, complete, self._removed, changed, self._fleet
        )

    def _look_at_held(self) -> None:
        """Have zones with a hold that the Fleet may approve or end looked at again."""
        for origin in self.results.owner_holds:
            self.mark(origin)
        for origin in self.results.held:
            if self.results.outcomes[origin].placement is not None:
                self.mark(origin)

    # What came of it

    def _note(self, outcomes: Mapping[str, Outcome], observation: Observation) -> None:
        for origin, outcome in outcomes.items():
            want = self._desired.get(origin)
            self.results.note(origin, outcome, None if want is None else want.pops)
            if self._store.held(origin) is not None:  # else it is in doubt what is published
                self.results.note_content(origin, self._store.load(origin), time.time())
            new = outcome.state is State.PUBLISHED and self._assembler.depends_on_live(origin)
            if new or (outcome.reason == AWAY and want is not None):
                self.mark(origin)
            if outcome.state is State.REMOVED:
                self._removed.discard(origin)
                self._want_nothing(origin)
                self._touched |= self._ledger.of_zone(origin).keys()
                self._set_live(origin, False, observation)
                self.mark(origin)  # what is gone takes no room of a quota
            elif outcome.manifest is not None and not outcome.manifest.tombstone:
                self._set_live(origin, True, observation)

    def _revision(self, origin: str) -> str:
        """The published revision of an origin, as far as it is known."""
        manifest = self._store.held(origin)
        return "" if manifest is None else str(manifest.revision)

    def _set_live(self, origin: str, live: bool, observation: Observation) -> None:
        """Know whether edges serve an origin: a Zone that cannot be understood holds it then."""
        if (origin in self._live) == live:
            return
        self._live.add(origin) if live else self._live.discard(origin)
        self._assembler.catalogs.published(origin, self._revision(origin) if live else None)
        for reference in self._naming[origin]:
            known = observation.get(reference)
            if known is not None and known.document is None:
                self._take_unreadable_zone(reference, known)

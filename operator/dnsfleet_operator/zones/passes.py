"""A pass over all zones: from the objects that are known to what the core publishes.

    documents ──assemble──▶ zones ──publish──▶ outcomes

All Zones are looked at together, because they depend on each other: who owns an origin, and whose
RecordSets may add to it. A zone whose inputs are the same is neither built nor written again, so a
pass costs what changed, and a little for each zone that did not.

What is published and not asked for by any good object is served on, as it is in the core:

* a Zone that is refused or not understood keeps what it published;
* a published zone without a Zone object is an orphan (see `orphans`);
* a deleted Zone is removed once the API server confirms that it was meant (see `deletions`).

For what a RecordSet added to a zone the same holds; `remnants` knows what that was.
"""

import logging
from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from dnsfleet.resources import Pop, Reference
from dnsfleet.violations import Violation
from dnsfleet.zones.plans import APPROVE_ANNOTATION
from dnsfleet_publisher.assembling import Assembled, Assembler
from dnsfleet_publisher.placement import placement
from dnsfleet_publisher.publishing import Desired, Outcome, Publisher, State
from dnsfleet_publisher.record_store import RecordStore
from dnsfleet_publisher.store_errors import StoreError

from dnsfleet_operator.cluster import Cluster
from dnsfleet_operator.observed.deletions import Deletions
from dnsfleet_operator.observed.observation import Known, Observation, origins_of
from dnsfleet_operator.zones import claims, orphans
from dnsfleet_operator.zones.claims import Claims, Ledger
from dnsfleet_operator.zones.retained import Remnants

_log = logging.getLogger(__name__)


@dataclass
class Results:
    """What the last pass made of every object."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    """By origin; also of zones that no object asks for."""
    origins: dict[Reference, str] = field(default_factory=dict)
    """The origin of each Zone that owns one."""
    violations: dict[Reference, tuple[Violation, ...]] = field(default_factory=dict)
    """What is wrong with each object, where there is something."""
    frozen: frozenset[Reference] = frozenset()
    """Zones that are served as they were published: what was good of them before is not known."""
    generations: dict[tuple[Reference, str], int] = field(default_factory=dict)
    """Of each Zone and RecordSet that the pass took into account, by its uid too: one that was
    deleted and made anew is another."""

    @property
    def failed(self) -> str:
        """Why the pass has to be repeated; empty where it need not."""
        return next(
            (each.message for each in self.outcomes.values() if each.state is State.FAILED), ""
        )


class ZonePasses:
    """One writer's passes, from the moment when it begins to lead."""

    def __init__(
        self,
        cluster: Cluster,
        store: RecordStore,
        assembler: Assembler,
        orphan_seconds: float,
    ) -> None:
        self._store = store
        self._publisher = Publisher(store)
        self._assembler = assembler
        self._orphan_seconds = orphan_seconds
        self._deletions = Deletions(cluster)
        self._ledger = Ledger(store)
        self._remnants = Remnants(self._ledger, store, self._deletions, orphan_seconds)
        self._claimed: dict[str, Assembled] = {}
        self._deleted: dict[Reference, Known] = {}
        self._removed: set[str] = set()
        self._orphans: Mapping[str, float] = {}
        self._published: set[str] | None = None

    @property
    def orphans(self) -> int:
        """Published zones that no Zone object names."""
        return len(self._orphans)

    def deleted(self, reference: Reference, known: Known) -> None:
        """A Zone object is gone; the next pass finds out whether that was meant."""
        self._deleted[reference] = known

    def run(self, observation: Observation, lingering: Set[str] = frozenset()) -> Results:
        """One pass; ClusterError, StoreError and Fenced end it, the next one begins anew.

        `lingering` are Pops whose edges run and whose objects are gone or not understood.
        """
        self._open()
        self._confirm_deletions(observation)
        generations = {
            (reference, known.uid): known.generation
            for kind in ("Zone", "RecordSet")
            for reference, known in observation.of_kind(kind).items()
        }
        past = self._remnants.find(observation, self._live())
        assembly = self._assembler.assemble(observation.documents(), past)
        desired, pops = {}, observation.pops
        for assembled in assembly.zones:
            if (want := self._want(assembled, pops, lingering)) is not None:
                desired[assembled.origin] = want
        self._removed -= desired.keys()
        self._keep(desired)
        wanted = self._new_claims(assembly.zones)
        outcomes = self._publish(desired, wanted, observation.complete)
        self._note(outcomes)
        self._settle(assembly.zones, wanted, outcomes)
        return Results(
            outcomes,
            {each.resource.reference: each.origin for each in assembly.zones},
            _by_object(observation, assembly.violations),
            frozenset(
                [each.resource.reference for each in assembly.zones if each.zone is None]
                + [zone.reference for zone in past.zones]
            ),
            generations,
        )

    def sweep(self, observation: Observation, now: float) -> None:
        """Look for orphans; only after a complete list. It raises what `run` raises."""
        self._open()
        found = orphans.sweep(
            self._live(),
            observation.origins(),
            self._orphans,
            now,
            self._orphan_seconds,
        )
        for origin in found.since.keys() - self._orphans.keys():
            _log.warning("%s is published and no Zone names it; it is served on", origin)
        self._orphans = found.since
        self._removed |= found.removed
        self._remnants.sweep(observation, now)

    def _open(self) -> None:
        if self._store.fence == 0:
            self._store.claim()
        self._ledger.open()

    def _confirm_deletions(self, observation: Observation) -> None:
        gone = {reference: known.created for reference, known in self._deleted.items()}
        for reference, why in self._deletions.why_not(gone).items():
            known = self._deleted.pop(reference)
            if why is None:
                self._removed |= origins_of(known) - observation.origins()
            else:
                _log.warning("%s is gone and its zone is served on: %s", reference, why)

    def _publish(
        self, desired: Mapping[str, Desired], wanted: Mapping[str, Claims], complete: bool
    ) -> dict[str, Outcome]:
        try:
            self._ledger.before(wanted)
        except StoreError as error:
            return {
                origin: self._publisher.failed(origin, "StoreUnavailable", error)
                for origin in (*desired, *self._removed)
            }
        return self._publisher.reconcile(desired, complete, self._removed)

    def _new_claims(self, zones: list[Assembled]) -> dict[str, Claims]:
        """The claims on each zone that was built anew since its claims were settled."""
        return {
            each.origin: {
                item.reference: claims.of_record_set(item, each.origin) for item in each.record_sets
            }
            for each in zones
            if each.zone is not None and self._claimed.get(each.origin) is not each
        }

    def _settle(
        self,
        zones: list[Assembled],
        wanted: Mapping[str, Claims],
        outcomes: Mapping[str, Outcome],
    ) -> None:
        """Note the claims on what is published now; those on what is held or failed stay wide."""
        settled: dict[str, Claims] = {
            origin: {}
            for origin, outcome in outcomes.items()
            if outcome.state is State.REMOVED and self._ledger.of_zone(origin)
        }
        done = (State.PUBLISHED, State.UNCHANGED)
        settled |= {origin: own for origin, own in wanted.items() if outcomes[origin].state in done}
        try:
            self._ledger.after(settled)
        except StoreError as error:
            _log.warning("%s", error)  # they stay wide until the next pass
            return
        self._claimed |= {each.origin: each for each in zones if each.origin in settled}

    def _want(self, assembled: Assembled, pops: list[Pop], lingering: Set[str]) -> Desired | None:
        # A zone that has only errors stays as the core has it, and counts as one that is live.
        zone = assembled.zone or self._store.load(assembled.origin)
        if zone is None:
            return None
        resource = assembled.resource
        approve = resource.metadata.annotations.get(APPROVE_ANNOTATION)
        manifest = self._store.manifest(assembled.origin)
        served = lingering & set((manifest and manifest.pops) or ())
        return Desired(zone, placement(resource, pops, served), approve)

    def _keep(self, desired: dict[str, Desired]) -> None:
        """Add what is published and has no good object, as it is."""
        for origin in self._live() - desired.keys() - self._removed:
            zone, manifest = self._store.load(origin), self._store.manifest(origin)
            if zone is not None:
                desired[origin] = Desired(zone, None if manifest is None else manifest.pops)

    def _live(self) -> set[str]:
        """The origins that edges serve: the core is asked once, later we know it ourselves."""
        if self._published is None:
            self._published = set(self._store.live())
        return self._published

    def _note(self, outcomes: Mapping[str, Outcome]) -> None:
        for origin, outcome in outcomes.items():
            if outcome.state is State.REMOVED:
                self._live().discard(origin)
                self._removed.discard(origin)
            elif outcome.manifest is not None and not outcome.manifest.tombstone:
                self._live().add(origin)


def _by_object(
    observation: Observation, violations: list[Violation]
) -> dict[Reference, tuple[Violation, ...]]:
    """Violations by the object that they are about, with those of its form."""
    found: dict[Reference, list[Violation]] = {}
    by_text: dict[str, Reference] = {}
    for kind in ("Zone", "RecordSet"):
        for reference, known in observation.of_kind(kind).items():
            by_text[str(reference)] = reference
            if known.violations:
                found[reference] = list(known.violations)
    for violation in violations:
        about = by_text.get(violation.where.partition(": ")[0])
        if about is not None:
            found.setdefault(about, []).append(violation)
    return {reference: tuple(each) for reference, each in found.items()}

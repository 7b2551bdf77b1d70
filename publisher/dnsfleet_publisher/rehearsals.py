"""A rehearsal: what publishing would do, found by doing it on a core that takes no write.

    documents as they are ──▶ assembler ──┐
    documents as they will be ────────────┴──▶ holds ──▶ publisher ──▶ dry core ──▶ foreseen

These are the steps of a writer, so what it foresees is what a writer does: who owns a name, which
owner waits, what a serial refuses, where a placement is held. A writer that begins anew finds the
same holds with the same hashes, and so does this one.

Objects that are not among those that change stay as they are. What was published of a RecordSet
without an object stays too, as long as the writer keeps it (see `claims`).

What the writer that runs has in memory only is not known here: the last good version of a Zone that
was wrong before. Such a zone is told as `remembered`.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from dnsfleet.resources import Pop, Reference, ZoneClass
from dnsfleet.resources import Zone as ZoneResource
from dnsfleet.resources.documents import Document
from dnsfleet.violations import Violation
from dnsfleet.zones.owner_plans import OwnerHold
from dnsfleet.zones.placements import Fleet, Pops
from dnsfleet.zones.plans import APPROVE_ANNOTATION
from dnsfleet.zones.registrations import Registration
from dnsfleet_engine import Zone

from dnsfleet_publisher import claims, registration_notes
from dnsfleet_publisher.assembling import Assembler
from dnsfleet_publisher.claims import Ledger
from dnsfleet_publisher.dry_core import DryCore
from dnsfleet_publisher.last_good import Assembled
from dnsfleet_publisher.owner_holds import OwnerHolds
from dnsfleet_publisher.placement import placement
from dnsfleet_publisher.publishing import Desired, Outcome, Publisher, State
from dnsfleet_publisher.record_store import RecordStore
from dnsfleet_publisher.zone_sources import Outside


class Served(NamedTuple):
    """A zone as edges have it."""

    zone: Zone
    pops: Pops
    """Names of the Pops that serve it, sorted; None is all."""


class Foreseen(NamedTuple):
    """What becomes of one origin."""

    origin: str
    resource: Reference
    """The Zone object that has it."""
    before: Served | None
    """None where it is not served."""
    after: Served | None
    """The same as before where nothing is published."""
    outcome: Outcome | None
    """What publishing gave; None where there is nothing that could be published."""
    holds: tuple[OwnerHold, ...]
    """What waits of single owners."""
    remembered: bool = False
    """Whether its Zone was wrong before the change and is so yet. The writer that runs may have the
    last good version of that Zone in memory, and what it makes of it is not known here."""


class Findings(NamedTuple):
    """All that a change of documents would do."""

    zones: list[Foreseen]
    """Those that the change reaches, by origin."""
    violations: list[Violation]
    """What is wrong with the objects that change, and what the change makes wrong of others; the
    places begin with a reference."""
    moved: bool
    """Whether the fleet published one of these zones meanwhile, so that this is about a mixture."""


class Rehearsal:
    """One writer that publishes nothing. Every method may raise StoreError."""

    def __init__(
        self,
        core: DryCore,
        key: Ed25519PrivateKey,
        previous: Ed25519PublicKey | None,
        outside: Outside,
        by_owner: bool,
    ) -> None:
        """`key` and `previous` as for `RecordStore`: what they signed is what is published.

        `by_owner` says whether the writer of this fleet holds the changes of single owners, as the
        operator does; else it holds zones as a whole.
        """
        self._core = core
        self._store = RecordStore(core, key, time.time, previous)
        self._ledger = Ledger(self._store)
        self._publisher = Publisher(self._store)
        self._holds = OwnerHolds(self._store, self._publisher, self._ledger) if by_owner else None
        self._assembler = Assembler(
            outside, published=self._ledger.published, live=self._store.load
        )
        self._pops: list[Pop] = []

    def begin(self, documents: Sequence[Document]) -> None:
        """Take these as all documents that there are now."""
        self._store.claim()
        for _ in self._ledger.open():
            pass
        self._assembler.replace(documents)
        self._read_registrations()
        if any(isinstance(each.resource, ZoneClass) for each in documents):
            # A class asks for each zone at or below its suffixes: have them in few round trips.
            self._store.read(
                each.resource.origin
                for each in documents
                if isinstance(each.resource, ZoneResource)
            )
        self._retain({document.reference for document in documents})
        self._assembler.assemble()
        self._pops = _pops(documents)

    def change(self, documents: Sequence[Document], fleet: Fleet) -> Findings:
        """What these documents do, each in the place of one that is there, or beside it."""
        known = set(self._assembler.violations())
        pops = {pop.metadata.name: pop for pop in (*self._pops, *_pops(documents))}
        for document in documents:
            if isinstance(document.resource, ZoneResource):
                self._take_over(document.resource)
            self._assembler.put(document)
        assembly = self._assembler.assemble()
        moved = self._moved_by(list(pops.values())) if pops != _by_name(self._pops) else ()
        zones = {each.origin: each for each in (*assembly.zones, *moved)}
        found = self._foresee([zones[each] for each in sorted(zones)], list(pops.values()), fleet)
        own = [v for d in documents for v in self._assembler.violations_of(d.reference)]
        new = [each for each in self._assembler.violations() if each not in known]
        violations = list(dict.fromkeys([*own, *new]))
        return Findings(found, violations, self._core.moved(list(zones)))

    def _foresee(
        self, assembled: Sequence[Assembled], pops: Sequence[Pop], fleet: Fleet
    ) -> list[Foreseen]:
        """Judge all, then publish all at once: a slow way to the core is gone few times."""
        self._store.read(each.origin for each in assembled)
        before = {each.origin: self._served(each.origin) for each in assembled}
        if self._holds is not None:
            holds = self._holds
            assembled = [holds.judge(each, self._assembler, fleet.approvals) for each in assembled]
        wanted = {
            each.origin: desired
            for each in assembled
            if (desired := self._desired(each, before[each.origin], pops)) is not None
        }
        outcomes = self._publisher.reconcile(wanted, False, fleet=fleet)
        return [
            self._foreseen(each, before[each.origin], outcomes.get(each.origin))
            for each in assembled
        ]

    def _desired(
        self, built: Assembled, before: Served | None, pops: Sequence[Pop]
    ) -> Desired | None:
        zone = built.zone or (None if before is None else before.zone)
        if zone is None:
            return None
        approve = built.resource.metadata.annotations.get(APPROVE_ANNOTATION)
        if self._holds is not None:
            approve = self._holds.approvals(built.origin, approve)
        placed = placement(built.resource, pops)
        return Desired(zone, placed, approve, built.parts, built.resource.spec.source)

    def _foreseen(
        self, built: Assembled, before: Served | None, outcome: Outcome | None
    ) -> Foreseen:
        origin, after = built.origin, before
        if outcome is not None and outcome.state is State.PUBLISHED:
            after = self._served(origin)
        holds = () if self._holds is None else self._holds.of(origin)
        # What a catalog is to list depends on what is published when it is published itself.
        is_catalog = built.resource.is_catalog
        remembered = built.zone is None and before is not None and not is_catalog
        reference = built.resource.reference
        return Foreseen(origin, reference, before, after, outcome, holds, remembered)

    def _served(self, origin: str) -> Served | None:
        zone, manifest = self._store.load(origin), self._store.manifest(origin)
        return None if zone is None or manifest is None else Served(zone, manifest.pops)

    def _moved_by(self, pops: Sequence[Pop]) -> list[Assembled]:
        """The zones that select other Pops now."""
        return [
            each
            for each in self._assembler.zones.values()
            if placement(each.resource, pops) != placement(each.resource, self._pops)
        ]

    def _read_registrations(self) -> None:
        """Know who owns each origin, and which origins wait for a Zone of their namespace."""
        for part in self._store.core.registrations():
            for origin, value in part.items():
                if (noted := registration_notes.decode(value)) is None:
                    continue
                self._assembler.owners.register(origin, noted.registration)
                if noted.since is not None:
                    gone = registration_notes.in_place(origin, noted.registration, noted.since)
                    self._assembler.reserve(gone)

    def _take_over(self, zone: ZoneResource) -> None:
        """A Zone takes the place of one that is gone and whose origin waits for its namespace."""
        owners = self._assembler.owners
        known = owners.registered.get(zone.origin)
        if known is None or known.zone not in self._assembler.reserved:
            return
        if known.zone.namespace == zone.reference.namespace:
            self._assembler.remove(known.zone)
            owners.register(zone.origin, Registration(zone.reference, known.created))

    def _retain(self, there: set[Reference]) -> None:
        """Keep what was published of RecordSets that do not say it themselves any more."""
        for reference in self._ledger.record_sets() - there:
            for origin, claim in self._ledger.of_record_set(reference)[-1:]:
                zone = self._store.load(origin)
                if claim.gone or zone is None:
                    continue
                if (found := claims.as_published(reference, claim, zone)) is not None:
                    self._assembler.retain(found)


def _pops(documents: Iterable[Document]) -> list[Pop]:
    return [each.resource for each in documents if isinstance(each.resource, Pop)]


def _by_name(pops: Iterable[Pop]) -> Mapping[str, Pop]:
    return {pop.metadata.name: pop for pop in pops}

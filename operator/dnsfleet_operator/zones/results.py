"""What the passes over zones made of every object, kept up to date from pass to pass."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from dnsfleet.replication.manifests import Manifest
from dnsfleet.resources import Reference
from dnsfleet.violations import Violation, errors
from dnsfleet.zones import classes, shared_values, signatures
from dnsfleet.zones.owner_plans import OwnerHold
from dnsfleet.zones.shared_values import Shared
from dnsfleet.zones.signatures import Period
from dnsfleet_engine import Zone
from dnsfleet_publisher.assembling import Assembler
from dnsfleet_publisher.publishing import Outcome, State

from dnsfleet_operator.observed.observation import Observation
from dnsfleet_operator.zones.placements import Placements
from dnsfleet_operator.zones.without_zone import WithoutZone

AWAY = "StoreUnavailable"
"""The reason of an outcome for which the core did not answer."""
_AWAY_TOLD = "the core does not take the change; the condition CoreAvailable of the Fleet says why"
"""The same for each object, whatever the core says meanwhile, so that an outage costs one write."""


class Signed(NamedTuple):
    """A published zone that is signed."""

    digest: bytes
    """Of its content."""
    period: Period
    """When its signatures are valid."""


class Taken(NamedTuple):
    """Which version of an object the passes took into account."""

    uid: str
    """One that was deleted and made anew is another object."""
    generation: int


@dataclass
class Results:
    """The state of all objects after the last pass."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    """By origin; also of zones that no object asks for."""
    origins: dict[Reference, str] = field(default_factory=dict)
    """The origin of each Zone that owns one."""
    members: dict[str, frozenset[Reference]] = field(default_factory=dict)
    """Of each origin with an owner: that Zone, and the RecordSets that refer to it."""
    shared: dict[str, tuple[Shared, ...]] = field(default_factory=dict)
    """The RRsets of each origin that several RecordSets share, where there are some."""
    given: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """What the ZoneClass of each origin gives it, for the status; without one there is none."""
    violations: dict[Reference, tuple[Violation, ...]] = field(default_factory=dict)
    """What is wrong with each object, where there is something."""
    frozen: set[Reference] = field(default_factory=set)
    """Zones that are served as they were published: what was good of them before is not known."""
    taken: dict[Reference, Taken] = field(default_factory=dict)
    """Each Zone and RecordSet that the passes took into account."""
    programmed: dict[Reference, tuple[Taken, Zone | None]] = field(default_factory=dict)
    """Each object without an error that the core has: its version, and of a Zone its zone file."""
    waiting: set[Reference] = field(default_factory=set)
    """Objects whose own change waits for the core."""
    signed: dict[str, Signed] = field(default_factory=dict)
    """Of the published zones those that are signed, by origin."""
    placements: Placements = field(default_factory=Placements)
    """Of the published zones; where it is not sure which Pops serve one, those that surely do."""
    held: set[str] = field(default_factory=set)
    """Origins of which something waits for an approval: a plan or a placement."""
    owner_holds: dict[str, tuple[OwnerHold, ...]] = field(default_factory=dict)
    """What waits of single owners, by origin."""

    def manifest(self, origin: str) -> Manifest | None:
        """The newest manifest of a zone that is published."""
        outcome = self.outcomes.get(origin)
        found = None if outcome is None else outcome.manifest
        return None if found is None or found.tombstone else found

    def outcome(self, origin: str, reference: Reference) -> Outcome | None:
        """What a pass made of an origin, for one of its members.

        While the core is away, that is told of objects whose own change waits, and of no other. A
        placement is of the Zone alone.
        """
        found = self.outcomes.get(origin)
        if found is not None and found.placement is not None and reference.kind != "Zone":
            found = replace(found, placement=None)
        if found is None or found.reason != AWAY:
            return found
        if reference in self.waiting:
            return replace(found, message=_AWAY_TOLD)
        return replace(found, state=State.UNCHANGED, reason="", message="")

    def note(self, origin: str, outcome: Outcome, wanted: tuple[str, ...] | None) -> None:
        """Take what a pass made of an origin that was to be served by these Pops."""
        self.outcomes[origin] = outcome
        if outcome.plan or outcome.placement is not None:
            self.held.add(origin)
        else:
            self.held.discard(origin)
        manifest = self.manifest(origin)
        if manifest is None:
            self.placements.remove(origin)
            return
        pops = manifest.pops
        if outcome.state is State.FAILED and wanted is not None:
            # Edges have the one manifest or the other.
            pops = wanted if pops is None else tuple(sorted({*pops} & {*wanted}))
        self.placements.put(origin, pops)

    def note_content(self, origin: str, zone: Zone | None, now: float) -> None:
        """Take what an origin has published; a signed zone is gone through once for each content.

        `now` is Unix time in seconds.
        """
        known = self.signed.get(origin)
        if zone is not None and known is not None and known.digest == zone.digest:
            return
        period = None if zone is None else signatures.period(zone, now)
        if zone is None or period is None:
            self.signed.pop(origin, None)
        else:
            self.signed[origin] = Signed(zone.digest, period)

    def forget(self, origin: str) -> None:
        """Nothing is asked for at an origin, and nothing is published."""
        self.outcomes.pop(origin, None)
        self.signed.pop(origin, None)
        self.held.discard(origin)
        self.owner_holds.pop(origin, None)
        self.placements.remove(origin)

    def note_owners(self, origin: str, holds: tuple[OwnerHold, ...]) -> None:
        """Take what waits of single owners of a zone."""
        self.owner_holds[origin] = holds
        if not holds:
            del self.owner_holds[origin]

    def tell(
        self,
        touched: Set[Reference],
        observation: Observation,
        assembler: Assembler,
        without_zone: WithoutZone,
    ) -> None:
        """Bring up to date what is said of these Zones and RecordSets."""
        for reference in touched:
            if reference.kind == "Zone":
                self._tell_origin(reference, assembler)
            known = observation.get(reference)
            if known is None:
                self.taken.pop(reference, None)
                self.violations.pop(reference, None)
                self.programmed.pop(reference, None)
                self.waiting.discard(reference)
                continue
            self.taken[reference] = Taken(known.uid, known.generation)
            if wrong := (*known.violations, *without_zone.violations_of(reference, assembler)):
                self.violations[reference] = wrong
            else:
                self.violations.pop(reference, None)
        for reference in touched & self.taken.keys():
            self._tell_programmed(reference, assembler)

    def _tell_programmed(self, reference: Reference, assembler: Assembler) -> None:
        """Bring up to date whether the core has an object as it is, or has to be waited for."""
        zone, base = reference, None
        if reference.kind == "RecordSet":
            record_set = assembler.record_sets.get(reference)
            zone = reference if record_set is None else record_set.zone_reference
        elif (inputs := assembler.inputs(reference)) is not None:
            base = inputs.base
        outcome, version = self.outcomes.get(self.origins.get(zone, "")), self.taken[reference]
        if outcome is not None and outcome.reason == AWAY:
            there, file = self.programmed.get(reference, (None, None))
            if there != version or file is not base:
                self.waiting.add(reference)
            return
        self.waiting.discard(reference)
        self.programmed.pop(reference, None)
        done = outcome is not None and outcome.state in (State.PUBLISHED, State.UNCHANGED)
        if done and zone not in self.frozen and not errors(self.violations.get(reference, ())):
            self.programmed[reference] = (version, base)

    def _tell_origin(self, zone: Reference, assembler: Assembler) -> None:
        before = self.origins.pop(zone, None)
        if before is not None and zone in self.members.get(before, ()):
            self._forget_zone(before)
        self.frozen.discard(zone)
        owner = assembler.owners.get(zone)
        if owner is None or not assembler.has_zone(zone):
            return
        built = assembler.zones.get(owner.origin)
        if built is None or built.zone is None:
            self.frozen.add(zone)
        if built is not None:
            self._forget_zone(owner.origin)  # of the Zone that had it, which may be told of later
            self.origins[zone] = owner.origin
            self.members[owner.origin] = frozenset(assembler.with_record_sets(zone))
            if (inputs := assembler.inputs(zone)) is not None and inputs.zone_class is not None:
                self.given[owner.origin] = classes.shown(inputs.resource, inputs.zone_class)
            if found := shared_values.shared(built.resource, built.record_sets):
                self.shared[owner.origin] = found

    def _forget_zone(self, origin: str) -> None:
        for known in (self.members, self.shared, self.given):
            known.pop(origin, None)


@dataclass(frozen=True)
class Pass:
    """What one pass did."""

    outcomes: Mapping[str, Outcome]
    """Of the origins that it published, or tried to."""
    origins: frozenset[str]
    """All that it looked at."""
    touched: frozenset[Reference]
    """Zones and RecordSets about which there may be something new to say."""
    again: Mapping[str, float]
    """Origins to look at again although nothing changed, and after how many seconds."""

    away: str = ""
    """Why the core did not do what it was asked; empty where it did."""

    @property
    def failed(self) -> dict[str, str]:
        """Why each origin that failed did; the next pass over it tries again."""
        return {
            origin: outcome.message
            for origin, outcome in self.outcomes.items()
            if outcome.state is State.FAILED
        }

"""Holds of single owners: a dangerous change waits alone, and the rest of its zone is published.

Between assembling a zone and publishing it, what it would lose is judged (`owner_plans`). Where it
is too much, the zone is built again with the last good part of whoever removes it: a RecordSet as
it is published, which its claim tells, or what no claim is on, for the Zone itself. That comes
before all others, so nothing of it goes while it is held. Whoever claims the same meanwhile is told
that it belongs to somebody, and keeps the last good version as well. A Zone whose new records leave
no room for it waits too.

A RecordSet that is replaced by another object is gone, and its hold is that of a deleted one: what
it published stays under its own uid, and the object that has its name now waits. It cannot approve
what it did not publish.

A hold lasts until it is approved or its owner, or the Zone, says something else; then all is judged
anew from what everybody wants. Another writer finds the same holds with the same hashes. By what
they are judged is in the core (see `measures`). The last good version of a Zone that its class
refuses is not there; for a writer that begins anew it is what no claim is on.

What dynamic updates take away of a dynamic RecordSet waits for nobody, and counts for nobody: each
of them was judged when it came. That its object is deleted is no update, and waits as any other.

An approval is asked for anew as long as what it approves is not published, so it can be withdrawn
while the core is away.

A change in a zone without a hold costs nothing here: the difference that is looked at is the one
that publishing needs. In a zone with holds, that of somebody else costs no more than without them,
but one more build where a RecordSet is refused, or where the zone was to lose its last names: then
a name that somebody else adds may end the hold.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace
from typing import NamedTuple

from dnsfleet.resources import RecordSet, Reference
from dnsfleet.resources import Zone as ZoneResource
from dnsfleet.violations import errors
from dnsfleet.zones import owner_plans, plans
from dnsfleet.zones.owner_plans import Holder, OwnerHold
from dnsfleet_engine import Delta, Zone

from dnsfleet_publisher import claims
from dnsfleet_publisher.assembling import Assembler
from dnsfleet_publisher.claims import Claims, Ledger
from dnsfleet_publisher.last_good import NOTHING_HELD, Assembled, Held, subject
from dnsfleet_publisher.measures import Measure
from dnsfleet_publisher.owner_cases import Case, owners_of_rrsets, refused_zone, to_judge
from dnsfleet_publisher.publishing import Publisher
from dnsfleet_publisher.record_store import RecordStore

MAX_ROUNDS = 5
"""How often a zone is built again with more owners held; the second one holds the Zone, too."""


@dataclass(frozen=True, slots=True)
class _Known:
    """The holds of one zone, and what they rest on."""

    holds: tuple[OwnerHold, ...]
    basis: tuple[object, ...]
    refused: Set[Reference]
    """Whose present versions a ZoneClass refuses: these remove nothing."""
    before: int
    """RRsets of the zone by which they are told."""
    lasts: bool
    """Whether names that others add change nothing: not so where little was left of the zone, or
    where something is approved that is not published."""


class _Fit(NamedTuple):
    """A zone in which nothing goes that has to wait."""

    built: Assembled
    holds: tuple[OwnerHold, ...]
    delta: Delta
    left: int
    """Ordinary RRsets that it has."""


class OwnerHolds:
    """Decides for one writer whose changes wait."""

    def __init__(self, store: RecordStore, publisher: Publisher, ledger: Ledger) -> None:
        self._store = store
        self._publisher = publisher
        self._ledger = ledger
        self._known: dict[str, _Known] = {}
        self._allowed: dict[str, str] = {}

    def of(self, origin: str) -> tuple[OwnerHold, ...]:
        """What waits in a zone."""
        known = self._known.get(origin)
        return () if known is None else known.holds

    def approvals(self, origin: str, annotation: str | None) -> str | None:
        """What a Zone approves, and with it the change that is left of a zone that was judged."""
        allowed = self._allowed.get(origin)
        return annotation if allowed is None else f"{annotation or ''},{allowed}"

    def forget(self, origin: str) -> None:
        """Nothing is wanted of a zone any more, or nothing is known of that."""
        self._known.pop(origin, None)
        self._allowed.pop(origin, None)

    def judge(self, built: Assembled, assembler: Assembler, fleet: Set[str]) -> Assembled:
        """The zone with nothing in it that has to wait; `fleet` are hashes that the Fleet approves.

        What waits is told in its violations.
        """
        origin, old = built.origin, self._store.load(built.origin)
        own = self._ledger.of_zone(origin)
        several = bool(own or built.record_sets) or self._ledger.measures.get(origin) is not None
        several = several or origin in assembler.held
        if old is None or (built.zone is not None and not several):
            return self._free(built, assembler)
        new, is_known = built.zone, self._is_as_judged(built, assembler, fleet)
        if new is not None and is_known and self._is_safe(built, new, old):
            return built
        wanted, unheld = built, NOTHING_HELD
        if origin in assembler.held:
            wanted = assembler.build_again(origin, NOTHING_HELD)
        zone = wanted.resource.reference
        if wanted.zone is None and zone in _refused(wanted, assembler):
            unheld = refused_zone(zone, old, own)
            wanted = assembler.build_again(origin, unheld)
        if wanted.zone is None:
            return self._free(wanted, assembler)
        case = self._case(wanted, old, wanted.zone, own, assembler)
        if plans.approved(_annotation(wanted.resource), case.delta):
            self._ledger.measures.put(origin, None)
            return self._free(wanted, assembler, unheld)
        return self._narrow(case, assembler, fleet)

    def _is_as_judged(self, built: Assembled, assembler: Assembler, fleet: Set[str]) -> bool:
        """Whether what a zone has of holds needs no other look."""
        known = self._known.get(built.origin)
        if known is None:
            measure = self._ledger.measures.get(built.origin)
            return built.origin not in assembler.held and measure is None
        if not known.lasts or built.origin not in assembler.held:
            return False
        if built.zone is not None and built.zone.ordinary_rrsets < known.before:
            return False  # another writer would tell it by what is left of the zone
        basis = self._basis(known.holds, built, assembler)
        same = all(now is then for now, then in zip(basis, known.basis, strict=True))
        same = same and known.refused == _refused(built, assembler)
        held = {each.owner for each in known.holds}
        others = any(subject(each) not in held for each in errors(built.violations))
        # Whoever is refused may be so for what is held, and may take its place without a loss.
        return same and not others and fleet.isdisjoint(each.hash for each in known.holds)

    def _is_safe(self, built: Assembled, new: Zone, old: Zone) -> bool:
        delta = self._publisher.change(built.origin, old, new)
        doubt = self._publisher.doubt(built.origin, built.parts)
        if plans.unsafe(old, new, delta, doubt) is None:
            self._allowed.pop(built.origin, None)
            return True
        is_held = built.origin in self._known
        return is_held and plans.plan_hash(delta) == self._allowed.get(built.origin)

    def _case(
        self, wanted: Assembled, old: Zone, new: Zone, own: Claims, assembler: Assembler
    ) -> Case:
        origin = wanted.origin
        delta = self._publisher.change(origin, old, new)
        lost = owner_plans.removed_by(
            delta, old, new, wanted.resource.reference, owners_of_rrsets(own)
        )
        removed = to_judge(lost, wanted.resource, own, assembler.record_sets)
        # As if what updates took away had gone before: others are judged by what they left.
        before = old.ordinary_rrsets - owner_plans.count(lost) + owner_plans.count(removed)
        measure = self._ledger.measures.get(origin) or Measure(before, {})
        measure = measure._replace(before=min(measure.before, before))
        asked = claims.of_zone(wanted.record_sets, wanted.resource)
        doubt = self._publisher.doubt(origin, wanted.parts)
        there, unheld = assembler.record_sets, assembler.held.get(origin, NOTHING_HELD)
        case = Case(wanted, old, new, delta, removed, own, asked, there, measure, doubt, unheld)
        return case.as_noted()

    def _narrow(self, case: Case, assembler: Assembler, fleet: Set[str]) -> Assembled:
        """Build the zone with the last good part of each owner that has to wait."""
        approved: dict[Reference, str] = {}
        while True:
            waiting = case.to_hold(case.removed, case.new.ordinary_rrsets, approved)
            holds = case.holds(waiting, approved)
            more = _approved(holds, case, assembler, fleet)
            if not more:
                fit = self._fit(case, holds, approved, assembler)
                if fit is None:
                    return self._free(
                        case.wanted, assembler, case.unheld
                    )  # publishing holds it as a whole
                more = _approved(fit.holds, case, assembler, fleet)
                if not more:
                    return self._settle(case, fit, approved, assembler)
            approved |= more

    def _fit(
        self,
        case: Case,
        holds: tuple[OwnerHold, ...],
        approved: Mapping[Reference, str],
        assembler: Assembler,
    ) -> _Fit | None:
        """Build with these held, and whoever has to wait beside them; None where all has to."""
        for _ in range(MAX_ROUNDS):
            waiting = {each.owner for each in holds}
            if waiting:
                built = assembler.build_again(case.wanted.origin, case.held(holds))
            else:
                built = self._free(case.wanted, assembler, case.unheld)
            if built.zone is None:
                return None
            delta = self._publisher.change(built.origin, case.old, built.zone)
            lost = owner_plans.removed_by(
                delta, case.old, built.zone, case.zone, owners_of_rrsets(case.claims)
            )
            lost = to_judge(lost, built.resource, case.claims, assembler.record_sets)
            more = case.to_hold(lost, built.zone.ordinary_rrsets, approved)
            served = {case.zone, *(item.reference for item in built.record_sets)}
            is_kept = waiting <= served - lost.keys()
            if is_kept and more <= waiting:
                return _Fit(built, holds, delta, built.zone.ordinary_rrsets)
            if not is_kept and case.zone in waiting:
                return None
            waiting |= more if is_kept else {case.zone}
            holds = case.holds(waiting, approved)
        return None

    def _settle(
        self,
        case: Case,
        fit: _Fit,
        approved: Mapping[Reference, str],
        assembler: Assembler,
    ) -> Assembled:
        """Know what waits in a zone; what is left of its change needs no other approval."""
        built, holds = fit.built, fit.holds
        self.forget(built.origin)
        waiting = {each.owner for each in holds}
        measure = case.measured(waiting, approved)
        if holds:
            before, left = case.measure.before, fit.left
            if left < before:  # what is told of them goes by what is left
                smaller = replace(case, measure=measure._replace(before=left))
                holds = smaller.holds(waiting, approved)
                built = assembler.build_again(built.origin, smaller.held(holds))
            more_left = plans.APEX_RRSETS + 1
            lasts = waiting <= case.to_hold(case.removed, more_left, {})
            basis = self._basis(holds, built, assembler)
            told_by, lasts = min(before, left), lasts and not approved
            refused = _refused(built, assembler)
            self._known[built.origin] = _Known(holds, basis, refused, told_by, lasts)
        # What is approved may be withdrawn before it is published, and is judged as before then.
        kept = measure if holds or measure.approved else None
        self._ledger.measures.put(built.origin, kept)
        self._allowed[built.origin] = plans.plan_hash(fit.delta)
        return built

    def _free(
        self, built: Assembled, assembler: Assembler, unheld: Held = NOTHING_HELD
    ) -> Assembled:
        """The zone with nothing held in it."""
        self.forget(built.origin)
        if assembler.held.get(built.origin, NOTHING_HELD) is unheld:
            return built
        return assembler.build_again(built.origin, unheld)

    def _basis(
        self, holds: Iterable[OwnerHold], built: Assembled, assembler: Assembler
    ) -> tuple[object, ...]:
        """What holds are judged by anew when it is another one."""
        inputs = assembler.inputs(built.resource.reference)
        base = None if inputs is None else inputs.base
        own = (assembler.record_sets.get(each.owner) for each in holds)
        return (built.resource, base, *own)


def _approved(
    holds: tuple[OwnerHold, ...], case: Case, assembler: Assembler, fleet: Set[str]
) -> dict[Reference, str]:
    """Which of these are approved, with the hash of each."""
    own = {
        each.owner: plans.approvals(_annotation(assembler.record_sets.get(each.owner)))
        for each in holds
        if each.holder is Holder.THERE
    }
    on_zone = plans.approvals(_annotation(case.wanted.resource))
    found = owner_plans.approved(holds, on_zone, fleet, own)
    return {each.owner: each.hash for each in holds if each.owner in found}


def _refused(built: Assembled, assembler: Assembler) -> frozenset[Reference]:
    """The objects of a zone that its class refuses."""
    zone = built.resource.reference
    inputs = assembler.inputs(zone)
    found = () if inputs is None else inputs.by_class
    return frozenset(subject(each) or zone for each in errors(found))


def _annotation(item: RecordSet | ZoneResource | None) -> str | None:
    return None if item is None else item.metadata.annotations.get(plans.APPROVE_ANNOTATION)

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
they are judged is in the core (see `measures`).

An approval is asked for anew as long as what it approves is not published, so it can be withdrawn
while the core is away.

A change in a zone without a hold costs nothing here: the difference that is looked at is the one
that publishing needs. In a zone with holds, that of somebody else costs no more than without them,
but one more build where a RecordSet is refused, or where the zone was to lose its last names: then
a name that somebody else adds may end the hold.
"""

from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from typing import NamedTuple

from dnsfleet.resources import RecordSet, Reference
from dnsfleet.resources import Zone as ZoneResource
from dnsfleet.violations import errors
from dnsfleet.zones import owner_plans, plans
from dnsfleet.zones.owner_plans import Holder, OwnerHold, Removed
from dnsfleet.zones.sharing import RRsetKey
from dnsfleet_engine import Delta, Zone, ZoneBuilder

from dnsfleet_publisher import claims
from dnsfleet_publisher.assembling import Assembler
from dnsfleet_publisher.claims import Claims, Ledger
from dnsfleet_publisher.last_good import NOTHING_HELD, Assembled, Held, subject
from dnsfleet_publisher.measures import Measure
from dnsfleet_publisher.publishing import Publisher
from dnsfleet_publisher.record_store import RecordStore

MAX_ROUNDS = 5
"""How often a zone is built again with more owners held; the second one holds the Zone, too."""
_BLOCKED = "the change leaves no room for what others published whose changes are held"


@dataclass(frozen=True, slots=True)
class _Known:
    """The holds of one zone, and what they rest on."""

    holds: tuple[OwnerHold, ...]
    basis: tuple[object, ...]
    lasts: bool
    """Whether names that others add change nothing: not so where little was left of the zone, or
    where something is approved that is not published."""


@dataclass(frozen=True, slots=True)
class _Case:
    """What somebody wants of a zone, beside what is published."""

    wanted: Assembled
    old: Zone
    new: Zone
    delta: Delta
    removed: Removed
    claims: Claims
    asked: Claims
    """Those of the RecordSets that would be in the zone."""
    measure: Measure
    doubt: str

    @property
    def zone(self) -> Reference:
        """The Zone, as an owner."""
        return self.wanted.resource.reference

    def to_hold(
        self, lost: Removed, left: int, approved: Mapping[Reference, str]
    ) -> Set[Reference]:
        """Who is to wait where so much would be lost; `approved` has the hash of each change."""
        doubtful = self.zone if self.doubt else None
        before, known = self.measure
        again = set(approved.values())  # what these take away is in `lost`
        went = sum(count for digest, count in known.items() if digest not in again)
        return owner_plans.to_hold(lost, before, left, approved.keys(), doubtful, went)


class _Fit(NamedTuple):
    """A zone in which nothing goes that has to wait."""

    built: Assembled
    holds: tuple[OwnerHold, ...]
    delta: Delta


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
        if old is None or built.zone is None or not (own or built.record_sets):
            return self._free(built, assembler)
        if self._is_as_judged(built, assembler, fleet) and self._is_safe(built, built.zone, old):
            return built
        wanted = built
        if origin in assembler.held:
            wanted = assembler.build_again(origin, NOTHING_HELD)
        if wanted.zone is None:
            return self._free(wanted, assembler)
        case = self._case(wanted, old, wanted.zone, own)
        if plans.approved(_annotation(wanted.resource), case.delta):
            self._ledger.measures.put(origin, None)
            return self._free(wanted, assembler)
        return self._narrow(case, assembler, fleet)

    def _is_as_judged(self, built: Assembled, assembler: Assembler, fleet: Set[str]) -> bool:
        """Whether what a zone has of holds needs no other look."""
        known = self._known.get(built.origin)
        if known is None:
            measure = self._ledger.measures.get(built.origin)
            return built.origin not in assembler.held and measure is None
        if not known.lasts or built.origin not in assembler.held:
            return False
        basis = self._basis(known.holds, built, assembler)
        same = all(now is then for now, then in zip(basis, known.basis, strict=True))
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

    def _case(self, wanted: Assembled, old: Zone, new: Zone, own: Claims) -> _Case:
        origin, before = wanted.origin, old.ordinary_rrsets
        measure = self._ledger.measures.get(origin) or Measure(before, {})
        measure = measure._replace(before=min(measure.before, before))
        asked = claims.of_zone(wanted.record_sets, wanted.resource)
        delta = self._publisher.change(origin, old, new)
        removed = owner_plans.removed_by(delta, old, new, wanted.resource.reference, _owners(own))
        doubt = self._publisher.doubt(origin, wanted.parts)
        return _Case(wanted, old, new, delta, removed, own, asked, measure, doubt)

    def _narrow(self, case: _Case, assembler: Assembler, fleet: Set[str]) -> Assembled:
        """Build the zone with the last good part of each owner that has to wait."""
        approved: dict[Reference, str] = {}
        while True:
            waiting = case.to_hold(case.removed, case.new.ordinary_rrsets, approved)
            holds = self._holds(case, waiting, approved, assembler)
            more = _approved(holds, case, assembler, fleet)
            if not more:
                fit = self._fit(case, holds, approved, assembler)
                if fit is None:
                    return self._free(case.wanted, assembler)  # publishing holds it as a whole
                more = _approved(fit.holds, case, assembler, fleet)
                if not more:
                    return self._settle(case, fit, approved, assembler)
            approved |= more

    def _fit(
        self,
        case: _Case,
        holds: tuple[OwnerHold, ...],
        approved: Mapping[Reference, str],
        assembler: Assembler,
    ) -> _Fit | None:
        """Build with these held, and whoever has to wait beside them; None where all has to."""
        for _ in range(MAX_ROUNDS):
            waiting = {each.owner for each in holds}
            if waiting:
                built = assembler.build_again(case.wanted.origin, self._held(case, holds))
            else:
                built = self._free(case.wanted, assembler)
            if built.zone is None:
                return None
            delta = self._publisher.change(built.origin, case.old, built.zone)
            lost = owner_plans.removed_by(
                delta, case.old, built.zone, case.zone, _owners(case.claims)
            )
            more = case.to_hold(lost, built.zone.ordinary_rrsets, approved)
            served = {case.zone, *(item.reference for item in built.record_sets)}
            is_kept = waiting <= served - lost.keys()
            if is_kept and more <= waiting:
                return _Fit(built, holds, delta)
            if not is_kept and case.zone in waiting:
                return None
            waiting |= more if is_kept else {case.zone}
            holds = self._holds(case, waiting, approved, assembler)
        return None

    def _settle(
        self,
        case: _Case,
        fit: _Fit,
        approved: Mapping[Reference, str],
        assembler: Assembler,
    ) -> Assembled:
        """Know what waits in a zone; what is left of its change needs no other approval."""
        built, holds = fit.built, fit.holds
        self.forget(built.origin)
        measure = None
        if holds:
            before = case.measure.before
            more_left = plans.APEX_RRSETS + 1
            lasts = {each.owner for each in holds} <= case.to_hold(case.removed, more_left, {})
            basis = self._basis(holds, built, assembler)
            self._known[built.origin] = _Known(holds, basis, lasts and not approved)
            measure = Measure(before, _went(case, holds, approved))
        self._ledger.measures.put(built.origin, measure)
        self._allowed[built.origin] = plans.plan_hash(fit.delta)
        return built

    def _free(self, built: Assembled, assembler: Assembler) -> Assembled:
        """The zone with nothing held in it."""
        self.forget(built.origin)
        if built.origin not in assembler.held:
            return built
        return assembler.build_again(built.origin, NOTHING_HELD)

    # What waits

    def _holds(
        self,
        case: _Case,
        waiting: Collection[Reference],
        approved: Collection[Reference],
        assembler: Assembler,
    ) -> tuple[OwnerHold, ...]:
        keys: set[RRsetKey] = set()
        together = len(keys.union(*(case.removed.get(each, ()) for each in waiting)))
        found = []
        for owner in sorted(waiting):
            blocked = owner in approved or owner not in case.removed
            text = _BLOCKED if blocked else _text(case, owner, together)
            if owner == case.zone:
                hold = _of_zone(case, text)
            else:
                hold = _of_record_set(case, owner, text, assembler)
            found.append(hold._replace(blocked=blocked))
        return tuple(found)

    def _held(self, case: _Case, holds: tuple[OwnerHold, ...]) -> Held:
        """What is served of the owners that wait, and what each is told."""
        owners = {each.owner for each in holds}
        record_sets: dict[Reference, RecordSet] = {}
        for owner in owners - {case.zone}:
            found = claims.as_published(owner, case.claims[owner], case.old)
            if found is not None:
                record_sets[owner] = found
        base = _own_part(case.old, case.claims) if case.zone in owners else None
        told = owner_plans.violations(holds, case.zone)
        told += [each for each in errors(case.wanted.violations) if subject(each) in owners]
        return Held(record_sets, base, tuple(told))

    def _basis(
        self, holds: Iterable[OwnerHold], built: Assembled, assembler: Assembler
    ) -> tuple[object, ...]:
        """What holds are judged by anew when it is another one."""
        inputs = assembler.inputs(built.resource.reference)
        base = None if inputs is None else inputs.base
        own = (assembler.record_sets.get(each.owner) for each in holds)
        return (built.resource, base, *own)


def _of_zone(case: _Case, text: str) -> OwnerHold:
    before = {key for claim in case.claims.values() for key in claim.rrsets}
    after = {key for claim in case.asked.values() for key in claim.rrsets}
    return owner_plans.of_zone(case.zone, case.delta, case.old, case.new, (before, after), text)


def _of_record_set(case: _Case, owner: Reference, text: str, assembler: Assembler) -> OwnerHold:
    before, after = case.claims.get(owner), case.asked.get(owner)
    there, holder = assembler.record_sets.get(owner), Holder.THERE
    if there is None or there.zone_reference != case.zone:
        holder = Holder.GONE
    elif before is not None and not claims.is_of(before, there.metadata):
        holder = Holder.REPLACED
    of = "" if holder is Holder.THERE or before is None else before.uid or before.created
    hold = owner_plans.of_record_set(
        owner,
        None if before is None else claims.as_published(owner, before, case.old),
        None if after is None else claims.as_published(owner, after, case.new),
        text,
        of,
    )
    return hold._replace(holder=holder)


def _approved(
    holds: tuple[OwnerHold, ...], case: _Case, assembler: Assembler, fleet: Set[str]
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


def _went(
    case: _Case, holds: Iterable[OwnerHold], approved: Mapping[Reference, str]
) -> dict[str, int]:
    """What went by approvals since the first of these holds began, by the hash of the change.

    Who removed too much alone was never counted beside the others.
    """
    waiting = {each.hash for each in holds}  # of which an approval may be withdrawn again
    known = case.measure.approved.items()
    found = {digest: count for digest, count in known if digest not in waiting}
    alone = owner_plans.large(case.removed, case.measure.before)
    counted = ((owner, digest) for owner, digest in approved.items() if owner not in alone)
    return found | {digest: len(case.removed[owner]) for owner, digest in counted}


def _annotation(item: RecordSet | ZoneResource | None) -> str | None:
    return None if item is None else item.metadata.annotations.get(plans.APPROVE_ANNOTATION)


def _owners(own: Claims) -> dict[RRsetKey, list[Reference]]:
    """Whose the RRsets are that claims are on."""
    found: dict[RRsetKey, list[Reference]] = {}
    for reference, claim in own.items():
        for key in claim.rrsets:
            found.setdefault(key, []).append(reference)
    return found


def _text(case: _Case, owner: Reference, together: int) -> str:
    """What the change of an owner does, and how much all do that wait."""
    count, before = len(case.removed[owner]), case.measure.before
    text = f"the change removes {count} of {before} RRsets"
    if owner == case.zone and case.doubt:
        return f"{text} and {case.doubt}"
    if plans.is_large(count, before) or together == count:
        return text
    return f"{text}, and with others that are held {together}"


def _own_part(old: Zone, own: Claims) -> Zone | None:
    """What of a published zone came from no RecordSet; None where it cannot be taken apart."""
    with_claims, without = ZoneBuilder(old.origin), ZoneBuilder(old.origin)
    for builder in (with_claims, without):
        _add(builder, old, (old.origin, "SOA"))
        # The real ones may have addresses in the zone, and would be no whole zone without them.
        builder.add_record(old.origin, "NS", 0, "ns.invalid.", "")
    for key in {key for claim in own.values() for key in claim.rrsets}:
        _add(with_claims, old, key)
    larger, smaller = with_claims.finish()[0], without.finish()[0]
    if larger is None or smaller is None:
        return None
    return old.apply(larger.diff(smaller).payload)


def _add(builder: ZoneBuilder, zone: Zone, key: RRsetKey) -> None:
    owner, rtype = key
    ttl, data = zone.get(owner, rtype) or (0, [])
    for text in data:
        builder.add_record(owner, rtype, ttl, text, "")

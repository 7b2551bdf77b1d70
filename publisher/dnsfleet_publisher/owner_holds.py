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
anew from what everybody wants. Nothing of that has to be kept: another writer finds the same holds
with the same hashes. Only how large a zone was when its holds began is known to one process alone.

A change in a zone without a hold costs nothing here: the difference that is looked at is the one
that publishing needs. In a zone with holds, that of somebody else costs no more than without them,
but one more build where a RecordSet is refused, or where the zone was to lose its last names: then
a name that somebody else adds may end the hold.
"""

from collections.abc import Iterable, Set
from dataclasses import dataclass, replace

from dnsfleet.resources import RecordSet, Reference
from dnsfleet.resources import Zone as ZoneResource
from dnsfleet.violations import Violation, errors
from dnsfleet.zones import owner_plans, plans
from dnsfleet.zones.owner_plans import OwnerHold, Removed
from dnsfleet.zones.sharing import RRsetKey
from dnsfleet_engine import Delta, Zone, ZoneBuilder

from dnsfleet_publisher import claims
from dnsfleet_publisher.assembling import Assembler
from dnsfleet_publisher.claims import Claims, Ledger
from dnsfleet_publisher.last_good import NOTHING_HELD, Assembled, Held, subject
from dnsfleet_publisher.publishing import Publisher
from dnsfleet_publisher.record_store import RecordStore

MAX_ROUNDS = 5
"""How often a zone is built again with more owners held; the second one holds the Zone, too."""


@dataclass(frozen=True, slots=True)
class _Known:
    """The holds of one zone, and what they rest on."""

    holds: tuple[OwnerHold, ...]
    before: int
    """Ordinary RRsets of the zone when the first of them began."""
    basis: tuple[object, ...]
    lasts: bool
    """Whether names that others add change nothing: not so where little was left of the zone."""


@dataclass(frozen=True, slots=True)
class _Case:
    """What somebody wants of a zone, beside what is published."""

    wanted: Assembled
    old: Zone
    new: Zone
    delta: Delta
    removed: Removed
    claims: Claims
    before: int
    doubt: str

    @property
    def zone(self) -> Reference:
        """The Zone, as an owner."""
        return self.wanted.resource.reference


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
        """Nothing is wanted of a zone any more."""
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
            return self._free(wanted, assembler)
        return self._narrow(case, assembler, fleet)

    def _is_as_judged(self, built: Assembled, assembler: Assembler, fleet: Set[str]) -> bool:
        """Whether what a zone has of holds needs no other look."""
        known = self._known.get(built.origin)
        if known is None:
            return built.origin not in assembler.held
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
        return plans.plan_hash(delta) == self._allowed.get(built.origin)

    def _case(self, wanted: Assembled, old: Zone, new: Zone, own: Claims) -> _Case:
        origin, known = wanted.origin, self._known.get(wanted.origin)
        before = old.ordinary_rrsets if known is None else min(known.before, old.ordinary_rrsets)
        delta = self._publisher.change(origin, old, new)
        removed = owner_plans.removed_by(delta, old, new, wanted.resource.reference, _owners(own))
        doubt = self._publisher.doubt(origin, wanted.parts)
        return _Case(wanted, old, new, delta, removed, own, before, doubt)

    def _narrow(self, case: _Case, assembler: Assembler, fleet: Set[str]) -> Assembled:
        """Build the zone with the last good part of each owner that has to wait."""
        doubtful = case.zone if case.doubt else None
        approved: frozenset[Reference] = frozenset()
        while True:
            left = case.new.ordinary_rrsets
            waiting = owner_plans.to_hold(case.removed, case.before, left, approved, doubtful)
            holds = self._holds(case, waiting, assembler)
            more = _approved(holds, case, assembler, fleet)
            if not more:
                break
            approved |= more
        for _ in range(MAX_ROUNDS):
            if not waiting:
                built, zone = self._free(case.wanted, assembler), case.wanted.zone
            else:
                built = assembler.build_again(case.wanted.origin, self._held(case, holds))
                zone = built.zone
            if zone is None:
                break
            delta = self._publisher.change(built.origin, case.old, zone)
            lost = owner_plans.removed_by(delta, case.old, zone, case.zone, _owners(case.claims))
            more = owner_plans.to_hold(lost, case.before, zone.ordinary_rrsets, approved, doubtful)
            served = {case.zone, *(item.reference for item in built.record_sets)}
            is_kept = waiting <= served - lost.keys()
            if is_kept and more <= waiting:
                return self._settle(case, built, holds, delta, assembler)
            if not is_kept and case.zone in waiting:
                break
            waiting |= more if is_kept else {case.zone}
            holds = self._holds(case, waiting, assembler)
        return self._as_published(case, assembler)

    def _settle(
        self,
        case: _Case,
        built: Assembled,
        holds: tuple[OwnerHold, ...],
        delta: Delta,
        assembler: Assembler,
    ) -> Assembled:
        """Know what waits in a zone; what is left of its change needs no other approval."""
        self.forget(built.origin)
        if holds:
            basis = self._basis(holds, built, assembler)
            more_left = plans.APEX_RRSETS + 1
            large = owner_plans.to_hold(case.removed, case.before, more_left)
            lasts = {each.owner for each in holds} <= large
            self._known[built.origin] = _Known(holds, case.before, basis, lasts)
        self._allowed[built.origin] = plans.plan_hash(delta)
        return built

    def _free(self, built: Assembled, assembler: Assembler) -> Assembled:
        """The zone with nothing held in it."""
        self.forget(built.origin)
        if built.origin not in assembler.held:
            return built
        return assembler.build_again(built.origin, NOTHING_HELD)

    def _as_published(self, case: _Case, assembler: Assembler) -> Assembled:
        """The zone stays as it is: what was published of it does not fit together any more."""
        self._free(case.wanted, assembler)
        does = f"the change removes {case.delta.ordinary_removed} of {case.before} RRsets"
        message = f"{does}; {plans.how_to_approve(plans.plan_hash(case.delta))}"
        told = Held(told=(Violation(plans.REASON, message, f"{case.zone}: spec"),))
        return replace(assembler.build_again(case.wanted.origin, told), zone=None)

    # What waits

    def _holds(
        self, case: _Case, waiting: Iterable[Reference], assembler: Assembler
    ) -> tuple[OwnerHold, ...]:
        waiting = sorted(waiting)
        return tuple(self._hold(case, each, waiting, assembler) for each in waiting)

    def _hold(
        self, case: _Case, owner: Reference, waiting: Iterable[Reference], assembler: Assembler
    ) -> OwnerHold:
        text = _text(case, owner, waiting)
        new_claims = {
            item.reference: claims.of_record_set(item, case.wanted.resource)
            for item in case.wanted.record_sets
            if item.reference == owner or owner == case.zone
        }
        if owner == case.zone:
            claimed = [*case.claims.values(), *new_claims.values()]
            others = {key for claim in claimed for key in claim.rrsets}
            return owner_plans.of_zone(owner, case.delta, case.old, case.new, others, text)
        before, after = case.claims.get(owner), new_claims.get(owner)
        hold = owner_plans.of_record_set(
            owner,
            None if before is None else claims.as_published(owner, before, case.old),
            None if after is None else claims.as_published(owner, after, case.new),
            text,
        )
        there = assembler.record_sets.get(owner)
        if there is None or there.zone_reference != case.zone:
            return hold._replace(deleted=True)
        replaced = before is not None and not claims.is_of(before, there.metadata)
        return hold._replace(deleted=replaced, replaced=replaced)

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


def _approved(
    holds: tuple[OwnerHold, ...], case: _Case, assembler: Assembler, fleet: Set[str]
) -> frozenset[Reference]:
    own = {
        each.owner: plans.approvals(_annotation(assembler.record_sets.get(each.owner)))
        for each in holds
        if not each.deleted
    }
    on_zone = plans.approvals(_annotation(case.wanted.resource))
    return owner_plans.approved(holds, on_zone, fleet, own)


def _annotation(item: RecordSet | ZoneResource | None) -> str | None:
    return None if item is None else item.metadata.annotations.get(plans.APPROVE_ANNOTATION)


def _owners(own: Claims) -> dict[RRsetKey, list[Reference]]:
    """Whose the RRsets are that claims are on."""
    found: dict[RRsetKey, list[Reference]] = {}
    for reference, claim in own.items():
        for key in claim.rrsets:
            found.setdefault(key, []).append(reference)
    return found


def _text(case: _Case, owner: Reference, waiting: Iterable[Reference]) -> str:
    """What the change of an owner does."""
    count = len(case.removed.get(owner, ()))
    if not count:
        return "the change leaves no room for what others published whose changes are held"
    text = f"the change removes {count} of {case.before} RRsets"
    if owner == case.zone and case.doubt:
        return f"{text} and {case.doubt}"
    keys: set[RRsetKey] = set()
    together = len(keys.union(*(case.removed.get(each, ()) for each in waiting)))
    if plans.is_large(count, case.before) or together == count:
        return text
    return f"{text}, and with others that are held {together}"


def _own_part(old: Zone, own: Claims) -> Zone | None:
    """What of a published zone came from no RecordSet; None where it cannot be taken apart."""
    with_claims, without = ZoneBuilder(old.origin), ZoneBuilder(old.origin)
    for rtype in ("SOA", "NS"):
        for builder in (with_claims, without):
            _add(builder, old, (old.origin, rtype))
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

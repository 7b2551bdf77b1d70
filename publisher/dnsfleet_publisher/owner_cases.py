"""One change of a zone that several own, beside what is published: who takes what away.

It says whose change has to wait where too much would be lost, what is served of these owners
meanwhile, and what each of them is told. `owner_holds` decides by it.
"""

from collections.abc import Collection, Iterable, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Self

from dnsfleet.resources import RecordSet, Reference
from dnsfleet.resources import Zone as ZoneResource
from dnsfleet.violations import errors
from dnsfleet.zones import owner_plans, ownership, plans
from dnsfleet.zones.owner_plans import Holder, OwnerHold, Removed
from dnsfleet.zones.sharing import RRsetKey
from dnsfleet_engine import Delta, Zone, ZoneBuilder

from dnsfleet_publisher import claims
from dnsfleet_publisher.claims import Claim, Claims
from dnsfleet_publisher.dependencies import RecordSets
from dnsfleet_publisher.last_good import NOTHING_HELD, Assembled, Held, subject
from dnsfleet_publisher.measures import Measure

_BLOCKED = "the change leaves no room for what others published whose changes are held"


@dataclass(frozen=True, slots=True)
class Case:
    """What somebody wants of a zone, beside what is published."""

    wanted: Assembled
    old: Zone
    new: Zone
    delta: Delta
    removed: Removed
    claims: Claims
    asked: Claims
    """Those of the RecordSets that would be in the zone."""
    record_sets: RecordSets
    """The objects that are there."""
    measure: Measure
    doubt: str
    unheld: Held
    """What stays as it is published while nothing is held."""

    @property
    def zone(self) -> Reference:
        """The Zone, as an owner."""
        return self.wanted.resource.reference

    @property
    def alone(self) -> Set[Reference]:
        """Who removes too much whatever others do, and so is not counted beside them."""
        doubtful = self.zone if self.doubt else None
        return owner_plans.large(self.removed, self.measure.before, doubtful)

    def as_noted(self) -> Self:
        """The same with what is noted of it: a doubt, and who was approved and may be no more.

        What was approved and is not published yet is in the sum of what waits.
        """
        if self.measure.doubts and not self.doubt:
            digest = self._hold(self.zone, "").hash
            return replace(self, doubt=self.measure.doubts.get(digest, ""))._with_pending()
        return self._with_pending()

    def _with_pending(self) -> Self:
        approved, since = self.measure.approved, self.measure.since
        if not approved:
            return self
        hashes = {owner: self._hold(owner, "").hash for owner in self.removed}
        pending = {owner for owner, digest in hashes.items() if digest in approved}
        left = {digest: approved[digest] for digest in approved.keys() - set(hashes.values())}
        since = None if since is None else since | pending
        return replace(self, measure=self.measure._replace(approved=left, since=since))

    def to_hold(self, lost: Removed, left: int, approved: Collection[Reference]) -> Set[Reference]:
        """Who is to wait where so much would be lost, with these changes approved."""
        doubtful = self.zone if self.doubt else None
        measure = self.measure
        return owner_plans.to_hold(
            lost,
            measure.before,
            left,
            set(approved),
            doubtful,
            went=measure.went,
            since=measure.since,
            together=measure.together,
        )

    def holds(
        self, waiting: Collection[Reference], approved: Mapping[Reference, str]
    ) -> tuple[OwnerHold, ...]:
        """The hold of each of these owners; `approved` has the hash of each approved change."""
        all_held = len(self._removed_by(waiting))
        measure = self.measured(waiting, approved)
        found = []
        for owner in sorted(waiting):
            blocked = owner in approved or owner not in self.removed
            text = _BLOCKED if blocked else _text(self, owner, all_held, measure)
            found.append(self._hold(owner, text)._replace(blocked=blocked))
        return tuple(found)

    def measured(
        self, waiting: Collection[Reference], approved: Mapping[Reference, str]
    ) -> Measure:
        """By what the zone is judged from now on, where these owners wait."""
        before, known, rest, since, together, _ = self.measure
        counted = self.removed.keys() - self.alone
        held, done = set(waiting) - self.alone, counted & approved.keys()
        doubts = {}
        if self.doubt and self.zone in waiting and self.zone in self.removed:
            doubts[self._hold(self.zone, "").hash] = self.doubt
        if not held and not done:
            return Measure(before, {}, doubts=doubts)
        if since is not None and held - since:  # it begins with this change
            harmless = counted - held - done
            rest += len(self._removed_by(harmless) - self._removed_by(waiting))
            together = min(together, before) if since else before
        known = {**known, **{approved[owner]: len(self.removed[owner]) for owner in done}}
        return Measure(before, known, rest, frozenset(held), together, doubts)

    def _removed_by(self, owners: Iterable[Reference]) -> set[RRsetKey]:
        """What these lose, each RRset once."""
        keys: set[RRsetKey] = set()
        return keys.union(*(self.removed.get(each, ()) for each in owners))

    def _hold(self, owner: Reference, text: str) -> OwnerHold:
        if owner == self.zone:
            return _of_zone(self, text)
        return _of_record_set(self, owner, text)

    def held(self, holds: tuple[OwnerHold, ...]) -> Held:
        """What is served of the owners that wait, and what each is told."""
        owners = {each.owner for each in holds}
        record_sets: dict[Reference, RecordSet] = {}
        gone = {each.owner for each in holds if each.holder is Holder.GONE}
        for owner in owners - {self.zone}:
            found = claims.as_published(owner, self.claims[owner], self.old)
            if found is not None:
                record_sets[owner] = ownership.in_place_of(found) if owner in gone else found
        base = self.unheld.base
        if self.zone in owners:
            base = _own_part(self.old, self.claims)
        told = owner_plans.violations(holds, self.zone)
        told += [each for each in errors(self.wanted.violations) if subject(each) in owners]
        return Held(record_sets, base, tuple(told))


def refused_zone(zone: Reference, old: Zone, own: Claims) -> Held:
    """What stays of a Zone of which nothing is known that its class takes.

    That is nothing where RecordSets of another Zone are published, for that is not its zone.
    """
    is_its_own = all(claim.zone == zone for claim in own.values())
    return Held(base=_own_part(old, own)) if is_its_own else NOTHING_HELD


def _of_zone(case: Case, text: str) -> OwnerHold:
    before = {key for claim in case.claims.values() for key in claim.rrsets}
    after = {key for claim in case.asked.values() for key in claim.rrsets}
    return owner_plans.of_zone(case.zone, case.delta, case.old, case.new, (before, after), text)


def _of_record_set(case: Case, owner: Reference, text: str) -> OwnerHold:
    before, after = case.claims.get(owner), case.asked.get(owner)
    there, holder = case.record_sets.get(owner), Holder.THERE
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


def owners_of_rrsets(own: Claims) -> dict[RRsetKey, list[Reference]]:
    """Whose the RRsets are that claims are on."""
    found: dict[RRsetKey, list[Reference]] = {}
    for reference, claim in own.items():
        for key in claim.rrsets:
            found.setdefault(key, []).append(reference)
    return found


def to_judge(removed: Removed, zone: ZoneResource, own: Claims, record_sets: RecordSets) -> Removed:
    """Without what dynamic updates took away: whoever took them judged each of them.

    What a dynamic RecordSet still asks for was taken by somebody else, and counts as any other.
    """
    found: dict[Reference, Set[RRsetKey]] = {}
    for owner, keys in removed.items():
        there = record_sets.get(owner)
        if there is not None and _is_updated(there, zone, own.get(owner)):
            keys = keys & _asked(there, zone.origin)
        if keys:
            found[owner] = keys
    return found


def _is_updated(there: RecordSet, zone: ZoneResource, claim: Claim | None) -> bool:
    """Whether this is a dynamic RecordSet that is in its zone, and the object that was."""
    own = there.spec.dynamic and there.zone_reference == zone.reference
    return own and claim is not None and claims.is_of(claim, there.metadata)


def _asked(record_set: RecordSet, origin: str) -> set[RRsetKey]:
    found = set()
    for record in record_set.spec.rrsets:
        with suppress(ValueError):  # it is left out
            found.add(record.key(origin))
    return found


def _text(case: Case, owner: Reference, all_held: int, measure: Measure) -> str:
    """What the change of an owner does, and how much all do that wait, with what went."""
    count, before, went = len(case.removed[owner]), case.measure.before, measure.went
    of = measure.together if owner in (measure.since or ()) else before
    text = f"the change removes {count} of {of} RRsets"
    if owner == case.zone and case.doubt:
        return f"{text} and {case.doubt}"
    if plans.is_large(count, before) or all_held + went == count:
        return text
    others = "held or published" if went else "held"
    return f"{text}, and with others that are {others} {all_held + went}"


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

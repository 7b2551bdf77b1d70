"""Which Zone owns each origin, kept up to date while Zones come, change and go.

The rule is that of `ownership.zones_by_origin`: Zones are judged in order of age, and each only
against older ones that were accepted. So a verdict depends on

    the older owner of the same origin         there is one owner, whoever is registered first
    older owners below                         each may object, if it is of another namespace
    the nearest older owner above              it may object as well
    its ZoneClass, and its registration        the class may refuse it, if it is not registered

and a Zone whose verdict or consent changes can only change verdicts of younger Zones at, above and
below its origin. `settle` works through a heap in order of age: what it takes is judged against
Zones that are settled already, and what it changes is younger, so it judges no Zone twice.

Every name that is an origin, or above one, has a node. A node counts the owners below by what they
would say (their namespace and consent), so that a Zone above a hundred thousand others is judged
against a few groups and not against each of them.
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from dnsfleet import names
from dnsfleet.resources import Reference, Zone
from dnsfleet.violations import Violation
from dnsfleet.zones import ownership
from dnsfleet.zones.classes import Classes
from dnsfleet.zones.ownership import Age
from dnsfleet.zones.registrations import Registration

Labels = Mapping[str, Mapping[str, str]]
"""The labels of each namespace."""


class _Opinion(NamedTuple):
    """What a Zone says about Zones of other namespaces above or below it."""

    namespace: str
    consent: str
    gone: bool


@dataclass(slots=True)
class _Candidate:
    """A Zone that wants its origin."""

    zone: Zone
    origin: str
    age: Age
    opinion: _Opinion
    accepted: bool = False
    refusal: Violation | None = None


@dataclass(slots=True)
class _Node:
    """A name that is an origin, or has origins below."""

    at: set[Reference] = field(default_factory=set)
    """Candidates for this origin."""
    below: set[Reference] = field(default_factory=set)
    """Candidates for origins below."""
    owners_below: dict[_Opinion, set[Reference]] = field(default_factory=dict)
    """Those of them that are accepted, by what they say."""


class Settled(NamedTuple):
    """What `settle` found to be different."""

    origins: set[str]
    """Origins that have another owner, or another version of it."""
    zones: set[Reference]
    """Zones that are judged differently, or changed, or are gone."""


class Owners:
    """The Zones that want an origin, and which of them have it."""

    def __init__(self) -> None:
        self.classes = Classes()
        """Change them by `reclassify`."""
        self.registered: dict[str, Registration] = {}
        """By origin; change them by `register`."""
        self._candidates: dict[Reference, _Candidate] = {}
        self._nodes: dict[str, _Node] = {}
        self._in_namespace: dict[str, set[Reference]] = {}
        self._unsettled: list[tuple[Age, Reference]] = []
        self._changed = Settled(set(), set())

    def get(self, reference: Reference) -> Zone | None:
        """A Zone that wants an origin, whether it has it or not."""
        known = self._candidates.get(reference)
        return None if known is None else known.zone

    def __iter__(self) -> Iterator[Zone]:
        """All Zones that want an origin."""
        return (known.zone for known in self._candidates.values())

    def owner(self, origin: str) -> Zone | None:
        """The Zone that owns an origin, as settled last."""
        node = self._nodes.get(origin)
        owners = (self._candidates[each] for each in node.at) if node is not None else ()
        return next((each.zone for each in owners if each.accepted), None)

    def owns(self, reference: Reference) -> bool:
        """Whether a Zone owns its origin, as settled last."""
        known = self._candidates.get(reference)
        return known is not None and known.accepted

    def refusal(self, reference: Reference) -> Violation | None:
        """Why a Zone does not own its origin; None where it does, or is not known."""
        known = self._candidates.get(reference)
        return None if known is None else known.refusal

    def in_namespace(self, namespace: str) -> set[Reference]:
        """The Zones that live in a namespace."""
        return self._in_namespace.get(namespace, set())

    def put(self, zone: Zone) -> None:
        """A Zone is there, or changed."""
        reference, origin = zone.reference, zone.origin
        age = ownership.zone_age(zone, self.registered.get(origin))
        opinion = _opinion(zone)
        known = self._candidates.get(reference)
        if known is not None and (known.age, known.origin) != (age, origin):
            self.remove(reference)
            known = None
        if known is None:
            known = self._candidates[reference] = _Candidate(zone, origin, age, opinion)
            self._node(origin).at.add(reference)
            for name in names.ancestors(origin):
                self._node(name).below.add(reference)
            self._in_namespace.setdefault(reference.namespace, set()).add(reference)
        elif known.opinion != opinion:
            accepted = known.accepted
            self._withdraw(reference, known)
            known.opinion = opinion
            if accepted:
                self._accept(reference, known)
        known.zone = zone
        self._note(reference, origin)
        heapq.heappush(self._unsettled, (age, reference))

    def remove(self, reference: Reference) -> None:
        """A Zone is gone; nothing where it is not known."""
        known = self._candidates.get(reference)
        if known is None:
            return
        self._withdraw(reference, known)
        del self._candidates[reference]
        self._note(reference, known.origin)
        origin = known.origin
        self._nodes[origin].at.discard(reference)
        for name in names.ancestors(origin):
            self._nodes[name].below.discard(reference)
        for name in (origin, *names.ancestors(origin)):
            node = self._nodes[name]
            if not node.at and not node.below:
                del self._nodes[name]
        own = self._in_namespace[reference.namespace]
        own.discard(reference)
        if not own:
            del self._in_namespace[reference.namespace]

    def relabelled(self, namespace: str) -> None:
        """A namespace has other labels, which consents may select: its Zones are judged again."""
        for reference in self.in_namespace(namespace):
            heapq.heappush(self._unsettled, (self._candidates[reference].age, reference))

    def register(self, origin: str, registration: Registration | None) -> None:
        """An origin has another registration, or none."""
        if self.registered.get(origin) == registration:
            return
        if registration is None:
            del self.registered[origin]
        else:
            self.registered[origin] = registration
        for reference in list(self._nodes[origin].at) if origin in self._nodes else ():
            self.put(self._candidates[reference].zone)  # it may have another age

    def reclassify(self, suffixes: Iterable[str]) -> set[str]:
        """The classes with these suffixes are others; the origins at or below them."""
        found = set()
        for suffix in suffixes:
            if (node := self._nodes.get(suffix)) is not None:
                for reference in node.at | node.below:
                    known = self._candidates[reference]
                    found.add(known.origin)
                    heapq.heappush(self._unsettled, (known.age, reference))
        return found

    def is_registered(self, reference: Reference) -> bool:
        """Whether a Zone has its origin by a registration: it was published."""
        known = self._candidates.get(reference)
        return known is not None and ownership.is_registered(known.zone, self.registered)

    def judge_again(self, origin: str) -> None:
        """Have the Zones that want an origin judged again."""
        for reference in self._nodes[origin].at if origin in self._nodes else ():
            heapq.heappush(self._unsettled, (self._candidates[reference].age, reference))

    def settle(self, labels: Labels) -> Settled:
        """Judge what may be judged differently; what is different since the last call."""
        last = None
        while self._unsettled:
            entry = heapq.heappop(self._unsettled)
            if entry == last:
                continue
            last = entry
            age, reference = entry
            known = self._candidates.get(reference)
            if known is not None and known.age == age:
                self._judge(reference, known, labels)
        changed, self._changed = self._changed, Settled(set(), set())
        return changed

    def _judge(self, reference: Reference, known: _Candidate, labels: Labels) -> None:
        refusal = self._why_not_owner(reference, known, labels)
        if refusal == known.refusal and known.accepted == (refusal is None):
            return
        known.refusal = refusal
        if known.accepted and refusal is not None:
            self._withdraw(reference, known)
        elif not known.accepted and refusal is None:
            self._accept(reference, known)
        self._note(reference, known.origin)

    def _why_not_owner(
        self, reference: Reference, known: _Candidate, labels: Labels
    ) -> Violation | None:
        zone, node = known.zone, self._nodes[known.origin]
        if not ownership.is_registered(zone, self.registered):
            refusal = self.classes.refusal(zone, labels)
            if refusal is not None:
                return refusal
        for other in node.at:
            older = self._candidates[other]
            if other != reference and older.accepted and older.age < known.age:
                return ownership.in_use(zone, older.zone)
        objecting = [
            self._candidates[other]
            for opinion, group in node.owners_below.items()
            if opinion.namespace != reference.namespace
            and not self._takes(self._candidates[next(iter(group))].zone, zone, labels)
            for other in group
        ]
        oldest = min(objecting, key=lambda each: each.age, default=None)
        if oldest is not None and oldest.age < known.age:
            return ownership.not_allowed(zone, oldest.zone, "above")
        above = next(self._owners_above(known), None)
        if above is not None and not self._takes(above, zone, labels):
            return ownership.not_allowed(zone, above, "below")
        return None

    def _takes(self, zone: Zone, other: Zone, labels: Labels) -> bool:
        return ownership.takes(zone, other, labels, self.registered)

    def _owners_above(self, known: _Candidate) -> Iterator[Zone]:
        """The older owners of names above, the nearest first."""
        for name in names.ancestors(known.origin):
            for other in self._nodes[name].at:
                candidate = self._candidates[other]
                if candidate.accepted and candidate.age < known.age:
                    yield candidate.zone

    def _accept(self, reference: Reference, known: _Candidate) -> None:
        known.accepted = True
        for name in names.ancestors(known.origin):
            self._nodes[name].owners_below.setdefault(known.opinion, set()).add(reference)
        self._unsettle_younger(known)

    def _withdraw(self, reference: Reference, known: _Candidate) -> None:
        if not known.accepted:
            return
        known.accepted = False
        for name in names.ancestors(known.origin):
            groups = self._nodes[name].owners_below
            groups[known.opinion].discard(reference)
            if not groups[known.opinion]:
                del groups[known.opinion]
        self._unsettle_younger(known)

    def _unsettle_younger(self, known: _Candidate) -> None:
        """Have the younger Zones at, above and below this one judged again."""
        origin = known.origin
        near = [self._nodes[origin].at, self._nodes[origin].below]
        near += [self._nodes[name].at for name in names.ancestors(origin)]
        for references in near:
            for reference in references:
                age = self._candidates[reference].age
                if age > known.age:
                    heapq.heappush(self._unsettled, (age, reference))

    def _note(self, reference: Reference, origin: str) -> None:
        self._changed.origins.add(origin)
        self._changed.zones.add(reference)

    def _node(self, name: str) -> _Node:
        return self._nodes.setdefault(name, _Node())


def _opinion(zone: Zone) -> _Opinion:
    consent = zone.spec.nested_zones.namespaces
    told = consent.from_ if consent.selector is None else consent.selector.model_dump_json()
    return _Opinion(zone.reference.namespace, told, ownership.is_gone(zone))

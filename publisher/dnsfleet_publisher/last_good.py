"""One zone from all that it depends on, the last good version in the place of what is wrong.

A Zone or a RecordSet can be well-formed and still break its zone. Then its last version that did
not is taken instead, so that one team's mistake neither removes what that team served before nor
stops the others. Who starts and was not there when the last good version came may know from the
core what it was: that is `published`.

What is held was not taken, however good it looks: its last good version stays the one before. As a
hold is found by building a zone without it, a version that was taken for good then is taken back.

A last good version is of one object, and so of one uid: what an object said that had the same name
and is gone counts for nothing as soon as another one of that name is there. It is of one zone, too:
what a RecordSet said in a zone counts for nothing as soon as it refers to another one.

A last good version may claim what somebody else has come to claim meanwhile. As it is the older
claim mostly, the other one is wrong then, too, and so on: the zone is built again until nobody else
is wrong. Then everybody is told what is so. Whoever is served in its present version is not told of
an error, whatever stood in its way in between; whoever is not is told why.

What a ZoneClass refuses is wrong from the start: it is not tried, and its last good version is not
asked whether the class would take it.
"""

import itertools
from collections.abc import Callable, Container, Iterable, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Self

from dnsfleet import resources
from dnsfleet.resources import RecordSet, Reference, ZoneClass
from dnsfleet.resources.documents import Document
from dnsfleet.violations import Violation, errors
from dnsfleet.zones import building, claimants, classes, ownership
from dnsfleet.zones.checking.written import Written
from dnsfleet.zones.class_rules import Substitutes
from dnsfleet.zones.ownership import Owned
from dnsfleet.zones.parts import Parts
from dnsfleet_engine import Zone

Labels = Mapping[str, Mapping[str, str]]
"""The labels of namespaces."""
Documents = Mapping[Reference, Document]
Published = Callable[[str, RecordSet], RecordSet | None]
"""Gets an origin and a RecordSet, and gives the same object as it was published in that zone."""

MAX_ROUNDS = 20
"""How often a zone is built until nobody else is wrong. Each round needs a RecordSet that moved to
what the last good version of one that was found in the round before still has. A longer chain costs
those at its end what they serve: it must not cost all others the time of hundreds of builds."""


@dataclass(frozen=True, slots=True)
class Assembled:
    """One zone as it should be served."""

    resource: resources.Zone
    zone: Zone | None
    """None: it has errors and was never good."""
    violations: tuple[Violation, ...]
    """What is wrong with the Zone, its zone file and its RecordSets."""
    record_sets: tuple[RecordSet, ...] = ()
    """Whose records are in it, each in the version that is."""
    again: float | None = None
    """Seconds after which its zone file is to be asked for again; None for never."""
    parts: Parts | None = None
    """What its own records come from; None where that was never good."""

    @property
    def origin(self) -> str:
        """The zone's name: absolute, lower case."""
        return self.resource.origin


@dataclass(frozen=True, slots=True)
class Held:
    """What owners of a zone published, in the place of changes of theirs that wait.

    It comes before what all others say: nothing of it goes, whatever they claim meanwhile.
    """

    record_sets: Mapping[Reference, RecordSet] = field(default_factory=dict)
    base: Zone | None = None
    """The own records of the Zone, where its change waits."""
    told: tuple[Violation, ...] = ()
    """Why, for each owner."""


NOTHING_HELD = Held()


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that a zone depends on."""

    resource: resources.Zone
    base: Zone | None
    """The zone of its zone file."""
    found: tuple[Violation, ...]
    """What is wrong with its zone file."""
    again: float | None
    record_sets: tuple[RecordSet, ...]
    labels: Labels
    """Of the namespaces of the RecordSets, as far as they decide."""
    retained: frozenset[Reference]
    """Those of the RecordSets whose object does not say them any more."""
    parts: Parts | None = None
    """What the Zone's own records come from."""
    doubtful: tuple[Written, ...] = ()
    """Records of its zone file that are to be looked at again with the RecordSets."""
    zone_class: ZoneClass | None = None
    """It gives defaults."""
    by_class: tuple[Violation, ...] = ()
    """What it says to the Zone and the RecordSets."""
    substitutes: Substitutes = field(default_factory=dict)
    """What takes the place of RRsets of dynamic RecordSets that it refuses."""
    held: Held = NOTHING_HELD

    def with_held(self) -> Self:
        """The same with what is held in the place of what its owners say."""
        held = self.held
        if held is NOTHING_HELD:
            return self
        own = {item.reference: item for item in self.record_sets} | dict(held.record_sets)
        found = replace(
            self,
            record_sets=tuple(own.values()),
            retained=self.retained | held.record_sets.keys(),
        )
        if held.base is None:
            return found
        spec = self.resource.spec.model_copy(update={"records": None})
        resource = self.resource.model_copy(update={"spec": spec})
        return replace(found, resource=resource, base=held.base, parts=None, doubtful=())


class _Built(NamedTuple):
    zone: Zone | None
    admitted: tuple[RecordSet, ...]
    found: dict[Reference, tuple[Violation, ...]]
    """What is wrong, by the object that is to be corrected."""
    unfit: Set[Reference]
    """What breaks the zone; whatever else it claims, nobody else has to give way to it."""
    tried: tuple[RecordSet, ...] = ()
    """The versions that it was built of, with the RRsets of dynamic ones that were left out."""

    @property
    def wrong(self) -> Set[Reference]:
        """All that is not taken as it is."""
        refused = {reference for reference, found in self.found.items() if errors(found)}
        return self.unfit | refused

    @property
    def served(self) -> tuple[RecordSet, ...]:
        """Whose records are in the zone."""
        admitted = self.admitted if self.zone is not None else ()
        return tuple(item for item in admitted if item.reference not in self.wrong)


class _Good(NamedTuple):
    """A last good version; nothing where there is none."""

    document: Document | None
    made_of: tuple[Zone | None, Parts | None] | None
    """Of a Zone: of which zone file, and of which parts."""


class LastGood:
    """Builds zones again and again; one whose inputs are the same is not built again."""

    def __init__(self, good: Iterable[Document], published: Published) -> None:
        """Begin with documents that are known as good."""
        self.documents = {document.reference: document for document in good}
        """The last good document of each Zone and RecordSet."""
        self._published = published
        self._bases: dict[Reference, tuple[Zone | None, Parts | None]] = {}
        """What the last good version of each Zone was made of."""
        self._built: dict[Reference, tuple[Inputs, Assembled]] = {}
        self._before: dict[Reference, dict[Reference, _Good]] = {}
        """By Zone, what was good of each object before the zone was looked at."""

    def inputs(self, zone: Reference) -> Inputs | None:
        """What a Zone was built from last."""
        known = self._built.get(zone)
        return None if known is None else known[0]

    def good(self, item: Owned) -> Owned | None:
        """The last good version of the same object, if that was about the same zone."""
        known = self.documents.get(item.reference)
        good = None if known is None else known.resource
        if not isinstance(good, type(item)) or good.metadata.uid != item.metadata.uid:
            return None
        return good if _zone_of(good) == _zone_of(item) else None

    def forget(self, reference: Reference) -> None:
        """A Zone or RecordSet is gone, or refers to another Zone."""
        self.documents.pop(reference, None)
        self._bases.pop(reference, None)
        self._built.pop(reference, None)
        self._before.pop(reference, None)

    def build(self, inputs: Inputs, documents: Documents, again: bool = False) -> Assembled:
        """The zone of these inputs; `documents` are those of its Zone and RecordSets.

        `again` is to find out what has to wait: what does was not good since the first build.
        """
        reference = inputs.resource.reference
        if not again:
            self._before.pop(reference, None)
        known = self._built.get(reference)
        if known is not None and known[0] == inputs:
            return known[1]
        taken = inputs.with_held()
        built, refused = self._settle(taken)
        served, held = built.served, inputs.held
        present = {item.reference: item for item in taken.record_sets}
        tried = {item.reference: item for item in built.tried}
        for each in (item.reference for item in served):
            if tried[each].spec == present[each].spec:
                refused.pop(each, None)
        warned = (each for each in inputs.by_class if each.severity == "warning")
        found = itertools.chain.from_iterable((built.found | refused).values())
        told = itertools.chain(held.told, inputs.found, found, warned)
        waiting = held.record_sets.keys() | ({reference} if held.base is not None else set())
        for good in (reference, *(item.reference for item in served)):
            if good in refused or good in waiting or good not in documents:
                continue
            if good == reference or self.documents.get(good) is not documents[good]:
                made = (inputs.base, inputs.parts) if good == reference else None
                self._take(reference, good, _Good(documents[good], made))
        for each in waiting:
            self._take_back(reference, each)
        parts = None
        if reference not in waiting:
            _, parts = self._bases.get(reference, (None, None))
        resource = classes.applied(inputs.resource, inputs.zone_class)
        assembled = Assembled(resource, built.zone, tuple(told), served, inputs.again, parts)
        self._built[reference] = (inputs, assembled)
        return assembled

    def _take(self, zone: Reference, reference: Reference, good: _Good) -> None:
        """Know the last good version of a Zone or RecordSet in a zone."""
        known = _Good(self.documents.get(reference), self._bases.get(reference))
        self._before.setdefault(zone, {}).setdefault(reference, known)
        self._know(reference, good)

    def _take_back(self, zone: Reference, reference: Reference) -> None:
        if (before := self._before.get(zone, {}).pop(reference, None)) is not None:
            self._know(reference, before)

    def _know(self, reference: Reference, good: _Good) -> None:
        self.documents.pop(reference, None)
        self._bases.pop(reference, None)
        if good.document is not None:
            self.documents[reference] = good.document
        if good.made_of is not None:
            self._bases[reference] = good.made_of

    def _settle(self, inputs: Inputs) -> tuple[_Built, dict[Reference, tuple[Violation, ...]]]:
        """Build until nobody else is wrong; what is wrong with the versions that are not taken."""
        refused = _refused_by_class(inputs)
        out = {item.reference for item in inputs.record_sets if self._is_new(item, inputs, refused)}
        new = self.good(inputs.resource) is None and inputs.held.base is None
        if inputs.resource.reference in refused and new:
            return _Built(None, (), {}, {inputs.resource.reference}), refused
        built = _build(self._with_good(inputs, refused.keys(), out))
        for _ in range(MAX_ROUNDS):
            again = (built.unfit & refused.keys()) - out
            more = built.unfit - refused.keys()
            if not again and not more:
                more = built.wrong - refused.keys()
            if not again and not more:
                break
            out |= again
            refused |= {each: built.found.get(each, ()) for each in more}
            built = _build(self._with_good(inputs, refused.keys(), out))
        return built, {each: built.found.get(each, ()) for each in built.wrong} | refused

    def _with_good(self, inputs: Inputs, wrong: Set[Reference], out: Set[Reference]) -> Inputs:
        """The inputs with the last good version of what is wrong, where there is one.

        RecordSets in `out` are left out: their last good version breaks the zone, too.
        """
        resource, base, doubtful = inputs.resource, inputs.base, inputs.doubtful
        held = inputs.held
        if resource.reference in wrong and held.base is None:
            doubtful = ()  # its errors are what there is to tell
            good = self.good(resource)
            base = None if good is None else self._bases.get(resource.reference, (None, None))[0]
            resource = resource if good is None else good
        record_sets = tuple(
            self._good_record_set(item, inputs.resource)
            if item.reference in wrong and item.reference not in held.record_sets
            else item
            for item in inputs.record_sets
            if item.reference not in out
        )
        return replace(
            inputs, resource=resource, base=base, record_sets=record_sets, doubtful=doubtful
        )

    def _is_new(self, item: RecordSet, inputs: Inputs, refused: Container[Reference]) -> bool:
        """Whether a RecordSet that a class refuses has nothing published that stays."""
        if item.reference not in refused or item.reference in inputs.held.record_sets:
            return False
        return self._good_record_set(item, inputs.resource) is item

    def _good_record_set(self, record_set: RecordSet, zone: resources.Zone) -> RecordSet:
        return self.good(record_set) or self._published(zone.origin, record_set) or record_set


def _zone_of(item: resources.Zone | RecordSet) -> object:
    return item.origin if isinstance(item, resources.Zone) else item.zone_reference


def _refused_by_class(inputs: Inputs) -> dict[Reference, tuple[Violation, ...]]:
    """What a class has against Zone and RecordSets, by the object."""
    found: dict[Reference, tuple[Violation, ...]] = {}
    for violation in errors(inputs.by_class):
        about = subject(violation) or inputs.resource.reference
        found[about] = (*found.get(about, ()), violation)
    return found


def _build(inputs: Inputs) -> _Built:
    resource = classes.applied(inputs.resource, inputs.zone_class)
    own = resource.reference
    made = resource.spec.has_file or resource.is_catalog
    if made and inputs.base is None:
        return _Built(None, (), {}, {own})  # its source says what is wrong
    held = inputs.held.record_sets.keys()
    substitutes = {key: there for key, there in inputs.substitutes.items() if key[0] not in held}
    admission = ownership.admit(
        resource,
        [_as_allowed(each, resource.origin, substitutes) for each in inputs.record_sets],
        inputs.labels,
        inputs.base,
        inputs.retained,
        held,
        {key for key, there in substitutes.items() if there is None},
    )
    zone, violations, fit = building.from_claimants(
        resource, admission.claimants, inputs.base, inputs.doubtful
    )
    found: dict[Reference, tuple[Violation, ...]] = {}
    for violation in (*admission.violations, *violations):
        about = subject(violation) or own
        found[about] = (*found.get(about, ()), violation)
    unfit = {subject(violation) or own for violation in errors(violations)}
    unfit |= {own} if zone is None else set()
    served = claimants.taken(admission.record_sets, fit)
    return _Built(zone, served, found, unfit, inputs.record_sets)


def _as_allowed(record_set: RecordSet, origin: str, substitutes: Substitutes) -> RecordSet:
    """The RecordSet with what is published of RRsets that its class does not take as they are."""
    if not record_set.spec.dynamic or not substitutes:
        return record_set
    records = []
    for each in record_set.spec.rrsets:
        with suppress(ValueError):  # admission leaves it out
            if there := substitutes.get((record_set.reference, each.key(origin))):
                ttl, data = there
                records.append(each.model_copy(update={"ttl": ttl, "data": data}))
                continue
        records.append(each)
    return record_set.model_copy(update={"spec": record_set.spec.with_rrsets(records)})


def subject(violation: Violation) -> Reference | None:
    """Which document a violation is about; None where its place is a file."""
    kind, _, name = violation.where.partition(": ")[0].partition(" ")
    namespace, _, name = name.rpartition("/")
    return Reference(kind, namespace, name) if kind in ("Zone", "RecordSet", "TsigKey") else None

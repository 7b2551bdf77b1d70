"""From documents to zones, for the price of what changed.

A document that comes, changes or goes marks the origins of the zones that may differ by it:

    Zone        its own origin, and those whose owner is another now (see `dnsfleet.zones.owners`)
    RecordSet   the origin of the Zone that it refers to, now and before
    ConfigMap   the origins of the Zones that take their zone file from it
    Namespace   where its labels changed: those of its Zones and RecordSets
    ZoneClass   all at or below its suffixes, now and before

`assemble` then builds the zones of the marked origins, a part of them at a time where there are
many. What a mark did not change is found by comparing inputs, so a mark too many costs a
comparison; a mark too few would be a fault, and `proofs` looks for those.
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace

from dnsfleet import resources
from dnsfleet.resources import ConfigMap, Namespace, RecordSet, Reference, ZoneClass
from dnsfleet.resources.documents import Document
from dnsfleet.violations import Violation
from dnsfleet.zones import ownership
from dnsfleet.zones.owners import Owners
from dnsfleet.zones.ownership import Owned

from dnsfleet_publisher.catalogs import Catalogs
from dnsfleet_publisher.class_published import Live
from dnsfleet_publisher.classified import Classified
from dnsfleet_publisher.delegated import Delegated
from dnsfleet_publisher.dependencies import ConfigMaps, RecordSets, labels_of
from dnsfleet_publisher.gifts import Gifts
from dnsfleet_publisher.last_good import (
    NOTHING_HELD,
    Assembled,
    Held,
    Inputs,
    LastGood,
    Published,
    subject,
)
from dnsfleet_publisher.marks import Marks
from dnsfleet_publisher.zone_sources import Outside, Progress, Source, ZoneSources


@dataclass(frozen=True, slots=True)
class Assembly:
    """What one call of `assemble` made of the marked origins that it took."""

    zones: list[Assembled]
    """Those that have an owner which is there to be built."""
    vacant: list[str]
    """Origins that nobody owns, or whose owner cannot be read."""
    touched: set[Reference]
    """Zones and RecordSets about which there may be something new to say."""

    @property
    def origins(self) -> list[str]:
        """The origins that were taken."""
        return [*(each.origin for each in self.zones), *self.vacant]


def _never_published(_origin: str, _record_set: RecordSet) -> None:
    return None


def _nothing_live(_origin: str) -> None:
    return None


class Assembler:
    """Knows all documents, and what each zone is made of."""

    def __init__(
        self,
        outside: Outside,
        good: Iterable[Document] = (),
        progress: Progress | None = None,
        published: Published = _never_published,
        live: Live = _nothing_live,
    ) -> None:
        """Begin with documents that are known as good; `outside` reads texts for zone files.

        `live` gives the zone of an origin as it is published.
        """
        self.marks = Marks()
        self.zones: dict[str, Assembled] = {}
        """By origin, as assembled last."""
        self.labels: dict[str, Mapping[str, str]] = {}
        """Of each namespace."""
        self.owners = Owners()
        self.record_sets = RecordSets()
        self.catalogs = Catalogs(self.zones, self.marks.add)
        """What catalogs list, once they are opened."""
        self.held: dict[str, Held] = {}
        """What is held in zones, by origin; `build_again` changes it."""
        self.retained: set[Reference] = set()
        """RecordSets whose records stay and whose object does not say them any more."""
        self.reserved: set[Reference] = set()
        """Zones that are gone, and with which their origin stays."""
        self._outside = outside
        self._sources = ZoneSources(outside, progress)
        self._last_good = LastGood(good, published)
        self._config_maps = ConfigMaps()
        self._documents: dict[Reference, Document] = {}
        self._about: dict[str, dict[Reference | None, list[Violation]]] = {}
        self._delegated = Delegated()
        self._gifts = Gifts(self.owners.classes, self.labels)
        self._refused: set[Reference] = set()
        self._loose: dict[Reference, None] = {}
        self._published = published
        self._classified = Classified(
            self.owners, self.record_sets, self.labels, live, self._served, published
        )

    @property
    def good(self) -> Mapping[Reference, Document]:
        """The last good document of each Zone and RecordSet."""
        return self._last_good.documents

    # What there is

    def replace(self, documents: Iterable[Document]) -> None:
        """Take these as all documents that there are."""
        found = {document.reference: document for document in documents}
        for reference in self._documents.keys() - found.keys():
            self.remove(reference)
        for reference, document in found.items():
            if self._documents.get(reference) is not document:
                self.put(document)
            elif not self._outside.unchanged(reference):
                self.read_again(reference)

    def put(self, document: Document, urgent: bool = True) -> None:
        """A document is there, or changed; others wait while there is something urgent."""
        reference = document.reference
        self._documents[reference] = document
        match document.resource:
            case resources.Zone() as zone:
                self._put_zone(zone, urgent)
            case RecordSet() as record_set:
                self.retained.discard(reference)
                self._put_record_set(reference, record_set, urgent)
            case ConfigMap() as config_map:
                self._config_maps.known[reference] = config_map
                self._config_map_changed(reference, urgent)
            case Namespace() as namespace:
                self._relabel(reference.name, namespace.metadata.labels, urgent)
            case ZoneClass() as zone_class:
                self._reclassify(self.owners.classes.put(zone_class))

    def remove(self, reference: Reference) -> None:
        """A document is gone, and what it said counts no more."""
        self._documents.pop(reference, None)
        self.touch(reference)
        match reference.kind:
            case "Zone":
                self._remove_zone(reference)
            case "RecordSet":
                self.retained.discard(reference)
                self._remove_record_set(reference)
            case "ConfigMap":
                self._config_maps.known.pop(reference, None)
                self._config_map_changed(reference, urgent=True)
            case "Namespace":
                self._relabel(reference.name, None, urgent=True)
            case "ZoneClass":
                self._reclassify(self.owners.classes.remove(reference.name))

    def hold(self, zone: resources.Zone) -> None:
        """A Zone cannot be read; it holds its origin, and no zone is built of it."""
        self._documents.pop(zone.reference, None)
        self._put_zone(zone, urgent=True)

    def reserve(self, zone: resources.Zone) -> None:
        """A Zone is gone, and its origin stays with it."""
        self.hold(zone)
        self.reserved.add(zone.reference)

    def retain(self, record_set: RecordSet) -> None:
        """The records of a RecordSet stay, although its object does not say them any more."""
        reference = record_set.reference
        self._documents.pop(reference, None)
        self.retained.add(reference)
        self._put_record_set(reference, record_set, urgent=True)

    def touch(self, reference: Reference) -> None:
        """There is something new to say about a Zone or RecordSet."""
        if reference.kind in ("Zone", "RecordSet"):
            self._loose[reference] = None

    def read_again(self, zone: Reference) -> None:
        """There is something new about the zone file of a Zone."""
        if (known := self.owners.get(zone)) is not None:
            self.marks.add(known.origin)

    # What comes of it

    def assemble(self, most: int | None = None) -> Assembly:
        """Build the zones of marked origins, of `most` at most; None is all."""
        touched = self._settle()
        zones, vacant = [], []
        for origin in self._take(most):
            before = self.zones.get(origin)
            self._about.pop(origin, None)
            owner = self.owners.owner(origin)
            both = (owner, None if before is None else before.resource)
            for zone in {each.reference for each in both if each is not None}:
                touched |= self.with_record_sets(zone)
                if not self.owners.owns(zone):  # its primaries are left alone
                    self._sources.forget(zone)
            document = None if owner is None else self._documents.get(owner.reference)
            if owner is None or document is None:
                self.held.pop(origin, None)
                self.zones.pop(origin, None)
                self.catalogs.look(origin)
                vacant.append(origin)
                if owner is not None:  # it counts as long as it is served
                    self._classified.changed([owner.reference])
                continue
            zones.append(self._note(self._assemble(owner, document)))
        taken = [*(each.origin for each in zones), *vacant]
        for origin in self._delegated.changed(taken, self.zones):
            if (told := self.zones.get(origin)) is not None:
                touched.add(told.resource.reference)
        return Assembly(zones, vacant, touched)

    def build_again(self, origin: str, held: Held) -> Assembled:
        """Build a zone once more, of the same objects, with this and nothing else held in it."""
        self.held[origin] = held
        if held is NOTHING_HELD:
            del self.held[origin]
        zone = self.zones[origin].resource.reference
        inputs = self._last_good.inputs(zone)
        if inputs is None:
            raise ValueError(f"{origin} was never built")
        self._classified.changed(inputs.held.record_sets.keys() | held.record_sets.keys())
        return self._note(self._build(replace(inputs, held=held), again=True))

    def _catalogs_last(self, origins: Iterable[str]) -> Iterator[str]:
        """Catalogs see what the other zones of the same turn have become."""
        later = []
        for origin in origins:
            owner = self.owners.owner(origin)
            if owner is not None and owner.is_catalog:
                later.append(origin)
            else:
                yield origin
        yield from later

    def _take(self, most: int | None) -> Iterator[str]:
        """Marked origins, `most` at most; without a bound those too that these mark."""
        yield from self._catalogs_last(self.marks.take(most))
        while later := self._classified.take_later():
            for origin in later:
                self.marks.add(origin)
            if most is not None:
                break
            yield from self.marks.take(None)
        while most is None and len(self.marks):  # catalogs, of zones that were taken
            yield from self.marks.take(None)

    def violations_of(self, reference: Reference) -> list[Violation]:
        """What is wrong with a Zone or RecordSet beside its form."""
        zone = reference
        if reference.kind == "RecordSet":
            record_set = self.record_sets.get(reference)
            if record_set is None:
                return []
            zone = record_set.zone_reference
            if not self.has_zone(zone):
                return [ownership.without_zone(record_set)]
        elif (refusal := self.owners.refusal(reference)) is not None:
            return [refusal]
        owner = self.owners.get(zone)
        if owner is None:
            return []
        found = self._about.get(owner.origin, {}).get(reference, [])
        if reference != zone:
            return found
        more = (
            self._classified.warning(owner),
            self._gifts.warning(owner),
            self._delegated.found.get(owner.origin),
        )
        return [*found, *(each for each in more if each is not None)]

    def violations(self, beside: Set[Reference] = frozenset()) -> list[Violation]:
        """All that is wrong; the places begin with a reference, or with the name of a file.

        What the zones of the Zones in `beside` are made of is left out.
        """
        alone = [each for reference in self._refused for each in self.violations_of(reference)]
        told = (o for o in self._about if self.zones[o].resource.reference not in beside)
        built = [each for o in told for own in self._about[o].values() for each in own]
        delegated = self._delegated.found.items()
        between = [each for o, each in delegated if self.zones[o].resource.reference not in beside]
        return alone + built + between

    def with_record_sets(self, zone: Reference) -> set[Reference]:
        """A Zone and all RecordSets that refer to it."""
        return {zone, *self.record_sets.references(zone)}

    def has_zone(self, zone: Reference) -> bool:
        """Whether a Zone owns its origin, and is no reservation of one that is gone."""
        return self.owners.owns(zone) and zone not in self.reserved

    def is_there(self, zone: Reference) -> bool:
        """Whether a Zone is there to be built, and does not only hold its origin."""
        return zone in self._documents

    def inputs(self, zone: Reference) -> Inputs | None:
        """What a Zone was built from last."""
        return self._last_good.inputs(zone)

    def depends_on_live(self, origin: str) -> bool:
        """Whether what is said of a zone depends on what of it is published: by its class."""
        built = self.zones.get(origin)
        inputs = None if built is None else self.inputs(built.resource.reference)
        return inputs is not None and bool(inputs.by_class)

    def _settle(self) -> set[Reference]:
        """Settle who owns what; the objects about which that says something new."""
        settled = self.owners.settle(self.labels)
        marked = settled.origins | self._classified.settle(settled.zones)
        for origin in marked:
            if origin not in self.marks:
                self.marks.add(origin)
        touched = set(self._loose)
        self._loose.clear()
        for zone in settled.zones:
            touched |= self.with_record_sets(zone)
        alone = self._not_marked(touched)
        self._refused = (self._refused - touched) | {
            reference for reference in alone if self.violations_of(reference)
        }
        return alone

    def _not_marked(self, references: Iterable[Reference]) -> set[Reference]:
        """Those of these Zones and RecordSets whose zone does not wait to be looked at."""
        waits: dict[Reference, bool] = {}
        found = set()
        for reference in references:
            zone: Reference | None = reference
            if reference.kind == "RecordSet":
                zone = self.record_sets.zone_of(reference)
            if zone is not None and zone not in waits:
                owner = self.owners.get(zone) if self.owners.owns(zone) else None
                waits[zone] = owner is not None and owner.origin in self.marks
            if zone is None or not waits[zone]:
                found.add(reference)
        return found

    def _assemble(self, zone: resources.Zone, document: Document) -> Assembled:
        source = self._source(zone, document)
        own = tuple(self.record_sets.of_zone(zone.reference))
        inputs = Inputs(
            zone,
            source.base,
            source.violations,
            source.again,
            own,
            labels_of(own, zone, self.labels),
            frozenset(self.retained.intersection(self.record_sets.references(zone.reference))),
            source.parts,
            source.doubtful,
            *self._classified.judge(zone, source.base, own),
            self.held.get(zone.origin, NOTHING_HELD),
        )
        return self._build(inputs)

    def _source(self, zone: resources.Zone, document: Document) -> Source:
        if zone.spec.catalog is None:
            return self._sources.read(zone, document, self._config_maps.known)
        self._sources.forget(zone.reference)
        zone_class = self.owners.classes.of(zone, self.labels)
        may = zone_class is not None and zone_class.spec.catalogs.from_ == "All"
        return self.catalogs.source(zone, may_list_all=may)

    def _build(self, inputs: Inputs, again: bool = False) -> Assembled:
        good, zone = self._last_good.documents, inputs.resource.reference
        before = {each: good.get(each) for each in self.with_record_sets(zone)}
        built = self._last_good.build(inputs, self._documents, again)
        self._classified.changed(each for each in before if good.get(each) is not before[each])
        return built

    def _served(self, item: Owned) -> Owned | None:
        """The version of an object that is served: the last good one, or as it is published where
        its change is held, or nothing is known that was good."""
        good = self._last_good.good(item)
        if isinstance(item, RecordSet) and (zone := self.owners.get(item.zone_reference)):
            held = self.held.get(zone.origin, NOTHING_HELD).record_sets
            if good is None or item.reference in held:
                published = self._published(zone.origin, item)
                return published if isinstance(published, type(item)) else good
        return good

    def _note(self, assembled: Assembled) -> Assembled:
        """Know a zone as it was built."""
        origin = assembled.origin
        self.zones[origin] = assembled
        self.catalogs.look(origin)
        self._about.pop(origin, None)
        if assembled.violations:
            self._about[origin] = _by_subject(assembled.violations)
        return assembled

    # One kind after the other

    def _put_zone(self, zone: resources.Zone, urgent: bool) -> None:
        if (before := self.owners.get(zone.reference)) is not None:
            self._config_maps.discard_zone(before)
            self.marks.add(before.origin, urgent)
        self._config_maps.add_zone(zone)
        self._gifts.put(zone)
        self.reserved.discard(zone.reference)
        self.owners.put(zone)
        self._classified.changed([zone.reference])
        self.marks.add(zone.origin, urgent)

    def _remove_zone(self, reference: Reference) -> None:
        if (before := self.owners.get(reference)) is not None:
            self._config_maps.discard_zone(before)
            self.marks.add(before.origin)
        self.owners.remove(reference)
        self._gifts.remove(reference)
        self.reserved.discard(reference)
        self._classified.forget(reference)
        self._last_good.forget(reference)
        self._sources.forget(reference)
        self.catalogs.forget(reference)

    def _put_record_set(self, reference: Reference, record_set: RecordSet, urgent: bool) -> None:
        before = self.record_sets.zone_of(reference)
        zone = self.record_sets.put(reference, record_set)
        self.touch(reference)
        self._classified.changed([reference])
        if before is not None and before != zone:
            # As a writer that begins anew: what it said in a zone that it left counts no more.
            self._last_good.forget(reference)
            self._mark_zone(before, urgent)
        self._mark_zone(zone, urgent)

    def _remove_record_set(self, reference: Reference) -> None:
        zone = self.record_sets.remove(reference)
        if zone is not None:
            self.touch(reference)
            self._classified.changed([reference])
            self._mark_zone(zone, urgent=True)
        self._last_good.forget(reference)

    def _mark_zone(self, zone: Reference, urgent: bool) -> None:
        """The zone of a Zone object may be different."""
        if (known := self.owners.get(zone)) is not None:
            self.marks.add(known.origin, urgent)

    def _config_map_changed(self, reference: Reference, urgent: bool) -> None:
        for zone in self._config_maps.zones_of(reference):
            self._mark_zone(zone, urgent)

    def _reclassify(self, suffixes: Set[str]) -> None:
        """The classes of zones at or below these names may be others."""
        for origin in self._classified.reclassify(suffixes):
            self.marks.add(origin)

    def _relabel(self, namespace: str, labels: Mapping[str, str] | None, urgent: bool) -> None:
        if self.labels.get(namespace) == labels:
            return
        if labels is None:
            del self.labels[namespace]
        else:
            self.labels[namespace] = labels
        self.owners.relabelled(namespace)
        for given in self._gifts.to(namespace):
            self.touch(given)
        for own in self._classified.relabelled(namespace):
            self._mark_zone(own, urgent)
        for reference in self.record_sets.in_namespace(namespace):
            self.touch(reference)
            if (zone := self.record_sets.zone_of(reference)) is not None:
                self._mark_zone(zone, urgent)


def _by_subject(violations: Iterable[Violation]) -> dict[Reference | None, list[Violation]]:
    found: dict[Reference | None, list[Violation]] = {}
    for violation in violations:
        found.setdefault(subject(violation), []).append(violation)
    return found

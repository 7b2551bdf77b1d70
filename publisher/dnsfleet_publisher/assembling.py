"""From documents to zones, the last good version in the place of each that is wrong.

A Zone or a RecordSet can be well-formed and still break its zone. Then its last version that did
not is taken instead, so that one team's mistake neither removes what that team served before nor
stops the others. Who starts and was not there when the last good version came may know from
elsewhere what it was: that is the `Past`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from dnsfleet import resources
from dnsfleet.resources import ConfigMap, Namespace, RecordSet, Reference
from dnsfleet.resources.documents import Document
from dnsfleet.violations import Violation, errors
from dnsfleet.zones import building, ownership
from dnsfleet_engine import Zone

from dnsfleet_publisher.zone_sources import Outside, Progress, ZoneSources

Labels = Mapping[str, Mapping[str, str]]
"""The labels of each namespace."""


@dataclass(frozen=True)
class Assembled:
    """One zone as it should be served."""

    resource: resources.Zone
    zone: Zone | None
    """None: it has errors and was never good."""
    violations: tuple[Violation, ...]
    record_sets: tuple[RecordSet, ...] = ()
    """Whose records are in it, each in the version that is."""

    @property
    def origin(self) -> str:
        """The zone's name: absolute, lower case."""
        return self.resource.origin


@dataclass(frozen=True)
class Assembly:
    """All zones of the documents, and what is wrong with any document."""

    zones: list[Assembled]
    violations: list[Violation]
    """Their places begin with a reference, or with the name of a zone file."""


def _never_published(_origin: str, _reference: Reference) -> None:
    return None


class Past(NamedTuple):
    """What was so before, of objects that do not say it themselves any more."""

    zones: Sequence[resources.Zone] = ()
    """Owners of their origins that cannot be read: they hold the origin, and are not built."""
    record_sets: Mapping[Reference, RecordSet] = {}
    """RecordSets that are gone or cannot be read and whose records stay."""
    published: Callable[[str, Reference], RecordSet | None] = _never_published
    """A RecordSet as it was published in the zone of an origin."""


NO_PAST = Past()


@dataclass(frozen=True)
class _Inputs:
    """All that a zone depends on."""

    resource: resources.Zone
    base: Zone | None
    record_sets: tuple[RecordSet, ...]
    namespaces: Labels
    kept: frozenset[Reference]
    """Those of the RecordSets that are from the past."""


class _Built(NamedTuple):
    zone: Zone | None
    violations: list[Violation]
    admitted: tuple[RecordSet, ...] = ()

    @property
    def wrong(self) -> set[Reference]:
        """Which documents have errors."""
        return _subjects(self.violations)


class Assembler:
    """Builds zones again and again; one whose inputs are the same is not built again."""

    def __init__(
        self,
        outside: Outside,
        good: Iterable[Document] = (),
        progress: Progress | None = None,
    ) -> None:
        """Begin with documents that are known as good; `outside` reads texts for zone files."""
        self._sources = ZoneSources(outside, progress)
        self.good = {document.reference: document for document in good}
        """The last good document of each Zone and RecordSet."""
        self._good_bases: dict[Reference, Zone | None] = {}
        self._built: dict[Reference, tuple[_Inputs, Assembled]] = {}

    def assemble(self, found: Sequence[Document], past: Past = NO_PAST) -> Assembly:
        """The zones of these documents."""
        of_kind = _by_kind(found)
        by_reference = {document.reference: document for document in found}
        owners, violations = ownership.zones_by_origin(
            [*of_kind.zones, *past.zones], of_kind.namespaces
        )
        record_sets, more = ownership.record_sets_by_zone(
            owners.values(), [*of_kind.record_sets, *past.record_sets.values()]
        )
        violations += more
        built = []
        for zone in owners.values():
            if zone.reference not in by_reference:
                continue  # it is one of the past
            source = self._sources.read(zone, by_reference[zone.reference], of_kind.config_maps)
            own = tuple(record_sets[zone.reference])
            kept = frozenset(item.reference for item in own) & past.record_sets.keys()
            inputs = _Inputs(zone, source.base, own, of_kind.namespaces, kept)
            assembled = self._assemble(inputs, by_reference, past)
            violations += [*source.violations, *assembled.violations]
            built.append(assembled)
        return Assembly(built, violations)

    def _assemble(
        self, inputs: _Inputs, by_reference: Mapping[Reference, Document], past: Past
    ) -> Assembled:
        reference = inputs.resource.reference
        known = self._built.get(reference)
        if known is not None and known[0] == inputs:
            return known[1]
        built = _build(inputs)
        violations, wrong = built.violations, built.wrong
        if built.zone is None:
            wrong.add(reference)
        for subject in (reference, *(item.reference for item in inputs.record_sets)):
            if subject not in wrong and subject in by_reference:
                self.good[subject] = by_reference[subject]
        if reference not in wrong:
            self._good_bases[reference] = inputs.base
        if wrong:
            built = _build(self._with_good(inputs, wrong, past))
            wrong = built.wrong
        record_sets = tuple(item for item in built.admitted if item.reference not in wrong)
        assembled = Assembled(inputs.resource, built.zone, tuple(violations), record_sets)
        self._built[reference] = (inputs, assembled)
        return assembled

    def _with_good(self, inputs: _Inputs, wrong: set[Reference], past: Past) -> _Inputs:
        """The inputs with the last good version of what is wrong, where there is one."""
        resource, base = inputs.resource, inputs.base
        if resource.reference in wrong:
            base = self._good_bases.get(resource.reference)
            good = self.good.get(resource.reference)
            if good is not None and isinstance(good.resource, resources.Zone):
                resource = good.resource
        record_sets = []
        for record_set in inputs.record_sets:
            if record_set.reference in wrong:
                record_set = self._good_record_set(record_set, inputs.resource, past)
            record_sets.append(record_set)
        return replace(inputs, resource=resource, base=base, record_sets=tuple(record_sets))

    def _good_record_set(
        self, record_set: RecordSet, zone: resources.Zone, past: Past
    ) -> RecordSet:
        reference = record_set.reference
        good = self.good.get(reference)
        if good is not None and isinstance(good.resource, RecordSet):
            return good.resource
        return past.published(zone.origin, reference) or record_set


@dataclass(frozen=True)
class _Kinds:
    zones: list[resources.Zone]
    record_sets: list[RecordSet]
    config_maps: dict[Reference, ConfigMap]
    namespaces: dict[str, dict[str, str]]


def _by_kind(found: Iterable[Document]) -> _Kinds:
    kinds = _Kinds([], [], {}, {})
    for document in found:
        match document.resource:
            case resources.Zone() as zone:
                kinds.zones.append(zone)
            case RecordSet() as record_set:
                kinds.record_sets.append(record_set)
            case ConfigMap() as config_map:
                kinds.config_maps[config_map.reference] = config_map
            case Namespace() as namespace:
                kinds.namespaces[namespace.metadata.name] = namespace.metadata.labels
    return kinds


def _build(inputs: _Inputs) -> _Built:
    resource = inputs.resource
    if resource.spec.zone_file is not None and inputs.base is None:
        return _Built(None, [])  # its source says what is wrong
    admission = ownership.admit(
        resource, inputs.record_sets, inputs.namespaces, inputs.base, inputs.kept
    )
    zone, found = building.from_resources(resource, admission.record_sets, inputs.base)
    return _Built(zone, [*admission.violations, *found], admission.record_sets)


def _subjects(violations: Iterable[Violation]) -> set[Reference]:
    """Which documents have errors."""
    found = set()
    for violation in errors(violations):
        kind, _, name = violation.where.partition(": ")[0].partition(" ")
        namespace, _, name = name.rpartition("/")
        found.add(Reference(kind, namespace, name))
    return found

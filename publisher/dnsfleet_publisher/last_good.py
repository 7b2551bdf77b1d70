"""One zone from all that it depends on, the last good version in the place of what is wrong.

A Zone or a RecordSet can be well-formed and still break its zone. Then its last version that did
not is taken instead, so that one team's mistake neither removes what that team served before nor
stops the others. Who starts and was not there when the last good version came may know from the
core what it was: that is `published`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from dnsfleet import resources
from dnsfleet.resources import RecordSet, Reference
from dnsfleet.resources.documents import Document
from dnsfleet.violations import Violation, errors
from dnsfleet.zones import building, ownership
from dnsfleet_engine import Zone

Labels = Mapping[str, Mapping[str, str]]
"""The labels of namespaces."""
Documents = Mapping[Reference, Document]
Published = Callable[[str, Reference], RecordSet | None]
"""Gets an origin and a RecordSet, and gives it as it was published in that zone."""


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

    @property
    def origin(self) -> str:
        """The zone's name: absolute, lower case."""
        return self.resource.origin


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


class _Built(NamedTuple):
    zone: Zone | None
    violations: list[Violation]
    admitted: tuple[RecordSet, ...] = ()

    @property
    def wrong(self) -> set[Reference]:
        """Which documents have errors."""
        found = (subject(violation) for violation in errors(self.violations))
        return {reference for reference in found if reference is not None}


class LastGood:
    """Builds zones again and again; one whose inputs are the same is not built again."""

    def __init__(self, good: Iterable[Document], published: Published) -> None:
        """Begin with documents that are known as good."""
        self.documents = {document.reference: document for document in good}
        """The last good document of each Zone and RecordSet."""
        self._published = published
        self._bases: dict[Reference, Zone | None] = {}
        self._built: dict[Reference, tuple[Inputs, Assembled]] = {}

    def inputs(self, zone: Reference) -> Inputs | None:
        """What a Zone was built from last."""
        known = self._built.get(zone)
        return None if known is None else known[0]

    def forget(self, reference: Reference) -> None:
        """A Zone or RecordSet is gone."""
        self.documents.pop(reference, None)
        self._bases.pop(reference, None)
        self._built.pop(reference, None)

    def build(self, inputs: Inputs, documents: Documents) -> Assembled:
        """The zone of these inputs; `documents` are those of its Zone and RecordSets."""
        reference = inputs.resource.reference
        known = self._built.get(reference)
        if known is not None and known[0] == inputs:
            return known[1]
        built = _build(inputs)
        violations, wrong = built.violations, built.wrong
        if built.zone is None:
            wrong.add(reference)
        for subject in (reference, *(item.reference for item in inputs.record_sets)):
            if subject not in wrong and subject in documents:
                self.documents[subject] = documents[subject]
        if reference not in wrong:
            self._bases[reference] = inputs.base
        if wrong:
            built = _build(self._with_good(inputs, wrong))
            wrong = built.wrong
        record_sets = tuple(item for item in built.admitted if item.reference not in wrong)
        told = (*inputs.found, *violations)
        assembled = Assembled(inputs.resource, built.zone, told, record_sets, inputs.again)
        self._built[reference] = (inputs, assembled)
        return assembled

    def _with_good(self, inputs: Inputs, wrong: set[Reference]) -> Inputs:
        """The inputs with the last good version of what is wrong, where there is one."""
        resource, base = inputs.resource, inputs.base
        if resource.reference in wrong:
            base = self._bases.get(resource.reference)
            good = self.documents.get(resource.reference)
            if good is not None and isinstance(good.resource, resources.Zone):
                resource = good.resource
        record_sets = tuple(
            self._good_record_set(item, inputs.resource) if item.reference in wrong else item
            for item in inputs.record_sets
        )
        return replace(inputs, resource=resource, base=base, record_sets=record_sets)

    def _good_record_set(self, record_set: RecordSet, zone: resources.Zone) -> RecordSet:
        reference = record_set.reference
        good = self.documents.get(reference)
        if good is not None and isinstance(good.resource, RecordSet):
            return good.resource
        return self._published(zone.origin, reference) or record_set


def _build(inputs: Inputs) -> _Built:
    resource = inputs.resource
    if resource.spec.zone_file is not None and inputs.base is None:
        return _Built(None, [])  # its source says what is wrong
    admission = ownership.admit(
        resource, inputs.record_sets, inputs.labels, inputs.base, inputs.retained
    )
    zone, found = building.from_resources(resource, admission.record_sets, inputs.base)
    return _Built(zone, [*admission.violations, *found], admission.record_sets)


def subject(violation: Violation) -> Reference | None:
    """Which document a violation is about; None where its place is a file."""
    kind, _, name = violation.where.partition(": ")[0].partition(" ")
    namespace, _, name = name.rpartition("/")
    return Reference(kind, namespace, name) if kind in ("Zone", "RecordSet") else None

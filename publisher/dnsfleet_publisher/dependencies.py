"""Which RecordSets, ConfigMaps and namespaces a zone depends on, found from either side."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, TypeVar

from dnsfleet.resources import ConfigMap, RecordSet, Reference, Zone

Key = TypeVar("Key")


class Groups(Generic[Key]):
    """References by what they have in common; a group that is empty is no more."""

    def __init__(self) -> None:
        self._groups: dict[Key, dict[Reference, None]] = {}

    def __iter__(self) -> Iterator[Key]:
        """What the groups have in common, one each."""
        return iter(self._groups)

    def __contains__(self, key: object) -> bool:
        """Whether a group has any."""
        return key in self._groups

    def __getitem__(self, key: Key) -> list[Reference]:
        """The references of a group, in the order in which they came."""
        return list(self._groups.get(key, ()))

    def first(self, key: Key) -> Reference | None:
        """The reference of a group that came first."""
        return next(iter(self._groups.get(key, ())), None)

    def add(self, key: Key, reference: Reference) -> None:
        """Put a reference into a group."""
        self._groups.setdefault(key, {})[reference] = None

    def discard(self, key: Key, reference: Reference) -> None:
        """Take a reference out of a group."""
        group = self._groups.get(key, {})
        group.pop(reference, None)
        if not group:
            self._groups.pop(key, None)


class RecordSets:
    """The RecordSets by the Zone that they refer to, and by their namespace."""

    def __init__(self) -> None:
        self._known: dict[Reference, RecordSet] = {}
        self._zones: dict[Reference, Reference] = {}
        self._by_zone: Groups[Reference] = Groups()
        self._by_namespace: Groups[str] = Groups()

    def get(self, reference: Reference) -> RecordSet | None:
        """One RecordSet."""
        return self._known.get(reference)

    def __iter__(self) -> Iterator[RecordSet]:
        """All of them."""
        return iter(self._known.values())

    def references(self, zone: Reference) -> list[Reference]:
        """The references of those that refer to a Zone."""
        return self._by_zone[zone]

    def of_zone(self, zone: Reference) -> list[RecordSet]:
        """Those that refer to a Zone."""
        return [self._known[reference] for reference in self._by_zone[zone]]

    def zone_of(self, reference: Reference) -> Reference | None:
        """The Zone that a RecordSet refers to; None where that is not known."""
        return self._zones.get(reference)

    def in_namespace(self, namespace: str) -> list[Reference]:
        """The references of those that live in a namespace."""
        return self._by_namespace[namespace]

    def put(self, reference: Reference, record_set: RecordSet) -> Reference:
        """A RecordSet, which has this reference, is there, or changed; the Zone that it refers to.

        RecordSets of one Zone have one object for it.
        """
        before, zone = self._zones.get(reference), record_set.zone_reference
        if (other := self._by_zone.first(zone)) is not None:
            zone = self._zones[other]
        if before is not None and before != zone:
            self._by_zone.discard(before, reference)
        self._known[reference] = record_set
        self._zones[reference] = zone
        self._by_zone.add(zone, reference)
        self._by_namespace.add(reference.namespace, reference)
        return zone

    def remove(self, reference: Reference) -> Reference | None:
        """A RecordSet is gone; the Zone that it referred to, None where it was not known."""
        zone = self._zones.pop(reference, None)
        if zone is not None:
            del self._known[reference]
            self._by_zone.discard(zone, reference)
            self._by_namespace.discard(reference.namespace, reference)
        return zone


class ConfigMaps:
    """The ConfigMaps, and which Zones take their zone file from each."""

    def __init__(self) -> None:
        self.known: dict[Reference, ConfigMap] = {}
        self._zones: Groups[Reference] = Groups()

    def zones_of(self, config_map: Reference) -> list[Reference]:
        """The Zones that refer to a ConfigMap."""
        return self._zones[config_map]

    def add_zone(self, zone: Zone) -> None:
        """A Zone refers to what it names."""
        for reference in wanted_config_maps(zone):
            self._zones.add(reference, zone.reference)

    def discard_zone(self, zone: Zone) -> None:
        """A Zone refers to what it named no more."""
        for reference in wanted_config_maps(zone):
            self._zones.discard(reference, zone.reference)


def wanted_config_maps(zone: Zone) -> list[Reference]:
    """The ConfigMaps that a Zone takes its zone file from."""
    file, namespace = zone.spec.zone_file, zone.reference.namespace
    if file is None:
        return []
    return [Reference("ConfigMap", namespace, key.name) for key in file.config_maps or ()]


def labels_of(
    record_sets: Iterable[RecordSet], zone: Zone, labels: Mapping[str, Mapping[str, str]]
) -> dict[str, Mapping[str, str]]:
    """The labels that decide whether these RecordSets may add to a zone, by namespace."""
    if zone.spec.record_sets.namespaces.selector is None:
        return {}
    namespaces = {item.reference.namespace for item in record_sets}
    return {name: labels[name] for name in namespaces if name in labels}

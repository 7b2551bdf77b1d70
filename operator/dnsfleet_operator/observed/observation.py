"""What the operator knows of the objects in the cluster, from lists and events. Pure.

An object is parsed again only when something changed that its meaning depends on, so that one
that did not change stays the same Python object: later steps see by that what is to be done anew.
Of what was parsed no second form is kept: ten thousand Zones would need twice the memory.

An object that cannot be understood, because it came past the CRD's checks or from a newer version,
leaves its last good version in force, with what is wrong beside it.

A list of all objects of a kind comes in pages, and events come between them. An object that ended
while the list was read is not taken from a later page of it. An object that no page has is gone,
unless it is younger than the list.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dnsfleet import names, resources
from dnsfleet.resources import Pop, Reference, Zone
from dnsfleet.resources.documents import Document
from dnsfleet.violations import Violation
from dnsfleet_publisher.dependencies import Groups, wanted_config_maps

from dnsfleet_operator.objects import Object, reference_of
from dnsfleet_operator.observed.packing import pack, unpack

LISTED = ("Namespace", "Pop", "ZoneClass", "RecordSet", "Zone")
"""Kinds of which all objects are known, and that are watched. ConfigMaps are known while a Zone
refers to them; nobody watches them (see `leading.config_maps`)."""
DIGEST_SIZE = 16
"""Octets of a digest of what an object means: no two versions of one object share 128 bits."""

_NO_LINES: dict[str, int] = {}


@dataclass(frozen=True, slots=True)
class Known:
    """One object."""

    uid: str
    """Tells it from an object that had or will have its name."""
    version: int
    """Its resourceVersion: of two versions of one object the newer has the higher."""
    created: str
    """Its creationTimestamp."""
    generation: int
    """Of the present version."""
    document: Document | None
    """Its last good version; None where it never had one."""
    violations: tuple[Violation, ...]
    """Why its present version is not that."""
    meaning: bytes
    """A digest of all that decides whether it is to be looked at anew; its status does not."""
    origin: str | None = None
    """The origin that a Zone names which is not understood."""
    packed_status: bytes = b""
    """Its status, see `packing`; the same octets mean the same status."""

    @property
    def status(self) -> dict[str, Any]:
        """The status that it shows; empty for none."""
        return unpack(self.packed_status)


@dataclass(slots=True)
class _List:
    """A list of a kind that is being read."""

    seen: set[Reference] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    """The uids of objects that ended since the list was begun."""
    refused: set[str] = field(default_factory=set)
    """Namespaces that it lacks."""


class Observation:
    """All objects, as far as they are known. Not locked: one thread owns it."""

    def __init__(self, watch_namespaces: Iterable[str] = ()) -> None:
        """`watch_namespaces` are those whose Zones and RecordSets are listed; none for all."""
        self._watched = frozenset(watch_namespaces)
        self._refused: dict[str, set[str]] = {}
        """By kind, the namespaces that the last list lacks."""
        self._kinds: dict[str, dict[Reference, Known]] = {}
        self._listed: set[str] = set()
        self._lists: dict[str, _List] = {}
        self._changed: dict[Reference, bool] = {}
        self._config_maps: Groups[Reference] = Groups()
        self.unread: set[Reference] = set()
        """ConfigMaps that a Zone has come to refer to, and that nobody looked for yet."""

    @property
    def complete(self) -> bool:
        """Whether everything was listed at least once."""
        return self._listed.issuperset(LISTED)

    def sees(self, kind: str, namespace: str | None) -> bool:
        """Whether a list that lacks a Zone or RecordSet of a namespace says that it is not there.

        None stands for a namespace that is not known.
        """
        refused = self._refused.get(kind, set())
        if namespace is None:
            return not (self._watched or refused)
        return namespace not in refused and (not self._watched or namespace in self._watched)

    def forget(self) -> None:
        """Count nothing as listed any more: events may have been missed."""
        self._listed.clear()
        self._lists.clear()

    def get(self, reference: Reference) -> Known | None:
        """What is known of one object."""
        return self.of_kind(reference.kind).get(reference)

    def of_kind(self, kind: str) -> dict[Reference, Known]:
        """All objects of a kind."""
        return self._kinds.setdefault(kind, {})

    def take_changed(self) -> dict[Reference, bool]:
        """The objects that came, changed or went since the last call, and whether by an event."""
        changed, self._changed = self._changed, {}
        return changed

    # Events

    def put(self, found: Object, event: bool = True) -> bool:
        """Take a version of an object; whether its meaning changed. An older one is no news."""
        reference = reference_of(found)
        own = self.of_kind(reference.kind)
        before = own.get(reference)
        version = _version(found)
        if before is not None and before.version > version:
            return False
        status = pack(found.get("status") or {})
        meaning = _meaning(found)
        if before is not None and before.meaning == meaning:
            own[reference] = replace(before, version=version, packed_status=status)
            return False
        known = own[reference] = _parse(found, reference, meaning, status, before)
        self._refer(reference, before, known)
        self._note(reference, event)
        return True

    def refresh(self, found: Object) -> bool:
        """Take a version of an object that is known; one that was deleted meanwhile stays so.

        Whether its meaning changed: somebody else may have written it before.
        """
        known = self.get(reference_of(found))
        return known is not None and known.uid == _uid(found) and self.put(found)

    def remove(self, reference: Reference, uid: str) -> Known | None:
        """Forget an object that was deleted; None where it is unknown or made anew since."""
        if (reading := self._lists.get(reference.kind)) is not None:
            reading.ended.add(uid)
        known = self.get(reference)
        if known is None or (uid and known.uid != uid):
            return None
        self._forget(reference, known)
        return known

    # Lists

    def begin_list(self, kind: str) -> None:
        """A complete list of a kind is read from now on."""
        self._lists[kind] = _List()

    def take_page(self, kind: str, found: Iterable[Object]) -> None:
        """A part of the list."""
        reading = self._lists[kind]
        for each in found:
            if _uid(each) not in reading.ended:
                reading.seen.add(reference_of(each))
                self.put(each, event=False)

    def refuse(self, kind: str, namespace: str) -> None:
        """The list lacks a namespace: what is known of it stays."""
        self._lists[kind].refused.add(namespace)

    def end_list(self, kind: str, version: int) -> list[tuple[Reference, Known]]:
        """The list is whole, and of this resourceVersion; the objects that are no longer there."""
        reading = self._lists.pop(kind)
        self._listed.add(kind)
        self._refused[kind] = reading.refused
        gone = [
            (reference, known)
            for reference, known in self.of_kind(kind).items()
            if reference not in reading.seen and known.version <= version
            if reference.namespace not in reading.refused
        ]
        for reference, known in gone:
            self._forget(reference, known)
        return gone

    # What there is

    @property
    def pops(self) -> list[Pop]:
        """All Pops, by name."""
        found = [
            known.document.resource
            for known in self.of_kind("Pop").values()
            if known.document is not None and isinstance(known.document.resource, Pop)
        ]
        return sorted(found, key=lambda pop: pop.metadata.name)

    def config_maps(self) -> set[Reference]:
        """The ConfigMaps that Zones refer to."""
        return set(self._config_maps)

    def _refer(self, zone: Reference, before: Known | None, known: Known | None) -> None:
        """Keep up to date which ConfigMaps a Zone refers to."""
        old, new = _wanted(before), _wanted(known)
        for config_map in new - old:
            if config_map not in self._config_maps:
                self.unread.add(config_map)
            self._config_maps.add(config_map, zone)
        for config_map in old - new:
            self._config_maps.discard(config_map, zone)
            if config_map not in self._config_maps:
                self.unread.discard(config_map)
                if (unused := self.get(config_map)) is not None:
                    self._forget(config_map, unused)

    def _forget(self, reference: Reference, known: Known) -> None:
        del self.of_kind(reference.kind)[reference]
        self._refer(reference, known, None)
        self._note(reference, event=True)

    def _note(self, reference: Reference, event: bool) -> None:
        self._changed[reference] = event or self._changed.get(reference, False)


def origins_of(known: Known) -> set[str]:
    """The origins that one Zone object names."""
    found = {known.origin} if known.origin is not None else set()
    if known.document is not None and isinstance(known.document.resource, Zone):
        found.add(known.document.resource.origin)
    return found


def _parse(
    found: Object, reference: Reference, meaning: bytes, status: bytes, before: Known | None
) -> Known:
    metadata, uid = found["metadata"], _uid(found)
    plain = {key: value for key, value in found.items() if key != "status"}
    resource, violations = resources.parse(plain, str(reference))
    document, origin = None, None
    if resource is not None:
        document = Document(resource.kind, resource, "", 0, _NO_LINES)
    else:
        origin = _origin(found)
        if before is not None and before.uid == uid:
            document = before.document
    return Known(
        uid,
        _version(found),
        str(metadata.get("creationTimestamp", "")),
        int(metadata.get("generation", 0)),
        document,
        tuple(violations),
        meaning,
        origin,
        status,
    )


def _origin(found: Object) -> str | None:
    spec = found.get("spec")
    text = spec.get("origin") if isinstance(spec, Mapping) else None
    if not isinstance(text, str):
        return None
    try:
        return names.normalise(text)
    except ValueError:
        return None


def _wanted(known: Known | None) -> set[Reference]:
    zone = known.document.resource if known is not None and known.document is not None else None
    return set(wanted_config_maps(zone)) if isinstance(zone, Zone) else set()


def _uid(found: Object) -> str:
    return str(found["metadata"].get("uid", ""))


def _version(found: Object) -> int:
    """Versions of one object are numbers that grow (Kubernetes 1.35 says so, etcd always did)."""
    text = str(found["metadata"].get("resourceVersion", ""))
    return int(text) if text.isdecimal() else 0


def _meaning(found: Object) -> bytes:
    metadata = found["metadata"]
    content = found.get("spec") if "generation" not in metadata else metadata["generation"]
    meaning = (
        _uid(found),
        content,
        metadata.get("labels"),
        metadata.get("annotations"),
        metadata.get("deletionTimestamp"),
        found.get("data"),
        found.get("binaryData"),
    )
    text = json.dumps(meaning, separators=(",", ":"), sort_keys=True).encode()
    return hashlib.blake2b(text, digest_size=DIGEST_SIZE).digest()

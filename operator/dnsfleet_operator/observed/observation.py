"""What the operator knows of the objects in the cluster, from lists and events. Pure.

An object is parsed again only when something changed that its meaning depends on, so that one
that did not change stays the same Python object: later steps see by that what is to be done anew.

An object that cannot be understood, because it came past the CRD's checks or from a newer version,
leaves its last good version in force, with what is wrong beside it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dnsfleet import names, resources
from dnsfleet.resources import Pop, Reference, Zone
from dnsfleet.resources.documents import Document
from dnsfleet.violations import Violation

Manifest = Mapping[str, Any]

LISTED = ("Namespace", "Pop", "RecordSet", "Zone")
"""Kinds of which all objects are known. ConfigMaps are known once a Zone has referred to them."""


@dataclass(frozen=True)
class Known:
    """One object."""

    manifest: Manifest
    document: Document | None
    """Its last good version; None where it never had one."""
    violations: tuple[Violation, ...]
    """Why its present version is not that."""

    @property
    def uid(self) -> str:
        """Tells it from an object that had or will have its name."""
        return _uid(self.manifest)

    @property
    def created(self) -> str:
        """Its creationTimestamp."""
        return str(self.manifest["metadata"].get("creationTimestamp", ""))

    @property
    def generation(self) -> int:
        """Of the present version."""
        return int(self.manifest["metadata"].get("generation", 0))


class Observation:
    """All objects, as far as they are known. Not locked: one thread owns it."""

    def __init__(self) -> None:
        self._kinds: dict[str, dict[Reference, Known]] = {}
        self._listed: set[str] = set()

    @property
    def complete(self) -> bool:
        """Whether everything was listed at least once."""
        return self._listed.issuperset(LISTED)

    def forget(self) -> None:
        """Count nothing as listed any more: events may have been missed."""
        self._listed.clear()

    def get(self, reference: Reference) -> Known | None:
        """What is known of one object."""
        return self.of_kind(reference.kind).get(reference)

    def of_kind(self, kind: str) -> dict[Reference, Known]:
        """All objects of a kind."""
        return self._kinds.setdefault(kind, {})

    def put(self, manifest: Manifest) -> bool:
        """Take a version of an object; whether its meaning changed. An older one is no news."""
        reference = reference_of(manifest)
        own = self.of_kind(reference.kind)
        before = own.get(reference)
        if before is not None and _version(before.manifest) > _version(manifest):
            return False
        if before is not None and _meaning(before.manifest) == _meaning(manifest):
            own[reference] = Known(manifest, before.document, before.violations)
            return False
        plain = {key: value for key, value in manifest.items() if key != "status"}
        resource, found = resources.parse(plain, str(reference))
        document = None if resource is None else Document(resource.kind, resource, "", 0, {})
        if document is None and before is not None and _uid(before.manifest) == _uid(manifest):
            document = before.document
        own[reference] = Known(manifest, document, tuple(found))
        return True

    def refresh(self, manifest: Manifest) -> None:
        """Take a version of an object that is known; one that was deleted meanwhile stays so."""
        known = self.get(reference_of(manifest))
        if known is not None and known.uid == _uid(manifest):
            self.put(manifest)

    def remove(self, reference: Reference, uid: str) -> Known | None:
        """Forget an object that was deleted; None where it is unknown or made anew since."""
        known = self.get(reference)
        if known is None or (uid and _uid(known.manifest) != uid):
            return None
        return self.of_kind(reference.kind).pop(reference)

    def replace(self, kind: str, manifests: Iterable[Manifest]) -> list[Known]:
        """Take a complete list of a kind; the objects that are no longer there."""
        listed = {reference_of(manifest): manifest for manifest in manifests}
        for manifest in listed.values():
            self.put(manifest)
        own = self.of_kind(kind)
        gone = [reference for reference in own if reference not in listed]
        self._listed.add(kind)
        return [own.pop(reference) for reference in gone]

    def documents(self) -> list[Document]:
        """The last good version of every object."""
        return [
            known.document
            for own in self._kinds.values()
            for known in own.values()
            if known.document is not None
        ]

    @property
    def pops(self) -> list[Pop]:
        """All Pops, by name."""
        found = [
            known.document.resource
            for known in self.of_kind("Pop").values()
            if known.document is not None and isinstance(known.document.resource, Pop)
        ]
        return sorted(found, key=lambda pop: pop.metadata.name)

    @property
    def zones(self) -> list[Zone]:
        """All Zones."""
        return [
            known.document.resource
            for known in self.of_kind("Zone").values()
            if known.document is not None and isinstance(known.document.resource, Zone)
        ]

    def origins(self) -> set[str]:
        """Every origin that some Zone object names, also one that is refused or not understood."""
        return {origin for known in self.of_kind("Zone").values() for origin in origins_of(known)}

    def config_maps(self) -> set[Reference]:
        """The ConfigMaps that Zones refer to."""
        return {
            Reference("ConfigMap", zone.reference.namespace, key.name)
            for zone in self.zones
            if zone.spec.zone_file is not None
            for key in zone.spec.zone_file.config_maps or ()
        }

    def follows(self, config_map: Reference) -> bool:
        """Whether news of a ConfigMap matter: one that is known must not grow old unseen, for a
        Zone may come to refer to it again."""
        return self.get(config_map) is not None or config_map in self.config_maps()


def origins_of(known: Known) -> set[str]:
    """The origins that one Zone object names."""
    found = set()
    if known.document is not None and isinstance(known.document.resource, Zone):
        found.add(known.document.resource.origin)
    spec = known.manifest.get("spec")
    text = spec.get("origin") if isinstance(spec, Mapping) else None
    if isinstance(text, str):
        try:
            found.add(names.normalise(text))
        except ValueError:
            return found
    return found


def reference_of(manifest: Manifest) -> Reference:
    """Kind, namespace and name of an object."""
    metadata = manifest["metadata"]
    return Reference(manifest["kind"], metadata.get("namespace", ""), metadata["name"])


def _uid(manifest: Manifest) -> str:
    return str(manifest["metadata"].get("uid", ""))


def _version(manifest: Manifest) -> int:
    """Versions of one object are numbers that grow (Kubernetes 1.35 says so, etcd always did)."""
    text = str(manifest["metadata"].get("resourceVersion", ""))
    return int(text) if text.isdecimal() else 0


def _meaning(manifest: Manifest) -> object:
    """What decides whether an object is to be looked at anew; its status does not."""
    metadata = manifest["metadata"]
    content = manifest.get("spec") if "generation" not in metadata else metadata["generation"]
    return (
        _uid(manifest),
        content,
        metadata.get("labels"),
        metadata.get("annotations"),
        metadata.get("deletionTimestamp"),
        manifest.get("data"),
        manifest.get("binaryData"),
    )

"""Zones of a few objects that are removed, and what brings them back."""

from collections.abc import Mapping, Sequence
from typing import Any

from dnsfleet import resources
from dnsfleet.replication import encoding
from dnsfleet.replication.kept_zones import KeptZone
from dnsfleet.replication.manifests import Manifest
from dnsfleet.replication.revisions import Revision
from dnsfleet.resources.documents import Document
from dnsfleet.zones import outlines
from dnsfleet_cli.kubectl.restoring import Plan
from dnsfleet_cli.zone_paths import ZonePaths
from dnsfleet_engine import Zone
from dnsfleet_publisher import claims
from dnsfleet_publisher.assembling import Assembler
from dnsfleet_publisher.kept_contents import Removed

Object = Mapping[str, Any]
A = "a.example."
AT = Revision(7, 1)


def item(kind: str, name: str, spec: Object, namespace: str = "dns", **more: Any) -> Object:
    api_version = "v1" if kind in ("ConfigMap", "Namespace") else "dnsfleet.io/v1alpha1"
    metadata = {"name": name, "namespace": namespace, **more}
    if kind == "Namespace":
        del metadata["namespace"]
    made = {"apiVersion": api_version, "kind": kind, "metadata": metadata}
    return made | (dict(spec) if kind == "ConfigMap" else {"spec": spec} if spec else {})


def config_map(name: str, text: str) -> Object:
    return item("ConfigMap", name, {"data": {"zone": text}})


def record_set(name: str, *records: Object, namespace: str = "shop") -> Object:
    spec = {"zoneRef": {"name": "a", "namespace": "dns"}, "records": list(records)}
    return item("RecordSet", name, spec, namespace, creationTimestamp="2026-01-01T00:00:00Z")


def assemble(*items: Object) -> Assembler:
    """These objects, as the operator knows them."""
    assembler = Assembler(ZonePaths())
    for each in items:
        resource, violations = resources.parse(each, "")
        assert resource is not None, violations
        assembler.put(Document(resource.kind, resource, "", 0, {}))
    assembler.assemble()
    return assembler


def build(*items: Object) -> Zone:
    """The zone of these objects."""
    built = assemble(*items).zones[A]
    assert built.zone is not None, built.violations
    return built.zone


def remove(*items: Object, content: Zone | None = None) -> tuple[Removed, Zone]:
    """What is kept of the zone of these objects, and its content, which may be another one."""
    assembler = assemble(*items)
    built = assembler.zones[A]
    inputs = assembler.inputs(built.resource.reference)
    assert inputs is not None
    zone = content or built.zone
    assert zone is not None, built.violations
    snapshot = encoding.describe(AT, zone.encode())
    manifest = Manifest(A, AT, None, 1, zone.serial, zone.digest, 1, 1, 1, snapshot)
    kept = KeptZone(manifest, 1, encoding.describe(AT, b""))
    added = claims.of_zone(built.record_sets, built.resource)
    return Removed(kept, outlines.of(inputs.resource), added), zone


def check(plan: Plan, content: Zone, there: Sequence[Object] = ()) -> None:
    """What is made, beside what is there, is what was served."""
    built = build(*there, *plan.objects)
    assert built.with_serial(content.serial).encode() == content.encode()

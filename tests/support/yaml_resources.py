"""Resources for tests, from the YAML that people would write."""

import yaml
from dnsfleet.resources import Pop, RecordSet, Zone, ZoneClass
from dnsfleet.resources.record_sets import ZoneReference


def fields(text: str) -> dict[str, object]:
    """The mapping that a YAML text describes."""
    found = yaml.safe_load(text) or {}
    assert isinstance(found, dict)
    return found


def zone(spec: str = "", name: str = "example-com", **metadata: object) -> Zone:
    """A Zone for example.com with the fields of `spec` in YAML."""
    usual = {"origin": "example.com", "nameServers": ["ns1.example.net", "ns2.example.net"]}
    return Zone.model_validate(_object("Zone", name, metadata, usual | fields(spec)))


def zone_with(records: list[dict[str, object]]) -> Zone:
    """A Zone for example.com with these records."""
    return zone(yaml.safe_dump({"records": records}))


def zone_ref(name: str) -> ZoneReference:
    """A reference to a Zone in the namespace of the RecordSet."""
    return ZoneReference.model_validate({"name": name})


def record_set(records: str, name: str = "web", **metadata: object) -> RecordSet:
    """A RecordSet for the Zone of `zone()`, in namespace default unless `namespace` is given."""
    spec = {
        "zoneRef": {"name": "example-com", "namespace": "default"},
        "records": yaml.safe_load(records),
    }
    return RecordSet.model_validate(_object("RecordSet", name, metadata, spec))


def dynamic(
    records: list[dict[str, object]], name: str = "update", **metadata: object
) -> RecordSet:
    """A dynamic RecordSet for that Zone; what gives no `since` was claimed in 2026."""
    usual = {"ttl": 300, "since": "2026-01-01T00:00:00Z"}
    spec: dict[str, object] = {
        "zoneRef": {"name": "example-com", "namespace": "default"},
        "dynamicRecords": [usual | each for each in records],
    }
    return RecordSet.model_validate(_object("RecordSet", name, metadata, spec))


def pop(spec: str = "", name: str = "fra", **metadata: object) -> Pop:
    """A Pop with the fields of `spec` in YAML."""
    return Pop.model_validate(_object("Pop", name, metadata, fields(spec)))


def zone_class(spec: str, name: str = "teams") -> ZoneClass:
    """A ZoneClass with the fields of `spec` in YAML."""
    return ZoneClass.model_validate(_object("ZoneClass", name, {}, fields(spec)))


def _object(
    kind: str, name: str, metadata: dict[str, object], spec: dict[str, object]
) -> dict[str, object]:
    return {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": name} | metadata,
        "spec": spec,
    }

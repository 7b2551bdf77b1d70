"""What the operator knows of objects, from lists and events in any order."""

from typing import Any

from dnsfleet.resources import Reference, Zone
from dnsfleet_operator.observed.observation import LISTED, Observation, origins_of

REF = Reference("Zone", "dns", "example-com")


def zone(version: int, generation: int = 1, **changes: Any) -> dict[str, Any]:
    metadata = {
        "name": "example-com",
        "namespace": "dns",
        "uid": "1",
        "resourceVersion": str(version),
        "generation": generation,
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "managedFields": [{"manager": "kubectl"}],
    }
    spec = {"origin": "example.com", "nameServers": ["ns1.example.net"]}
    spec |= changes.pop("spec", {})
    return {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "Zone",
        "metadata": metadata | changes.pop("metadata", {}),
        "spec": spec,
        **changes,
    }


def test_a_status_is_no_change_and_keeps_the_same_object() -> None:
    observation = Observation()
    assert observation.put(zone(1))
    before = observation.documents()[0]
    assert not observation.put(zone(2, status={"serial": "not even a number"}))
    assert observation.documents()[0] is before
    known = observation.get(REF)
    assert known is not None
    assert known.manifest["status"] == {"serial": "not even a number"}


def test_labels_and_annotations_are_a_change() -> None:
    observation = Observation()
    observation.put(zone(1))
    assert observation.put(zone(2, metadata={"annotations": {"dnsfleet.io/approve": "x"}}))
    assert observation.zones[0].metadata.annotations == {"dnsfleet.io/approve": "x"}


def test_an_older_version_is_no_news() -> None:
    observation = Observation()
    observation.put(zone(10, generation=2, spec={"ttl": 60}))
    assert not observation.put(zone(9, generation=1))
    assert observation.zones[0].spec.ttl == 60


def test_what_cannot_be_understood_leaves_the_last_good_version() -> None:
    observation = Observation()
    observation.put(zone(1))
    assert observation.put(zone(2, generation=2, spec={"newField": 1}))
    known = observation.get(REF)
    assert known is not None
    assert known.generation == 2
    assert [violation.reason for violation in known.violations] == ["UnknownField"]
    assert known.violations[0].where == "Zone dns/example-com: spec.newField"
    assert isinstance(observation.documents()[0].resource, Zone)


def test_what_was_never_understood_still_names_its_origin() -> None:
    observation = Observation()
    observation.put(zone(1, spec={"newField": 1, "origin": "Example.COM."}))
    assert observation.documents() == []
    assert observation.origins() == {"example.com."}


def test_another_object_of_the_name_inherits_nothing() -> None:
    observation = Observation()
    observation.put(zone(1))
    observation.put(zone(2, metadata={"uid": "2"}, spec={"newField": 1}))
    assert observation.documents() == []


def test_a_late_deletion_does_not_hit_the_new_object() -> None:
    observation = Observation()
    observation.put(zone(5, metadata={"uid": "2"}))
    assert observation.remove(REF, "1") is None
    gone = observation.remove(REF, "2")
    assert gone is not None
    assert origins_of(gone) == {"example.com."}
    assert observation.documents() == []


def test_what_is_known_of_a_deleted_object_later_is_no_news() -> None:
    observation = Observation()
    observation.put(zone(1))
    observation.refresh(zone(2, status={"serial": 1}))
    known = observation.remove(REF, "1")
    assert known is not None
    assert known.manifest["status"] == {"serial": 1}
    observation.refresh(zone(3, status={"serial": 2}))
    assert observation.get(REF) is None
    observation.put(zone(5, metadata={"uid": "2"}))
    observation.refresh(zone(6))
    assert observation.of_kind("Zone")[REF].uid == "2"


def test_a_list_tells_what_is_gone_and_when_all_is_known() -> None:
    observation = Observation()
    observation.put(zone(1))
    for kind in LISTED[:-1]:
        assert observation.replace(kind, []) == []
        assert not observation.complete
    gone = observation.replace(LISTED[-1], [])
    assert [origins_of(known) for known in gone] == [{"example.com."}]
    assert observation.complete
    observation.forget()
    assert not observation.complete


def test_config_maps_that_zones_refer_to() -> None:
    observation = Observation()
    file = {"configMaps": [{"name": "file", "key": "zone"}]}
    observation.put(zone(1, spec={"zoneFile": file}))
    wanted = Reference("ConfigMap", "dns", "file")
    assert observation.config_maps() == {wanted}
    text: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "file", "namespace": "dns", "uid": "3", "resourceVersion": "1"},
        "data": {"zone": "a"},
    }
    assert observation.put(text)
    text = text | {"metadata": text["metadata"] | {"resourceVersion": "2"}}
    assert not observation.put(text)
    assert observation.put(text | {"data": {"zone": "b"}})

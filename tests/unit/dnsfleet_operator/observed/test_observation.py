"""What the operator knows of objects, from lists and events in any order."""

from typing import Any

from dnsfleet.resources import Reference, Zone
from dnsfleet.resources.documents import Document
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


def document(observation: Observation) -> Document | None:
    known = observation.get(REF)
    return None if known is None else known.document


def parsed(observation: Observation) -> Zone:
    found = document(observation)
    assert found is not None
    assert isinstance(found.resource, Zone)
    return found.resource


def test_a_status_is_no_change_and_keeps_the_same_object() -> None:
    observation = Observation()
    assert observation.put(zone(1))
    before = document(observation)
    assert not observation.put(zone(2, status={"serial": "not even a number"}))
    assert document(observation) is before
    known = observation.get(REF)
    assert known is not None
    assert known.status == {"serial": "not even a number"}


def test_labels_and_annotations_are_a_change() -> None:
    observation = Observation()
    observation.put(zone(1))
    assert observation.put(zone(2, metadata={"annotations": {"dnsfleet.io/approve": "x"}}))
    assert parsed(observation).metadata.annotations == {"dnsfleet.io/approve": "x"}


def test_an_older_version_is_no_news() -> None:
    observation = Observation()
    observation.put(zone(10, generation=2, spec={"ttl": 60}))
    assert not observation.put(zone(9, generation=1))
    assert parsed(observation).spec.ttl == 60


def test_what_cannot_be_understood_leaves_the_last_good_version() -> None:
    observation = Observation()
    observation.put(zone(1))
    assert observation.put(zone(2, generation=2, spec={"newField": 1}))
    known = observation.get(REF)
    assert known is not None
    assert known.generation == 2
    assert [violation.reason for violation in known.violations] == ["UnknownField"]
    assert known.violations[0].where == "Zone dns/example-com: spec.newField"
    assert isinstance(parsed(observation), Zone)


def test_what_was_never_understood_still_names_its_origin() -> None:
    observation = Observation()
    observation.put(zone(1, spec={"newField": 1, "origin": "Example.COM."}))
    known = observation.get(REF)
    assert known is not None
    assert known.document is None
    assert origins_of(known) == {"example.com."}


def test_another_object_of_the_name_inherits_nothing() -> None:
    observation = Observation()
    observation.put(zone(1))
    observation.put(zone(2, metadata={"uid": "2"}, spec={"newField": 1}))
    assert document(observation) is None


def test_a_late_deletion_does_not_hit_the_new_object() -> None:
    observation = Observation()
    observation.put(zone(5, metadata={"uid": "2"}))
    assert observation.remove(REF, "1") is None
    gone = observation.remove(REF, "2")
    assert gone is not None
    assert origins_of(gone) == {"example.com."}
    assert document(observation) is None


def test_what_is_known_of_a_deleted_object_later_is_no_news() -> None:
    observation = Observation()
    observation.put(zone(1))
    observation.refresh(zone(2, status={"serial": 1}))
    known = observation.remove(REF, "1")
    assert known is not None
    assert known.status == {"serial": 1}
    observation.refresh(zone(3, status={"serial": 2}))
    assert observation.get(REF) is None
    observation.put(zone(5, metadata={"uid": "2"}))
    observation.refresh(zone(6))
    assert observation.of_kind("Zone")[REF].uid == "2"


def read(observation: Observation, kind: str, version: int = 9, *found: Any) -> list[Any]:
    observation.begin_list(kind)
    observation.take_page(kind, found)
    return [known for _, known in observation.end_list(kind, version)]


def test_a_list_tells_what_is_gone_and_when_all_is_known() -> None:
    observation = Observation()
    observation.put(zone(1))
    for kind in LISTED[:-1]:
        assert read(observation, kind) == []
        assert not observation.complete
    gone = read(observation, LISTED[-1])
    assert [origins_of(known) for known in gone] == [{"example.com."}]
    assert observation.complete
    observation.forget()
    assert not observation.complete


def test_what_came_after_a_list_was_begun_is_not_gone() -> None:
    observation = Observation()
    observation.put(zone(9))
    assert [each.version for each in read(observation, "Zone", 9)] == [9]
    observation.put(zone(10))
    assert read(observation, "Zone", 9) == []


def test_what_ended_while_a_list_was_read_does_not_come_back_with_it() -> None:
    observation = Observation()
    observation.put(zone(1))
    observation.begin_list("Zone")
    observation.remove(REF, "1")
    observation.take_page("Zone", [zone(1)])
    assert observation.get(REF) is None
    observation.put(zone(8, metadata={"uid": "2"}))
    assert observation.end_list("Zone", 7) == []
    assert document(observation) is not None


def test_what_changed_is_told_once_and_whether_by_an_event() -> None:
    observation = Observation()
    observation.put(zone(1), event=False)
    assert observation.take_changed() == {REF: False}
    assert observation.take_changed() == {}
    observation.put(zone(2, status={"serial": 1}))
    assert observation.take_changed() == {}
    observation.put(zone(3, generation=2), event=False)
    observation.put(zone(4, generation=3))
    assert observation.take_changed() == {REF: True}
    observation.remove(REF, "1")
    assert observation.take_changed() == {REF: True}


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


def test_a_config_map_is_read_when_a_zone_comes_to_refer_to_it_and_kept_no_longer() -> None:
    observation, wanted = Observation(), Reference("ConfigMap", "dns", "file")
    metadata = {"name": "file", "namespace": "dns", "uid": "3", "resourceVersion": "1"}
    assert wanted not in observation.config_maps()
    file = {"zoneFile": {"configMaps": [{"name": "file", "key": "zone"}]}}
    observation.put(zone(1, spec=file))
    assert observation.config_maps() == {wanted}
    assert observation.unread == {wanted}
    observation.put({"kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata})
    observation.put(zone(2, generation=2))
    assert observation.config_maps() == set()
    assert observation.get(wanted) is None
    assert observation.unread == set()

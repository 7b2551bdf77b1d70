"""The API server of the tests: pages, selectors, watches, and how a write changes an object."""

import json
from typing import Any

import pytest
from support.api_server import fields, kinds, storage
from support.api_server.cluster import MemoryAPI
from support.api_server.kinds import BUILT_IN, DEFINITIONS, NAMESPACES, Kind
from support.api_server.storage import Event, Storage, selects, told
from support.api_server.writing import RefusedError, Writer

KUBECTL, OPERATOR = Writer("kubectl"), Writer("dnsfleet", "Apply", "status")
DEPLOYMENTS = next(kind for kind in BUILT_IN if kind.name == "Deployment")
CONFIG_MAPS = next(kind for kind in BUILT_IN if kind.name == "ConfigMap")
KEY = ("dns", "a")


def item(name: str = "a", **content: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, **content}


@pytest.fixture
def api() -> MemoryAPI:
    """An API server with a namespace `dns` and a Deployment `a` in it."""
    made = MemoryAPI()
    made.create(NAMESPACES, "", item("dns"), KUBECTL)
    made.create(DEPLOYMENTS, "dns", item(spec={"replicas": 1}), KUBECTL)
    return made


def now(api: MemoryAPI, kind: Kind = DEPLOYMENTS, key: tuple[str, str] = KEY) -> Any:
    return json.loads(api.get(kind, key))


def refused(error: pytest.ExceptionInfo[RefusedError]) -> tuple[int, str]:
    return error.value.code, error.value.reason


# Lists and watches


def filled(count: int) -> Storage:
    stored = Storage()
    for number in range(count):
        stored.put(("dns", f"{number:03}"), item(f"{number:03}"), number + 1)
    return stored


def names(page: storage.Page) -> list[str]:
    return [json.loads(data)["metadata"]["name"] for data in page.items]


def test_the_pages_of_a_list_are_of_the_moment_of_the_first() -> None:
    stored = filled(5)
    first = stored.page("", "", 2, "", 5)
    stored.remove(("dns", "003"), 6)
    stored.put(("dns", "000a"), item("000a"), 7)
    second = stored.page("", "", 2, first.token, 7)
    third = stored.page("", "", 2, second.token, 7)
    assert [*names(first), *names(second), *names(third)] == ["000", "001", "002", "003", "004"]
    assert [each.version for each in (first, second, third)] == [5, 5, 5]
    assert [each.left for each in (first, second, third)] == [3, 1, 0]
    assert third.token == ""
    assert first.number == second.number == third.number


def test_a_list_without_a_limit_has_one_page_in_the_order_of_keys() -> None:
    stored = filled(2)
    stored.put(("app", "z"), item("z"), 3)
    page = stored.page("", "", 0, "", 3)
    assert (names(page), page.token) == (["z", "000", "001"], "")
    assert names(stored.page("app", "", 0, "", 3)) == ["z"]


def test_a_list_takes_what_its_selector_does() -> None:
    stored = filled(2)
    labelled = {"metadata": {"name": "z", "labels": {"a": "1"}}}
    stored.put(("dns", "z"), labelled, 3)
    assert names(stored.page("", "a=1", 0, "", 3)) == ["z"]


def test_a_list_that_was_given_up_is_expired() -> None:
    stored = filled(3)
    old = stored.page("", "", 1, "", 3)
    for _ in range(storage.LISTS):
        stored.page("", "", 1, "", 3)
    with pytest.raises(RefusedError) as error:
        stored.page("", "", 1, old.token, 3)
    assert refused(error) == (410, "Expired")


@pytest.mark.parametrize(
    ("selector", "taken"),
    [
        ("", True),
        ("a", True),
        ("a=1", True),
        ("a==1", True),
        ("a=2", False),
        ("a!=2", True),
        ("a!=1", False),
        ("b!=1", True),
        ("b", False),
        ("!b", True),
        ("!a", False),
        ("a=1,c=", True),
        ("a=1,b", False),
    ],
)
def test_selectors_of_labels(selector: str, taken: bool) -> None:
    assert selects(selector, {"a": "1", "c": ""}) is taken


def test_a_set_based_selector_is_refused() -> None:
    with pytest.raises(RefusedError):
        selects("a in (1,2)", {})


def test_a_watch_is_told_what_came_after_a_version() -> None:
    stored = filled(3)
    stored.put(("dns", "001"), item("001"), 4)
    stored.remove(("dns", "000"), 5)
    assert [(each.version, each.type) for each in stored.since(2)] == [
        (3, "ADDED"),
        (4, "MODIFIED"),
        (5, "DELETED"),
    ]
    assert stored.since(5) == []


def test_a_watch_from_before_the_window_is_expired(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "WINDOW", 3)
    stored = filled(7)
    assert [each.version for each in stored.since(4)] == [5, 6, 7]
    with pytest.raises(RefusedError) as error:
        stored.since(3)
    assert refused(error) == (410, "Expired")


def test_every_event_is_heard() -> None:
    heard: list[int] = []
    stored = Storage()
    stored.listeners.add(lambda: heard.append(1))
    stored.put(KEY, item(), 1)
    stored.remove(KEY, 2)
    assert len(heard) == 2


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ({"a": "1"}, {"a": "1"}, "MODIFIED"),
        ({}, {"a": "1"}, "ADDED"),
        ({"a": "1"}, {}, "DELETED"),
        ({}, {}, None),
    ],
)
def test_a_watch_with_a_selector_sees_objects_come_and_go(
    before: dict[str, str], after: dict[str, str], line: str | None
) -> None:
    old, new = (json.dumps({"metadata": {"labels": labels}}).encode() for labels in (before, after))
    event = Event(1, "MODIFIED", KEY, new, old)
    text = told(event, "", "a=1")
    assert (json.loads(text)["type"] if text else None) == line
    assert told(event, "elsewhere", "") is None
    assert json.loads(told(event, "dns", "") or b"")["object"] == {"metadata": {"labels": after}}


# Writes


def test_a_new_object_begins_with_the_metadata_of_the_server(api: MemoryAPI) -> None:
    body = item("b", spec={}, status={"replicas": 9})
    body["metadata"] |= {"uid": "mine", "generation": 7, "labels": {"a": "1"}}
    made = json.loads(api.create(DEPLOYMENTS, "dns", body, KUBECTL))
    metadata = made["metadata"]
    assert (metadata["generation"], metadata["namespace"]) == (1, "dns")
    assert metadata["uid"] not in ("mine", now(api)["metadata"]["uid"])
    assert metadata["labels"] == {"a": "1"}
    assert "status" not in made
    assert (made["apiVersion"], made["kind"]) == ("apps/v1", "Deployment")


def test_an_object_is_made_once_and_in_a_namespace_that_is_there(api: MemoryAPI) -> None:
    with pytest.raises(RefusedError) as error:
        api.create(DEPLOYMENTS, "dns", item(), KUBECTL)
    assert refused(error) == (409, "AlreadyExists")
    with pytest.raises(RefusedError) as error:
        api.create(DEPLOYMENTS, "nowhere", item(), KUBECTL)
    assert refused(error) == (404, "NotFound")


def test_the_generation_counts_changes_of_what_people_ask_for(api: MemoryAPI) -> None:
    def generation() -> int:
        return int(now(api)["metadata"]["generation"])

    api.merge(DEPLOYMENTS, KEY, {"metadata": {"labels": {"a": "1"}}}, KUBECTL)
    assert generation() == 1
    api.merge(DEPLOYMENTS, KEY, {"status": {"replicas": 5}}, KUBECTL._replace(subresource="status"))
    assert (generation(), now(api)["status"]) == (1, {"replicas": 5})
    api.merge(DEPLOYMENTS, KEY, {"spec": {"replicas": 2}}, KUBECTL)
    assert (generation(), now(api)["status"]) == (2, {"replicas": 5})


def test_each_way_of_writing_leaves_the_part_of_the_other(api: MemoryAPI) -> None:
    api.merge(DEPLOYMENTS, KEY, {"status": {"replicas": 5}}, KUBECTL)
    assert "status" not in now(api)
    both = {"spec": {"replicas": 9}, "status": {"replicas": 5}}
    api.merge(DEPLOYMENTS, KEY, both, KUBECTL._replace(subresource="status"))
    assert (now(api)["spec"], now(api)["status"]) == ({"replicas": 1}, {"replicas": 5})


def test_kinds_without_a_generation_have_none(api: MemoryAPI) -> None:
    api.create(CONFIG_MAPS, "dns", item(data={"a": "1"}), KUBECTL)
    api.merge(CONFIG_MAPS, KEY, {"data": {"a": "2"}}, KUBECTL)
    assert "generation" not in now(api, CONFIG_MAPS)["metadata"]


def test_a_write_that_changes_nothing_makes_no_version(api: MemoryAPI) -> None:
    before = api.version
    api.merge(DEPLOYMENTS, KEY, {"spec": {"replicas": 1}}, KUBECTL)
    api.replace(DEPLOYMENTS, KEY, now(api), Writer("another"))
    status = item(status={"replicas": 1})
    api.apply(DEPLOYMENTS, KEY, status, OPERATOR)
    assert api.version == before + 1
    api.apply(DEPLOYMENTS, KEY, status, OPERATOR)
    assert api.version == before + 1


def test_a_replacement_is_of_the_version_that_it_names(api: MemoryAPI) -> None:
    old = now(api)
    api.replace(DEPLOYMENTS, KEY, old | {"spec": {"replicas": 2}}, KUBECTL)
    with pytest.raises(RefusedError) as error:
        api.replace(DEPLOYMENTS, KEY, old | {"spec": {"replicas": 3}}, KUBECTL)
    assert refused(error) == (409, "Conflict")
    assert now(api)["spec"] == {"replicas": 2}
    for metadata in ({"uid": "another"}, {"resourceVersion": "1"}):
        with pytest.raises(RefusedError) as error:
            api.apply(DEPLOYMENTS, KEY, {"metadata": {"name": "a"} | metadata}, OPERATOR)
        assert refused(error) == (409, "Conflict")


def test_apply_makes_what_is_not_there_but_no_status(api: MemoryAPI) -> None:
    api.apply(DEPLOYMENTS, ("dns", "b"), item("b", spec={"replicas": 3}), Writer("m", "Apply"))
    assert now(api, key=("dns", "b"))["spec"] == {"replicas": 3}
    with pytest.raises(RefusedError) as error:
        api.apply(DEPLOYMENTS, ("dns", "c"), item("c", status={}), OPERATOR)
    assert refused(error) == (404, "NotFound")


def test_what_is_not_applied_any_more_goes_and_what_others_set_stays(api: MemoryAPI) -> None:
    def condition(kind: str, status: str) -> dict[str, str]:
        return {"type": kind, "status": status}

    def apply(writer: Writer, **status: Any) -> None:
        api.apply(DEPLOYMENTS, KEY, item(status=status), writer)

    apply(OPERATOR, lag=1, conditions=[condition("Ready", "True"), condition("Late", "True")])
    other = OPERATOR._replace(manager="other")
    apply(other, seen=True, conditions=[condition("Seen", "True")])
    apply(OPERATOR, conditions=[condition("Ready", "False")])
    assert now(api)["status"] == {
        "seen": True,
        "conditions": [condition("Ready", "False"), condition("Seen", "True")],
    }


def test_managed_fields_tell_who_set_what(api: MemoryAPI) -> None:
    api.apply(DEPLOYMENTS, KEY, item(status={"ready": 1}), OPERATOR)
    api.merge(DEPLOYMENTS, KEY, {"spec": {"replicas": 2}}, Writer("autoscaler"))
    found = {
        (each["manager"], each["operation"], each.get("subresource")): each["fieldsV1"]
        for each in now(api)["metadata"]["managedFields"]
    }
    assert found == {
        ("dnsfleet", "Apply", "status"): {"f:status": {"f:ready": {}}},
        ("autoscaler", "Update", None): {"f:spec": {"f:replicas": {}}},
    }


def test_several_may_apply_the_same_field(api: MemoryAPI) -> None:
    def apply(manager: str, **spec: Any) -> Any:
        api.apply(DEPLOYMENTS, KEY, item(spec=spec), Writer(manager, "Apply"))
        entries = now(api)["metadata"]["managedFields"]
        return {each["manager"]: each["fieldsV1"] for each in entries}

    apply("one", paused=True)
    owned = apply("two", paused=True)
    assert owned["one"] == owned["two"] == {"f:spec": {"f:paused": {}}}
    apply("one")
    assert now(api)["spec"] == {"replicas": 1, "paused": True}
    apply("two")
    assert now(api)["spec"] == {"replicas": 1}


def test_items_of_lists_that_are_maps_are_fields_of_their_own() -> None:
    record = {"name": "www", "type": "A", "data": ["192.0.2.1"]}
    tree = fields.of({"records": [record], "nameServers": ["ns1"]})
    key = 'k:{"name":"www","type":"A"}'
    item = {".": {}, "f:name": {}, "f:type": {}, "f:data": {}}
    assert tree == {"f:records": {key: item}, "f:nameServers": {}}
    changed = fields.changed({"records": [record]}, {"records": [record | {"data": ["::1"]}]})
    assert changed == {"f:records": {key: {"f:data": {}}}}
    assert fields.without(tree, changed) == {
        "f:records": {key: {name: {} for name in (".", "f:name", "f:type")}},
        "f:nameServers": {},
    }
    assert (
        fields.without(tree["f:records"], {key: {name: {} for name in item if name != "."}}) == {}
    )
    assert fields.joined(changed, {"f:ttl": {}}) == changed | {"f:ttl": {}}


# What is deleted with what, and discovery

DEFINITION = item(
    "zones.dnsfleet.io",
    spec={
        "group": "dnsfleet.io",
        "scope": "Namespaced",
        "names": {"plural": "zones", "kind": "Zone"},
        "versions": [{"name": "v1alpha1", "subresources": {"status": {}}}],
    },
)
ZONES = kinds.defined(DEFINITION)


def test_with_a_definition_end_its_kind_and_its_objects(api: MemoryAPI) -> None:
    api.create(DEFINITIONS, "", DEFINITION, KUBECTL)
    assert kinds.discovery("/apis/dnsfleet.io/v1alpha1", api.kinds) is not None
    api.create(ZONES, "dns", item(), KUBECTL)
    api.delete(DEFINITIONS, ("", "zones.dnsfleet.io"), {})
    assert api.storage(ZONES).objects == {}
    assert kinds.discovery("/apis/dnsfleet.io/v1alpha1", api.kinds) is None
    with pytest.raises(RefusedError) as error:
        api.kind(("dnsfleet.io/v1alpha1", "zones"))
    assert refused(error) == (404, "NotFound")
    types = [
        (each.type, b"deletionTimestamp" in each.data) for each in api.storage(DEFINITIONS).since(0)
    ]
    assert types == [("ADDED", False), ("MODIFIED", True), ("DELETED", True)]


def test_with_a_namespace_end_its_objects(api: MemoryAPI) -> None:
    api.create(NAMESPACES, "", item("other"), KUBECTL)
    api.create(DEPLOYMENTS, "other", item(), KUBECTL)
    api.delete(NAMESPACES, ("", "dns"), {})
    assert list(api.storage(DEPLOYMENTS).objects) == [("other", "a")]
    assert list(api.storage(NAMESPACES).objects) == [("", "other")]


def test_an_end_is_of_the_object_that_is_meant(api: MemoryAPI) -> None:
    with pytest.raises(RefusedError) as error:
        api.delete(DEPLOYMENTS, KEY, {"uid": "another"})
    assert refused(error) == (409, "Conflict")
    api.delete(DEPLOYMENTS, KEY, {"uid": now(api)["metadata"]["uid"]})
    with pytest.raises(RefusedError) as error:
        api.get(DEPLOYMENTS, KEY)
    assert refused(error) == (404, "NotFound")


def test_discovery_names_groups_kinds_and_subresources(api: MemoryAPI) -> None:
    groups = kinds.discovery("/apis", api.kinds)
    assert groups is not None
    assert {"apps", "coordination.k8s.io"} <= {each["name"] for each in groups["groups"]}
    core = kinds.discovery("/api/v1", api.kinds)
    assert core is not None
    found = {each["name"]: each["namespaced"] for each in core["resources"]}
    assert found["namespaces"] is False
    assert found["pods/status"] is True
    assert "configmaps/status" not in found
    assert kinds.discovery("/apis/none/v1", api.kinds) is None
    assert kinds.discovery("/apis/apps/v1/deployments", api.kinds) is None

"""The rights that the chart gives: to its own accounts, and to people."""

from typing import Any

import pytest
from cluster.access import CommandError
from support.charts import (
    EVERYTHING,
    NAMESPACE,
    Object,
    Values,
    environment,
    granted,
    of_kind,
    pods_of,
    the,
)

AGGREGATED = "rbac.authorization.k8s.io/aggregate-to-"
RIGHTS = ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")


def accounts(objects: list[Object]) -> dict[str, str]:
    """The account of each workload that has one."""
    return {
        name: pod["serviceAccountName"]
        for name, pod in pods_of(objects)
        if "serviceAccountName" in pod
    }


def subjects(objects: list[Object], kind: str, name: str) -> list[Object]:
    found: list[Object] = the(objects, kind, name)["subjects"]
    return found


def test_accounts_have_the_names_and_annotations_of_the_values(render: Any) -> None:
    account = {"name": "mine", "annotations": {"cloud.example/role": "dns"}}
    objects = render({"operator": {"serviceAccount": account}, "statusPage": {"enabled": True}})
    assert (
        the(objects, "ServiceAccount", "mine")["metadata"]["annotations"]
        == (account["annotations"])
    )
    found = accounts(objects)
    assert (found["dnsfleet-operator"], found["dnsfleet-status"]) == ("mine", "dnsfleet-status")
    for kind in ("RoleBinding", "ClusterRoleBinding"):
        (subject,) = subjects(objects, kind, "dnsfleet-operator")
        assert (subject["name"], subject["namespace"]) == ("mine", NAMESPACE)


@pytest.mark.parametrize(("name", "used"), [("", "default"), ("theirs", "theirs")])
def test_an_account_of_somebody_else_is_used_and_not_made(
    render: Any, name: str, used: str
) -> None:
    account = {"serviceAccount": {"create": False, "name": name}}
    objects = render({"operator": account, "statusPage": account | {"enabled": True}})
    made = {each["metadata"]["name"] for each in of_kind(objects, "ServiceAccount")}
    assert made == {"dnsfleet-test"}
    found = accounts(objects)
    assert found["dnsfleet-operator"] == found["dnsfleet-status"] == used
    for role in ("dnsfleet-operator", "dnsfleet-status"):
        (subject,) = subjects(objects, "ClusterRoleBinding", role)
        assert subject["name"] == used


@pytest.mark.parametrize("role", ["all", "core", "pop"])
def test_no_rights_are_made_where_somebody_else_makes_them(render: Any, role: str) -> None:
    values = {"role": role, "rbac": {"create": False}, "statusPage": {"enabled": True}}
    objects = render(values)
    for kind in RIGHTS:
        assert not of_kind(objects, kind)
    assert not of_kind(objects, "Pod"), "the test could read nothing"
    assert the(objects, "ServiceAccount", "dnsfleet-operator")


TEAMS = ("zones", "recordsets", "zones/status", "recordsets/status", "configmaps")
"""What is in the namespaces of teams, of what the operator has to do with."""


def test_the_operator_gets_config_maps_by_name_and_lists_none(render: Any) -> None:
    for role in ("all", "core"):
        objects = render({"role": role})
        rules = the(objects, "ClusterRole", "dnsfleet-zones")["rules"]
        assert granted(rules, "configmaps") == {"get"}
        assert granted(rules, "zones") == granted(rules, "recordsets") == {"get", "list", "watch"}
        (subject,) = subjects(objects, "ClusterRoleBinding", "dnsfleet-zones")
        assert subject["name"] == "dnsfleet-operator"
        everywhere = the(objects, "ClusterRole", "dnsfleet-operator")["rules"]
        assert not any(granted(everywhere, kind) for kind in TEAMS)
    assert not [each for each in render({"role": "pop"}) if "dnsfleet-zones" in str(each)]


def test_the_operator_writes_zones_only_where_catalogs_may_list_some(render: Any) -> None:
    read, write = {"get", "list", "watch"}, {"create", "update", "delete"}
    for enabled in (False, True):
        values = {"catalogConsumer": {"enabled": enabled}, "watchNamespaces": ["team-a"]}
        objects = render(values)
        rules = the(objects, "ClusterRole", "dnsfleet-zones")["rules"]
        assert granted(rules, "zones") == read | (write if enabled else set())
        assert granted(rules, "recordsets") == read
        (subject,) = subjects(objects, "RoleBinding", "dnsfleet-zones")
        assert subject["name"] == "dnsfleet-operator"


def test_an_operator_of_some_namespaces_has_rights_in_no_other(render: Any) -> None:
    objects = render({"watchNamespaces": ["team-a", NAMESPACE]})
    assert environment(objects)["DNSFLEET_WATCH_NAMESPACES"] == f"team-a,{NAMESPACE}"
    bound = {
        each["metadata"]["namespace"]: each["roleRef"]
        for each in of_kind(objects, "RoleBinding")
        if each["metadata"]["name"] == "dnsfleet-zones"
    }
    assert bound.keys() == {"team-a", NAMESPACE}
    for role in bound.values():
        assert (role["kind"], role["name"]) == ("ClusterRole", "dnsfleet-zones")
    status = render({"watchNamespaces": ["team-a"], "statusPage": {"enabled": True}})
    assert not granted(the(status, "ClusterRole", "dnsfleet-status")["rules"], "zones")
    assert the(status, "RoleBinding", "dnsfleet-status")["metadata"]["namespace"] == "team-a"
    pod = the(status, "Deployment", "dnsfleet-status")["spec"]["template"]["spec"]
    assert "--namespaces=team-a" in pod["containers"][0]["args"]
    names = {each["metadata"]["name"] for each in of_kind(objects, "ClusterRoleBinding")}
    assert names == {"dnsfleet-operator", "dnsfleet-test"}
    assert "DNSFLEET_WATCH_NAMESPACES" not in environment(render({}))
    for wrong in ("Team", "a.b", "*"):
        with pytest.raises(CommandError, match="does not match pattern"):
            render({"watchNamespaces": [wrong]})


def test_people_may_change_zones_and_record_sets_and_nothing_else(render: Any) -> None:
    objects = render({})
    rules = the(objects, "ClusterRole", "dnsfleet-edit")["rules"]
    changes = {"get", "list", "watch", "create", "update", "patch", "delete"}
    assert granted(rules, "zones") == granted(rules, "recordsets") == changes
    read = {"pops", "zoneclasses", "fleets"}
    kinds = {kind for rule in rules for kind in rule["resources"]}
    assert kinds == {"zones", "recordsets"} | read
    for kind in read:
        assert granted(rules, kind) == {"get", "list", "watch"}
    rules = the(objects, "ClusterRole", "dnsfleet-view")["rules"]
    assert {verb for rule in rules for verb in rule["verbs"]} == {"get", "list", "watch"}
    kinds = {kind for rule in rules for kind in rule["resources"]}
    assert kinds == {"zones", "recordsets"} | read
    assert not [each for each in render({"role": "pop"}) if "dnsfleet-edit" in str(each)]


@pytest.mark.parametrize(
    ("rbac", "view", "edit"),
    [
        ({}, set(), set()),
        ({"aggregateToView": True}, {"view", "edit", "admin"}, set()),
        ({"aggregateToEdit": True}, set(), {"edit", "admin"}),
    ],
)
def test_the_roles_of_kubernetes_have_them_only_where_asked(
    render: Any, rbac: Values, view: set[str], edit: set[str]
) -> None:
    objects = render({"rbac": rbac})
    for name, wanted in (("dnsfleet-view", view), ("dnsfleet-edit", edit)):
        labels = the(objects, "ClusterRole", name)["metadata"]["labels"]
        found = {key.removeprefix(AGGREGATED) for key in labels if key.startswith(AGGREGATED)}
        assert found == wanted


def test_the_account_of_the_test_only_lists(render: Any) -> None:
    for role, kinds in (("all", {"zones", "pops"}), ("pop", {"pops"})):
        objects = render({"role": role})
        rules = the(objects, "ClusterRole", "dnsfleet-test")["rules"]
        own = the(objects, "Role", "dnsfleet-test")["rules"]
        assert {verb for rule in (*rules, *own) for verb in rule["verbs"]} == {"list"}
        assert {kind for rule in rules for kind in rule["resources"]} == kinds
        assert {kind for rule in own for kind in rule["resources"]} == {
            "deployments",
            "statefulsets",
        }


def test_definitions_have_the_annotations_of_the_values(render: Any) -> None:
    for keep in (True, False):
        found = of_kind(
            render({"crds": {"keep": keep, "annotations": {"team": "dns"}}}),
            "CustomResourceDefinition",
        )
        kept = {"helm.sh/resource-policy": "keep"} if keep else {}
        assert found
        for each in found:
            assert each["metadata"]["annotations"] == {"team": "dns", **kept}


def test_objects_of_ones_own_are_filled_in_and_come_with_the_release(render: Any) -> None:
    objects = render(EVERYTHING)
    found = the(objects, "ConfigMap", "dnsfleet-of-mine")
    assert found["data"] == {"namespace": NAMESPACE}
    assert the(objects, "Secret", "dnsfleet-as-text")["stringData"] == {"role": "all"}


def test_an_external_dns_has_the_role_where_it_is_bound(render: Any) -> None:
    some = {"serviceAccount": "some", "namespace": "a", "zoneNamespaces": ["dns", "team"]}
    every = {"serviceAccount": "every", "namespace": "b"}
    objects = render({"externalDNS": {"bindings": [some, every]}})
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole"}
    bound = []
    for kind in ("RoleBinding", "ClusterRoleBinding"):
        for each in of_kind(objects, kind):
            if each["roleRef"] == role | {"name": "dnsfleet-externaldns"}:
                (subject,) = each["subjects"]
                at = each["metadata"].get("namespace")
                bound.append((at, subject["namespace"], subject["name"]))
    everywhere = (None, "b", "every")
    assert set(bound) == {everywhere, ("dns", "a", "some"), ("team", "a", "some")}
    alike = [
        {"namespace": "a-b", "serviceAccount": "c"},
        {"namespace": "a", "serviceAccount": "b-c"},
    ]
    names = [
        each["metadata"]["name"]
        for each in of_kind(render({"externalDNS": {"bindings": alike}}), "ClusterRoleBinding")
        if each["roleRef"]["name"] == "dnsfleet-externaldns"
    ]
    assert len(set(names)) == len(names) == 2
    for values in ({"role": "pop"}, {"rbac": {"create": False}}):
        assert "dnsfleet-externaldns" not in {
            each["metadata"]["name"] for each in of_kind(render(values), "ClusterRole")
        }

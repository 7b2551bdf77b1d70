"""What the pods of the chart look like, and what the operator is told of those that it makes."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from cluster.access import Access
from support.charts import EVERYTHING, Values, environment, of_kind, pods_of, rendered, the
from support.releases import CHART

EXPOSED = {"core": {"expose": {"enabled": True}}}
PARTS = {
    "probes": {"enabled": True},
    "statusPage": {"enabled": True},
    "gate": {"enabled": True},
    **EXPOSED,
}
"""With these the chart has all of its pods."""
ALL = {"operator", "core", "gate", "tunnel", "probe", "status", "test"}
OPENSHIFT = ("--api-versions", "security.openshift.io/v1")
VERSION = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
DIGEST = f"sha256:{'5' * 64}"


def pods(objects: list[Any]) -> dict[str, Any]:
    """The pods of the chart, by component."""
    return {name.removeprefix("dnsfleet-"): pod for name, pod in pods_of(objects)}


@pytest.mark.parametrize(
    ("values", "operator", "edge"),
    [
        ({}, f"dnsfleet-operator:{VERSION}", f"dnsfleet-edge:{VERSION}"),
        (
            {"imageRegistry": "registry.example:5000/mirror"},
            f"registry.example:5000/mirror/dnsfleet-operator:{VERSION}",
            f"registry.example:5000/mirror/dnsfleet-edge:{VERSION}",
        ),
        (
            {"image": {"edge": {"repository": "ghcr.io/x/e", "tag": "7", "digest": DIGEST}}},
            f"dnsfleet-operator:{VERSION}",
            f"ghcr.io/x/e@{DIGEST}",
        ),
        (
            {"imageRegistry": "registry.example", "image": {"operator": {"digest": DIGEST}}},
            f"registry.example/dnsfleet-operator@{DIGEST}",
            f"registry.example/dnsfleet-edge:{VERSION}",
        ),
    ],
    ids=["defaults", "registry", "digest", "registry and digest"],
)
def test_every_pod_has_the_image_of_the_values(
    render: Any, values: Values, operator: str, edge: str
) -> None:
    objects = render(PARTS | values)
    found = pods(objects)
    assert found.keys() == ALL
    for component, pod in found.items():
        wanted = operator if component in ("operator", "status") else edge
        assert {each["image"] for each in pod["containers"]} == {wanted}
    assert environment(objects)["DNSFLEET_EDGE_IMAGE"] == edge


def test_pods_have_the_priority_of_their_component_or_of_all(render: Any) -> None:
    def found(values: Values) -> dict[str, str | None]:
        given = {name: PARTS.get(name, {}) | values.get(name, {}) for name in PARTS}
        return {
            component: pod.get("priorityClassName")
            for component, pod in pods(render(values | given)).items()
            if component != "test"
        }

    assert set(found({}).values()) == {None}
    assert "DNSFLEET_PRIORITY_CLASS" not in environment(render())
    assert set(found({"priorityClassName": "dns"}).values()) == {"dns"}
    told = environment(render({"priorityClassName": "dns"}))
    assert told["DNSFLEET_PRIORITY_CLASS"] == "dns"
    own = {name: {"priorityClassName": name} for name in ("operator", "core", "gate")}
    own["statusPage"] = {"priorityClassName": "page"}
    assert found({"priorityClassName": "dns"} | own) == {
        "operator": "operator",
        "core": "core",
        "gate": "gate",
        "tunnel": "core",
        "probe": "core",
        "status": "page",
    }


def test_pods_have_the_labels_of_the_values_beside_ours(render: Any) -> None:
    labels = {"team": "dns", "app.kubernetes.io/component": "other"}
    annotations = {"mesh": "off", "dnsfleet.io/config": "other"}
    objects = render(PARTS | {"podLabels": labels, "podAnnotations": annotations})
    for item in of_kind(objects, "Deployment") + of_kind(objects, "StatefulSet"):
        metadata = item["spec"]["template"]["metadata"]
        assert metadata["labels"] == {"team": "dns", **item["spec"]["selector"]["matchLabels"]}
        assert metadata["annotations"]["mesh"] == "off"
    core = the(objects, "StatefulSet", "dnsfleet-core")["spec"]["template"]["metadata"]
    before = the(render(), "StatefulSet", "dnsfleet-core")["spec"]["template"]["metadata"]
    config = before["annotations"]["dnsfleet.io/config"]
    assert core["annotations"]["dnsfleet.io/config"] == config
    told = environment(objects)
    assert json.loads(told["DNSFLEET_POD_LABELS"]) == labels
    assert json.loads(told["DNSFLEET_POD_ANNOTATIONS"]) == annotations


def test_operators_spread_and_are_evicted_one_by_one(render: Any) -> None:
    objects = render({"operator": {"replicas": 2}})
    deployment = the(objects, "Deployment", "dnsfleet-operator")["spec"]
    pod = deployment["template"]["spec"]
    (over_nodes,) = pod["topologySpreadConstraints"]
    (preferred,) = pod["affinity"]["podAntiAffinity"].values()
    over_zones = preferred[0]["podAffinityTerm"]
    assert over_nodes["topologyKey"] == "kubernetes.io/hostname"
    assert over_zones["topologyKey"] == "topology.kubernetes.io/zone"
    assert over_nodes["labelSelector"] == over_zones["labelSelector"] == deployment["selector"]
    budget = the(objects, "PodDisruptionBudget", "dnsfleet-operator")["spec"]
    assert budget == {
        "maxUnavailable": 1,
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
        "selector": deployment["selector"],
    }


def test_what_is_one_pod_keeps_no_node_from_being_drained(render: Any) -> None:
    assert not of_kind(render(PARTS), "PodDisruptionBudget")


@pytest.mark.parametrize(
    ("asked", "arguments", "named"),
    [
        ("auto", (), True),
        ("auto", OPENSHIFT, False),
        (True, (), False),
        (False, OPENSHIFT, True),
    ],
)
def test_pods_name_no_user_on_openshift(
    helm: Access, tmp_path: Path, asked: object, arguments: tuple[str, ...], named: bool
) -> None:
    objects = rendered(helm, PARTS | {"openshift": asked}, tmp_path, *arguments)
    user = {"runAsUser": 65532, "runAsGroup": 65532, "fsGroup": 65532}
    for pod in pods(objects).values():
        security = pod["securityContext"]
        assert {key: value for key, value in security.items() if key in user} == (
            user if named else {}
        )
        assert security["runAsNonRoot"] is True
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert ("DNSFLEET_OPENSHIFT" in environment(objects)) is not named


def test_the_operator_is_told_that_folders_are_prepared(render: Any) -> None:
    name = "DNSFLEET_CACHE_HOST_PATH_INIT"
    assert name not in environment(render())
    assert environment(render({"cacheHostPathInit": False}))[name] == "false"


def test_no_pod_gets_the_addresses_of_all_services(render: Any) -> None:
    """But for the test, which finds Pops by them."""
    found = pods(render(EVERYTHING | PARTS))
    assert "enableServiceLinks" not in found.pop("test")
    for pod in found.values():
        assert pod["enableServiceLinks"] is False

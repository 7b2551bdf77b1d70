"""The gate in the chart: its pods, who reaches them, and what the operator may do for it."""

import json
from typing import Any

import pytest
from cluster.access import CommandError
from dnsfleet_gate import config
from dnsfleet_gate.config import Config, UpdateSettings
from dnsfleet_gate.updating import leading
from dnsfleet_operator.gates import secondary_passes
from dnsfleet_publisher import redis_settings
from support.charts import EVERYTHING, NAMESPACE, Object, environment, granted, of_kind, the

ON = {"gate": {"enabled": True}}


def gate_pod(objects: list[Object]) -> Any:
    return the(objects, "Deployment", "dnsfleet-gate")["spec"]["template"]["spec"]


def test_there_is_no_gate_and_no_right_for_one_unasked(render: Any) -> None:
    objects = render()
    assert not [each for each in objects if "gate" in each["metadata"]["name"]]
    assert "DNSFLEET_GATE" not in environment(objects)
    rules = the(objects, "Role", "dnsfleet-operator")["rules"]
    assert not granted(rules, "tsigkeys")
    assert not any(
        "secrets" in each["resources"] and "get" in each["verbs"] for each in unnamed(rules)
    )


def unnamed(rules: list[Object]) -> list[Object]:
    """Rules that are about objects of every name."""
    return [each for each in rules if "resourceNames" not in each]


def test_the_operator_finds_gates_and_may_read_their_pages(render: Any) -> None:
    objects = render(ON)
    pod = the(objects, "Deployment", "dnsfleet-gate")["spec"]["template"]
    wanted = dict(each.split("=") for each in secondary_passes.selector("dnsfleet").split(","))
    assert wanted.items() <= pod["metadata"]["labels"].items()
    assert "http" in {each["name"] for each in gate_pod(objects)["containers"][0]["ports"]}
    policy = the(objects, "NetworkPolicy", "dnsfleet-gate")
    (rule,) = policy["spec"]["ingress"]
    assert "from" not in rule and {"port": "http", "protocol": "TCP"} in rule["ports"]
    assert policy["spec"]["policyTypes"] == ["Ingress"]  # secondaries are asked at any address


def test_a_gate_reads_what_the_chart_writes(render: Any) -> None:
    objects = render(ON)
    files = the(objects, "ConfigMap", "dnsfleet-gate")["data"]
    settings = Config.model_validate(json.loads(files["gate.json"]))
    gate, replica = gate_pod(objects)["containers"]
    places = {
        f"{mount['mountPath']}/{item}"
        for mount in gate["volumeMounts"]
        for volume in gate_pod(objects)["volumes"]
        if volume["name"] == mount["name"]
        for item in [each["path"] for each in volume.get("secret", {}).get("items", ())]
    }
    assert {str(settings.public_key), str(settings.tsig_keys)} == places
    ports = {each["name"]: each["containerPort"] for each in gate["ports"]}
    (listen,) = settings.listen
    assert (listen, settings.http) == (("*", ports["dns-udp"]), ("*", ports["http"]))
    assert ports["dns-udp"] == ports["dns-tcp"]
    lines = files["replica.conf"].splitlines()
    assert set(redis_settings.REPLICA.splitlines()) <= set(lines)
    assert f"replicaof dnsfleet-core.{NAMESPACE}.svc 6379" in lines
    assert "bind 127.0.0.1" in lines and "ports" not in replica
    (password,) = (each for each in gate["env"] if each["name"] == "DNSFLEET_REPLICA_PASSWORD")
    assert password["valueFrom"]["secretKeyRef"] == {"name": "dnsfleet-keys", "key": "edge"}


def test_notify_is_passed_on_to_the_port_of_all_operators(render: Any) -> None:
    objects = render(ON)
    files = the(objects, "ConfigMap", "dnsfleet-gate")["data"]
    config = Config.model_validate(json.loads(files["gate.json"]))
    operator = the(objects, "Deployment", "dnsfleet-operator")["spec"]
    (container,) = operator["template"]["spec"]["containers"]
    (port,) = (each for each in container["ports"] if each["name"] == "notify")
    service = the(objects, "Service", "dnsfleet-operator-notify")["spec"]
    assert config.notify == (f"dnsfleet-operator-notify.{NAMESPACE}.svc", port["containerPort"])
    assert environment(objects)["DNSFLEET_NOTIFY_PORT"] == str(port["containerPort"])
    assert port["protocol"] == "UDP"
    assert (service["clusterIP"], service["selector"]) == (
        "None",
        operator["selector"]["matchLabels"],
    )
    (listed,) = service["ports"]
    assert (listed["port"], listed["targetPort"]) == (port["containerPort"], "notify")


def test_a_gate_has_no_signing_key_and_no_token(render: Any) -> None:
    pod = gate_pod(render(ON))
    secrets = [each["secret"] for each in pod["volumes"] if "secret" in each]
    entries = {item["key"] for each in secrets for item in each["items"]}
    assert entries == {"publisher.pub", "replica", "replica.acl", "tsig-keys.json"}
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True


@pytest.mark.parametrize("kind", ["ClusterIP", "NodePort", "LoadBalancer"])
def test_the_service_keeps_the_addresses_of_secondaries(render: Any, kind: str) -> None:
    service = {
        "type": kind,
        "annotations": {"cloud": "internal"},
        "loadBalancerClass": "example.com/dns",
        "sourceRanges": ["192.0.2.0/24"],
    }
    found = the(render({"gate": {"enabled": True, "service": service}}), "Service", "dnsfleet-gate")
    spec, balanced = found["spec"], kind == "LoadBalancer"
    assert found["metadata"]["annotations"] == {"cloud": "internal"}
    assert spec.get("externalTrafficPolicy") == (None if kind == "ClusterIP" else "Local")
    assert spec.get("loadBalancerClass") == ("example.com/dns" if balanced else None)
    assert spec.get("loadBalancerSourceRanges") == (["192.0.2.0/24"] if balanced else None)
    assert {(each["port"], each["protocol"]) for each in spec["ports"]} == {
        (53, "UDP"),
        (53, "TCP"),
    }


def test_several_gates_spread_and_are_evicted_one_by_one(render: Any) -> None:
    objects = render(EVERYTHING)
    deployment = the(objects, "Deployment", "dnsfleet-gate")["spec"]
    (over_nodes,) = deployment["template"]["spec"]["topologySpreadConstraints"]
    assert over_nodes["labelSelector"] == deployment["selector"]
    budget = the(objects, "PodDisruptionBudget", "dnsfleet-gate")["spec"]
    assert (budget["maxUnavailable"], budget["selector"]) == (1, deployment["selector"])
    assert "dnsfleet-gate" not in [
        each["metadata"]["name"] for each in of_kind(render(ON), "PodDisruptionBudget")
    ]


def test_the_operator_reads_secrets_of_the_namespace_of_the_release_only(render: Any) -> None:
    objects = render(ON)
    assert environment(objects)["DNSFLEET_GATE"] == "true"
    rules = the(objects, "Role", "dnsfleet-operator")["rules"]
    assert granted(rules, "tsigkeys") == {"get", "list"}
    assert granted(rules, "tsigkeys/status") == {"patch"}
    assert granted(rules, "pods/status") == {"patch"}
    assert granted(unnamed(rules), "secrets") == {"create", "get"}
    for role in of_kind(objects, "ClusterRole"):
        assert not granted(role["rules"], "secrets")


def test_a_gate_is_scraped_and_has_a_level_of_its_log(render: Any) -> None:
    objects = render(EVERYTHING | {"logLevels": {"gate": "debug"}})
    scraped = the(objects, "PodMonitor", "dnsfleet")["spec"]["selector"]["matchExpressions"]
    assert "gate" in scraped[0]["values"]
    gate, _ = gate_pod(objects)["containers"]
    assert {"name": "DNSFLEET_LOG_LEVEL", "value": "debug"} in gate["env"]
    for name in ("dnsfleet-gate", "dnsfleet-gate-updates"):
        (rule,) = the(objects, "NetworkPolicy", name)["spec"]["ingress"]
        assert {each["port"] for each in rule["ports"]} == {"dns-udp", "dns-tcp", "http"}


UPDATES = {"gate": {"enabled": True, "updates": {"enabled": True}}}
NAME = "dnsfleet-gate-updates"


def test_gates_that_take_updates_read_what_the_chart_writes(render: Any) -> None:
    objects = render(UPDATES)
    deployment = the(objects, "Deployment", NAME)["spec"]
    assert deployment["replicas"] == 2
    pod = deployment["template"]["spec"]
    gate, replica = pod["containers"]
    names = {each["name"]: each["valueFrom"] for each in gate["env"] if "valueFrom" in each}
    environ = dict.fromkeys(names, "pod") | {"POD_IP": "192.0.2.7"}
    path = the(objects, "ConfigMap", NAME)["data"]["gate.json"]
    settings = config.completed(json.loads(path), environ)["updates"]
    assert UpdateSettings.model_validate(settings) == UpdateSettings(
        namespace=NAMESPACE, name=NAME, pod_name="pod", pod_ip="192.0.2.7", node_name="pod"
    )
    assert names["POD_IP"] == {"fieldRef": {"fieldPath": "status.podIP"}}
    assert pod["serviceAccountName"] == NAME and "automountServiceAccountToken" not in pod
    operator = the(objects, "Deployment", "dnsfleet-operator")["spec"]["template"]["spec"]
    assert gate["image"] == operator["containers"][0]["image"] != replica["image"]
    assert "updates" not in the(objects, "ConfigMap", "dnsfleet-gate")["data"]["gate.json"]


def test_the_service_leads_where_the_gate_that_leads_says(render: Any) -> None:
    service = the(render(UPDATES), "Service", NAME)["spec"]
    assert "selector" not in service, "Kubernetes would make EndpointSlices of its own"
    made = leading.endpoint_slice(SETTINGS, 5353, {"metadata": {"uid": "u"}})
    assert [(each["name"], each["protocol"]) for each in service["ports"]] == [
        (each["name"], each["protocol"]) for each in made["ports"]
    ]
    assert made["metadata"]["labels"]["kubernetes.io/service-name"] == NAME
    balanced = UPDATES["gate"] | {
        "updates": {"enabled": True, "service": {"type": "LoadBalancer", "annotations": {"a": "b"}}}
    }
    found = the(render({"gate": balanced}), "Service", NAME)
    assert found["metadata"]["annotations"] == {"a": "b"}
    assert found["spec"]["externalTrafficPolicy"] == "Local"
    assert made["endpoints"][0]["nodeName"] == "node", "which that policy goes by"


SETTINGS = UpdateSettings(
    namespace=NAMESPACE, name=NAME, pod_name="pod", pod_ip="192.0.2.7", node_name="node"
)


@pytest.mark.parametrize(
    ("more", "kind", "places"),
    [
        ({}, "ClusterRoleBinding", [None]),
        ({"watchNamespaces": ["dns", "web"]}, "RoleBinding", ["dns", "web"]),
    ],
)
def test_they_write_record_sets_where_zones_count(
    render: Any, more: Object, kind: str, places: list[str | None]
) -> None:
    objects = render(UPDATES | more)
    (rule,) = the(objects, "ClusterRole", NAME)["rules"]
    assert (rule["resources"], rule["verbs"]) == (["recordsets"], ["get", "create", "patch"])
    bindings = [e for e in of_kind(objects, kind) if e["roleRef"]["name"] == NAME]
    bound = [each for each in bindings if each["roleRef"]["kind"] == "ClusterRole"]
    assert [each["metadata"].get("namespace") for each in bound] == places
    for each in the(objects, "Role", NAME)["rules"]:
        assert each["resourceNames"] == [NAME], "a rule without a name is about all"


def test_they_need_the_keys_that_the_operator_gives(render: Any) -> None:
    with pytest.raises(CommandError, match=r"gate.updates.enabled: the operator gives gates"):
        render({"gate": {"updates": {"enabled": True}}})

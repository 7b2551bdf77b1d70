"""The chart as Helm renders it: what it contains, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from cluster.access import Access, CommandError
from dnsfleet.crds import definitions
from support import alert_rules
from support.charts import (
    EVERYTHING,
    NAMESPACE,
    Values,
    environment,
    granted,
    of_kind,
    pods_of,
    the,
)
from support.releases import CHART


def test_lint_finds_nothing(helm: Access, tmp_path: Path) -> None:
    path = tmp_path / "values.yaml"
    path.write_text(json.dumps(EVERYTHING))
    helm.helm("lint", "--strict", str(CHART))
    helm.helm("lint", "--strict", str(CHART), "--values", str(path))


@pytest.mark.parametrize("values", [{}, EVERYTHING], ids=["defaults", "everything"])
def test_rendering_is_the_same_each_time(render: Any, values: Values) -> None:
    assert render(values) == render(values)


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"operater": {}}, "additional properties 'operater' not allowed"),
        ({"operator": {"replica": 2}}, "additional properties 'replica' not allowed"),
        ({"operator": {"replicas": "2"}}, "got string, want integer"),
        ({"image": {"edge": {"tag": "a b"}}}, "does not match pattern"),
        ({"image": {"pullPolicy": "Sometimes"}}, "value must be one of"),
        ({"image": {"edge": {"digest": "sha256:1"}}}, "does not match pattern"),
        ({"imageRegistry": "registry.example/"}, "does not match pattern"),
        ({"imageRegistry": "https://registry.example"}, "does not match pattern"),
        ({"imagePullSecrets": ["registry"]}, "got string, want object"),
        ({"priorityClassName": "High"}, "does not match pattern"),
        ({"statusPage": {"priorityClassName": "a b"}}, "does not match pattern"),
        ({"openshift": "yes"}, "value must be one of"),
        ({"cacheHostPathInit": "no"}, "got string, want boolean"),
        ({"core": {"external": {"host": "redis.example"}}}, "minLength"),
        ({"core": {"persistence": {"size": "many"}}}, "does not match pattern"),
        ({"pops": [{"name": "fra", "spec": {"stat": "Active"}}]}, "'stat' not allowed"),
        ({"pops": [{"name": "fra", "spec": {"edge": {"shards": 0}}}]}, "minimum"),
        ({"zones": [{"name": "a", "spec": {"orign": "a.example"}}]}, "'orign' not allowed"),
        ({"zones": [{"name": "a"}]}, "missing property 'spec'"),
        ({"alerts": {"windows": {"popDown": "soon"}}}, "does not match pattern"),
        ({"alerts": {"exclude": ["PopDown"]}}, "value must be one of"),
        ({"externalDNS": {"bindings": [{"namespace": "a"}]}}, "missing property 'serviceAccount'"),
        ({"role": "edge"}, "value must be one of"),
        ({"gate": {"replicas": -1}}, "minimum"),
        ({"gate": {"service": {"type": "ExternalName"}}}, "value must be one of"),
        ({"gate": {"updates": {"replicas": 0}}}, "minimum"),
        ({"gate": {"enabled": True}, "role": "pop"}, "a gate is in the cluster of the core"),
        ({"logLevels": {"edge": "loud"}}, "value must be one of"),
        ({"cacheHostPathPrefix": "cache"}, "does not match pattern"),
        ({"role": "pop", "pops": [{"name": "fra"}]}, "maxItems"),
        ({"statusPage": {"alertmanagerUrl": "http://a.example b"}}, "does not match pattern"),
        ({"statusPage": {"prometheusUrl": "http://user:word@a.example"}}, "does not match pattern"),
    ],
)
def test_values_that_mean_nothing_are_refused(render: Any, values: Values, refusal: str) -> None:
    with pytest.raises(CommandError, match=refusal):
        render(values)


def test_the_definitions_are_the_generated_ones(render: Any) -> None:
    wanted = {
        f"{kind.plural}.dnsfleet.io": definitions.definition(kind)["spec"]
        for kind in definitions.KINDS
    }
    for keep in (True, False):
        found = of_kind(render({"crds": {"keep": keep}}), "CustomResourceDefinition")
        assert {item["metadata"]["name"]: item["spec"] for item in found} == wanted
        for item in found:
            policy = item["metadata"].get("annotations", {}).get("helm.sh/resource-policy")
            assert policy == ("keep" if keep else None)
            assert item["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "Helm"
    assert not of_kind(render({"crds": {"enabled": False}}), "CustomResourceDefinition")


def test_the_operator_is_told_where_everything_is(render: Any) -> None:
    values = {"image": {"edge": {"tag": "7"}, "pullPolicy": "Never"}}
    assert environment(render(values)) == {
        "DNSFLEET_NAMESPACE": NAMESPACE,
        "DNSFLEET_RELEASE": "dnsfleet",
        "DNSFLEET_EDGE_IMAGE": "dnsfleet-edge:7",
        "DNSFLEET_IMAGE_PULL_POLICY": "Never",
        "DNSFLEET_CORE_HOST": f"dnsfleet-core.{NAMESPACE}.svc",
        "DNSFLEET_CORE_PORT": "6379",
        "DNSFLEET_KEYS_SECRET": "dnsfleet-keys",
        "DNSFLEET_HTTP_PORT": "8080",
        "DNSFLEET_LOG_LEVEL": "info",
        "DNSFLEET_EDGE_LOG_LEVEL": "info",
        "POD_NAME": None,
    }


def test_a_cluster_of_role_pop_has_no_core_and_reads_its_join_secret(render: Any) -> None:
    outside = {"host": "core.example", "port": 6379, "secretName": "dnsfleet-keys"}
    values = {"role": "pop", "crds": {"enabled": False}, "core": {"external": outside}}
    objects = render(values)
    for kind in ("StatefulSet", "ValidatingAdmissionPolicy"):
        assert not of_kind(objects, kind)
    told = environment(objects)
    assert told["DNSFLEET_ROLE"] == "pop"
    assert told["DNSFLEET_CORE_HOST"] == "core.example"
    assert told["DNSFLEET_CACHE_HOST_PATH_PREFIX"] == "/var/cache/dnsfleet"
    told = environment(render(values | {"cacheHostPathPrefix": "/mnt"}))
    assert told["DNSFLEET_CACHE_HOST_PATH_PREFIX"] == "/mnt"
    assert "DNSFLEET_CACHE_HOST_PATH_PREFIX" not in environment(render({}))
    rules = the(objects, "Role", "dnsfleet-operator")["rules"]
    join = {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["dnsfleet-join"]}
    assert join | {"verbs": ["get"]} in rules
    assert not any("dnsfleet-pops" in rule.get("resourceNames", ()) for rule in rules)
    assert granted(rules, "pods") == {"get", "list", "watch", "delete"}
    assert granted(rules, "pods/status") == {"patch"}
    everywhere = the(objects, "ClusterRole", "dnsfleet-operator")["rules"]
    assert granted(everywhere, "pops") == {"get", "list", "watch", "create", "patch", "update"}
    for kind in ("zones", "recordsets", "fleets", "namespaces", "configmaps", "secrets"):
        assert not granted(everywhere, kind)
    (container,) = the(objects, "Pod", "dnsfleet-test")["spec"]["containers"]
    assert {"name": "DNSFLEET_ROLE", "value": "pop"} in container["env"]


@pytest.mark.parametrize("type_", ["LoadBalancer", "NodePort", "ClusterIP"])
def test_the_tunnel_sees_who_comes_and_is_scraped(render: Any, type_: str) -> None:
    expose = {"expose": {"enabled": True, "type": type_}}
    objects = render({"core": expose, "podMonitor": {"enabled": True}})
    spec = the(objects, "Service", "dnsfleet-tunnel")["spec"]
    assert spec.get("externalTrafficPolicy") == (None if type_ == "ClusterIP" else "Local")
    pod = the(objects, "Deployment", "dnsfleet-tunnel")["spec"]["template"]
    assert "http" in {each["name"] for each in pod["spec"]["containers"][0]["ports"]}
    assert granted(the(objects, "Role", "dnsfleet-operator")["rules"], "pods/status") == {"patch"}
    assert "--known=/etc/dnsfleet-pops/fingerprints" in pod["spec"]["containers"][0]["args"]
    (mounted,) = (each for each in pod["spec"]["volumes"] if each["name"] == "pops")
    assert [each["key"] for each in mounted["secret"]["items"]] == ["ca.crt", "fingerprints"]
    scraped = the(objects, "PodMonitor", "dnsfleet")["spec"]["selector"]["matchExpressions"]
    assert pod["metadata"]["labels"]["app.kubernetes.io/component"] in scraped[0]["values"]


def test_each_role_has_a_level_of_its_log(render: Any) -> None:
    levels = {"operator": "debug", "tunnel": "error", "probe": "warning", "statusPage": "error"}
    parts = {"core": {"expose": {"enabled": True}}, "probes": {"enabled": True}}
    objects = render({"logLevels": levels, "statusPage": {"enabled": True}, **parts})
    told = environment(objects)
    assert told["DNSFLEET_LOG_LEVEL"] == "debug"
    assert told["DNSFLEET_EDGE_LOG_LEVEL"] == "info"
    assert told["DNSFLEET_PROBE_LOG_LEVEL"] == "warning"
    for role, value in (("tunnel", "tunnel"), ("probe", "probe"), ("status", "statusPage")):
        pod = the(objects, "Deployment", f"dnsfleet-{role}")["spec"]["template"]["spec"]
        level = {"name": "DNSFLEET_LOG_LEVEL", "value": levels[value]}
        assert level in pod["containers"][0]["env"]


@pytest.mark.parametrize("values", [{}, {"role": "pop", "probes": {"enabled": True}}])
def test_there_is_no_prober_beside_what_is_no_core_nor_unasked(render: Any, values: Values) -> None:
    assert not [item for item in render(values) if "probe" in item["metadata"]["name"]]


def test_a_secret_without_the_password_of_the_prober_does_not_stop_it(render: Any) -> None:
    for keys, optional in (({}, None), ({"existingSecret": "mine"}, True)):
        objects = render({"probes": {"enabled": True}, "keys": keys})
        pod = the(objects, "Deployment", "dnsfleet-probe")["spec"]["template"]["spec"]
        (volume,) = pod["volumes"]
        assert [item["key"] for item in volume["secret"]["items"]] == ["probe", "publisher.pub"]
        assert volume["secret"].get("optional") == optional


def test_probers_are_asked_for_by_a_value_and_scraped(render: Any) -> None:
    assert "DNSFLEET_PROBES" not in environment(render({}))
    objects = render({"probes": {"enabled": True}, "podMonitor": {"enabled": True}})
    assert environment(objects)["DNSFLEET_PROBES"] == "true"
    scraped = the(objects, "PodMonitor", "dnsfleet")["spec"]["selector"]["matchExpressions"]
    assert "probe" in scraped[0]["values"]
    pod = the(objects, "Deployment", "dnsfleet-probe")["spec"]["template"]
    assert pod["metadata"]["labels"]["app.kubernetes.io/component"] == "probe"
    assert pod["spec"]["containers"][0]["args"] == [
        f"--replica=dnsfleet-core.{NAMESPACE}.svc:6379",
        "--password-file=/etc/dnsfleet-keys/probe",
        "--public-key=/etc/dnsfleet-keys/publisher.pub",
        "--http=*:8080",
    ]


def test_a_core_without_pops_makes_no_objects_of_pops(render: Any) -> None:
    objects = render({"role": "core"})
    assert of_kind(objects, "StatefulSet")
    assert environment(objects)["DNSFLEET_ROLE"] == "core"
    rules = the(objects, "Role", "dnsfleet-operator")["rules"]
    for kind in ("deployments", "daemonsets", "services"):
        assert granted(rules, kind) == {"get", "list", "watch"}
    assert granted(rules, "configmaps") == {"list"}
    for kind in ("networkpolicies", "poddisruptionbudgets", "pods/status"):
        assert not granted(rules, kind)


def test_a_redis_of_your_own_takes_the_place_of_the_core(render: Any) -> None:
    external = {"host": "redis.example", "port": 6380, "secretName": "mine"}
    objects = render({"core": {"external": external}})
    assert not of_kind(objects, "StatefulSet")
    told = environment(objects)
    assert told["DNSFLEET_CORE_HOST"] == "redis.example"
    assert told["DNSFLEET_CORE_PORT"] == "6380"
    assert told["DNSFLEET_KEYS_SECRET"] == "mine"


def test_the_core_keeps_its_data_unless_told_not_to(render: Any) -> None:
    kept = the(render(), "StatefulSet", "dnsfleet-core")["spec"]
    (claim,) = kept["volumeClaimTemplates"]
    assert claim["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
    }
    values = {"core": {"persistence": {"enabled": False}}}
    lost = the(render(values), "StatefulSet", "dnsfleet-core")["spec"]
    assert "volumeClaimTemplates" not in lost
    assert {"name": "data", "emptyDir": {}} in lost["template"]["spec"]["volumes"]


def test_secrets_are_reached_by_name_and_in_one_namespace_only(render: Any) -> None:
    objects = render({"keys": {"existingSecret": "mine"}})
    for role in of_kind(objects, "ClusterRole"):
        assert not any("secrets" in rule["resources"] for rule in role["rules"])
    rules = [
        rule
        for role in of_kind(objects, "Role")
        for rule in role["rules"]
        if "secrets" in rule["resources"]
    ]
    secrets = {"apiGroups": [""], "resources": ["secrets"]}
    assert rules == [
        secrets | {"verbs": ["create"]},
        secrets | {"resourceNames": ["mine"], "verbs": ["get", "update"]},
        secrets | {"resourceNames": ["dnsfleet-cookies"], "verbs": ["get", "update"]},
        secrets
        | {"resourceNames": ["dnsfleet-pops", "dnsfleet-core-tls"], "verbs": ["get", "update"]},
    ]


def test_nothing_is_granted_by_wildcard_and_only_the_test_is_a_hook(render: Any) -> None:
    for item in render(EVERYTHING):
        assert "*" not in json.dumps(item.get("rules", []))
        annotations = item["metadata"].get("annotations", {})
        assert annotations.get("helm.sh/hook", "test") == "test"


def test_only_what_asks_the_api_server_has_a_token(render: Any) -> None:
    pods = dict(pods_of(render(EVERYTHING)))
    with_token = {
        "dnsfleet-gate-updates",
        "dnsfleet-operator",
        "dnsfleet-status",
        "dnsfleet-test",
    }
    without = {"dnsfleet-core", "dnsfleet-gate", "dnsfleet-probe"}
    assert set(pods) == with_token | without
    for name in without:
        assert pods[name]["automountServiceAccountToken"] is False
    for pod in pods.values():
        for container in pod["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"] is True


def test_the_status_page_only_reads_and_only_its_probe_is_on_the_network(render: Any) -> None:
    objects = [
        item
        for item in render({"statusPage": {"enabled": True}})
        if item["metadata"]["name"] == "dnsfleet-status"
    ]
    assert not of_kind(objects, "Service")
    (role,) = of_kind(objects, "ClusterRole")
    assert role["rules"] == [
        {
            "apiGroups": ["dnsfleet.io"],
            "resources": ["zones", "pops", "fleets"],
            "verbs": ["list", "watch"],
        }
    ]
    (policy,) = of_kind(objects, "NetworkPolicy")
    assert policy["spec"]["ingress"] == [{"ports": [{"port": "http", "protocol": "TCP"}]}]
    (pod,) = (pod for _, pod in pods_of(objects))
    (container,) = pod["containers"]
    assert container["args"] == [
        "--release=dnsfleet",
        f"--core=dnsfleet-core.{NAMESPACE}.svc:6379",
        "--keys=/etc/dnsfleet-keys",
        "--port=8081",
        "--health=*:8080",
    ]
    (volume,) = pod["volumes"]
    assert volume["secret"]["secretName"] == "dnsfleet-keys"
    assert [item["key"] for item in volume["secret"]["items"]] == ["status", "publisher.pub"]
    assert "optional" not in volume["secret"]


@pytest.mark.parametrize("asked", ["alertmanager", "prometheus"])
def test_the_status_page_asks_where_the_values_say(render: Any, asked: str) -> None:
    """A URL is text, whatever YAML would take it for."""
    url = "http://alerts.example:9093/%20*&a=[1]"
    objects = render({"statusPage": {"enabled": True, f"{asked}Url": url}})
    pod = the(objects, "Deployment", "dnsfleet-status")["spec"]["template"]["spec"]
    assert pod["containers"][0]["args"][-1] == f"--{asked}={url}"


def test_a_secret_without_the_password_of_the_page_does_not_stop_it(render: Any) -> None:
    objects = render({"statusPage": {"enabled": True}, "keys": {"existingSecret": "mine"}})
    (volume,) = the(objects, "Deployment", "dnsfleet-status")["spec"]["template"]["spec"]["volumes"]
    assert (volume["secret"]["secretName"], volume["secret"]["optional"]) == ("mine", True)


@pytest.mark.parametrize("values", [{}, {"role": "pop", "statusPage": {"enabled": True}}])
def test_there_is_no_status_page_unasked_nor_in_the_cluster_of_a_pop(
    render: Any, values: Values
) -> None:
    assert not [item for item in render(values) if "status" in item["metadata"]["name"]]


def test_every_pod_pulls_with_the_secrets_of_the_values(render: Any) -> None:
    objects = render(EVERYTHING)
    for _, pod in pods_of(objects):
        assert pod["imagePullSecrets"] == EVERYTHING["imagePullSecrets"]
    assert environment(objects)["DNSFLEET_IMAGE_PULL_SECRETS"] == "registry,mirror"


def test_zones_and_pops_of_the_values_stay_when_the_release_goes(render: Any) -> None:
    objects = render(EVERYTHING)
    zone, pop = the(objects, "Zone", "example-com"), the(objects, "Pop", "fra")
    assert zone["spec"] == EVERYTHING["zones"][0]["spec"]
    assert zone["metadata"]["namespace"] == "dns"
    assert zone["metadata"]["annotations"] == {"team": "dns", "helm.sh/resource-policy": "keep"}
    assert pop["spec"] == {"state": "Drained"}
    assert pop["metadata"]["labels"] == {"region": "eu"}
    assert pop["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}


def test_the_rule_object_has_the_rules_of_the_file_with_the_windows_of_the_values(
    render: Any,
) -> None:
    rules = yaml.safe_load(alert_rules.PLAIN.read_text())
    objects = render(EVERYTHING)
    rule = the(objects, "PrometheusRule", "dnsfleet")
    assert rule["spec"] == rules
    assert rule["metadata"]["labels"]["release"] == "prometheus"
    assert the(objects, "PodMonitor", "dnsfleet")["metadata"]["labels"]["release"] == "prometheus"

    shorter = render({"alerts": {"enabled": True, "windows": {"popDown": "5s"}}})
    windows = {
        each["alert"]: each["for"]
        for each in the(shorter, "PrometheusRule", "dnsfleet")["spec"]["groups"][0]["rules"]
    }
    assert windows["DnsfleetPopDown"] == "5s"
    assert windows["DnsfleetReplicationStale"] == "2m"

    own = {"exclude": ["DnsfleetPopDown"], "runbookUrl": "https://wiki.test/dns"}
    fewer = render({"alerts": {"enabled": True, **own}})
    (group,) = the(fewer, "PrometheusRule", "dnsfleet")["spec"]["groups"]
    urls = {each["alert"]: each["annotations"]["runbook_url"] for each in group["rules"]}
    assert urls.keys() == windows.keys() - {"DnsfleetPopDown"}
    assert urls["DnsfleetOrphans"] == "https://wiki.test/dns/DnsfleetOrphans.md"
    assert not of_kind(render(), "PrometheusRule") + of_kind(render(), "PodMonitor")


def test_in_role_pop_the_rules_are_about_the_operator_of_that_role(render: Any) -> None:
    values = {"role": "pop", "alerts": {"enabled": True}}
    (group,) = the(render(values), "PrometheusRule", "dnsfleet")["spec"]["groups"]
    rules = {each["alert"]: each["expr"] for each in group["rules"]}
    assert 'absent(dnsfleet_operator_leader{role="pop"} == 1)' in rules["DnsfleetOperatorStalled"]
    assert not any('role!="pop"' in rule for rule in rules.values())


def test_each_dashboard_is_a_config_map_that_grafana_finds(render: Any) -> None:
    objects = render(EVERYTHING)
    for path in (CHART / "files" / "dashboards").iterdir():
        found = the(objects, "ConfigMap", f"dnsfleet-dashboard-{path.stem}")
        assert found["data"] == {path.name: path.read_text()}
        assert found["metadata"]["labels"]["grafana_dashboard"] == "1"
        assert found["metadata"]["annotations"] == {"grafana_folder": "DNS"}
    names = [each["metadata"]["name"] for each in of_kind(render(), "ConfigMap")]
    assert not any("dashboard" in name for name in names)

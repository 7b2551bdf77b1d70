"""The chart as Helm renders it, and what is looked for in it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml
from cluster.access import Access

from support.releases import CHART

NAMESPACE = "dnsfleet-chart"
EVERYTHING = {
    "imagePullSecrets": [{"name": "registry"}, {"name": "mirror"}],
    "imageRegistry": "registry.example/mirror",
    "podLabels": {"team": "dns"},
    "podAnnotations": {"sidecar.istio.io/inject": "false"},
    "priorityClassName": "dns",
    "operator": {"replicas": 2, "nodeSelector": {"role": "core"}, "priorityClassName": "high"},
    "core": {"persistence": {"enabled": False}, "tolerations": [{"operator": "Exists"}]},
    "podMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "alerts": {"enabled": True, "labels": {"release": "prometheus"}},
    "dashboards": {"enabled": True, "annotations": {"grafana_folder": "DNS"}},
    "probes": {"enabled": True},
    "externalDNS": {"bindings": [{"serviceAccount": "external-dns", "namespace": "external-dns"}]},
    "catalogConsumer": {"enabled": True},
    "gate": {"enabled": True, "replicas": 2, "updates": {"enabled": True}},
    "statusPage": {"enabled": True, "alertmanagerUrl": "http://alertmanager.monitoring.svc:9093"},
    "rbac": {"aggregateToView": True, "aggregateToEdit": True},
    "crds": {"annotations": {"team": "dns"}},
    "extraObjects": [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "{{ .Release.Name }}-of-mine"},
            "data": {"namespace": "{{ .Release.Namespace }}"},
        },
        "apiVersion: v1\nkind: Secret\nmetadata: {name: '{{ .Release.Name }}-as-text'}\n"
        "stringData: {role: {{ .Values.role }}}\n",
    ],
    "pops": [{"name": "fra", "labels": {"region": "eu"}, "spec": {"state": "Drained"}}],
    "zones": [
        {
            "name": "example-com",
            "namespace": "dns",
            "annotations": {"team": "dns"},
            "spec": {"origin": "example.com", "nameServers": ["ns1.example.net"]},
        }
    ],
}
Values = dict[str, Any]
Object = dict[str, Any]


def rendered(helm: Access, values: Values, folder: Path, *arguments: str) -> list[Object]:
    """The objects of the chart, from the text that `helm template` prints with these arguments."""
    path = folder / "values.yaml"
    path.write_text(json.dumps(values))
    text = helm.helm(
        *("template", "dnsfleet", str(CHART), "--namespace", NAMESPACE, "--values", str(path)),
        *arguments,
    )
    return [item for item in yaml.safe_load_all(text) if item]


def renderer(helm: Access, folder: Path) -> Callable[..., list[Object]]:
    """A function that renders the chart with values, or with its defaults."""

    def render(values: Values | None = None) -> list[Object]:
        return rendered(helm, values or {}, folder)

    return render


def of_kind(objects: list[Object], kind: str) -> list[Object]:
    return [item for item in objects if item["kind"] == kind]


def the(objects: list[Object], kind: str, name: str) -> Object:
    (found,) = [item for item in of_kind(objects, kind) if item["metadata"]["name"] == name]
    return found


def environment(objects: list[Object]) -> dict[str, str | None]:
    """The variables of the operator; None for those that come from the pod."""
    pod = the(objects, "Deployment", "dnsfleet-operator")["spec"]["template"]["spec"]
    return {each["name"]: each.get("value") for each in pod["containers"][0]["env"]}


def granted(rules: list[Object], kind: str) -> set[str]:
    """What may be done with a kind."""
    return {verb for rule in rules if kind in rule["resources"] for verb in rule["verbs"]}


def pods_of(objects: list[Object]) -> Iterator[tuple[str, Object]]:
    """Name and pod spec of everything that makes pods."""
    for item in objects:
        if item["kind"] == "Pod":
            yield item["metadata"]["name"], item["spec"]
        elif item["kind"] in ("Deployment", "StatefulSet"):
            yield item["metadata"]["name"], item["spec"]["template"]["spec"]

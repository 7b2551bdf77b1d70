"""What the Deployments of a Pop, and the DaemonSet of its edges, have in common."""

from typing import Any

from dnsfleet_operator.cluster import Object
from dnsfleet_operator.pops.setting import POD_SECURITY, POD_USER, Fields, Setting

GRACE_SECONDS = 30
"""Until a pod that was told to stop is killed; an edge has the time that it drains beside. It is
time for late clients, three times UNREADY_SECONDS, and for an engine that ends slowly."""
CONFIG_ANNOTATION = "dnsfleet.io/config"
_NODE = "kubernetes.io/hostname"


def deployment(
    setting: Setting,
    component: str,
    replicas: int,
    strategy: Fields,
    pod: Fields,
    read: str,
    ready_seconds: int = 0,
) -> Object:
    """A Deployment of a Pop.

    `read` tells what its pods read when they start: they begin anew with another one. A new pod
    takes the place of another one once it has been ready for `ready_seconds`.
    """
    return setting.object(
        "apps/v1",
        "Deployment",
        setting.name(component),
        component,
        spec={
            "replicas": replicas,
            "revisionHistoryLimit": 3,
            "selector": {"matchLabels": setting.selector(component)},
            "strategy": strategy,
            **({"minReadySeconds": ready_seconds} if ready_seconds else {}),
            "template": _template(setting, component, pod, read, {}),
        },
    )


def daemon_set(setting: Setting, component: str, pod: Fields, read: str, labels: Fields) -> Object:
    """A DaemonSet of a Pop, whose pods have these labels too; `read` as for a Deployment.

    On each node a new pod is there before the old one is told to stop.
    """
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    return setting.object(
        "apps/v1",
        "DaemonSet",
        setting.name(component),
        component,
        spec={
            "revisionHistoryLimit": 3,
            "selector": {"matchLabels": setting.selector(component)},
            "updateStrategy": rolling,
            "template": _template(setting, component, pod, read, labels),
        },
    )


def _template(setting: Setting, component: str, pod: Fields, read: str, labels: Fields) -> Fields:
    return {
        "metadata": {
            "labels": {
                **setting.configuration.pod_labels,
                **setting.labels(component),
                **labels,
            },
            "annotations": {**setting.configuration.pod_annotations, CONFIG_ANNOTATION: read},
        },
        "spec": pod,
    }


def pod(
    setting: Setting, container: Fields, volumes: list[Fields], priority_class: str | None = None
) -> Fields:
    """The spec of a pod with one container, without what says where it runs.

    Without a PriorityClass of its own it has that of the installation.
    """
    user = {} if setting.configuration.openshift else POD_USER
    priority = priority_class or setting.configuration.priority_class
    return {
        **({"priorityClassName": priority} if priority else {}),
        "imagePullSecrets": [{"name": name} for name in setting.configuration.pull_secrets],
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "securityContext": {**POD_SECURITY, **user},
        "containers": [container],
        "volumes": volumes,
    }


def nodes(setting: Setting) -> Fields:
    """Where all pods of a Pop may run."""
    edge = setting.pop.spec.edge
    return {
        "nodeSelector": edge.node_selector,
        "tolerations": [
            toleration.model_dump(mode="json", by_alias=True, exclude_none=True)
            for toleration in edge.tolerations
        ],
    }


def spread(setting: Setting, component: str) -> Fields:
    """Pods of a Deployment on different nodes, and in different zones of the cluster.

    Zones have no constraint of their own: the scheduler passes over all constraints on a node that
    lacks the label of one of them, and where nodes name no zone, nothing would be spread. By the
    hash a roll spreads its own pods, whatever pods of the version before stand beside them.
    """
    pods = _others(setting, component) | {"matchLabelKeys": ["pod-template-hash"]}
    on_nodes = {
        "maxSkew": 1,
        "topologyKey": _NODE,
        "whenUnsatisfiable": "ScheduleAnyway",
        **pods,
    }
    return {"topologySpreadConstraints": [on_nodes], "affinity": _apart(_prefer_zones(pods))}


def one_on_a_node(setting: Setting, component: str) -> Fields:
    """No two pods of a Deployment on one node, those that are ending too; preferably in different
    zones of the cluster."""
    pods = _others(setting, component)
    on_nodes = {"topologyKey": _NODE, **pods}
    required = {"requiredDuringSchedulingIgnoredDuringExecution": [on_nodes]}
    return {"affinity": _apart(required | _prefer_zones(pods))}


def _others(setting: Setting, component: str) -> Fields:
    return {"labelSelector": {"matchLabels": setting.selector(component)}}


def _prefer_zones(pods: Fields) -> Fields:
    term = {"topologyKey": "topology.kubernetes.io/zone", **pods}
    preferred = {"weight": 100, "podAffinityTerm": term}
    return {"preferredDuringSchedulingIgnoredDuringExecution": [preferred]}


def _apart(terms: Fields) -> Fields:
    return {"podAntiAffinity": terms}


def config_volume(setting: Setting) -> Fields:
    """What the operator tells the pods of a Pop, in files."""
    return {"name": "config", "configMap": {"name": setting.name()}}


def http_probe(path: str, **timing: int) -> dict[str, Any]:
    """A probe of the kubelet that asks for a page."""
    return {"httpGet": {"path": path, "port": "http"}, "timeoutSeconds": 2, **timing}

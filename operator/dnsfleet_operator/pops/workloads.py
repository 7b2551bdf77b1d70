"""The Deployments of a Pop: one replica, the edges that answer, and the prober.

An edge that is told to stop is first no longer ready, goes on answering, and only then stops. So a
rolling update needs no hook: a new edge is ready before an old one is told to stop (maxSurge 1,
maxUnavailable 0). Nothing here depends on zones: a change of zones restarts nothing.
"""

from typing import Any

from dnsfleet.resources.pops import Resources
from dnsfleet_io.log_setup import LEVEL_VARIABLE
from dnsfleet_publisher.redis_users import PROBE

from dnsfleet_operator.cluster import Object
from dnsfleet_operator.pops import configs
from dnsfleet_operator.pops.setting import (
    CONFIG_FOLDER,
    CONTAINER_SECURITY,
    COOKIES_FOLDER,
    DNS_PORT,
    HTTP_PORT,
    KEYS_FOLDER,
    POD_SECURITY,
    REDIS_PORT,
    STATE_FOLDER,
    USER_ID,
    Fields,
    Setting,
)
from dnsfleet_operator.secrets import cookie_secrets
from dnsfleet_operator.secrets.key_keeping import PUBLIC_KEY_FILE

GRACE_SECONDS = 30
"""Until a pod that was told to stop is killed: the drain time, and time for an engine that ends
slowly."""
CONFIG_ANNOTATION = "dnsfleet.io/config"
VALKEY = "/usr/local/bin/valkey-server"
EDGE_REQUESTS = {"cpu": "100m", "memory": "128Mi"}
REPLICA_REQUESTS = {"cpu": "50m", "memory": "64Mi"}
PROBER_REQUESTS = {"cpu": "10m", "memory": "128Mi"}
"""Twice what an idle pod with a few zones takes. Large zones need more: the Pop's spec says it."""


def edge(setting: Setting) -> Object:
    """The Deployment of the edges; none of them runs while the Pop is drained."""
    spec = setting.pop.spec.edge
    state: Fields = {"name": "state", "emptyDir": {}}
    before: list[Fields] = []
    if spec.cache_host_path is not None:
        host_path = {"path": spec.cache_host_path, "type": "DirectoryOrCreate"}
        state = {"name": "state", "hostPath": host_path}
        before = [_owning(setting)]
    container = {
        "name": "edge",
        "image": setting.configuration.edge_image,
        "imagePullPolicy": setting.configuration.pull_policy,
        "command": ["dnsfleet-edge", f"{CONFIG_FOLDER}/{configs.EDGE_FILE}"],
        "env": [
            {"name": "DNSFLEET_EDGE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            _password(setting, "DNSFLEET_REPLICA_PASSWORD", "edge"),
            _password(setting, "DNSFLEET_CORE_PASSWORD", "ack"),
            {"name": LEVEL_VARIABLE, "value": setting.configuration.edge_log_level},
        ],
        "ports": [
            {"name": "dns-udp", "containerPort": DNS_PORT, "protocol": "UDP"},
            {"name": "dns-tcp", "containerPort": DNS_PORT, "protocol": "TCP"},
            {"name": "http", "containerPort": HTTP_PORT, "protocol": "TCP"},
        ],
        "readinessProbe": _probe("/readyz", periodSeconds=1, failureThreshold=3),
        "livenessProbe": _probe("/healthz", periodSeconds=10, failureThreshold=3),
        "resources": _resources(spec.resources, EDGE_REQUESTS),
        "securityContext": CONTAINER_SECURITY,
        "volumeMounts": [
            {"name": "config", "mountPath": CONFIG_FOLDER, "readOnly": True},
            {"name": "cookies", "mountPath": COOKIES_FOLDER, "readOnly": True},
            {"name": "state", "mountPath": STATE_FOLDER},
        ],
    }
    pod = {
        **_pod(setting, container, [_config_volume(setting), _cookies_volume(setting), state]),
        "initContainers": before,
        **_nodes(setting),
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": setting.selector("edge")},
            }
        ],
    }
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    read = configs.digest(setting, configs.EDGE_FILE) + setting.passwords_version
    replicas = 0 if setting.drained else spec.replicas
    return _deployment(setting, "edge", replicas, rolling, pod, read)


def _owning(setting: Setting) -> Fields:
    """Gives a folder of the node to the user of the images.

    The kubelet makes one for root alone, and fsGroup does not count for it: edges could not write.
    """
    return {
        "name": "own-cache",
        "image": setting.configuration.edge_image,
        "imagePullPolicy": setting.configuration.pull_policy,
        "command": ["chown", f"{USER_ID}:{USER_ID}", STATE_FOLDER],
        "securityContext": {
            **CONTAINER_SECURITY,
            "runAsUser": 0,
            "runAsNonRoot": False,
            "capabilities": {"drop": ["ALL"], "add": ["CHOWN"]},
        },
        "volumeMounts": [{"name": "state", "mountPath": STATE_FOLDER}],
    }


def replica(setting: Setting) -> Object:
    """The Deployment of the one Redis replica."""
    spec = setting.pop.spec.replica
    data: Fields = {"name": "data", "emptyDir": {}}
    if spec.storage is not None:
        data = {"name": "data", "emptyDir": {"sizeLimit": spec.storage}}
    keys = {
        "name": "keys",
        "secret": {
            "secretName": setting.configuration.keys_secret,
            "items": [{"key": "replica.acl", "path": "replica.acl"}],
        },
    }
    container = {
        "name": "replica",
        "image": setting.configuration.edge_image,
        "imagePullPolicy": setting.configuration.pull_policy,
        "command": [VALKEY, f"{CONFIG_FOLDER}/{configs.REPLICA_FILE}"],
        "args": ["--primaryauth", "$(CORE_PASSWORD)"],
        "env": [_secret("CORE_PASSWORD", setting.core_user.secret, setting.core_user.entry)],
        "ports": [{"name": "redis", "containerPort": REDIS_PORT, "protocol": "TCP"}],
        "readinessProbe": {"tcpSocket": {"port": "redis"}, "periodSeconds": 2},
        "livenessProbe": {"tcpSocket": {"port": "redis"}, "periodSeconds": 10},
        "resources": _resources(spec.resources, REPLICA_REQUESTS),
        "securityContext": CONTAINER_SECURITY,
        "volumeMounts": [
            {"name": "config", "mountPath": CONFIG_FOLDER, "readOnly": True},
            {"name": "keys", "mountPath": KEYS_FOLDER, "readOnly": True},
            {"name": "data", "mountPath": "/data"},
        ],
    }
    pod = {
        **_pod(setting, container, [_config_volume(setting), keys, data]),
        **_nodes(setting),
    }
    # Users and passwords are read when it starts: a replica that has former ones has to begin anew.
    read = configs.digest(setting, configs.REPLICA_FILE) + setting.core_user.version
    read += setting.users_version
    return _deployment(setting, "replica", 1, {"type": "Recreate"}, pod, read)


def prober(setting: Setting) -> Object:
    """The Deployment of the one prober; nobody waits for it, and what happens to it is its own."""
    container = {
        "name": "probe",
        "image": setting.configuration.edge_image,
        "imagePullPolicy": setting.configuration.pull_policy,
        "command": [
            "dnsfleet-probe",
            f"--place={setting.pop.metadata.name}",
            f"--replica={setting.name('replica')}:{REDIS_PORT}",
            f"--password-file={KEYS_FOLDER}/{PROBE}",
            f"--public-key={CONFIG_FOLDER}/{PUBLIC_KEY_FILE}",
            f"--http=*:{HTTP_PORT}",
        ],
        "env": [{"name": LEVEL_VARIABLE, "value": setting.configuration.probe_log_level}],
        "ports": [{"name": "http", "containerPort": HTTP_PORT, "protocol": "TCP"}],
        "livenessProbe": _probe("/healthz", initialDelaySeconds=30, periodSeconds=30),
        "resources": {"requests": PROBER_REQUESTS, "limits": {"memory": "256Mi"}},
        "securityContext": CONTAINER_SECURITY,
        "volumeMounts": [
            {"name": "config", "mountPath": CONFIG_FOLDER, "readOnly": True},
            {"name": "keys", "mountPath": KEYS_FOLDER, "readOnly": True},
        ],
    }
    public_key = _config_volume(setting)
    public_key["configMap"]["items"] = [{"key": PUBLIC_KEY_FILE, "path": PUBLIC_KEY_FILE}]
    password = {
        "name": "keys",
        "secret": {
            "secretName": setting.configuration.keys_secret,
            "items": [{"key": PROBE, "path": PROBE}],
            "optional": True,  # a Secret of somebody else may get the entry later
        },
    }
    pod = {**_pod(setting, container, [public_key, password]), **_nodes(setting)}
    return _deployment(setting, "probe", 1, {"type": "Recreate"}, pod, "")


def _deployment(
    setting: Setting,
    component: str,
    replicas: int,
    strategy: Fields,
    pod: Fields,
    read: str,
) -> Object:
    template = {
        "metadata": {
            "labels": setting.labels(component),
            "annotations": {CONFIG_ANNOTATION: read},
        },
        "spec": pod,
    }
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
            "template": template,
        },
    )


def _pod(setting: Setting, container: Fields, volumes: list[Fields]) -> Fields:
    return {
        "imagePullSecrets": [{"name": name} for name in setting.configuration.pull_secrets],
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "securityContext": POD_SECURITY,
        "containers": [container],
        "volumes": volumes,
    }


def _nodes(setting: Setting) -> Fields:
    """Where all pods of a Pop may run."""
    edge = setting.pop.spec.edge
    return {
        "nodeSelector": edge.node_selector,
        "tolerations": [
            toleration.model_dump(mode="json", by_alias=True, exclude_none=True)
            for toleration in edge.tolerations
        ],
    }


def _config_volume(setting: Setting) -> Fields:
    return {"name": "config", "configMap": {"name": setting.name()}}


def _cookies_volume(setting: Setting) -> Fields:
    """Optional: edges start without the Secret, and notice when it comes or changes."""
    name = cookie_secrets.name(setting.configuration)
    return {"name": "cookies", "secret": {"secretName": name, "optional": True}}


def _password(setting: Setting, variable: str, entry: str) -> Fields:
    return _secret(variable, setting.configuration.keys_secret, entry)


def _secret(variable: str, name: str, entry: str) -> Fields:
    reference = {"name": name, "key": entry}
    return {"name": variable, "valueFrom": {"secretKeyRef": reference}}


def _probe(path: str, **timing: int) -> dict[str, Any]:
    return {"httpGet": {"path": path, "port": "http"}, "timeoutSeconds": 2, **timing}


def _resources(given: Resources, requests: dict[str, str]) -> Fields:
    return {"requests": {**requests, **given.requests}, "limits": given.limits}

"""The Deployments by which a Pop answers: one replica, and the edges.

An edge that is told to stop stays ready, then is not ready and goes on answering, and only then
stops. So a rolling update needs no hook: a new edge is ready before an old one is told to stop
(maxSurge 1, maxUnavailable 0). It is so for `drainSeconds` then (minReadySeconds), for the load
balancer takes as long to send queries to a node as to send none. Nothing here depends on zones: a
change of zones restarts nothing.
"""

from dnsfleet.resources.pops import Resources
from dnsfleet_io.log_setup import LEVEL_VARIABLE

from dnsfleet_operator.cluster import Object
from dnsfleet_operator.pops import caches, configs, pods
from dnsfleet_operator.pops.setting import (
    CONFIG_FOLDER,
    CONTAINER_SECURITY,
    COOKIES_FOLDER,
    DNS_PORT,
    HTTP_PORT,
    KEYS_FOLDER,
    REDIS_PORT,
    STATE_FOLDER,
    Fields,
    Setting,
)
from dnsfleet_operator.secrets import cookie_secrets

CORE_FOLDER = "/etc/dnsfleet-core"
SECRET_MODE = 0o440
"""Of a file with a password: for the user of the pod, by its group."""
EDGE_REQUESTS = {"cpu": "100m", "memory": "128Mi"}
REPLICA_REQUESTS = {"cpu": "50m", "memory": "64Mi"}
"""Twice what an idle pod with a few zones takes. Large zones need more: the Pop's spec says it."""


def edge(setting: Setting) -> Object:
    """The Deployment of the edges; none of them runs while the Pop is drained."""
    spec = setting.pop.spec.edge
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
        "readinessProbe": pods.http_probe("/readyz", periodSeconds=1, failureThreshold=3),
        "livenessProbe": pods.http_probe("/healthz", periodSeconds=10, failureThreshold=3),
        "resources": _resources(spec.resources, EDGE_REQUESTS),
        "securityContext": CONTAINER_SECURITY,
        "volumeMounts": [
            {"name": "config", "mountPath": CONFIG_FOLDER, "readOnly": True},
            {"name": "cookies", "mountPath": COOKIES_FOLDER, "readOnly": True},
            {"name": "state", "mountPath": STATE_FOLDER},
        ],
    }
    volumes = [pods.config_volume(setting), _cookies_volume(setting), caches.volume(setting)]
    pod = {
        **pods.pod(setting, container, volumes, spec.priority_class_name),
        "initContainers": caches.before(setting),
        "terminationGracePeriodSeconds": spec.drain_seconds + pods.GRACE_SECONDS,
        **pods.nodes(setting),
        **pods.spread(setting, "edge"),
    }
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    read = configs.digest(setting, configs.EDGE_FILE) + setting.passwords_version
    replicas = 0 if setting.drained else spec.replicas
    return pods.deployment(setting, "edge", replicas, rolling, pod, read, spec.drain_seconds)


def replica(setting: Setting) -> Object:
    """The Deployment of the one Redis replica."""
    spec = setting.pop.spec.replica
    data: Fields = {"name": "data", "emptyDir": {}}
    keys = {
        "name": "keys",
        "secret": {
            "secretName": setting.configuration.keys_secret,
            "items": [{"key": "replica.acl", "path": "replica.acl"}],
        },
    }
    core = {
        "name": "core",
        "secret": {
            "secretName": setting.core_user.secret,
            "items": [{"key": setting.core_user.entry, "path": "password"}],
            "defaultMode": SECRET_MODE,
        },
    }
    container = {
        "name": "replica",
        "image": setting.configuration.edge_image,
        "imagePullPolicy": setting.configuration.pull_policy,
        "command": ["dnsfleet-redis", f"{CONFIG_FOLDER}/{configs.REPLICA_FILE}"],
        "args": ["--primary-password-file", f"{CORE_FOLDER}/password"],
        "ports": [{"name": "redis", "containerPort": REDIS_PORT, "protocol": "TCP"}],
        "readinessProbe": {"tcpSocket": {"port": "redis"}, "periodSeconds": 2},
        "livenessProbe": {"tcpSocket": {"port": "redis"}, "periodSeconds": 10},
        "resources": _resources(spec.resources, REPLICA_REQUESTS),
        "securityContext": CONTAINER_SECURITY,
        "volumeMounts": [
            {"name": "config", "mountPath": CONFIG_FOLDER, "readOnly": True},
            {"name": "keys", "mountPath": KEYS_FOLDER, "readOnly": True},
            {"name": "core", "mountPath": CORE_FOLDER, "readOnly": True},
            {"name": "data", "mountPath": "/data"},
        ],
    }
    volumes = [pods.config_volume(setting), keys, core, data]
    pod = {
        **pods.pod(setting, container, volumes, spec.priority_class_name),
        **pods.nodes(setting),
    }
    # Users and passwords are read when it starts: a replica that has former ones has to begin anew.
    read = configs.digest(setting, configs.REPLICA_FILE) + setting.core_user.version
    read += setting.users_version
    return pods.deployment(setting, "replica", 1, {"type": "Recreate"}, pod, read)


def _cookies_volume(setting: Setting) -> Fields:
    """Optional: edges start without the Secret, and notice when it comes or changes."""
    name = cookie_secrets.name(setting.configuration)
    return {"name": "cookies", "secret": {"secretName": name, "optional": True}}


def _password(setting: Setting, variable: str, entry: str) -> Fields:
    reference = {"name": setting.configuration.keys_secret, "key": entry}
    return {"name": variable, "valueFrom": {"secretKeyRef": reference}}


def _resources(given: Resources, requests: dict[str, str]) -> Fields:
    return {"requests": {**requests, **given.requests}, "limits": given.limits}

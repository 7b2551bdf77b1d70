"""What a Pop answers by: the Deployment of its replica, and that or the DaemonSet of its edges.

An edge that is told to stop stays ready, then is not ready and goes on answering, and only then
stops. So a rolling update needs no hook: a new edge is ready before an old one is told to stop
(maxSurge 1, maxUnavailable 0). It is so for `drainSeconds` then (minReadySeconds), for the load
balancer takes as long to send queries to a node as to send none.

Where no node may have two edges (`edge.spread: Required`) the old one leaves first. Its node has no
edge for new clients from then on, so the balancer looks away while the old one is still ready, and
kube-proxy forgets only flows that carry no query any more. With a new edge beside it the balancer
has no reason to look away, and an answer that is on its way in that moment is lost.

On the network of nodes a new edge is there before the old one too, at the same address (see
`handover` in the edge), and no balancer has to notice. Its pods have no `ports`: these would be
ports of the node, which one pod can have, and the new one would wait for ever. Nothing here depends
on zones: a change of zones restarts nothing.
"""

from dnsfleet.resources.pops import Resources
from dnsfleet_io.log_setup import LEVEL_VARIABLE

from dnsfleet_operator.cluster import Object
from dnsfleet_operator.objects import EXPOSURE_LABEL, HOST_NETWORK, OUT_OF_SERVICE_LABEL
from dnsfleet_operator.pops import caches, configs, pods
from dnsfleet_operator.pops.setting import (
    CONFIG_FOLDER,
    CONTAINER_SECURITY,
    COOKIES_FOLDER,
    DNS_PORT,
    HOST_CONTAINER_SECURITY,
    HOST_POD_SECURITY,
    HTTP_PORT,
    KEYS_FOLDER,
    REDIS_PORT,
    RUN_FOLDER,
    STATE_FILE,
    STATE_FOLDER,
    USER_ID,
    Fields,
    Setting,
)
from dnsfleet_operator.secrets import cookie_secrets

CORE_FOLDER = "/etc/dnsfleet-core"
SECRET_MODE = 0o440
"""Of a file with a password: for the user of the pod, by its group."""
EDGE_REQUESTS = {"cpu": "100m", "memory": "128Mi"}
START_SECONDS = 180
"""How long an edge may take until its page answers. On a node that does much else it was more than
the half a minute that a running one has, so edges that started together were killed together."""
REPLICA_REQUESTS = {"cpu": "50m", "memory": "64Mi"}
"""Twice what an idle pod with a few zones takes. Large zones need more: the Pop's spec says it."""


def edge(setting: Setting) -> Object:
    """What runs the edges; none of them runs while the Pop is drained."""
    return _on_nodes(setting) if setting.on_nodes else _behind_service(setting)


def _behind_service(setting: Setting) -> Object:
    spec = setting.pop.spec.edge
    container = {
        **_container(setting),
        "ports": [
            {"name": "dns-udp", "containerPort": DNS_PORT, "protocol": "UDP"},
            {"name": "dns-tcp", "containerPort": DNS_PORT, "protocol": "TCP"},
            {"name": "http", "containerPort": HTTP_PORT, "protocol": "TCP"},
        ],
        "readinessProbe": pods.http_probe("/readyz", periodSeconds=1, failureThreshold=3),
        "startupProbe": pods.http_probe(
            "/healthz", periodSeconds=1, failureThreshold=START_SECONDS
        ),
        "livenessProbe": pods.http_probe("/healthz", periodSeconds=10, failureThreshold=3),
        "securityContext": CONTAINER_SECURITY,
    }
    alone = spec.spread == "Required"
    where = pods.one_on_a_node(setting, "edge") if alone else pods.spread(setting, "edge")
    pod = _pod(setting, container, USER_ID) | where
    surge, unavailable = (0, 1) if alone else (1, 0)
    rolling = {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable},
    }
    replicas = 0 if setting.drained else spec.replicas
    return pods.deployment(
        setting, "edge", replicas, rolling, pod, _read(setting), spec.drain_seconds
    )


def _on_nodes(setting: Setting) -> Object:
    container = _container(setting)
    host_ips = {"fieldRef": {"fieldPath": "status.hostIPs"}}
    container["env"].append({"name": "DNSFLEET_HOST_IPS", "valueFrom": host_ips})
    container["volumeMounts"].append({"name": "run", "mountPath": RUN_FOLDER})
    container |= {
        "readinessProbe": _file_probe("ready", periodSeconds=3, failureThreshold=2),
        "startupProbe": _file_probe("live", periodSeconds=3, failureThreshold=START_SECONDS // 3),
        "livenessProbe": _file_probe("live", periodSeconds=10, failureThreshold=3),
        "securityContext": HOST_CONTAINER_SECURITY,
    }
    pod = _pod(setting, container, 0)
    pod["volumes"].append({"name": "run", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}})
    pod |= {
        "hostNetwork": True,
        "dnsPolicy": "ClusterFirstWithHostNet",
        "securityContext": HOST_POD_SECURITY,
    }
    if setting.drained or setting.pop.spec.edge.replicas == 0:
        pod["nodeSelector"] = {**pod["nodeSelector"], OUT_OF_SERVICE_LABEL: "true"}
    labels = {EXPOSURE_LABEL: HOST_NETWORK}
    return pods.daemon_set(setting, "edge", pod, _read(setting), labels)


def _file_probe(question: str, **timing: int) -> Fields:
    """A probe of the kubelet that reads what the edge says of itself: its pages may be those of
    another one."""
    command = ["python", "-m", "dnsfleet_edge.state_file", question, STATE_FILE]
    return {"exec": {"command": command}, "timeoutSeconds": 5, **timing}


def _read(setting: Setting) -> str:
    """What edges read when they start."""
    return configs.digest(setting, configs.edge_file(setting)) + setting.passwords_version


def _container(setting: Setting) -> Fields:
    """What the container of an edge is, wherever it answers."""
    return {
        "name": "edge",
        "image": setting.configuration.edge_image,
        "imagePullPolicy": setting.configuration.pull_policy,
        "command": ["dnsfleet-edge", f"{CONFIG_FOLDER}/{configs.edge_file(setting)}"],
        "env": [
            {"name": "DNSFLEET_EDGE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            _password(setting, "DNSFLEET_REPLICA_PASSWORD", "edge"),
            _password(setting, "DNSFLEET_CORE_PASSWORD", "ack"),
            {"name": LEVEL_VARIABLE, "value": setting.configuration.edge_log_level},
        ],
        "resources": _resources(setting.pop.spec.edge.resources, EDGE_REQUESTS),
        "volumeMounts": [
            {"name": "config", "mountPath": CONFIG_FOLDER, "readOnly": True},
            {"name": "cookies", "mountPath": COOKIES_FOLDER, "readOnly": True},
            {"name": "state", "mountPath": STATE_FOLDER},
        ],
    }


def _pod(setting: Setting, container: Fields, user: int) -> Fields:
    """The spec of an edge pod, whose container runs as this user."""
    spec = setting.pop.spec.edge
    volumes = [pods.config_volume(setting), _cookies_volume(setting), caches.volume(setting)]
    return {
        **pods.pod(setting, container, volumes, spec.priority_class_name),
        "terminationGracePeriodSeconds": spec.drain_seconds + pods.GRACE_SECONDS,
        "initContainers": caches.before(setting, user),
        **pods.nodes(setting),
    }


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

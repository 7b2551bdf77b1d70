"""The prober of a Pop: its Deployment and its NetworkPolicy."""

from dnsfleet_io.log_setup import LEVEL_VARIABLE
from dnsfleet_publisher.redis_users import PROBE

from dnsfleet_operator.cluster import Object
from dnsfleet_operator.pops import networking, pods
from dnsfleet_operator.pops.setting import (
    CONFIG_FOLDER,
    CONTAINER_SECURITY,
    HTTP_PORT,
    KEYS_FOLDER,
    REDIS_PORT,
    Setting,
)
from dnsfleet_operator.secrets.key_keeping import PUBLIC_KEY_FILE

REQUESTS = {"cpu": "10m", "memory": "128Mi"}
"""Twice what an idle pod with a few zones takes."""


def objects(setting: Setting) -> list[Object]:
    """Those that only a Pop with a prober has."""
    # Anyone may scrape it.
    policy = {"ports": [{"port": HTTP_PORT, "protocol": "TCP"}]}
    return [networking.policy(setting, "probe", policy), prober(setting)]


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
        "livenessProbe": pods.http_probe("/healthz", initialDelaySeconds=30, periodSeconds=30),
        "resources": {"requests": REQUESTS, "limits": {"memory": "256Mi"}},
        "securityContext": CONTAINER_SECURITY,
        "volumeMounts": [
            {"name": "config", "mountPath": CONFIG_FOLDER, "readOnly": True},
            {"name": "keys", "mountPath": KEYS_FOLDER, "readOnly": True},
        ],
    }
    public_key = pods.config_volume(setting)
    public_key["configMap"]["items"] = [{"key": PUBLIC_KEY_FILE, "path": PUBLIC_KEY_FILE}]
    password = {
        "name": "keys",
        "secret": {
            "secretName": setting.configuration.keys_secret,
            "items": [{"key": PROBE, "path": PROBE}],
            "optional": True,  # a Secret of somebody else may get the entry later
        },
    }
    pod = {**pods.pod(setting, container, [public_key, password]), **pods.nodes(setting)}
    return pods.deployment(setting, "probe", 1, {"type": "Recreate"}, pod, "")

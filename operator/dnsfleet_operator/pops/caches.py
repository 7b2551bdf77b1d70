"""Where the edges of a Pop keep their zones on disk (ADR 0054).

With the pod; or in a folder of the node (`cacheHostPath`) or a claimed volume (`cacheClaimName`),
so that the zones outlive the pod. The edges of a Pop share a folder there, of the name of the Pop;
those on the network of nodes are another user, and have another one (`folder`).

A folder that the kubelet makes on a node belongs to root, and fsGroup does not count for it. So a
container that runs as root makes the folder of the Pop there and gives it to the user of the edges,
where the installation lets it.
Otherwise that is to be done on the node, and a container that runs as the edges do looks whether it
was. It never fails, as an edge needs no disk to answer. What it found is its termination message,
which the status of the Pop tells.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from dnsfleet_operator.observed import pod_statuses
from dnsfleet_operator.pops.setting import (
    CONTAINER_SECURITY,
    STATE_FOLDER,
    Fields,
    Setting,
)

REASON = "CacheNotWritable"
_CHECK = "check-cache"
"""The container that looks."""
_RESOURCES: Fields = {
    "requests": {"cpu": "10m", "memory": "16Mi"},
    "limits": {"memory": "64Mi"},
}
"""A shell, for a moment: a pod asks for this only where its edge asks for less. Without them a
namespace with quotas or a LimitRange could refuse the pod."""

# Root with CHOWN alone may write only what is its own, and the folder of the node belonged to the
# edges once, maybe to them alone.
_GIVE = """\
chown 0:0 "$FOLDER" && chmod a+x "$FOLDER" && \
mkdir -p "$FOLDER/$POP" && chown "$EDGE_USER" "$FOLDER/$POP"
"""
# Before the first edge was there, the folder of the Pop is not.
_SCRIPT = """\
below=/$POP; [ -d "$FOLDER$below" ] || below=
[ -w "$FOLDER$below" ] || echo "user $(id -u) cannot write $PLACE$below on node $NODE: \
have it belong to that user (chown), then delete the pod $NAME" > /dev/termination-log
exit 0
"""


def folder(pop: str, *, on_nodes: bool) -> str:
    """The name of the folder in which the edges of a Pop that run in this way keep zones."""
    return f"{pop}.host" if on_nodes else pop


def volume(setting: Setting) -> Fields:
    """The volume of the zones."""
    edge = setting.pop.spec.edge
    if edge.cache_host_path is not None:
        host_path = {"path": edge.cache_host_path, "type": "DirectoryOrCreate"}
        return {"name": "state", "hostPath": host_path}
    if edge.cache_claim_name is not None:
        claim = {"claimName": edge.cache_claim_name}
        return {"name": "state", "persistentVolumeClaim": claim}
    return {"name": "state", "emptyDir": {}}


def before(setting: Setting, user: int) -> list[Fields]:
    """What runs before an edge, which runs as this user: so that it can write there, or it is told
    that it cannot."""
    edge, configuration = setting.pop.spec.edge, setting.configuration
    if edge.cache_host_path is not None:
        if configuration.cache_host_path_init and not configuration.openshift:
            return [_owning(setting, user)]
        return [_checking(setting, edge.cache_host_path)]
    if edge.cache_claim_name is not None:
        return [_checking(setting, f"PersistentVolumeClaim {edge.cache_claim_name} ")]
    return []


def problem(pods: Iterable[Mapping[str, Any]]) -> tuple[str, str] | None:
    """Reason and message of what keeps some of these edges from keeping zones; None for nothing."""
    found = sorted(filter(None, (pod_statuses.said_before(pod, _CHECK) for pod in pods)))
    if not found:
        return None
    more = f"; so {len(found) - 1} more" if len(found) > 1 else ""
    return REASON, f"edges answer and keep no zones on disk: {found[0]}{more}"


def _owning(setting: Setting, user: int) -> Fields:
    """Makes the folder of the Pop on the node, and gives it to the user of the edges."""
    values = {**_folders(setting), "EDGE_USER": f"{user}:{user}"}
    return {
        "name": "own-cache",
        **_image(setting),
        "command": ["sh", "-c", _GIVE],
        "env": [{"name": name, "value": value} for name, value in values.items()],
        "securityContext": {
            **CONTAINER_SECURITY,
            "runAsUser": 0,
            "runAsNonRoot": False,
            "capabilities": {"drop": ["ALL"], "add": ["CHOWN"]},
        },
    }


def _checking(setting: Setting, place: str) -> Fields:
    """Looks whether edges can write, and says where they cannot."""
    names = {"NODE": "spec.nodeName", "NAME": "metadata.name"}
    values = {**_folders(setting), "PLACE": place}
    return {
        "name": _CHECK,
        **_image(setting),
        "command": ["sh", "-c", _SCRIPT],
        "env": [
            *({"name": name, "value": value} for name, value in values.items()),
            *(
                {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}
                for name, path in names.items()
            ),
        ],
        "securityContext": CONTAINER_SECURITY,
    }


def _folders(setting: Setting) -> dict[str, str]:
    name = setting.pop.metadata.name
    return {"FOLDER": STATE_FOLDER, "POP": folder(name, on_nodes=setting.on_nodes)}


def _image(setting: Setting) -> Fields:
    return {
        "image": setting.configuration.edge_image,
        "imagePullPolicy": setting.configuration.pull_policy,
        "resources": _RESOURCES,
        "volumeMounts": [{"name": "state", "mountPath": STATE_FOLDER}],
    }

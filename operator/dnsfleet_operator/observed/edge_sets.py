"""What runs the edges of a Pop: a Deployment behind a Service, or a DaemonSet on nodes. Pure."""

from collections.abc import Mapping
from typing import Any

from dnsfleet_operator.objects import EXPOSURE_LABEL, HOST_NETWORK, OUT_OF_SERVICE_LABEL, Object

KINDS = ("Deployment", "DaemonSet")


def name(pop: str) -> str:
    """The name of either."""
    return f"pop-{pop}-edge"


def kind(exposure: str) -> str:
    """Which of them an exposure takes."""
    return "DaemonSet" if exposure == HOST_NETWORK else "Deployment"


def is_out(found: Object) -> bool:
    """Whether it is to have no pod."""
    if found["kind"] == "Deployment":
        return bool(found["spec"].get("replicas") == 0)
    return OUT_OF_SERVICE_LABEL in (found["spec"]["template"]["spec"].get("nodeSelector") or {})


def wanted(found: Object) -> int:
    """How many edges it is to have: of a DaemonSet so many as there are nodes with its labels."""
    if found["kind"] == "Deployment":
        return int(found["spec"].get("replicas", 1))
    return int(_status(found).get("desiredNumberScheduled", 0))


def serves(found: Object) -> bool:
    """Whether all its edges are Ready, and there are some."""
    status = _status(found)
    is_deployment = found["kind"] == "Deployment"
    ready = status.get("readyReplicas" if is_deployment else "numberReady", 0)
    return _is_looked_at(found) and ready >= wanted(found) > 0


def rolling(found: Object | None, kind: str) -> str:
    """What it still has to do; empty for nothing."""
    if found is None:
        return f"the {kind} of the edges is not there yet"
    if not _is_looked_at(found):
        return f"the {kind} of the edges has not been looked at yet"
    if kind == "DaemonSet" and not is_out(found) and wanted(found) == 0:
        return "no node has the labels of spec.edge.nodeSelector"
    status, number = _status(found), wanted(found)
    updated = status.get("updatedReplicas" if kind == "Deployment" else "updatedNumberScheduled", 0)
    total = status.get("replicas" if kind == "Deployment" else "currentNumberScheduled", 0)
    if updated < number or total > number:
        told = f"{updated} of {number} edges are of the newest version, {total} run"
        return "; ".join([told, *_refused_pods(status)])
    return ""


def _refused_pods(status: Mapping[str, Any]) -> list[str]:
    """Why the API server takes no more pods, where it does not: a quota, a policy, a name."""
    return [
        str(each.get("message", ""))
        for each in status.get("conditions") or ()
        if each["type"] == "ReplicaFailure" and each["status"] == "True"
    ]


def pods_are_missing(found: Object | None) -> str:
    """Why nodes of a DaemonSet may have no pod; empty where they have, or that is not known."""
    if found is None or found["kind"] != "DaemonSet" or not _is_looked_at(found) or is_out(found):
        return ""
    missing = wanted(found) - _status(found).get("currentNumberScheduled", 0)
    if missing <= 0:
        return ""
    namespace = found["metadata"]["namespace"]
    return (
        f"{missing} of {wanted(found)} nodes have no edge pod; if that lasts, namespace "
        f"{namespace} does not allow pods on the network of a node: kubectl label namespace "
        f"{namespace} pod-security.kubernetes.io/enforce=privileged; on OpenShift a "
        "SecurityContextConstraints has to admit them (docs/exposure.md); the events of DaemonSet "
        f"{found['metadata']['name']} say what was refused"
    )


def is_on_node(pod: Mapping[str, Any]) -> bool:
    """Whether an edge pod is on the network of its node."""
    return (pod["metadata"].get("labels") or {}).get(EXPOSURE_LABEL) == HOST_NETWORK


def host_ips(pod: Mapping[str, Any]) -> list[str]:
    """The addresses by which Kubernetes knows the node of a pod; none before it has one."""
    status = pod.get("status") or {}
    return [str(each["ip"]) for each in status.get("hostIPs") or () if each.get("ip")]


def _status(found: Object) -> Mapping[str, Any]:
    return found.get("status") or {}


def _is_looked_at(found: Object) -> bool:
    return bool(_status(found).get("observedGeneration", 0) >= found["metadata"]["generation"])

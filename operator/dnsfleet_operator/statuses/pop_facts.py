"""What is known of a Pop, from its pods, Deployment and Service and what its edges say. Pure."""

from collections.abc import Mapping
from typing import Any

from dnsfleet.resources import Pop

from dnsfleet_operator.configuration import VERSION
from dnsfleet_operator.objects import POP_LABEL
from dnsfleet_operator.observed import edge_pods
from dnsfleet_operator.observed.workloads import Workloads
from dnsfleet_operator.pops import caches
from dnsfleet_operator.pops.drains import Drains
from dnsfleet_operator.pops.passes import PopResult
from dnsfleet_operator.statuses.arrivals import Lag
from dnsfleet_operator.statuses.pops import Facts
from dnsfleet_operator.statuses.propagation import Fleet


def facts(
    drains: Drains,
    workloads: Workloads,
    fleet: Fleet,
    lag: Lag,
    doubtful: tuple[str, ...],
    pop: Pop,
    result: PopResult,
) -> Facts:
    """The facts of one Pop; `lag` is how it stands to its zones, `doubtful` which edges of it have
    proved nothing for a while."""
    name = pop.metadata.name
    own = [pod for pod in workloads.pods if pod["metadata"]["labels"].get(POP_LABEL) == name]
    pods = [edge for pod in own if (edge := edge_pods.read(pod)) is not None]
    drained, deployment = name in drains.drained, workloads.get("Deployment", f"pop-{name}-edge")
    refusal, asked_by = drains.refused.get(name), pop.drain_asked_by
    refused = None if refusal is None else (refusal.reason, refusal.message)
    wanted = pop.spec.edge.replicas
    if refused and not asked_by and deployment is not None:
        wanted = deployment["spec"].get("replicas", 1)  # not none, as the Pop asks
    lag_ms = 0 if lag.since_ms is None else fleet.now_ms - lag.since_ms
    return Facts(
        problem=result.problem
        or (None if asked_by else refused)
        or caches.problem(own)
        or _without_effect(pop),
        rolling=rolling(deployment),
        wanted=0 if drained else wanted,
        ready=sum(edge.ready for edge in pods),
        pods=len(pods),
        assigned=lag.assigned,
        current=lag.current,
        lag_ms=max(0, lag_ms) // 1000 * 1000,
        silent=tuple(fleet.silent(name)),
        doubtful=doubtful,
        drained=drained,
        refusal=refused if asked_by else None,
        drain_asked_by=asked_by,
        addresses=addresses(workloads.get("Service", f"pop-{name}-dns")),
        version=VERSION,
    )


def rolling(deployment: Mapping[str, Any] | None) -> str:
    """What a Deployment still has to do; empty for nothing."""
    if deployment is None:
        return "the Deployment of the edges is not there yet"
    spec, status = deployment["spec"], deployment.get("status") or {}
    if status.get("observedGeneration", 0) < deployment["metadata"]["generation"]:
        return "the Deployment of the edges has not been looked at yet"
    wanted = spec.get("replicas", 1)
    updated, total = status.get("updatedReplicas", 0), status.get("replicas", 0)
    if updated < wanted or total > wanted:
        told = f"{updated} of {wanted} edges are of the newest version, {total} run"
        return "; ".join([told, *_refused_pods(status)])
    return ""


def _refused_pods(status: Mapping[str, Any]) -> list[str]:
    """Why the API server takes no more pods, where it does not: a quota, a policy, a name."""
    return [
        str(each.get("message", ""))
        for each in status.get("conditions") or ()
        if each["type"] == "ReplicaFailure" and each["status"] == "True"
    ]


def _without_effect(pop: Pop) -> tuple[str, str] | None:
    """Reason and message of fields that objects may still have, and that change nothing."""
    if pop.spec.replica.storage is None:
        return None
    told = "spec.replica.storage has no effect, as a replica keeps nothing on its disk: remove it"
    limits = "spec.replica.resources.limits bounds ephemeral-storage"
    return "FieldWithoutEffect", f"{told}; {limits}"


def addresses(service: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The addresses that clients reach."""
    if service is None:
        return ()
    ingress = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    balanced = [each.get("ip") or each.get("hostname") for each in ingress]
    own = service["spec"].get("clusterIPs") or []
    return tuple(str(each) for each in balanced or own if each and each != "None")

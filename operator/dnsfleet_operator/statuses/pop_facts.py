"""What is known of a Pop, from its pods, what runs them, its Service and what they say. Pure."""

from collections.abc import Mapping
from typing import Any

from dnsfleet.resources import Pop
from dnsfleet.resources.pops import MAX_ADDRESSES

from dnsfleet_operator.configuration import VERSION
from dnsfleet_operator.objects import POP_LABEL
from dnsfleet_operator.observed import edge_pods, edge_sets
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
    service = workloads.get("Service", f"pop-{name}-dns")
    own = [pod for pod in workloads.pods if pod["metadata"]["labels"].get(POP_LABEL) == name]
    pods = [edge for pod in own if (edge := edge_pods.read(pod)) is not None]
    kind = edge_sets.kind(pop.spec.edge.exposure)
    drained, edges = name in drains.drained, workloads.get(kind, edge_sets.name(name))
    refusal, asked_by = drains.refused.get(name), pop.drain_asked_by
    refused = None if refusal is None else (refusal.reason, refusal.message)
    wanted = pop.spec.edge.replicas
    if edges is not None and (kind == "DaemonSet" or (refused and not asked_by)):
        wanted = edge_sets.wanted(edges)  # on nodes, or not none as the Pop asks
    missing = edge_sets.pods_are_missing(edges)
    lag_ms = 0 if lag.since_ms is None else fleet.now_ms - lag.since_ms
    return Facts(
        problem=result.problem
        or (None if asked_by else refused)
        or _missing(missing)
        or caches.problem(own)
        or _without_effect(pop),
        rolling=edge_sets.rolling(edges, kind) or _leaves(workloads, name),
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
        addresses=(*addresses(service), *fleet.addresses(name))[:MAX_ADDRESSES],
        awaits_address=awaits_address(service) and kind != "DaemonSet",
        version=VERSION,
    )


def _without_effect(pop: Pop) -> tuple[str, str] | None:
    """Reason and message of fields that objects may still have, and that change nothing."""
    if pop.spec.replica.storage is None:
        return None
    told = "spec.replica.storage has no effect, as a replica keeps nothing on its disk: remove it"
    limits = "spec.replica.resources.limits bounds ephemeral-storage"
    return "FieldWithoutEffect", f"{told}; {limits}"


def _missing(told: str) -> tuple[str, str] | None:
    return ("PodsMissing", told) if told else None


def _leaves(workloads: Workloads, pop: str) -> str:
    """What a Pop waits for that goes from one exposure to the other; empty for nothing."""
    edges = workloads.edges(pop)
    return "the edges of the exposure before answer until those of now do" if edges[1:] else ""


def addresses(service: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The addresses that clients reach: of a load balancer, else those inside the cluster."""
    if service is None:
        return ()
    found: list[str | None] = service["spec"].get("clusterIPs") or []
    if _is_balanced(service):
        found = [each.get("ip") or each.get("hostname") for each in _ingress(service)]
    return tuple(str(each) for each in found if each and each != "None")


def awaits_address(service: Mapping[str, Any] | None) -> bool:
    """Whether a load balancer is to give a Service an address, and has not."""
    return service is not None and _is_balanced(service) and not addresses(service)


def _is_balanced(service: Mapping[str, Any]) -> bool:
    return bool(service["spec"].get("type") == "LoadBalancer")


def _ingress(service: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    status = service.get("status") or {}
    return list((status.get("loadBalancer") or {}).get("ingress") or ())

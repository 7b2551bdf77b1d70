"""A pass over one Pop: its objects in the cluster become what it asks for, or end with it."""

from collections.abc import Mapping
from typing import Any

from dnsfleet.resources import Metadata, Pop, PopSpec

from dnsfleet_operator.cluster import Cluster
from dnsfleet_operator.configuration import Configuration
from dnsfleet_operator.pops import planning
from dnsfleet_operator.pops.planning import ObjectKey
from dnsfleet_operator.pops.setting import POP_LABEL, Setting


def run(
    cluster: Cluster, configuration: Configuration, public_key: str, pop: Pop, drained: bool
) -> list[ObjectKey]:
    """Apply what differs; the keys of what was applied. ClusterError ends it half-way."""
    setting = Setting(pop, configuration, public_key, drained)
    wanted = planning.desired(setting)
    observed: dict[ObjectKey, dict[str, Any]] = {}
    for manifest in wanted:
        key = planning.key(manifest)
        found = cluster.get(key.kind, key.name, configuration.namespace)
        if found is not None:
            observed[key] = found
    changed = planning.plan(wanted, observed)
    for manifest in changed:
        cluster.apply(manifest)
    return [planning.key(manifest) for manifest in changed]


def remove(cluster: Cluster, configuration: Configuration, name: str) -> list[ObjectKey]:
    """End the objects of a Pop that is gone; the keys of those that were there."""
    pop = Pop(metadata=Metadata(name=name), spec=PopSpec())
    ended = []
    # The edges go last: by them a removal that was cut short is found again.
    for manifest in planning.desired(Setting(pop, configuration, "", drained=False)):
        key = planning.key(manifest)
        found = cluster.get(key.kind, key.name, configuration.namespace)
        if found is not None and (found["metadata"].get("labels") or {}).get(POP_LABEL) == name:
            cluster.delete(found)
            ended.append(key)
    return ended


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
        return f"{updated} of {wanted} edges are of the newest version, {total} run"
    return ""


def addresses(service: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The addresses that clients reach."""
    if service is None:
        return ()
    ingress = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    balanced = [each.get("ip") or each.get("hostname") for each in ingress]
    own = service["spec"].get("clusterIPs") or []
    return tuple(str(each) for each in balanced or own if each and each != "None")

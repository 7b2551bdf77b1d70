"""Complete lists, page by page, so that changes overtake them.

They cost what lost events cost at most: what is no longer there was deleted while nobody saw it.
"""

from collections.abc import Callable, Iterator

from dnsfleet.resources import Reference

from dnsfleet_operator.cluster import Cluster
from dnsfleet_operator.objects import MANAGED_SELECTOR
from dnsfleet_operator.observed.observation import LISTED, Known, Observation
from dnsfleet_operator.observed.slimming import slimmed
from dnsfleet_operator.observed.workloads import KINDS, Workloads


def pages(
    cluster: Cluster,
    namespace: str,
    observation: Observation,
    workloads: Workloads,
    zone_deleted: Callable[[Reference, Known], None],
) -> Iterator[None]:
    """List everything, with a stop after each page. ClusterError ends it; begin anew then."""
    for kind in LISTED:
        observation.begin_list(kind)
        token, more = "", True
        while more:
            page = cluster.page(kind, token)
            observation.take_page(kind, (slimmed(kind, each) for each in page.objects))
            token, more = page.token, bool(page.token)
            yield
        for reference, known in observation.end_list(kind, page.version):
            if kind == "Zone":
                zone_deleted(reference, known)
    for kind in KINDS:
        found = cluster.objects(kind, namespace, MANAGED_SELECTOR)
        workloads.replace(kind, [slimmed(kind, each) for each in found])
        yield
    for reference in observation.config_maps():
        read_config_map(cluster, observation, reference)
        yield


def read_config_map(cluster: Cluster, observation: Observation, reference: Reference) -> None:
    """Take a ConfigMap as it is now; its deletion too."""
    found = cluster.get("ConfigMap", reference.name, reference.namespace)
    if found is not None:
        observation.put(found)
    elif observation.get(reference) is not None:
        observation.remove(reference, "")
    observation.unread.discard(reference)

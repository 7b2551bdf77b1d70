"""Complete lists, page by page, so that changes overtake them.

They cost what lost events cost at most: what is no longer there was deleted while nobody saw it.
"""

import logging
from collections.abc import Callable, Iterator

from dnsfleet.resources import Reference

from dnsfleet_operator.cluster import Cluster, ClusterError, Page
from dnsfleet_operator.objects import MANAGED_SELECTOR
from dnsfleet_operator.observed.observation import LISTED, Known, Observation
from dnsfleet_operator.observed.slimming import slimmed
from dnsfleet_operator.observed.workloads import KINDS, Workloads

_log = logging.getLogger(__name__)


def pages(
    cluster: Cluster,
    namespace: str,
    observation: Observation,
    workloads: Workloads,
    zone_deleted: Callable[[Reference, Known], None],
) -> Iterator[None]:
    """List everything, with a stop after each page. ClusterError ends it; begin anew then."""
    since = 0
    for kind in LISTED:
        observation.begin_list(kind)
        versions = []
        for place in cluster.places(kind):
            for page in _pages_of(cluster, kind, place, observation):
                observation.take_page(kind, (slimmed(kind, each) for each in page.objects))
                versions.append(page.version)
                yield
        since = min(versions, default=since)
        for reference, known in observation.end_list(kind, since):
            if kind == "Zone":
                zone_deleted(reference, known)
    for kind in KINDS:
        found = cluster.objects(kind, namespace, MANAGED_SELECTOR)
        workloads.replace(kind, [slimmed(kind, each) for each in found])
        yield
    for reference in observation.config_maps():
        read_config_map(cluster, observation, reference)
        yield


def _pages_of(cluster: Cluster, kind: str, place: str, observation: Observation) -> Iterator[Page]:
    """The pages of a list of a namespace, or of the whole cluster.

    Whoever may do so in a namespace may take our rights in it away. That costs no other namespace,
    and says nothing of what is in it. They also go with the namespace: then nothing is in it.
    """
    token, more = "", True
    while more:
        try:
            page = cluster.page(kind, token, place)
        except ClusterError as error:
            if not (place and error.forbidden):
                raise
            if observation.get(Reference("Namespace", "", place)) is not None:
                observation.refuse(kind, place)
                _log.warning("%s; what is known of the namespace %s stays", error, place)
            return
        token, more = page.token, bool(page.token)
        yield page


def read_config_map(cluster: Cluster, observation: Observation, reference: Reference) -> None:
    """Take a ConfigMap as it is now; its deletion too. One that is refused costs no other.

    ClusterError where the API server answers nobody.
    """
    try:
        found = cluster.get("ConfigMap", reference.name, reference.namespace)
    except ClusterError as error:
        if error.of_the_server:
            raise
        _log.warning("%s", error)
        return
    if found is not None:
        observation.put(found)
    elif observation.get(reference) is not None:
        observation.remove(reference, "")
    observation.unread.discard(reference)

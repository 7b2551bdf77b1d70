"""`kubectl dnsfleet top`: looks at a fleet in a cluster.

The edges of this cluster are asked for their pages, through the API server's proxy. Those of Pops
in other clusters cannot be; what they report is on the page of the operator that leads.
"""

import time
from collections import defaultdict
from collections.abc import Mapping

from dnsfleet_cli.kubectl import fleets, objects, traffic
from dnsfleet_cli.kubectl.cluster import Cluster
from dnsfleet_cli.kubectl.objects import Object, value
from dnsfleet_cli.kubectl.pods import Pod
from dnsfleet_cli.kubectl.traffic import Traffic
from dnsfleet_cli.top import samples
from dnsfleet_cli.top.samples import EdgeSample, FleetSample, PopSample
from dnsfleet_cli.troubles import Trouble


class ClusterTop:
    """One fleet, looked at again and again."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        """`namespace` is the one of the release."""
        self._cluster = cluster
        self._namespace = namespace

    def look(self) -> FleetSample:
        """What the objects, the edges and the operator say now."""
        pops = self._cluster.pops()
        pop_of = self._cluster.scraped("edge", self._namespace)
        edges: dict[str, dict[str, EdgeSample | None]] = defaultdict(dict)
        for pod, sample in samples.read_all(pop_of, self._edge).items():
            edges[pop_of[pod]][pod.name] = sample
        figures = self._traffic() if any(map(objects.is_remote, pops)) else {}
        return FleetSample(
            time.strftime("%H:%M:%S"),
            tuple(
                pop_sample(pop, edges[name], figures.get(name))
                for pop, name in ((pop, objects.name(pop)) for pop in pops)
            ),
            tuple(fleets.lines(self._cluster.fleets())) or None,
        )

    def _edge(self, pod: Pod) -> EdgeSample:
        page = self._cluster.page(pod, "metrics", samples.PAGE_SECONDS)
        return samples.edge_sample(page, time.monotonic())

    def _traffic(self) -> dict[str, Traffic]:
        try:
            return traffic.read(self._cluster, self._namespace)
        except Trouble:
            return {}


def pop_sample(
    pop: Object, edges: Mapping[str, EdgeSample | None], figures: Traffic | None
) -> PopSample:
    """A Pop as its object, its edges and the operator show it; a drained one is behind nobody."""
    name = objects.name(pop)
    drained = objects.out_of_service(pop)
    ready = objects.condition(pop, "Ready")
    problem = (ready.message,) if ready.false and not drained else ()
    edges_ready, desired = objects.edges(pop)
    return PopSample(
        name,
        0 if drained else desired,
        edges,
        told=tuple(filter(None, (*problem, objects.refusal(pop)))),
        queries=figures and figures.queries,
        servfail=figures and figures.servfail,
        lag=None if drained else value(pop, "status", "lagSeconds"),
        zones=value(pop, "status", "zones", "assigned"),
        ready=edges_ready,
    )

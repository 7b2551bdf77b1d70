"""What probers are told of each Pop (see `dnsfleet.probing.lists`). Pure.

A Pop is asked where its status says that clients reach it. Only a load balancer is reached from
other clusters, and the addresses of nodes that somebody chose for it. So where a fleet has Pops in
several, no other Pop is asked at all: from elsewhere it would never answer.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from dnsfleet.probing.lists import MAX_ADDRESSES, ProbedPop
from dnsfleet.replication import edge_words
from dnsfleet.resources import Pop

from dnsfleet_operator.objects import HOST_NETWORK
from dnsfleet_operator.statuses.propagation import Fleet

DNS_PORT = 53
"""Of every Service of a Pop, and of every node on which edges answer."""


def probed(known: Iterable[tuple[Pop, Mapping[str, Any]]], fleet: Fleet) -> list[ProbedPop]:
    """The Pops by name, from each object and its status."""
    pops = sorted(known, key=lambda each: each[0].metadata.name)
    several = any(pop.spec.cluster == "agent" for pop, _ in pops)
    return [_probed(pop, status, fleet, several) for pop, status in pops]


def _probed(pop: Pop, status: Mapping[str, Any], fleet: Fleet, several: bool) -> ProbedPop:
    name = pop.metadata.name
    words = fleet.words(name).values()
    # A new leader has not decided yet which Pops may stop; one without edges did already.
    stopped = not words and (bool(pop.drain_asked_by) or pop.spec.edge.replicas == 0)
    if name not in fleet.active or stopped:
        return ProbedPop(name, (), drained=True)
    edge = pop.spec.edge
    chosen = pop.spec.service.type == "LoadBalancer"
    if edge.exposure == HOST_NETWORK:
        chosen = edge.host_prefixes != ()
    reached = not several or chosen
    hosts = status.get("addresses") or () if reached else ()
    return ProbedPop(
        name,
        tuple((str(host), DNS_PORT) for host in hosts[:MAX_ADDRESSES]),
        False,
        edge_words.floor(words),
        tuple(sorted(edge_words.exceptions(words))),
    )

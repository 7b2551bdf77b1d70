"""How much each Pop answers, as the operator that leads shows it in its metrics.

It is telemetry: no object has it, since objects would change every few seconds for it. So it is
read from the page of the operator, through the API server's proxy.
"""

from collections import defaultdict
from typing import NamedTuple

from dnsfleet_cli.kubectl.cluster import Cluster
from dnsfleet_cli.top import samples

_POP = "dnsfleet_pop_"
_QUERIES, _SERVFAIL = f"{_POP}queries_per_second", f"{_POP}servfail_ratio"
_MEMORY = f"{_POP}edge_memory_bytes"


class Traffic(NamedTuple):
    """Of one Pop."""

    queries: float
    """A second."""
    servfail: float
    """The share of them that is answered with SERVFAIL; 0 to 1."""
    memory: float | None
    """Octets of all its edges together; None where an operator of a version before tells none."""


def read(cluster: Cluster, namespace: str) -> dict[str, Traffic]:
    """By Pop; only the operator that leads a release has any. Trouble where one is not asked."""
    found: dict[str, Traffic] = {}
    for operator in cluster.scraped("operator", namespace):
        found |= parse(cluster.page(operator, "metrics", samples.PAGE_SECONDS))
    return found


def parse(page: str) -> dict[str, Traffic]:
    """What the page of an operator says of Pops of which it has rates."""
    values: dict[str, dict[str, float]] = defaultdict(dict)
    for name, labels, figure in samples.series(page, _POP):
        if name in (_QUERIES, _SERVFAIL, _MEMORY) and "pop" in labels:
            values[labels["pop"]][name] = figure
    return {
        pop: Traffic(of_pop[_QUERIES], of_pop[_SERVFAIL], of_pop.get(_MEMORY))
        for pop, of_pop in values.items()
        if _QUERIES in of_pop and _SERVFAIL in of_pop
    }

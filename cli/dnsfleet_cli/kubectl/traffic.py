"""How much each Pop answers, as the operator that leads shows it in its metrics.

It is telemetry: no object has it, since objects would change every few seconds for it. So it is
read from the page of the operator, through the API server's proxy.
"""

from collections import defaultdict
from typing import NamedTuple

from dnsfleet_cli.kubectl.cluster import Cluster
from dnsfleet_cli.top import samples

_POP = "dnsfleet_pop_"
_FIGURES = (f"{_POP}queries_per_second", f"{_POP}servfail_ratio", f"{_POP}edge_memory_bytes")


class Traffic(NamedTuple):
    """Of one Pop."""

    queries: float
    """A second."""
    servfail: float
    """The share of them that is answered with SERVFAIL; 0 to 1."""
    memory: float
    """Octets of all its edges together."""


def read(cluster: Cluster) -> dict[str, Traffic]:
    """By Pop; only the operator that leads has any. Trouble where one cannot be asked."""
    found: dict[str, Traffic] = {}
    for operator in cluster.scraped("operator"):
        found |= parse(cluster.page(operator, "metrics", samples.PAGE_SECONDS))
    return found


def parse(page: str) -> dict[str, Traffic]:
    """What the page of an operator says of Pops of which it has all figures."""
    values: dict[str, dict[str, float]] = defaultdict(dict)
    for name, labels, figure in samples.series(page, _POP):
        if name in _FIGURES:
            values[labels["pop"]][name] = figure
    return {
        pop: Traffic(*(of_pop[name] for name in _FIGURES))
        for pop, of_pop in values.items()
        if len(of_pop) == len(_FIGURES)
    }

"""What a gate says about secondaries to Prometheus: `dnsfleet_gate_secondary_*`."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import get_args

import prometheus_client
from dnsfleet.secondaries.answers import Kind
from dnsfleet.secondaries.standings import State
from dnsfleet.tsig_keys import Target
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

MAX_NAMED = 50
"""Secondaries with series of their own, seven each; the others are one together."""
OTHERS = "others"
"""Their label: for how long the one that is most behind is so, and the zones of all of them."""

Standing = tuple[float | None, Counter[State]]
Standings = Mapping[Target, Standing]


class SecondaryMetrics:
    """What is measured of the questions and of the answers."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._queries = prometheus_client.Counter(
            "dnsfleet_gate_secondary_queries",
            "Queries for the SOA of a zone to secondaries, by what came: a serial, an error, or "
            "silence.",
            ["answer"],
            registry=registry,
        )
        for kind in get_args(Kind)[:3]:
            self._queries.labels(kind)
        self.standings: Callable[[], Standings] = dict
        """How secondaries stand."""
        registry.register(_StandingsCollector(lambda: self.standings()))

    def asked(self, answer: str) -> None:
        """A query has its answer."""
        self._queries.labels(answer).inc()


class _StandingsCollector(Collector):
    def __init__(self, standings: Callable[[], Standings]) -> None:
        self._standings = standings

    def collect(self) -> Iterator[Metric]:
        behind = GaugeMetricFamily(
            "dnsfleet_gate_secondary_behind_seconds",
            "For how long a secondary is not known to have the newest serial of some zone, 0 where "
            "it has those of all. One that never gave the SOA of a zone has no series.",
            labels=["secondary"],
        )
        zones = GaugeMetricFamily(
            "dnsfleet_gate_secondary_zones",
            "Zones of a secondary, by state: Current, Behind, Ahead, Failing, Silent or Unknown.",
            labels=["secondary", "state"],
        )
        for label, (seconds, states) in _labelled(self._standings()).items():
            if seconds is not None:
                behind.add_metric([label], seconds)
            for state in get_args(State):
                zones.add_metric([label, state], states[state])
        yield behind
        yield zones


def _labelled(standings: Standings) -> dict[str, Standing]:
    """By label; `OTHERS` after as many as have their own."""
    ordered = sorted(standings.items())
    found: dict[str, Standing] = {str(target): each for target, each in ordered[:MAX_NAMED]}
    if rest := [standing for _, standing in ordered[MAX_NAMED:]]:
        together = Counter[State]()
        for _, states in rest:
            together.update(states)
        known = [seconds for seconds, _ in rest if seconds is not None]
        found[OTHERS] = max(known, default=None), together
    return found

"""What a prober says to Prometheus.

The texts are what docs/metrics.md tells; `make metrics` writes it anew.

Each round asks for other zones, so a series for each would make thousands of them in a day. There
is one for each zone that is wrong, and a number of them for each Pop. Pops are those of the list.
"""

import itertools
import time
from collections.abc import Iterator

from dnsfleet.probing.judging import TRANSPORTS
from dnsfleet_io import registries
from prometheus_client import Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from dnsfleet_probe.prober import Round

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2)
"""Seconds, from the next rack to the time after which no answer counts."""


class ProbeMetrics:
    """The registry of one prober."""

    def __init__(self) -> None:
        self.registry = registries.registry("probe")
        self._duration = Histogram(
            "dnsfleet_probe_duration_seconds",
            "From a query to its answer, as seen from this place.",
            ["pop", "transport"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._pops: frozenset[str] = frozenset()
        """Those that the list named last."""
        self._rounds = _RoundCollector()
        self.registry.register(self._rounds)

    def take(self, found: Round) -> None:
        """Show what a round found."""
        for verdict in found.verdicts:
            for replies in verdict.replies:
                duration = self._duration.labels(verdict.pop.name, replies.transport)
                for seconds in replies.seconds:
                    duration.observe(seconds)
        pops = frozenset(pop.name for pop in found.list.pops)
        for gone, transport in itertools.product(self._pops - pops, TRANSPORTS):
            self._duration.remove(gone, transport)
        self._pops = pops
        self._rounds.last = found


class _RoundCollector(Collector):
    def __init__(self) -> None:
        self.last: Round | None = None

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily(
            "dnsfleet_probe_up",
            "1 when all queries to an address of a Pop were answered in the last round.",
            labels=["pop", "address", "transport"],
        )
        current = GaugeMetricFamily(
            "dnsfleet_probe_current",
            "0 for each zone that some address of a Pop answered otherwise than it is published, "
            "and not newer. No series for other zones.",
            labels=["pop", "zone"],
        )
        wrong = GaugeMetricFamily(
            "dnsfleet_probe_zones_wrong",
            "How many zones that a Pop was asked for are answered otherwise than they are "
            "published, and not newer.",
            labels=["pop"],
        )
        disagreement = GaugeMetricFamily(
            "dnsfleet_probe_disagreement",
            "1 where the edges of a Pop prove what is not seen from this place.",
            labels=["pop"],
        )
        written = GaugeMetricFamily(
            "dnsfleet_probe_list_timestamp_seconds",
            "When the list was written by which this prober asks.",
        )
        last = self.last
        if last is not None:
            written.add_metric([], last.list.time_ms / 1000)
            knows_inside = not last.list.is_old(time.time_ns() // 1_000_000)
            for verdict in last.verdicts:
                pop = verdict.pop.name
                for replies in verdict.replies:
                    up.add_metric([pop, replies.address, replies.transport], not replies.problem)
                for zone in sorted(verdict.wrong):
                    current.add_metric([pop, zone], 0)
                if verdict.answered:
                    wrong.add_metric([pop], len(verdict.wrong))
                if knows_inside:
                    disagreement.add_metric([pop], verdict.disagrees)
        yield from (up, current, wrong, disagreement, written)

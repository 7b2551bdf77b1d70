"""What an edge says about itself to Prometheus: `dnsfleet_edge_*`, base units, no dashes.

Here is what its Python threads count and know; the engine's counts are in `engine_metrics`, and the
series of each zone in `zone_metrics`. The only label without a fixed set of values is `zone`.
"""

from collections.abc import Callable, Iterator

from dnsfleet_engine import Engine
from dnsfleet_following.link_metrics import LinkMetrics
from dnsfleet_following.status import Readiness, Status
from dnsfleet_io import registries
from dnsfleet_io.redis_watch import REPLICA, RedisMetrics
from prometheus_client import (
    Counter,
    Gauge,
    GCCollector,
    Histogram,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from dnsfleet_edge.engine_metrics import EngineCollector
from dnsfleet_edge.zone_metrics import ZoneCollector

# From a small file in a fast cache to a disk that is about to fail.
_DISK_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The registry of one edge, and the counts that its Python threads keep."""

    def __init__(
        self,
        engine: Engine,
        readiness: Readiness,
        status: Status,
        zone_series_always: bool = False,
    ) -> None:
        self.registry = registries.registry("edge", engine_version="dnsfleet-engine")
        GCCollector(registry=self.registry)
        self.redis = RedisMetrics(self.registry, REPLICA)
        self.link = LinkMetrics("edge", "snapshot, delta or disk", self.registry)
        self.disk_failures = self._counter(
            "disk_failures",
            "Writes to the state folder that failed.",
        )
        self.disk_writes = Histogram(
            "dnsfleet_edge_disk_write_seconds",
            "One write of a zone or of the index to the state folder, with its fsync.",
            buckets=_DISK_BUCKETS,
            registry=self.registry,
        )
        self.ack_failures = self._counter(
            "ack_failures",
            "Acks that the core did not take.",
        )
        self.cookie_secrets = Gauge(
            "dnsfleet_edge_cookie_secrets",
            "Secrets with which DNS cookies are accepted; 0 where cookies are not answered.",
            registry=self.registry,
        )
        self.registry.register(EngineCollector(engine))
        self.registry.register(_ReadinessCollector(readiness))
        self.link.watch(status)
        self.registry.register(ZoneCollector(status, zone_series_always))

    def _counter(self, name: str, text: str) -> Counter:
        return Counter(f"dnsfleet_edge_{name}", text, registry=self.registry)

    def watch_disk(self, held_at: Callable[[], float | None]) -> None:
        """Tell when the disk last held everything; `DiskWriter.held_at` knows."""
        self.registry.register(_DiskCollector(held_at))


class _ReadinessCollector(Collector):
    def __init__(self, readiness: Readiness) -> None:
        self._readiness = readiness

    def collect(self) -> Iterator[Metric]:
        ready = float(self._readiness.verdict.ready)
        yield GaugeMetricFamily(
            "dnsfleet_edge_ready", "1 when this edge should get queries.", value=ready
        )


class _DiskCollector(Collector):
    def __init__(self, held_at: Callable[[], float | None]) -> None:
        self._held_at = held_at

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "dnsfleet_edge_snapshot_timestamp_seconds",
            "Up to when the state folder holds every zone as it was answered, Unix time: when the "
            "oldest change was answered that waits to be written, and now while none waits; no "
            "series before all zones are known.",
            value=self._held_at(),
        )

"""What an edge says about itself to Prometheus: `dnsfleet_edge_*`, base units, no dashes.

Here is what its Python threads count and know; the engine's counts are in `engine_metrics`, and the
series of each zone in `zone_metrics`. The only label without a fixed set of values is `zone`.
"""

import time
from collections.abc import Callable, Iterator, Sequence

from dnsfleet_engine import Engine
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
from dnsfleet_edge.status import Readiness, Status
from dnsfleet_edge.zone_metrics import ZoneCollector

# From one round trip in a data centre to a snapshot that is fetched after an outage.
_PROPAGATION_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
# From a small file in a fast cache to a disk that is about to fail.
_DISK_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
# What may be not as it was signed: `Follower.distrusted`, and what `verification` finds.
_VERIFY_FAILURES = ("fleet", "manifest", "payload", "content")


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
        self.loads = self._counter(
            "zone_loads",
            "Revisions that were verified and loaded, by source: snapshot, delta or disk.",
            ["source"],
        )
        self.refusals = self._counter(
            "refusals",
            "Revisions that were not taken over because they could not be verified or loaded.",
        )
        self.verify_failures = self._counter(
            "verify_failures",
            "What was read and is not what a valid key signed: the head of the fleet, the manifest "
            "of a zone, the payload that a manifest names, or the content of a zone.",
            ["reason"],
        )
        for reason in _VERIFY_FAILURES:
            self.verify_failures.labels(reason)
        self.gaps = self._counter(
            "gaps",
            "Gaps in what the log announced, each of which made this edge read the index.",
        )
        self.resyncs = self._counter(
            "resyncs",
            "Complete reads of the index: once a minute, after each connection and each gap.",
        )
        self.link_failures = self._counter(
            "link_failures",
            "Connections to the replica that failed or broke.",
        )
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
        self.propagation = Histogram(
            "dnsfleet_edge_propagation_seconds",
            "From the publication of a revision to answering from it, by both clocks.",
            buckets=_PROPAGATION_BUCKETS,
            registry=self.registry,
        )
        self.registry.register(EngineCollector(engine))
        self.registry.register(_StateCollector(readiness, status))
        self.registry.register(ZoneCollector(status, zone_series_always))

    def _counter(self, name: str, text: str, labels: Sequence[str] = ()) -> Counter:
        return Counter(f"dnsfleet_edge_{name}", text, labels, registry=self.registry)

    def watch_disk(self, held_at: Callable[[], float | None]) -> None:
        """Tell when the disk last held everything; `DiskWriter.held_at` knows."""
        self.registry.register(_DiskCollector(held_at))


class _StateCollector(Collector):
    def __init__(self, readiness: Readiness, status: Status) -> None:
        self._readiness = readiness
        self._status = status

    def collect(self) -> Iterator[Metric]:
        status = self._status
        ack = status.ack
        for name, text, value in (
            ("ready", "1 when this edge should get queries.", self._readiness.verdict.ready),
            ("zones_failing", "Zones whose newest revision is not loaded.", ack.failing_count),
            ("replica_connected", "1 while the replica answers.", status.connected),
            ("lsn", "The position in the log up to which everything is loaded.", ack.lsn),
            (
                "replication_lag_seconds",
                "How long ago this edge last knew that its replica had nothing newer for it.",
                status.lag(time.monotonic()),
            ),
        ):
            yield GaugeMetricFamily(f"dnsfleet_edge_{name}", text, value=float(value))


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

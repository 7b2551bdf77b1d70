"""What a role that follows zones says about that to Prometheus."""

import time
from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from dnsfleet_following.status import Status

# From one round trip in a data centre to a snapshot that is fetched after an outage.
_PROPAGATION_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
# What may be not as it was signed: `Follower.distrusted`, and what `verification` finds.
_VERIFY_FAILURES = ("fleet", "manifest", "payload", "content")


class LinkMetrics:
    """The counts that a link keeps, under the name of its role: `dnsfleet_ROLE_*`."""

    def __init__(self, role: str, sources: str, registry: CollectorRegistry) -> None:
        """`sources` names where the role loads zones from."""
        self._role = role
        self._registry = registry
        self.loads = self._counter(
            "zone_loads",
            f"Revisions that were verified and loaded, by source: {sources}.",
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
            f"Gaps in what the log announced, each of which made this {role} read the index.",
        )
        self.resyncs = self._counter(
            "resyncs",
            "Complete reads of the index: once a minute, after each connection and each gap.",
        )
        self.failures = self._counter(
            "link_failures",
            "Connections to the replica that failed or broke.",
        )
        self.propagation = Histogram(
            f"dnsfleet_{role}_propagation_seconds",
            "From the publication of a revision to answering from it, by both clocks.",
            buckets=_PROPAGATION_BUCKETS,
            registry=registry,
        )

    def watch(self, status: Status) -> None:
        """Tell what the link knows of the replica, too."""
        self._registry.register(_StatusCollector(self._role, status))

    def _counter(self, name: str, text: str, labels: Sequence[str] = ()) -> Counter:
        return Counter(f"dnsfleet_{self._role}_{name}", text, labels, registry=self._registry)


class _StatusCollector(Collector):
    def __init__(self, role: str, status: Status) -> None:
        self._role = role
        self._status = status

    def collect(self) -> Iterator[Metric]:
        status, role = self._status, self._role
        ack = status.ack
        for name, text, value in (
            ("zones_failing", "Zones whose newest revision is not loaded.", ack.failing_count),
            ("replica_connected", "1 while the replica answers.", status.connected),
            ("lsn", "The position in the log up to which everything is loaded.", ack.lsn),
            (
                "replication_lag_seconds",
                f"How long ago this {role} last knew that its replica had nothing newer for it.",
                status.lag(time.monotonic()),
            ),
        ):
            yield GaugeMetricFamily(f"dnsfleet_{role}_{name}", text, value=float(value))

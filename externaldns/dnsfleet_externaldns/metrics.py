"""What the webhook says about itself to Prometheus.

The texts are what docs/metrics.md tells; `make metrics` writes it anew.
"""

from collections.abc import Mapping

from dnsfleet_io import registries
from prometheus_client import Counter, Gauge, Histogram

SECONDS_BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15)
"""Up to the 15 s after which ExternalDNS gives up by default."""


class WebhookMetrics:
    """The registry of one process."""

    def __init__(self) -> None:
        self.registry = registries.registry("externaldns")
        self.requests = Counter(
            "dnsfleet_externaldns_requests_total",
            "Requests of ExternalDNS, by operation (negotiate, records, adjust or apply) and HTTP "
            "status.",
            ["operation", "code"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "dnsfleet_externaldns_request_seconds",
            "How long requests of ExternalDNS took.",
            ["operation"],
            buckets=SECONDS_BUCKETS,
            registry=self.registry,
        )
        self.writes = Counter(
            "dnsfleet_externaldns_writes_total",
            "RecordSets that were written, by verb (apply or delete). Nothing is written where "
            "nothing changes.",
            ["verb"],
            registry=self.registry,
        )
        self.endpoints = Gauge(
            "dnsfleet_externaldns_endpoints",
            "Endpoints of this instance that its RecordSets have.",
            registry=self.registry,
        )
        self.zones = Gauge(
            "dnsfleet_externaldns_zones",
            "Zones that this instance may write to.",
            registry=self.registry,
        )
        self._refused = Gauge(
            "dnsfleet_externaldns_refused_endpoints",
            "Endpoints that are left out, by reason; the log says which ones, and why.",
            ["reason"],
            registry=self.registry,
        )
        self.refused_record_sets = Gauge(
            "dnsfleet_externaldns_refused_record_sets",
            "RecordSets of this instance that the operator does not take; the log says why.",
            registry=self.registry,
        )

    def set_refused(self, reasons: Mapping[str, int]) -> None:
        """How many endpoints are refused for each reason."""
        self._refused.clear()
        for reason, count in reasons.items():
            self._refused.labels(reason).set(count)

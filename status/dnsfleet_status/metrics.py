"""What the status page says about itself to Prometheus.

The texts are what docs/metrics.md tells; `make metrics` writes it anew.
"""

from dnsfleet_io import build_info
from prometheus_client import CollectorRegistry, Gauge, PlatformCollector, ProcessCollector


class StatusMetrics:
    """The registry of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        build_info.register(self.registry, "status")
        self.core_read = Gauge(
            "dnsfleet_status_core_read",
            "1 where the status page could read the core when it tried last.",
            registry=self.registry,
        )

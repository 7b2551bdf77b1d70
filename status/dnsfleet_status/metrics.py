"""What the status page says about itself to Prometheus.

The texts are what docs/metrics.md tells; `make metrics` writes it anew.
"""

from dnsfleet_io import registries
from prometheus_client import Gauge


class StatusMetrics:
    """The registry of one process."""

    def __init__(self) -> None:
        self.registry = registries.registry("status")
        self.core_read = Gauge(
            "dnsfleet_status_core_read",
            "1 where the status page could read the core when it tried last.",
            registry=self.registry,
        )

"""What the operator says about itself and the fleet to Prometheus; docs/metrics.md lists it."""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)

from dnsfleet_operator.samples import FleetSamples

PROPAGATION_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
"""Seconds: from a fleet in one place to a Pop that was cut off for half an hour."""


class Metrics:
    """The registry of one operator."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.leader = self._gauge("operator_leader", "1 while this replica leads.")
        self.stands_aside = self._gauge(
            "operator_stands_aside",
            "1 while another release leads this cluster, so that this one changes nothing.",
        )
        self.reconciles = Counter(
            "dnsfleet_operator_reconcile_total",
            "Reconciliations.",
            ["kind", "result"],
            registry=self.registry,
        )
        self.status_writes = Counter(
            "dnsfleet_operator_status_writes_total",
            "Writes to the status of an object.",
            ["kind"],
            registry=self.registry,
        )
        self.queue_depth = self._gauge("operator_queue_depth", "Keys that wait to be reconciled.")
        self.last_pass = self._gauge(
            "operator_last_pass_timestamp_seconds", "When the work loop last finished a turn."
        )
        self.last_sync = self._gauge(
            "operator_last_sync_timestamp_seconds", "When all objects were last listed completely."
        )
        self.core_up = self._gauge(
            "operator_core_up",
            "1 when the core Redis did what the last look and the last pass asked.",
        )
        self.keys_lost = self._gauge(
            "operator_keys_lost",
            "1 while the Secret with the keys is gone, unusable or not as it was left.",
        )
        self.keys_losses = Counter(
            "dnsfleet_operator_keys_losses_total",
            "How often the Secret with the keys was gone.",
            registry=self.registry,
        )
        self.propagation = Histogram(
            "dnsfleet_propagation_seconds",
            "From publication until every Ready edge of the zone's Active Pops answers it.",
            buckets=PROPAGATION_BUCKETS,
            registry=self.registry,
        )
        self.resync_corrections = Counter(
            "dnsfleet_operator_resync_corrections_total",
            "Differences that a complete pass found in what the changes had made.",
            registry=self.registry,
        )
        self.fleet = FleetSamples()
        """Of every Zone and Pop."""
        self.registry.register(self.fleet)
        self.orphans = self._gauge("orphans", "Zones that are published and have no Zone object.")

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"dnsfleet_{name}", text, labels, registry=self.registry)

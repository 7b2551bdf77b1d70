"""What the operator says about itself and the fleet to Prometheus; docs/metrics.md lists it."""

from collections.abc import Iterable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)

PROPAGATION_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
"""Seconds: from a fleet in one place to a Pop that was cut off for half an hour."""
_ZONE_LABELS = ("namespace", "name", "zone")


class Metrics:
    """The registry of one operator."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.leader = self._gauge("operator_leader", "1 while this replica holds the Lease.")
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
            "operator_core_up", "1 when the core Redis did what the last pass asked."
        )
        self.propagation = Histogram(
            "dnsfleet_propagation_seconds",
            "From publication until every Ready edge of the zone's Active Pops answers it.",
            buckets=PROPAGATION_BUCKETS,
            registry=self.registry,
        )
        self.zone_accepted = self._gauge(
            "zone_accepted", "1 when the Zone's condition Accepted is True.", *_ZONE_LABELS
        )
        self.zone_propagated = self._gauge(
            "zone_propagated", "1 when the Zone's condition Propagated is True.", *_ZONE_LABELS
        )
        self.zone_unpropagated = self._gauge(
            "zone_unpropagated_seconds",
            "How long the newest revision has not been answered everywhere; 0 when it is.",
            *_ZONE_LABELS,
        )
        self.zone_pop_current = self._gauge(
            "zone_pop_current",
            "0 for the Pops, five at most, that do not answer the newest revision of the zone.",
            "zone",
            "pop",
        )
        self.pop_ready = self._gauge(
            "pop_ready", "1 when the Pop's condition Ready is True.", "pop"
        )
        self.pop_drained = self._gauge("pop_drained", "1 when its state is Drained.", "pop")
        self.pop_edges_ready = self._gauge("pop_edges_ready", "Edge pods that are Ready.", "pop")
        self.pop_edges_desired = self._gauge(
            "pop_edges_desired", "Edge pods that the Pop asks for.", "pop"
        )
        self.pop_lag = self._gauge(
            "pop_lag_seconds",
            "Age of the oldest publication that some Ready edge has not acknowledged.",
            "pop",
        )
        self.orphans = self._gauge("orphans", "Zones that are published and have no Zone object.")

    def forget(self) -> None:
        """Say nothing more of zones and Pops: another replica does."""
        for gauge in [*self._of_zones(), *self._of_pops(), self.zone_pop_current]:
            gauge.clear()

    def keep_zones(self, labels: Iterable[tuple[str, ...]]) -> None:
        """Drop the samples of Zones that are gone."""
        _keep(self._of_zones(), set(labels))

    def keep_pops(self, names: Iterable[str]) -> None:
        """Drop the samples of Pops that are gone."""
        _keep(self._of_pops(), {(name,) for name in names})

    def _of_zones(self) -> list[Gauge]:
        return [self.zone_accepted, self.zone_propagated, self.zone_unpropagated]

    def _of_pops(self) -> list[Gauge]:
        return [
            self.pop_ready,
            self.pop_drained,
            self.pop_edges_ready,
            self.pop_edges_desired,
            self.pop_lag,
        ]

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"dnsfleet_{name}", text, labels, registry=self.registry)


def _keep(gauges: list[Gauge], wanted: set[tuple[str, ...]]) -> None:
    for gauge in gauges:
        known = {
            tuple(sample.labels.values()) for metric in gauge.collect() for sample in metric.samples
        }
        for labels in known - wanted:
            gauge.remove(*labels)

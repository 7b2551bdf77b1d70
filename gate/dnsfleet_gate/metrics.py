"""What a gate says about itself to Prometheus: `dnsfleet_gate_*`."""

from collections.abc import Callable, Iterator

import dns.rcode
from dnsfleet_engine import Engine
from dnsfleet_following.link_metrics import LinkMetrics
from dnsfleet_following.status import Readiness, Status
from dnsfleet_io import registries
from dnsfleet_io.redis_watch import REPLICA, RedisMetrics
from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from dnsfleet_gate.secondaries.samples import SecondaryMetrics

_TSIG_ERRORS = ("BADSIG", "BADKEY", "BADTIME", "BADTRUNC")
_TRANSFERS = ("axfr", "ixfr")
_OUTCOMES = ("done", "broken")
_UPDATE_BUCKETS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0)
"""Seconds: the last ones are where clients give up."""


class Metrics:
    """The registry of one gate, and the counts that it keeps."""

    def __init__(self, engine: Engine, readiness: Readiness, status: Status) -> None:
        self.registry = registries.registry("gate", engine_version="dnsfleet-engine")
        self.redis = RedisMetrics(self.registry, REPLICA)
        self.link = LinkMetrics("gate", "snapshot or delta", self.registry)
        self._replies = self._counter(
            "replies",
            "Replies of one message, by response code; transfers are not among them.",
            "rcode",
        )
        self._tsig_errors = self._counter(
            "tsig_errors", "Signed requests that no key proves, by the TSIG error.", "error"
        )
        for error in _TSIG_ERRORS:
            self._tsig_errors.labels(error)
        self._transfers = self._counter(
            "transfers",
            "Transfers, by what was sent, a whole zone or changes, and whether all was taken.",
            "type",
            "outcome",
        )
        for kind in _TRANSFERS:
            for outcome in _OUTCOMES:
                self._transfers.labels(kind, outcome)
        self.transferred = self._counter("transferred_bytes", "Octets of messages of transfers.")
        self.connections = Gauge(
            "dnsfleet_gate_connections", "Open connections over TCP.", registry=self.registry
        )
        self.refused = self._counter(
            "connections_refused", "Connections that were closed as too many were open."
        )
        self._notifies = self._counter(
            "notifies",
            "NOTIFY messages to secondaries: answered, tried again, or given up until the next "
            "change.",
            "outcome",
        )
        for outcome in ("answered", "retried", "given_up"):
            self._notifies.labels(outcome)
        self.secondaries = SecondaryMetrics(self.registry)
        self._update_seconds = Histogram(
            "dnsfleet_gate_update_seconds",
            "From the moment when an UPDATE came to its reply.",
            buckets=_UPDATE_BUCKETS,
            registry=self.registry,
        )
        self.waiting = Gauge(
            "dnsfleet_gate_updates_waiting",
            "UPDATE messages that have no reply yet.",
            registry=self.registry,
        )
        self._writes = self._counter(
            "update_writes", "RecordSets that were written for UPDATE messages.", "outcome"
        )
        for outcome in ("done", "conflict", "refused", "failed"):
            self._writes.labels(outcome)
        self.keys = Gauge(
            "dnsfleet_gate_keys", "TSIG keys that are accepted.", registry=self.registry
        )
        self.registry.register(_StateCollector(engine, readiness))
        self.link.watch(status)

    def take_updates(self, leads: Callable[[], bool]) -> None:
        """Say whether this gate, one of those that may take updates, does so."""
        Gauge(
            "dnsfleet_gate_leads",
            "1 in the gate that takes updates, 0 in those that would after it; others have none.",
            registry=self.registry,
        ).set_function(lambda: float(leads()))

    def replied(self, rcode: int, error: int) -> None:
        """A request got a reply of one message."""
        self._replies.labels(dns.rcode.to_text(dns.rcode.Rcode(rcode))).inc()
        if error:
            self._tsig_errors.labels(dns.rcode.to_text(dns.rcode.Rcode(error), tsig=True)).inc()

    def transfer(self, kind: str, done: bool) -> None:
        """A transfer has ended."""
        self._transfers.labels(kind, _OUTCOMES[0 if done else 1]).inc()

    def notified(self, outcome: str) -> None:
        """What became of a NOTIFY."""
        self._notifies.labels(outcome).inc()

    def updated(self, seconds: float) -> None:
        """An UPDATE has its outcome."""
        self._update_seconds.observe(seconds)

    def written(self, outcome: str) -> None:
        """What became of a write of a RecordSet."""
        self._writes.labels(outcome).inc()

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"dnsfleet_gate_{name}", text, labels, registry=self.registry)


class _StateCollector(Collector):
    def __init__(self, engine: Engine, readiness: Readiness) -> None:
        self._engine = engine
        self._readiness = readiness

    def collect(self) -> Iterator[Metric]:
        for name, text, value in (
            ("ready", "1 when this gate answers.", self._readiness.verdict.ready),
            ("zones", "Zones that can be transferred.", len(self._engine.origins())),
        ):
            yield GaugeMetricFamily(f"dnsfleet_gate_{name}", text, value=float(value))

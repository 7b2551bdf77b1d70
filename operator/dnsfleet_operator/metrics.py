"""What the operator says about itself and the fleet to Prometheus.

The texts are what docs/metrics.md tells; `make metrics` writes it anew.
"""

from collections.abc import Iterator, Sequence

from dnsfleet_io import registries
from dnsfleet_io.redis_watch import CORE, RedisMetrics
from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from dnsfleet_operator.api_calls import APICalls
from dnsfleet_operator.families import family
from dnsfleet_operator.samples import FleetSamples

PROPAGATION_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
"""Seconds: from a fleet in one place to a Pop that was cut off for half an hour."""
WORK_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
"""Seconds: from a pass that has nothing to do to one that fills a core that lost a large fleet."""


class KnownGauge(Collector):
    """A gauge without a series while its value is not known."""

    def __init__(self, name: str, text: str) -> None:
        self._name, self._text = name, text
        self._value: float | None = None

    def set(self, value: float | None) -> None:
        """Take a value; None is not known."""
        self._value = value

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The value as of now."""
        value = self._value
        yield family(self._name, self._text, (), [] if value is None else [((), float(value))])


class Metrics:
    """The registry of one operator."""

    def __init__(self, role: str = "all") -> None:
        """`role` is that of the configuration."""
        self.registry = registries.registry("operator")
        self.leader = self._gauge(
            "operator_leader",
            "1 while this replica leads: it has the Lease, and its release does not stand aside. "
            "Role is all, core or pop; in role pop it leads the cluster of its Pop, and publishes "
            "nothing.",
            ["role"],
        ).labels(role)
        self.stands_aside = self._gauge(
            "operator_stands_aside",
            "1 while another release leads this cluster, so that this one changes nothing.",
        )
        self.reconciles = self._counter(
            "operator_reconcile_total",
            "Reconciliations. Kind is Zone, ConfigMaps, Pop, Replica, Commands, Fleet, "
            "Propagation, Cookies, Keys, Access, Gates, Members, Secondaries, Sync, Preparation, "
            "Sweep, Proof, Probes or Telemetry; result is success or error.",
            ["kind", "result"],
        )
        self.status_writes = self._counter(
            "operator_status_writes_total", "Writes to the status of an object.", ["kind"]
        )
        self.queue_depth = self._gauge("operator_queue_depth", "Keys that wait to be reconciled.")
        self.last_pass = self._gauge(
            "operator_last_pass_timestamp_seconds",
            "When the work loop last finished a turn; it turns at least every second.",
        )
        self.last_sync = self._gauge(
            "operator_last_sync_timestamp_seconds", "When all objects were last listed completely."
        )
        self.core_up = KnownGauge(
            "operator_core_up",
            "1 when the core Redis did what the last look and the last pass asked; in role pop, "
            "when it took the last report. No series while this replica does not lead: it asks "
            "nothing of the core then.",
        )
        self.registry.register(self.core_up)
        self.keys_lost = self._gauge(
            "operator_keys_lost",
            "1 while the Secret with the keys is gone, unusable or not as it was left.",
        )
        self.keys_losses = self._counter(
            "operator_keys_losses_total",
            "How often the Secret with the keys was gone; the leader writes it again.",
        )
        self.tsig_keys = self._gauge(
            "operator_tsig_keys",
            "TsigKeys of the release, by whether they are Ready (true or false): gates are given "
            "them as they are. No series without a gate, and while this replica does not lead.",
            ["ready"],
        )
        self.primaries_asked = self._counter(
            "operator_primaries_asked_total",
            "Primaries that were asked for a transferred zone. Outcome is unchanged where nothing "
            "is new, ixfr where changes came, axfr where the whole zone came, or error where it "
            "gave nothing, or had an older zone.",
            ["outcome"],
        )
        self.resync_corrections = self._counter(
            "operator_resync_corrections_total",
            "Differences that a complete pass found in what the changes had made; each is a fault "
            "of ours, please report it with the line of the log.",
        )
        self._durations()
        self.api = APICalls(self.registry)
        self.redis = RedisMetrics(self.registry, CORE)
        self.fleet = FleetSamples()
        """Of every Zone and Pop."""
        self.registry.register(self.fleet)

    def _durations(self) -> None:
        self.pass_seconds = self._histogram(
            "operator_pass_seconds",
            "How long reconciliations took, with an error or without; of what is done in parts, "
            "each part. Kinds are those of dnsfleet_operator_reconcile_total.",
            WORK_BUCKETS,
            ["kind"],
        )
        self.look_seconds = self._histogram(
            "operator_look_seconds",
            "How long looks took at what edges say, and at what that changes for statuses.",
            WORK_BUCKETS,
        )
        self.propagation = self._histogram(
            "propagation_seconds",
            "From publication of a zone's revision until every Ready edge of its Active Pops "
            "answers it.",
            PROPAGATION_BUCKETS,
        )
        self.pop_propagation = self._histogram(
            "pop_propagation_seconds",
            "From publication of a zone's revision until every Ready edge of the Pop answers it, "
            "for Pops that were Active all the time and missed no changes: some edge was Ready, "
            "none was silent, and none behind for more than 135 s.",
            PROPAGATION_BUCKETS,
            ["pop"],
        )

    def tsig_keys_are(self, ready: int, unready: int) -> None:
        """So many TsigKeys are Ready, and so many are not."""
        self.tsig_keys.labels("true").set(ready)
        self.tsig_keys.labels("false").set(unready)

    def end_term(self) -> None:
        """Say nothing more of the fleet: another replica does."""
        self.leader.set(0)
        self.core_up.set(None)
        self.queue_depth.set(0)
        self.pop_propagation.clear()
        self.tsig_keys.clear()
        self.fleet.clear()

    def _gauge(self, name: str, text: str, labels: Sequence[str] = ()) -> Gauge:
        return Gauge(f"dnsfleet_{name}", text, labels, registry=self.registry)

    def _counter(self, name: str, text: str, labels: Sequence[str] = ()) -> Counter:
        return Counter(f"dnsfleet_{name}", text, labels, registry=self.registry)

    def _histogram(
        self, name: str, text: str, buckets: Sequence[float], labels: Sequence[str] = ()
    ) -> Histogram:
        return Histogram(f"dnsfleet_{name}", text, labels, buckets=buckets, registry=self.registry)

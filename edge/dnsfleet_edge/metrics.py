"""What an edge says about itself to Prometheus: `dnsfleet_edge_*`, base units, no dashes.

Counts of queries are read from the engine when somebody scrapes them, so that answering costs the
same with and without a scraper. The only label without a fixed set of values is `zone`, bounded by
the number of zones that this edge serves.
"""

import time
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version

from dnsfleet.replication.manifests import Manifest
from dnsfleet_engine import Engine
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from dnsfleet_edge.status import Readiness, Status

_TRANSPORTS = ("udp", "tcp")
_FAMILIES = {"4": "ipv4", "6": "ipv6"}
_RCODE_PREFIX = "rcode_"
_COOKIES = ("client", "valid", "invalid")
_RATE_LIMITS = ("slipped", "dropped")
# From one round trip in a data centre to a snapshot that is fetched after an outage.
_PROPAGATION_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """The registry of one edge, and the counts that its Python threads keep."""

    def __init__(self, engine: Engine, readiness: Readiness, status: Status) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.loads = Counter(
            "dnsfleet_edge_zone_loads_total",
            "Revisions that were verified and loaded, by source: snapshot, delta or disk.",
            ["source"],
            registry=self.registry,
        )
        self.refusals = Counter(
            "dnsfleet_edge_refusals_total",
            "Revisions that were not taken over because they could not be verified or loaded.",
            registry=self.registry,
        )
        self.link_failures = Counter(
            "dnsfleet_edge_link_failures_total",
            "Connections to the replica that failed or broke.",
            registry=self.registry,
        )
        self.disk_failures = Counter(
            "dnsfleet_edge_disk_failures_total",
            "Writes to the state folder that failed.",
            registry=self.registry,
        )
        self.ack_failures = Counter(
            "dnsfleet_edge_ack_failures_total",
            "Acks that the core did not take.",
            registry=self.registry,
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
        self.registry.register(_EngineCollector(engine))
        self.registry.register(_StateCollector(readiness, status))


class _EngineCollector(Collector):
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterator[Metric]:
        queries = CounterMetricFamily(
            "dnsfleet_edge_queries",
            "Queries received.",
            labels=["shard", "transport", "family"],
        )
        responses = CounterMetricFamily(
            "dnsfleet_edge_responses", "Responses sent.", labels=["shard", "rcode"]
        )
        cookies = CounterMetricFamily(
            "dnsfleet_edge_cookies",
            "Queries with a DNS cookie: of the client alone, or with a server cookie.",
            labels=["shard", "cookie"],
        )
        limited = CounterMetricFamily(
            "dnsfleet_edge_rate_limited",
            "Responses over the rate limit: sent without records, or not sent.",
            labels=["shard", "action"],
        )
        plain = {
            key: CounterMetricFamily(f"dnsfleet_edge_{key}", text, labels=["shard"])
            for key, text in {
                "cache_hits": "Responses whose records the answer cache had.",
                "cache_misses": "Responses made anew, where the cache was asked.",
                "tcp_evicted": "Connections closed for want of room or of open files.",
                "proxy_refused": "Datagrams and connections without a PROXY header that they must "
                "have, or with one that they may not have.",
                "truncated": "Responses sent with TC=1 because they did not fit.",
                "dropped": "Messages that got no response: too short, or responses themselves.",
                "panics": "Queries answered with SERVFAIL because the engine failed on them.",
            }.items()
        }
        for number, row in enumerate(self._engine.counters()):
            shard = str(number)
            for transport in _TRANSPORTS:
                for digit, family in _FAMILIES.items():
                    count = row[f"queries_{transport}{digit}"]
                    queries.add_metric([shard, transport, family], count)
            for key, count in row.items():
                if key.startswith(_RCODE_PREFIX):
                    rcode = key.removeprefix(_RCODE_PREFIX).upper()
                    responses.add_metric([shard, rcode], count)
            for cookie in _COOKIES:
                cookies.add_metric([shard, cookie], row[f"cookies_{cookie}"])
            for action in _RATE_LIMITS:
                limited.add_metric([shard, action], row[f"rate_limit_{action}"])
            for key, family_of_key in plain.items():
                family_of_key.add_metric([shard], row[key])
        yield queries
        yield responses
        yield cookies
        yield limited
        yield from plain.values()


class _StateCollector(Collector):
    def __init__(self, readiness: Readiness, status: Status) -> None:
        self._readiness = readiness
        self._status = status

    def collect(self) -> Iterator[Metric]:
        status = self._status
        ack = status.ack
        zones = status.zones()
        yield InfoMetricFamily(
            "dnsfleet_edge_build",
            "The version of this edge and of its engine.",
            value={"version": _version("dnsfleet"), "engine_version": _version("dnsfleet-engine")},
        )
        for name, text, value in (
            ("ready", "1 when this edge should get queries.", self._readiness.verdict.ready),
            ("zones", "Zones that are answered from.", len(zones)),
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
        yield from _zone_gauges(zones)


def _zone_gauges(zones: Mapping[str, Manifest]) -> Iterator[Metric]:
    serial = GaugeMetricFamily(
        "dnsfleet_edge_zone_serial", "The SOA serial that is answered.", labels=["zone"]
    )
    epoch = GaugeMetricFamily(
        "dnsfleet_edge_zone_revision_epoch",
        "The epoch of the revision that is answered from.",
        labels=["zone"],
    )
    sequence = GaugeMetricFamily(
        "dnsfleet_edge_zone_revision_sequence",
        "The sequence number, within its epoch, of the revision that is answered from.",
        labels=["zone"],
    )
    for origin, manifest in sorted(zones.items()):
        serial.add_metric([origin], manifest.serial)
        epoch.add_metric([origin], manifest.revision.epoch)
        sequence.add_metric([origin], manifest.revision.seq)
    yield from (serial, epoch, sequence)


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:  # run from a source tree
        return "unknown"

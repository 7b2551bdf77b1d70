"""What an end of the tunnel says about itself to Prometheus; docs/metrics.md lists it."""

from prometheus_client import CollectorRegistry, Counter, Gauge, PlatformCollector, ProcessCollector

SOURCE, HANDSHAKE, CERTIFICATE, TARGET = "source", "handshake", "certificate", "target"
COMMAND = "command"
"""Why a connection failed: too many handshakes of one source; no good certificate in time; a
certificate that may not come, or too many connections with one; the other side could not be
reached; something else was sent than commands of a Pop."""


class TunnelMetrics:
    """The registry of one end."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.connections = self._gauge("tunnel_connections", "Connections that are carried.")
        self.handshakes = self._gauge(
            "tunnel_handshakes", "Connections that have not shown a certificate yet."
        )
        self.failures = Counter(
            "dnsfleet_tunnel_failures_total",
            "Connections that were not carried, or not on.",
            ["reason"],
            registry=self.registry,
        )
        for reason in (SOURCE, HANDSHAKE, CERTIFICATE, TARGET, COMMAND):
            self.failures.labels(reason)
        self.certificate_ends = Gauge(
            "dnsfleet_tunnel_certificate_expiry_timestamp_seconds",
            "When a certificate ends, or the first of several.",
            ["certificate"],
            registry=self.registry,
        )

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"dnsfleet_{name}", text, registry=self.registry)

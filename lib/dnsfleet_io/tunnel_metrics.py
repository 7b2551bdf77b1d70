"""What an end of the tunnel says about itself to Prometheus.

The texts are what docs/metrics.md tells; `make metrics` writes it anew.
"""

from prometheus_client import Counter, Gauge

from dnsfleet_io import registries

SOURCE, HANDSHAKE, CERTIFICATE, TARGET = "source", "handshake", "certificate", "target"
COMMAND, COPIES = "command", "copies"
"""Why a connection failed: too many handshakes of one source; no good certificate in time; a
certificate that may not come, or too many connections with one; the other side could not be
reached; something else was sent than commands of a Pop; too many whole copies were asked for."""


class TunnelMetrics:
    """The registry of one end."""

    def __init__(self) -> None:
        self.registry = registries.registry("tunnel")
        self.connections = self._gauge("tunnel_connections", "Connections that are carried.")
        self.handshakes = self._gauge(
            "tunnel_handshakes",
            "Connections that have not shown a certificate yet; 128 at most, and 8 of one source, "
            "which is a /24 of IPv4 or a /56 of IPv6, and 16 of a /48.",
        )
        self.failures = Counter(
            "dnsfleet_tunnel_failures_total",
            "Connections that were not carried, or not on. Reason is source (too many handshakes "
            "of one source), handshake (no good certificate within 5 s), certificate (one that may "
            "not come, or more than 16 connections with one), target (the other side was not "
            "reached), command (something else was sent than commands of a Pop) or copies (more "
            "than eight whole copies of the core, and more than one a minute, with one "
            "certificate).",
            ["reason"],
            registry=self.registry,
        )
        for reason in (SOURCE, HANDSHAKE, CERTIFICATE, TARGET, COMMAND, COPIES):
            self.failures.labels(reason)
        self.copies_refused = Counter(
            "dnsfleet_tunnel_copies_refused_total",
            "Connections that failed with the reason copies, by the Pop that the certificate "
            "names. No series before a Pop came.",
            ["pop"],
            registry=self.registry,
        )
        self.certificate_ends = Gauge(
            "dnsfleet_tunnel_certificate_expiry_timestamp_seconds",
            "When a certificate ends, the first one where a file has several. Certificate is core "
            "(of the end at the core) or pop (of the other end), which is what this end shows, or "
            "authority, which is whom it trusts.",
            ["certificate"],
            registry=self.registry,
        )

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"dnsfleet_{name}", text, registry=self.registry)

"""`dnsfleet-externaldns`: the webhook provider of ExternalDNS, beside it in its pod.

The protocol has no passwords, so it is on the loopback of the pod: ExternalDNS reaches it, and
nothing else of the network does. The kubelet comes from outside the pod, so /healthz is on a port
of its own, with /metrics.
"""

import argparse
import logging
import os
import re
import signal
import socket
import sys
from collections.abc import Sequence

from dnsfleet import names
from dnsfleet_io import log_setup, versions
from dnsfleet_io.app_servers import AppServer
from dnsfleet_io.logs import line
from dnsfleet_io.pages import PageServer, metrics_page, text_page
from dnsfleet_io.tcp_connections import Address
from kubernetes import config

from dnsfleet_externaldns import app
from dnsfleet_externaldns.cluster import Cluster
from dnsfleet_externaldns.metrics import WebhookMetrics
from dnsfleet_externaldns.provider import Provider

LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 8888
"""Where ExternalDNS asks by default (`--webhook-provider-url`)."""
DEFAULT_HEALTH = "*:8080"
"""Where the chart of ExternalDNS has its probes and scrapes."""
MAX_INSTANCE = 40
"""Characters of an instance: it is a label, and begins the names of objects."""
STOPS = (signal.SIGTERM, signal.SIGINT)
_EXIT_CONFIG = 2
_HEALTH = {True: "ok", False: "the webhook takes no requests; see the log"}
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
"""The letters of a label as Kubernetes has it (RFC 1123)."""

_log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until it is told to stop; exits 0, or 2 where it cannot begin."""
    given = parser().parse_args(arguments)
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)  # in all threads: the main one waits for them
    try:
        log_setup.configure(os.environ)
        metrics = WebhookMetrics()
        provider = Provider(
            Cluster(given.namespaces or ()), given.instance, given.domain_filter or (), metrics
        )
        listening = socket.create_server((LOOPBACK, given.port))
        health = PageServer(
            Address.parse(given.health),
            {
                "/healthz": lambda: text_page(server.is_serving, _HEALTH[server.is_serving]),
                "/metrics": lambda: metrics_page(metrics.registry),
            },
        )
    except (OSError, ValueError, config.ConfigException) as error:
        print(f"dnsfleet-externaldns: {error}", file=sys.stderr)
        sys.exit(_EXIT_CONFIG)
    server = AppServer(app.make(provider, metrics), listening)
    server.start()
    health.start()
    _log.info(line("serving", port=given.port, instance=given.instance))
    signal.sigwait(STOPS)
    server.stop()


def parser() -> argparse.ArgumentParser:
    """What the program takes."""
    made = argparse.ArgumentParser(
        prog="dnsfleet-externaldns", description="The webhook provider of ExternalDNS."
    )
    made.add_argument("--version", action="version", version=versions.text(made.prog))
    made.add_argument(
        "--instance",
        required=True,
        type=_instance,
        metavar="NAME",
        help="whose RecordSets to manage; each ExternalDNS of a cluster has another one",
    )
    made.add_argument(
        "--namespaces",
        type=_namespaces,
        metavar="NAME[,NAME…]",
        help="whose Zones to write to; default: all",
    )
    made.add_argument(
        "--domain-filter",
        action="append",
        type=_domain,
        metavar="DOMAIN",
        help="a domain that this instance is for; may be given more than once; default: all Zones",
    )
    made.add_argument(
        "--port", type=_port, default=DEFAULT_PORT, help="of the webhook, on the loopback"
    )
    made.add_argument(
        "--health",
        default=DEFAULT_HEALTH,
        metavar="HOST:PORT",
        help=f"where /healthz and /metrics are; default: {DEFAULT_HEALTH}",
    )
    return made


def _instance(text: str) -> str:
    if len(text) > MAX_INSTANCE or not _LABEL.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"{text!r}: lower-case letters, digits and hyphens, {MAX_INSTANCE} at most"
        )
    return text


def _namespaces(text: str) -> list[str]:
    """Each is to be one: an empty name would be all of them to the API server."""
    found = text.split(",")
    for each in found:
        if not _LABEL.fullmatch(each):
            raise argparse.ArgumentTypeError(
                f"{each!r} is no namespace; leave the option out for all"
            )
    return found


def _port(text: str) -> int:
    try:
        return Address.parse(f"{LOOPBACK}:{text}").port
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 1 to 65535") from None


def _domain(text: str) -> str:
    try:
        return names.normalise(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


if __name__ == "__main__":
    main()

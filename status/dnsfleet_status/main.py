"""`dnsfleet-status`: the status page of a fleet in a cluster.

The page is on the loopback of the pod. `kubectl port-forward` leads there, and the API server asks
who may do that; nothing else of the network does, whatever its policies are. The kubelet
comes from outside the pod, so /readyz is on a port of its own, with /metrics.
"""

import argparse
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from dnsfleet_io import log_setup, versions
from dnsfleet_io.app_servers import AppServer
from dnsfleet_io.logs import line
from dnsfleet_io.pages import Page, PageServer, metrics_page, text_page
from dnsfleet_io.tcp_connections import Address
from kubernetes import client, config

from dnsfleet_status import alerts, app
from dnsfleet_status.cluster_looks import ClusterLooks
from dnsfleet_status.core_watch import PUBLIC_KEYS, USER, CoreWatch
from dnsfleet_status.looks import Alerts
from dnsfleet_status.metrics import StatusMetrics
from dnsfleet_status.watched_objects import InNamespaces, Objects, WatchedObjects

LOOPBACK = "127.0.0.1"
DEFAULT_PORT = 8081
NO_ALERTS = (
    "give the address of Alertmanager, or of Prometheus, in the chart: "
    "statusPage.alertmanagerUrl or statusPage.prometheusUrl"
)
STOPS = (signal.SIGTERM, signal.SIGINT)
_EXIT_CONFIG = 2

_log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until it is told to stop; exits 0, or 2 where it cannot begin."""
    given = _parser().parse_args(arguments)
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)  # in all threads: the main one waits for them
    try:
        log_setup.configure(os.environ)
        firing = _alerts(given.alertmanager, given.prometheus)
        core_address, health = Address.parse(given.core), Address.parse(given.health)
        api = _api()
        zones: Objects = WatchedObjects(api, "zones")
        if given.namespaces:
            zones = InNamespaces(api, "zones", given.namespaces.split(","))
        pops, fleets = (WatchedObjects(api, each) for each in ("pops", "fleets"))
        metrics = StatusMetrics()
        core = CoreWatch(core_address, given.keys, pops, metrics)
        look = ClusterLooks(given.release, zones, pops, fleets, core.reader, lambda: core.problem)
        listening = socket.create_server((LOOPBACK, given.port))
        waiting: list[Objects] = [zones, pops, fleets]
        ready = PageServer(
            health,
            {
                "/readyz": lambda: _readiness(
                    [each.problem for each in waiting if not each.listed]
                ),
                "/metrics": lambda: metrics_page(metrics.registry),
            },
        )
    except (OSError, ValueError, config.ConfigException) as error:
        print(f"dnsfleet-status: {error}", file=sys.stderr)
        sys.exit(_EXIT_CONFIG)
    for each in waiting:
        each.start()
    core.start()
    ready.start()
    pages = AppServer(app.make(look, firing), listening)
    pages.start()
    _log.info(line("serving", port=given.port))
    signal.sigwait(STOPS)
    pages.stop()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dnsfleet-status", description="Serve the status page of a fleet on the loopback."
    )
    parser.add_argument("--version", action="version", version=versions.text(parser.prog))
    parser.add_argument("--release", required=True, help="the name of the Fleet")
    parser.add_argument(
        "--namespaces", metavar="NAME[,NAME…]", help="whose Zones to show; default: all"
    )
    parser.add_argument("--core", required=True, metavar="HOST:PORT", help="the core Redis")
    parser.add_argument(
        "--keys",
        required=True,
        type=Path,
        metavar="FOLDER",
        help=f"the entries {USER} and {PUBLIC_KEYS} of the Secret with the keys",
    )
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="of the page")
    parser.add_argument(
        "--health", required=True, metavar="HOST:PORT", help="where /readyz and /metrics are"
    )
    known = parser.add_mutually_exclusive_group()
    known.add_argument("--alertmanager", metavar="URL", help="to show what fires")
    known.add_argument("--prometheus", metavar="URL", help="the same, without an Alertmanager")
    return parser


def _api() -> client.CustomObjectsApi:
    """Of the cluster that this pod runs in, or the one of the kubeconfig outside of any."""
    try:
        config.load_incluster_config()
    except config.ConfigException:
        config.load_kube_config()
    return client.CustomObjectsApi()


def _alerts(alertmanager: str | None, prometheus: str | None) -> Callable[[], Alerts]:
    if alertmanager is not None:
        return alerts.from_alertmanager(alertmanager)
    if prometheus is not None:
        return alerts.from_prometheus(prometheus)
    return alerts.nowhere(NO_ALERTS)


def _readiness(problems: Sequence[str]) -> Page:
    return text_page(not problems, "; ".join(problems) or "ok")


if __name__ == "__main__":
    main()

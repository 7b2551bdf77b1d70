"""`dnsfleet-operator`: one replica of the operator.

configuration → keys Secret → HTTP → Lease → controller → kopf's watches, until a signal

Signals are blocked in every thread but the main one, in which kopf waits for them. The kernel may
give a signal to any thread that does not block it. Where this replica was stopped for a while (as
a virtual machine is), that would cut short a wait for an answer whose time is over, although the
answer is there: nobody would learn that a late write was refused.
"""

import logging
import os
import signal
import sys
import time

from dnsfleet_io import logs
from dnsfleet_io.listen_addresses import EVERY_ADDRESS
from dnsfleet_io.pages import Page, PageServer, metrics_page, text_page

from dnsfleet_operator import garbage
from dnsfleet_operator.cluster import Cluster, ClusterError, ConflictError, connect
from dnsfleet_operator.configuration import (
    Configuration,
    ConfigurationError,
    from_environment,
)
from dnsfleet_operator.controller import Controller
from dnsfleet_operator.leading.leadership import Leadership
from dnsfleet_operator.metrics import Metrics
from dnsfleet_operator.secrets import key_secrets
from dnsfleet_operator.secrets.key_secrets import Keys, KeySecretError
from dnsfleet_operator.watching.record_set_watch import RecordSetWatch
from dnsfleet_operator.watching.watches import watch
from dnsfleet_operator.watching.workload_watches import WorkloadWatches

RETRY_SECONDS = 2.0
_EXIT_CONFIGURATION = 2
_STOPS = (signal.SIGTERM, signal.SIGINT)
_LABELS = {"app.kubernetes.io/name": "dnsfleet", "app.kubernetes.io/component": "keys"}

_log = logging.getLogger(__name__)


def main() -> None:
    """Run until a signal; exits 2 where the configuration or the Secret cannot be used."""
    logs.configure()
    # kopf tells of every event that it hands on.
    logging.getLogger("kopf.objects").setLevel(logging.WARNING)
    try:
        configuration = from_environment(os.environ)
        cluster = connect()
        keys = _keys(cluster, configuration)
    except (ConfigurationError, KeySecretError) as error:
        print(f"dnsfleet-operator: {error}", file=sys.stderr)
        sys.exit(_EXIT_CONFIGURATION)
    _run(cluster, configuration, keys)


def _run(cluster: Cluster, configuration: Configuration, keys: Keys) -> None:
    garbage.begin()
    metrics = Metrics()
    leadership = Leadership(
        cluster,
        f"{configuration.release}-operator",
        configuration.namespace,
        configuration.identity,
        lambda: controller.wake(),
    )
    controller = Controller(cluster, configuration, keys, metrics, lambda: leadership.leads)

    def health() -> Page:
        problem = controller.problem()
        return text_page(not problem, problem or "ok")

    http = PageServer(
        (EVERY_ADDRESS, configuration.http_port),
        {
            "/healthz": health,
            "/readyz": health,
            "/metrics": lambda: metrics_page(metrics.registry),
        },
    )
    watches = WorkloadWatches(
        cluster, configuration.namespace, controller.workloads, controller.event
    )
    record_sets = RecordSetWatch(cluster, controller.event, controller.sync)
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)  # a new thread blocks what its maker blocks
    http.start()
    watches.start()
    record_sets.start()
    controller.start()
    leadership.start()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
    try:
        watch(cluster, controller)
    finally:
        watches.stop()
        record_sets.stop()
        controller.stop()
        leadership.stop()
        http.stop()


def _keys(cluster: Cluster, configuration: Configuration) -> Keys:
    """The keys of the fleet; the Secret is made where there is none."""
    name, namespace = configuration.keys_secret, configuration.namespace
    while True:
        try:
            secret = cluster.get("Secret", name, namespace)
            if secret is None:
                labels = _LABELS | {"app.kubernetes.io/instance": configuration.release}
                secret = cluster.create(key_secrets.make(name, namespace, labels))
                _log.info("made Secret %s/%s", namespace, name)
            return key_secrets.read(secret)
        except ConflictError:
            continue  # another replica was faster: read what it made
        except ClusterError as error:
            _log.warning("%s; again in %.0f s", error, RETRY_SECONDS)
            time.sleep(RETRY_SECONDS)


if __name__ == "__main__":
    main()

"""`dnsfleet-operator`: one replica of the operator.

configuration → keys Secret → HTTP → Lease → controller → kopf's watches, until a signal
"""

import logging
import os
import sys
import time

from dnsfleet_operator.cluster import Cluster, ClusterError, ConflictError, connect
from dnsfleet_operator.configuration import (
    Configuration,
    ConfigurationError,
    from_environment,
)
from dnsfleet_operator.controller import Controller
from dnsfleet_operator.http import HTTPServer
from dnsfleet_operator.leading.leadership import Leadership
from dnsfleet_operator.metrics import Metrics
from dnsfleet_operator.secrets import key_secrets
from dnsfleet_operator.secrets.key_secrets import Keys, KeySecretError
from dnsfleet_operator.watching.watches import watch
from dnsfleet_operator.watching.workload_watches import WorkloadWatches

RETRY_SECONDS = 2.0
_EXIT_CONFIGURATION = 2
_LABELS = {"app.kubernetes.io/name": "dnsfleet", "app.kubernetes.io/component": "keys"}

_log = logging.getLogger(__name__)


def main() -> None:
    """Run until a signal; exits 2 where the configuration or the Secret cannot be used."""
    logging.basicConfig(
        level=logging.INFO,
        format="time=%(asctime)s level=%(levelname)s logger=%(name)s %(message)s",
    )
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
    metrics = Metrics()
    leadership = Leadership(
        cluster,
        f"{configuration.release}-operator",
        configuration.namespace,
        configuration.identity,
        lambda: controller.wake(),
    )
    controller = Controller(cluster, configuration, keys, metrics, lambda: leadership.leads)
    http = HTTPServer(
        configuration.http_port,
        metrics.page,
        {"/healthz": controller.problem, "/readyz": controller.problem},
    )
    watches = WorkloadWatches(
        cluster, configuration.namespace, controller.workloads, controller.event
    )
    http.start()
    watches.start()
    controller.start()
    leadership.start()
    try:
        watch(cluster, controller)
    finally:
        watches.stop()
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

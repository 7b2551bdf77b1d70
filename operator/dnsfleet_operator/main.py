"""`dnsfleet-operator`: one replica of the operator.

configuration → HTTP → keys Secret → CRDs → Lease → controller → kopf's watches, until a signal

In role `pop` there is no core here, so there are no keys to wait for, and only Pops are watched.

Beside the Lease, which one replica of a release holds, `Precedence` tells whether this release may
work at all, or another one leads the cluster.

Without the Secret it waits: with new keys it would do harm, and a process that ends is started
again later each time, so that it would be late when the Secret is back.

Signals are blocked in every thread but the main one, in which kopf waits for them. The kernel may
give a signal to any thread that does not block it. Where this replica was stopped for a while (as
a virtual machine is), that would cut short a wait for an answer whose time is over, although the
answer is there: nobody would learn that a late write was refused.
"""

import argparse
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from types import FrameType

from dnsfleet_io import log_setup, versions
from dnsfleet_io.listen_addresses import EVERY_ADDRESS
from dnsfleet_io.pages import Page, PageServer, metrics_page, text_page
from dnsfleet_kubernetes.leadership import Leadership
from dnsfleet_publisher.key_secrets import Keys, KeySecretError

from dnsfleet_operator import garbage
from dnsfleet_operator.cluster import Cluster, ClusterError, connect
from dnsfleet_operator.configuration import (
    POP,
    Configuration,
    ConfigurationError,
    from_environment,
)
from dnsfleet_operator.controller import Controller
from dnsfleet_operator.joined.terms import JoinedTerm
from dnsfleet_operator.leading.dependencies import Begin
from dnsfleet_operator.leading.fleet_objects import tell_without_keys
from dnsfleet_operator.leading.lease_object import LeaseObject
from dnsfleet_operator.leading.precedence import Precedence
from dnsfleet_operator.leading.terms import Term
from dnsfleet_operator.metrics import Metrics
from dnsfleet_operator.observed.observation import LISTED
from dnsfleet_operator.secrets import key_keeping
from dnsfleet_operator.secrets.key_keeping import KeyKeeper
from dnsfleet_operator.watching.record_set_watch import RecordSetWatch
from dnsfleet_operator.watching.watches import served, watch
from dnsfleet_operator.watching.workload_watches import WorkloadWatches

RETRY_SECONDS = 2.0
_EXIT_CONFIGURATION = 2
_STOPS = (signal.SIGTERM, signal.SIGINT)

_log = logging.getLogger(__name__)


class _Health:
    """What the probes are told, from the first moment on."""

    def __init__(self) -> None:
        self.waits_for = "it starts"
        self.problem: Callable[[], str] = lambda: ""
        self.stands_aside_for: Callable[[], str] = lambda: ""
        self.lease_problem: Callable[[], str] = lambda: ""

    def wait(self, why: str) -> None:
        """Not be ready for this reason; empty where there is none any more."""
        self.waits_for = why

    def alive(self) -> Page:
        """Whether there is no use in a restart."""
        problem = self.problem()
        return text_page(not problem, problem or "ok")

    def ready(self) -> Page:
        """Whether this replica works, or could."""
        problem = (
            self.waits_for or self.problem() or self.lease_problem() or self.stands_aside_for()
        )
        return text_page(not problem, problem or "ok")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run until a signal; exits 2 where the configuration or the Secret cannot be used."""
    parser = argparse.ArgumentParser(
        prog="dnsfleet-operator",
        description="Bring zones and Pops of a cluster to what its objects say. The chart says the "
        "rest, in the environment.",
    )
    parser.add_argument("--version", action="version", version=versions.text(parser.prog))
    parser.parse_args(arguments)
    # kopf tells of every event that it hands on.
    logging.getLogger("kopf.objects").setLevel(logging.WARNING)
    signal.signal(signal.SIGTERM, _leave)  # until kopf takes it over
    health = _Health()
    try:
        log_setup.configure(os.environ)
        configuration = from_environment(os.environ)
        metrics = Metrics(configuration.role)
        cluster = connect(metrics.api, configuration.watch_namespaces)
        http = PageServer(
            (EVERY_ADDRESS, configuration.http_port),
            {
                "/healthz": health.alive,
                "/readyz": health.ready,
                "/metrics": lambda: metrics_page(metrics.registry),
            },
        )
        # A new thread blocks what its maker blocks; while the main one waits, a signal ends it.
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
        http.start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
        begin = _begin(cluster, configuration, metrics, health)
    except (ConfigurationError, KeySecretError, log_setup.LevelError) as error:
        print(f"dnsfleet-operator: {error}", file=sys.stderr)
        sys.exit(_EXIT_CONFIGURATION)
    _run(cluster, configuration, begin, metrics, health)
    http.stop()


def _begin(
    cluster: Cluster, configuration: Configuration, metrics: Metrics, health: _Health
) -> Begin:
    """What begins a term in the role of this operator."""
    if configuration.role == POP:
        return JoinedTerm
    keys = _keys(cluster, configuration, metrics, health)
    keeper = KeyKeeper(cluster, configuration, keys, metrics)
    return lambda given: Term(given, keeper)


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def _run(
    cluster: Cluster, configuration: Configuration, begin: Begin, metrics: Metrics, health: _Health
) -> None:
    garbage.begin()
    kinds = ("Pop",) if configuration.role == POP else LISTED
    served(cluster, kinds, health.wait)
    lease = LeaseObject(cluster, f"{configuration.release}-operator", configuration.namespace)
    leadership = Leadership(lease, configuration.identity, lambda: controller.wake())
    precedence = Precedence(cluster, configuration, metrics, lambda: controller.wake())
    controller = Controller(
        cluster,
        configuration,
        begin,
        metrics,
        lambda: leadership.leads and not precedence.problem,
    )
    watches = WorkloadWatches(
        cluster, configuration.namespace, controller.workloads, controller.event
    )
    record_sets = RecordSetWatch(cluster, controller.event, controller.sync)
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)  # a new thread blocks what its maker blocks
    watches.start()
    if configuration.role != POP:
        record_sets.start()
    controller.start()
    health.problem, health.waits_for = controller.problem, ""
    health.stands_aside_for = lambda: precedence.problem
    health.lease_problem = lambda: "" if leadership.leads else leadership.problem
    precedence.start()
    leadership.start()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
    try:
        namespaces = configuration.watch_namespaces
        watch(cluster, controller, kinds, namespaces, health.wait, metrics.api)
    finally:
        watches.stop()
        record_sets.stop()
        precedence.stop()
        controller.stop()
        leadership.stop()


def _keys(
    cluster: Cluster, configuration: Configuration, metrics: Metrics, health: _Health
) -> Keys:
    """The keys of the fleet; they are made for a fleet that has none yet (see `key_keeping`)."""
    tell = partial(tell_without_keys, cluster, configuration.release, configuration.identity)
    while True:
        try:
            keys, why = key_keeping.first(cluster, configuration)
        except KeySecretError as error:
            tell("SecretUnusable", str(error))
            raise
        except ClusterError as error:
            _log.warning("%s; again in %.0f s", error, RETRY_SECONDS)
            health.waits_for = str(error)
        else:
            metrics.keys_lost.set(keys is None)
            if keys is not None:
                return keys
            if why != health.waits_for:
                health.waits_for = why
                _log.error("%s", why)
                tell("SecretLost", why)
        time.sleep(RETRY_SECONDS)


if __name__ == "__main__":
    main()

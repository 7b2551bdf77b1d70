"""Has the statuses of Zones say which serials their secondaries have.

    pods of gates ──▶ their pages ──▶ Secondaries ──▶ origins whose status says something else

It is telemetry: it comes late or not at all where a gate or the API server is away, and nothing
else waits for it.
"""

import time
from collections.abc import Callable, Iterable, Mapping

from dnsfleet.tsig_keys import UsableKey

from dnsfleet_operator.cluster import Cluster, Object
from dnsfleet_operator.configuration import Configuration
from dnsfleet_operator.gates.page_reads import PageReads
from dnsfleet_operator.gates.secondaries import Secondaries, Zones
from dnsfleet_operator.objects import COMPONENT_LABEL

LOOK_SECONDS = 10.0
"""Between reads of gates."""
MAX_GATES = 50
"""That are read: more than a fleet has, and what each tells is kept."""
ENDED = ("Succeeded", "Failed")
"""Phases of a pod that runs no more."""


class SecondaryPasses:
    """What one leader hears of secondaries. ClusterError means to try again."""

    def __init__(self, cluster: Cluster, configuration: Configuration, zones: Zones) -> None:
        self._cluster = cluster
        self._namespace = configuration.namespace
        self._selector = selector(configuration.release)
        self._reads = PageReads()
        self.known = Secondaries(zones)

    def look(self, keys: Iterable[UsableKey], origins: Callable[[], Iterable[str]]) -> list[str]:
        """Read gates that have these keys; the origins whose status is to say something else.

        `origins` gives all zones.
        """
        now = time.monotonic()
        for name, page in self._reads.take():
            self.known.hear(name, page, now)
        if self.known.set_keys(keys):
            self._reads.again()
            self.known.published(origins())
        pods = self._cluster.objects("Pod", self._namespace, self._selector)
        gates = dict(filter(None, map(_gate, pods)))
        self._reads.begin(dict(sorted(gates.items())[:MAX_GATES]))
        if not self._reads.all_tried:
            return []
        news = self.known.look(now, time.time())
        if self.known.missed:
            self._reads.again()
        return news

    def close(self) -> None:
        """Read no more."""
        self._reads.close()


def selector(release: str) -> str:
    """The labels of the pods of gates that transfer."""
    return f"app.kubernetes.io/instance={release},{COMPONENT_LABEL}=gate"


def _gate(pod: Object) -> tuple[str, str] | None:
    """The name of a pod, and where its pages are; None where it has no address yet.

    Or no more: one that ended, as an evicted one, stays in the list with an address that somebody
    else may have by now.
    """
    status = pod.get("status") or {}
    host = None if status.get("phase") in ENDED else status.get("podIP")
    ports: Iterable[Mapping[str, object]] = (
        port
        for container in pod["spec"].get("containers") or ()
        for port in container.get("ports") or ()
    )
    port = next((each["containerPort"] for each in ports if each.get("name") == "http"), None)
    if not host or port is None:
        return None
    return pod["metadata"]["uid"], f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

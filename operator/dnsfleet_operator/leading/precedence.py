"""The thread that sees whether another release of the chart goes before ours (see `releases`)."""

import logging
import threading
import time
from collections.abc import Callable

from dnsfleet.resources import Reference

from dnsfleet_operator.cluster import Cluster, ClusterError
from dnsfleet_operator.configuration import Configuration
from dnsfleet_operator.leading import releases
from dnsfleet_operator.leading.releases import Release
from dnsfleet_operator.metrics import Metrics
from dnsfleet_operator.statuses.events import Notice
from dnsfleet_operator.statuses.posting import post

LOOK_SECONDS = 30.0
"""Between looks: a release is rarely installed, and the API server goes through all Deployments."""
RETRY_SECONDS = 2.0
"""After a look that failed."""
_UNKNOWN = "it is not known yet whether another release leads this cluster"

_log = logging.getLogger(__name__)


class Precedence:
    """Whether our release may work; it may not until the first look."""

    def __init__(
        self,
        cluster: Cluster,
        configuration: Configuration,
        metrics: Metrics,
        changed: Callable[[], None],
    ) -> None:
        """`changed` is called from the thread when the answer may be new."""
        self._cluster = cluster
        self._configuration = configuration
        self._metrics = metrics
        self._changed = changed
        self._ours = Release(configuration.namespace, configuration.release)
        self._other: Release | None = None
        """The one that goes before ours, or went until a moment ago."""
        self._seen_at = 0.0
        self.problem = _UNKNOWN
        """Why our release stands aside; empty where it may work."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="releases", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End after the look that is under way."""
        self._stopping.set()

    def look(self, now: float) -> None:
        """Look at the releases that are there; `now` is monotonic seconds. ClusterError."""
        deployments = self._cluster.objects("Deployment", labels=releases.SELECTOR)
        found = releases.first(deployments, self._ours)
        if found != self._ours:
            self._seen_at = now
            if found != self._other:
                self._other = found
                self._stand_aside(releases.advice(found, self._ours))
        elif self._other is None or now - self._seen_at >= releases.GONE_SECONDS:
            self._other = None
            if self.problem:
                self._tell("")
                _log.info("no other release goes before this one")

    def _stand_aside(self, why: str) -> None:
        self._tell(why)
        _log.error("%s", why)
        name = f"{self._ours.name}-operator"
        about = Reference("Deployment", self._ours.namespace, name)
        notice = Notice("Warning", "StandsAside", why)
        post(self._cluster, self._configuration.identity, notice, about)

    def _tell(self, problem: str) -> None:
        self.problem = problem
        self._metrics.stands_aside.set(bool(problem))
        self._changed()

    def _run(self) -> None:
        while not self._stopping.is_set():
            pause = LOOK_SECONDS
            try:
                self.look(time.monotonic())
            except Exception as error:
                # A defect must not end the thread: nobody would look in its place.
                _log.warning("%s", error, exc_info=not isinstance(error, ClusterError))
                if self.problem and self._other is None:
                    self.problem = f"{_UNKNOWN}: {error}"
                pause = RETRY_SECONDS
            self._stopping.wait(pause)

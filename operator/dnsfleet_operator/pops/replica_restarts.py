"""Restarts of replicas that go on showing what nobody published.

A replica keeps nothing on disk. So one that was restarted copies the whole core anew, which mends
what no edge can mend by reading once more: entries that it lost, or that somebody wrote into it.
The replica is a pod of its own, and edges answer without it. So a restart takes no edge out of
service; it costs the core one copy of everything, and the Pop some seconds without news.

That is done once and then not again for a while: whatever spoils a replica may go on doing so, and
a restart that did not help once does not help by being repeated. How long a replica has run is
what its pod says. So a new leader does not begin from the start.
"""

import logging
import math
import time
from collections.abc import Sequence

from dnsfleet_operator.cluster import Cluster
from dnsfleet_operator.observed import replica_pods
from dnsfleet_operator.observed.replica_pods import ReplicaPod
from dnsfleet_operator.observed.workloads import Workloads

RUN_SECONDS = 600.0
"""A replica that was started may run for so long before it is restarted: it may need minutes to
copy a large core over a slow link, and a restart would make it begin again."""
SPACING_SECONDS = 60.0
"""Between restarts of any two replicas, so that one is done before the next one: where the fault is
with the core, all Pops differ, and all of them at once would copy everything."""

_log = logging.getLogger(__name__)


class ReplicaRestarts:
    """One leader's restarts."""

    def __init__(self, cluster: Cluster, workloads: Workloads) -> None:
        self._cluster = cluster
        self._workloads = workloads
        self._last = -math.inf
        """When the last one was, monotonic seconds."""

    def due(self, differing: Sequence[str]) -> ReplicaPod | None:
        """The one to restart now, of the Pops whose replicas differ; None for none.

        `differing` is in the order in which they are to be restarted.
        """
        if not differing or time.monotonic() - self._last < SPACING_SECONDS:
            return None
        ready = replica_pods.ready(self._workloads.pods)
        since_ms = (time.time() - RUN_SECONDS) * 1000
        found = (ready[pop] for pop in differing if pop in ready)
        return next((each for each in found if 0 < each.started_ms <= since_ms), None)

    def restart(self, replica: ReplicaPod) -> str:
        """Delete its pod, in whose place comes another; what to tell of that.

        ClusterError where the API server did not; then nothing has happened.
        """
        name = replica.pod["metadata"]["name"]
        self._cluster.delete(dict(replica.pod))
        self._last = time.monotonic()
        told = (
            f"restarted the replica (pod {name}): all edges of the Pop were told something else "
            "than was published, also when they read all of it again; they answer what they have"
        )
        _log.warning("Pop %s: %s", replica.pop, told)
        return told

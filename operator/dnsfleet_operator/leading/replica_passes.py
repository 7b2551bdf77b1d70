"""Restarts of replicas that go on differing (see `replica_restarts`), each told by an Event."""

from collections.abc import Callable, Sequence

from dnsfleet.resources import Reference

from dnsfleet_operator.leading.dependencies import Dependencies
from dnsfleet_operator.pops.replica_restarts import ReplicaRestarts
from dnsfleet_operator.statuses.events import Notice
from dnsfleet_operator.statuses.posting import post
from dnsfleet_operator.work_queue import Key

REPLICA = Key("Replica")


class ReplicaPasses:
    """One leader's."""

    def __init__(self, given: Dependencies, differing: Callable[[], Sequence[str]]) -> None:
        """`differing` gives the Pops whose replicas differ, those first that come first."""
        self._given = given
        self._differing = differing
        self._restarts = ReplicaRestarts(given.cluster, given.workloads)

    def look(self) -> None:
        """Have a pass made where a replica is to be restarted."""
        if self._restarts.due(self._differing()) is not None:
            self._given.waiting.add(REPLICA)

    def run(self, _key: Key) -> bool:
        """Restart the replica that is due, and tell why; may raise ClusterError."""
        replica = self._restarts.due(self._differing())
        if replica is None:
            return True  # it is as it should be again
        notice = Notice("Warning", "ReplicaRestarted", self._restarts.restart(replica))
        about = Reference("Pop", "", replica.pop)
        known = self._given.observation.get(about)
        uid = known.uid if known is not None else ""
        post(self._given.cluster, self._given.configuration.identity, notice, about, uid)
        return True

"""What a Pop can be told to do once; see `carrying_out` for how often that may be tried."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from dnsfleet.replication.acks import Ack
from dnsfleet.replication.command_words import Begun
from dnsfleet.replication.pop_commands import FORGET_EDGE, RESTART_REPLICA, SNAPSHOT

from dnsfleet_operator.cluster import Cluster, Object
from dnsfleet_operator.objects import COMPONENT_LABEL, POP_LABEL
from dnsfleet_operator.observed import edge_pods
from dnsfleet_operator.observed.edge_pods import EdgePod
from dnsfleet_operator.pops.carrying_out import NotYet, Refused, Verb

SPACING_SECONDS = 60.0
"""Between two restarts of one replica: each copies the whole core."""
MAX_NAMED = 3
"""Edges that a message names."""


class _OfPop:
    """What every verb needs: the pods of one Pop, as the API server has them now."""

    def __init__(self, cluster: Cluster, namespace: str, pop: str) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._pop = pop

    def _pods(self, component: str) -> list[Object]:
        selector = f"{POP_LABEL}={self._pop},{COMPONENT_LABEL}={component}"
        return list(self._cluster.objects("Pod", self._namespace, selector))

    def _ready_edges(self) -> Sequence[EdgePod]:
        return edge_pods.ready_by_pop(self._pods("edge")).get(self._pop, ())


class RestartReplica(_OfPop):
    """Deletes the replica's pod, in whose place comes another that copies the core anew.

    Its target is that one pod, by its uid: a pod that came after it is left alone. It may have the
    only copy of the zones in its cluster, so it stays while the core cannot be copied; and it stays
    for a while where it has only just copied it.
    """

    def __init__(
        self, cluster: Cluster, namespace: str, pop: str, has_core: Callable[[], bool]
    ) -> None:
        super().__init__(cluster, namespace, pop)
        self._has_core = has_core

    def choose(self, _begun: Begun) -> str:
        """The pod that is to go."""
        pods = [each for each in self._pods("replica") if not _is_going(each)]
        if not pods:
            raise NotYet("the Pop has no replica pod")
        newest = max(pods, key=lambda pod: str(pod["metadata"].get("creationTimestamp", "")))
        if time.time() - _began(newest) < SPACING_SECONDS:
            raise NotYet(f"its pod began less than {SPACING_SECONDS:.0f} s ago, as a copy")
        return _uid(newest)

    def carry_out(self, begun: Begun) -> str:
        """Delete it, if it is there."""
        found = [each for each in self._pods("replica") if _uid(each) == begun.target]
        if found and not self._has_core():
            raise NotYet("the core cannot be reached, so another pod would have nothing to copy")
        for pod in found:
            self._cluster.delete(dict(pod))
        told = f"pod {found[0]['metadata']['name']}" if found else "the pod that ran then"
        return f"deleted {told}; the one that follows copies the core anew"


class ForgetEdge(_OfPop):
    """Drops what an edge said that is gone for good. An edge that runs would say it again."""

    def __init__(
        self, cluster: Cluster, namespace: str, pop: str, forget: Callable[[Sequence[str]], None]
    ) -> None:
        """`forget` takes POP/EDGE; it may raise StoreError."""
        super().__init__(cluster, namespace, pop)
        self._forget = forget

    def choose(self, begun: Begun) -> str:
        """The edge that the command names."""
        edge = begun.request.argument
        if not edge:
            raise Refused("it names no edge")
        if edge in {each.name for each in self._ready_edges()}:
            raise Refused(f"edge {edge} is Ready: it would say all again within seconds")
        return edge

    def carry_out(self, begun: Begun) -> str:
        """Forget it; what is forgotten stays so."""
        self._forget([f"{self._pop}/{begun.target}"])
        return f"forgot what edge {begun.target} said"


class Snapshot(_OfPop):
    """Has every Ready edge load all its zones anew. Edges read the command from their replica, as
    they read zones, and say in their acks up to which one they did it."""

    def __init__(
        self, cluster: Cluster, namespace: str, pop: str, said: Callable[[], Mapping[str, Ack]]
    ) -> None:
        """`said` gives the newest word of each edge, by POP/EDGE."""
        super().__init__(cluster, namespace, pop)
        self._said = said

    def choose(self, _begun: Begun) -> str:
        """Nothing: it changes no zone, however often it is done."""
        return ""

    def carry_out(self, begun: Begun) -> str:
        """See whether all have done it."""
        ready = self._ready_edges()
        if not ready:
            raise NotYet("the Pop has no Ready edge")
        words = edge_pods.newest_words(ready, self._said())
        late = [each.name for each in ready if not _has_done(words[each.field], begun)]
        if late:
            named = ", ".join(late[:MAX_NAMED])
            raise NotYet(f"{len(late)} of {len(ready)} edges have not done it: {named}")
        return f"{len(ready)} edges loaded all zones from fresh snapshots"


def of_pop(
    cluster: Cluster,
    namespace: str,
    pop: str,
    forget: Callable[[Sequence[str]], None],
    said: Callable[[], Mapping[str, Ack]],
    has_core: Callable[[], bool],
) -> dict[str, Verb]:
    """What the operator of a Pop can do, by the word for it; see each for the arguments."""
    return {
        SNAPSHOT: Snapshot(cluster, namespace, pop, said),
        RESTART_REPLICA: RestartReplica(cluster, namespace, pop, has_core),
        FORGET_EDGE: ForgetEdge(cluster, namespace, pop, forget),
    }


def _has_done(ack: Ack | None, begun: Begun) -> bool:
    return ack is not None and ack.refreshed is not None and ack.refreshed >= begun.sequence


def _is_going(pod: Object) -> bool:
    return "deletionTimestamp" in pod["metadata"]


def _began(pod: Object) -> float:
    """When a pod was created, Unix time."""
    return datetime.fromisoformat(pod["metadata"]["creationTimestamp"]).timestamp()


def _uid(pod: Object) -> str:
    return str(pod["metadata"]["uid"])

"""The edge pods of the Pops, as the API server shows them. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from dnsfleet.replication.acks import Ack

from dnsfleet_operator.objects import COMPONENT_LABEL, POP_LABEL
from dnsfleet_operator.observed import pod_statuses

CONTAINER = "edge"
"""The container of an edge pod in which the edge runs."""
CLOCK_STEP_MS = 2_000
"""A clock may be set back so far between the start of a container and that of its process."""


class EdgePod(NamedTuple):
    """One edge."""

    pop: str
    name: str
    ready: bool
    """Whether clients are sent to it."""
    started_ms: int = 0
    """When its container started, Unix time in milliseconds; 0 if it does not run."""
    elsewhere: bool = False
    """Whether another cluster says that there is such an edge, and how it is named."""

    @property
    def field(self) -> str:
        """Its field among the acks."""
        return f"{self.pop}/{self.name}"

    def said(self, ack: Ack) -> bool:
        """Whether the process that runs said it: an earlier one may have had more than it has."""
        return ack.started_ms >= self.started_ms - CLOCK_STEP_MS


def read(pod: Mapping[str, Any]) -> EdgePod | None:
    """The edge that a pod is; None for other pods and those that have ended."""
    metadata = pod["metadata"]
    labels = metadata.get("labels") or {}
    if labels.get(COMPONENT_LABEL) != "edge" or POP_LABEL not in labels:
        return None
    if (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
        return None
    started_ms = pod_statuses.started_ms(pod, CONTAINER)
    return EdgePod(labels[POP_LABEL], metadata["name"], pod_statuses.is_ready(pod), started_ms)


def newest_words(edges: Iterable[EdgePod], acks: Mapping[str, Ack]) -> dict[str, Ack | None]:
    """What the running process of each edge said last, by field; None where it said nothing."""
    found = {edge: acks.get(edge.field) for edge in edges}
    return {
        edge.field: ack if ack is not None and edge.said(ack) else None
        for edge, ack in found.items()
    }


def ready_by_pop(pods: Iterable[Mapping[str, Any]]) -> dict[str, tuple[EdgePod, ...]]:
    """The Ready edges of each Pop that has some, by name."""
    return _by_pop(edge for pod in pods if (edge := read(pod)) is not None and edge.ready)


def serving_by_pop(pods: Iterable[Mapping[str, Any]]) -> dict[str, tuple[EdgePod, ...]]:
    """The Ready edges of each Pop, and those that were told to stop and are as they were before."""
    edges = (read(pod) for pod in pods if pod_statuses.is_serving(pod))
    return _by_pop(edge._replace(ready=True) for edge in edges if edge is not None)


def _by_pop(edges: Iterable[EdgePod]) -> dict[str, tuple[EdgePod, ...]]:
    found: dict[str, list[EdgePod]] = {}
    for edge in edges:
        found.setdefault(edge.pop, []).append(edge)
    return {pop: tuple(sorted(members)) for pop, members in found.items()}

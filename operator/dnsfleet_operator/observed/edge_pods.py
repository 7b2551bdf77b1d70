"""The edge pods of the Pops, as the API server shows them. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from dnsfleet_operator.objects import COMPONENT_LABEL, POP_LABEL

CONTAINER = "edge"
"""The container of an edge pod in which the edge runs."""


class EdgePod(NamedTuple):
    """One edge."""

    pop: str
    name: str
    ready: bool
    """Whether clients are sent to it."""
    started_ms: int = 0
    """When its container started, Unix time in milliseconds; 0 if it does not run."""

    @property
    def field(self) -> str:
        """Its field among the acks."""
        return f"{self.pop}/{self.name}"


def read(pod: Mapping[str, Any]) -> EdgePod | None:
    """The edge that a pod is; None for other pods and those that have ended."""
    metadata = pod["metadata"]
    labels = metadata.get("labels") or {}
    if labels.get(COMPONENT_LABEL) != "edge" or POP_LABEL not in labels:
        return None
    status = pod.get("status") or {}
    if status.get("phase") in ("Succeeded", "Failed"):
        return None
    conditions = {each["type"]: each["status"] for each in status.get("conditions") or ()}
    ready = conditions.get("Ready") == "True" and "deletionTimestamp" not in metadata
    return EdgePod(labels[POP_LABEL], metadata["name"], ready, _started_ms(status))


def _started_ms(status: Mapping[str, Any]) -> int:
    for each in status.get("containerStatuses") or ():
        running = (each.get("state") or {}).get("running")
        if each.get("name") == CONTAINER and running and running.get("startedAt"):
            return int(datetime.fromisoformat(running["startedAt"]).timestamp() * 1000)
    return 0


def ready_by_pop(pods: Iterable[Mapping[str, Any]]) -> dict[str, tuple[EdgePod, ...]]:
    """The Ready edges of each Pop that has some, by name."""
    found: dict[str, list[EdgePod]] = {}
    for pod in pods:
        edge = read(pod)
        if edge is not None and edge.ready:
            found.setdefault(edge.pop, []).append(edge)
    return {pop: tuple(sorted(edges)) for pop, edges in found.items()}

"""The replica pods of the Pops, as the API server shows them. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from dnsfleet_operator.objects import COMPONENT_LABEL, POP_LABEL, Object
from dnsfleet_operator.observed import pod_statuses

CONTAINER = "replica"


class ReplicaPod(NamedTuple):
    """A replica that takes connections, and is not being stopped."""

    pop: str
    pod: Object
    started_ms: int
    """When its container started, Unix time in milliseconds."""


def ready(pods: Iterable[Mapping[str, Any]]) -> dict[str, ReplicaPod]:
    """Those that are Ready, by Pop."""
    found = {}
    for pod in pods:
        labels = pod["metadata"].get("labels") or {}
        if labels.get(COMPONENT_LABEL) == "replica" and pod_statuses.is_ready(pod):
            pop = labels[POP_LABEL]
            found[pop] = ReplicaPod(pop, pod, pod_statuses.started_ms(pod, CONTAINER))
    return found

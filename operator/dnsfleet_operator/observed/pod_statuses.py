"""What the status of a pod says. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any


def is_ready(pod: Mapping[str, Any]) -> bool:
    """Whether Services send to it; false also for one that was told to stop."""
    return is_serving(pod) and "deletionTimestamp" not in pod["metadata"]


def is_serving(pod: Mapping[str, Any]) -> bool:
    """Whether it is Ready; one that was told to stop and still is answers clients too.

    EndpointSlices call it serving: kube-proxy sends to it where no pod of a Service is better.
    """
    status = pod.get("status") or {}
    conditions = {each["type"]: each["status"] for each in status.get("conditions") or ()}
    return conditions.get("Ready") == "True"


def started_ms(pod: Mapping[str, Any], container: str) -> int:
    """When a container of it started, Unix time in milliseconds; 0 if it does not run."""
    for each in (pod.get("status") or {}).get("containerStatuses") or ():
        running = (each.get("state") or {}).get("running")
        if each.get("name") == container and running and running.get("startedAt"):
            return int(datetime.fromisoformat(running["startedAt"]).timestamp() * 1000)
    return 0


def said_before(pod: Mapping[str, Any], container: str) -> str:
    """The last words of a container that ran before the others; empty for none."""
    for each in (pod.get("status") or {}).get("initContainerStatuses") or ():
        ended = (each.get("state") or {}).get("terminated")
        if each.get("name") == container and ended:
            return str(ended.get("message", "")).strip()
    return ""

"""When the operator logs a change: what it heard of, and that it wrote of the end.

What is between is logged by the writer and the edges (see `dnsfleet_io.stations`).
"""

import logging
import time
from typing import Any

from dnsfleet import names
from dnsfleet.replication.revisions import Revision
from dnsfleet.resources import Reference
from dnsfleet_io import stations

from dnsfleet_operator.inbox import Event
from dnsfleet_operator.objects import Object

_log = logging.getLogger(__name__)


def seen(reference: Reference, event: Event) -> None:
    """An object that means something else than before is taken into account."""
    namespace = f"{reference.namespace}/" if reference.namespace else ""
    generation = event.found["metadata"].get("generation")
    about: dict[str, object] = {} if generation is None else {"generation": generation}
    about["deleted"] = str(event.deleted).lower()
    waited = time.monotonic() - event.at
    _log.info(stations.seen(reference.kind, f"{namespace}{reference.name}", waited, **about))


class Propagations:
    """Which revision of each Zone was told to be everywhere last."""

    def __init__(self) -> None:
        self._told: dict[Reference, Revision] = {}

    def clear(self) -> None:
        """Forget all: another replica works now."""
        self._told.clear()

    def forget(self, reference: Reference) -> None:
        """A Zone was deleted; nothing happens where it is not known."""
        self._told.pop(reference, None)

    def written(self, reference: Reference, made: Object) -> None:
        """An object has this status now; log it where a Zone is Propagated at another revision."""
        status = made.get("status") or {}
        revision = _revision(status)
        if reference.kind != "Zone" or revision is None or not _is_propagated(status):
            return
        if self._told.get(reference) == revision:
            return
        self._told[reference] = revision
        about = {
            "revision": revision,
            "serial": status["serial"],
            "object": f"{reference.namespace}/{reference.name}",
            "generation": status["observedGeneration"],
        }
        _log.info(stations.propagated(_origin(made), **about))


def _origin(made: Object) -> str:
    """As every role writes it; what was published of an object that names none is not known."""
    try:
        return names.normalise(made["spec"]["origin"])
    except (KeyError, TypeError, ValueError):
        return ""


def _revision(status: Object) -> Revision | None:
    found = status.get("revision")
    return None if found is None else Revision(found["epoch"], found["seq"])


def _is_propagated(status: Object) -> bool:
    conditions: list[dict[str, Any]] = status.get("conditions") or []
    return any(each["type"] == "Propagated" and each["status"] == "True" for each in conditions)

"""Objects of the API server, as JSON gives them: what they say of themselves.

Fields may be absent, and a condition may be about an older generation of its object.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dnsfleet import names
from dnsfleet.resources.pops import DEFAULT_REPLICAS
from dnsfleet.resources.pops import drain_asked_by as asked_by

Object = Mapping[str, Any]
"""An object, as JSON gives it."""


class Condition(NamedTuple):
    """One condition, and whether it speaks about the object as it is now."""

    status: str
    reason: str
    message: str
    current: bool
    """False where the object has changed since; then the rest is out of date."""

    @property
    def true(self) -> bool:
        return self.current and self.status == "True"

    @property
    def false(self) -> bool:
        return self.current and self.status == "False"


UNKNOWN = Condition("Unknown", "", "", current=False)


def value(item: Object, *path: str, default: Any = None) -> Any:
    """The value at a path of keys; `default` where a part of it is absent or null."""
    found: Any = item
    for key in path:
        found = (found or {}).get(key)
    return default if found is None else found


def conditions(item: Object) -> dict[str, Condition]:
    """Conditions by type, in the order of the status."""
    found = value(item, "status", "conditions", default=[])
    return {each["type"]: _read(item, each) for each in found}


def condition(item: Object, kind: str) -> Condition:
    """One condition; UNKNOWN where it was never written."""
    for each in value(item, "status", "conditions", default=()):
        if each["type"] == kind:
            return _read(item, each)
    return UNKNOWN


def problem(item: Object) -> str:
    """Why an object is not Ready; empty where it is."""
    ready = condition(item, "Ready")
    if not ready.current:
        return "not looked at yet by the operator"
    return "" if ready.true else ready.message


def faults(fleet: Object) -> Iterator[str]:
    """What a Fleet says is wrong with its core and its keys, a line each."""
    for kind in ("CoreAvailable", "KeysReady"):
        found = condition(fleet, kind)
        if found.false:
            yield f"{found.message} [{found.reason}]"


def _read(item: Object, found: Object) -> Condition:
    return Condition(
        found["status"],
        found.get("reason", ""),
        found.get("message", ""),
        found.get("observedGeneration") == value(item, "metadata", "generation"),
    )


def name(item: Object) -> str:
    """`NAMESPACE/NAME`, or `NAME` for kinds without a namespace."""
    namespace = value(item, "metadata", "namespace")
    own: str = item["metadata"]["name"]
    return f"{namespace}/{own}" if namespace else own


def origin(zone: Object) -> str:
    """The origin in normal spelling, or as it is where it is no name."""
    text: str = zone["spec"]["origin"]
    try:
        return names.normalise(text)
    except ValueError:
        return text


def drain_asked_by(pop: Object) -> str:
    """What asks to take the Pop out of service; empty for nothing."""
    state = value(pop, "spec", "state", default="Active")
    return asked_by(state, value(pop, "metadata", "annotations", default={}))


def state(pop: Object) -> str:
    """What the Pop is to be: Active or Drained."""
    return "Drained" if drain_asked_by(pop) else "Active"


def out_of_service(pop: Object) -> bool:
    """Whether the operator has taken the Pop out of service; a wish for that may be refused."""
    ready = condition(pop, "Ready")
    return ready.current and ready.reason in ("Draining", "Drained")


def refusal(pop: Object) -> str:
    """Why the operator does not take the Pop out of service as asked; empty where it does."""
    drained = condition(pop, "Drained")
    waits = bool(drain_asked_by(pop)) and drained.false and not out_of_service(pop)
    return drained.message if waits else ""


def replicas(pop: Object) -> int:
    """Edges that the Pop is to have."""
    found: int = value(pop, "spec", "edge", "replicas", default=DEFAULT_REPLICAS)
    return found


def edges(pop: Object) -> tuple[int, int]:
    """Edges of the Pop that are Ready, and those that it is to have."""
    ready: int = value(pop, "status", "edges", "ready", default=0)
    return ready, value(pop, "status", "edges", "desired", default=replicas(pop))


def is_remote(pop: Object) -> bool:
    """Whether another cluster runs the Pop."""
    return bool(value(pop, "spec", "cluster", default="local") == "agent")

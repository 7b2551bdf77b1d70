"""Reading objects of the API server: what may be absent, and what a condition says."""

from typing import Any, NamedTuple

from dnsfleet import names
from dnsfleet.resources.kubernetes_types import LabelSelector
from dnsfleet.resources.pops import DEFAULT_REPLICAS, DEFAULT_SHARDS

from dnsfleet_cli.kubectl import Resource


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


def value(item: Resource, *path: str, default: Any = None) -> Any:
    """The value at a path of keys; `default` where a part of it is absent or null."""
    found: Any = item
    for key in path:
        found = (found or {}).get(key)
    return default if found is None else found


def conditions(item: Resource) -> dict[str, Condition]:
    """Conditions by type, in the order of the status."""
    generation = value(item, "metadata", "generation")
    return {
        each["type"]: Condition(
            each["status"],
            each.get("reason", ""),
            each.get("message", ""),
            each.get("observedGeneration") == generation,
        )
        for each in value(item, "status", "conditions", default=[])
    }


def condition(item: Resource, kind: str) -> Condition:
    """One condition; UNKNOWN where it was never written."""
    return conditions(item).get(kind, UNKNOWN)


def name(item: Resource) -> str:
    """`NAMESPACE/NAME`, or `NAME` for kinds without a namespace."""
    namespace = value(item, "metadata", "namespace")
    own: str = item["metadata"]["name"]
    return f"{namespace}/{own}" if namespace else own


def origin(zone: Resource) -> str:
    """The origin in normal spelling, or as it is where it is no name."""
    text: str = zone["spec"]["origin"]
    try:
        return names.normalise(text)
    except ValueError:
        return text


def state(pop: Resource) -> str:
    found: str = value(pop, "spec", "state", default="Active")
    return found


def shards(pop: Resource) -> int:
    found: int = value(pop, "spec", "edge", "shards", default=DEFAULT_SHARDS)
    return found


def replicas(pop: Resource) -> int:
    found: int = value(pop, "spec", "edge", "replicas", default=DEFAULT_REPLICAS)
    return found


def serves(pop: Resource, zone: Resource) -> bool:
    """Whether the zone's placement selects the Pop."""
    raw = value(zone, "spec", "placement", "popSelector", default={})
    selector = LabelSelector.model_validate(raw)
    return selector.matches(value(pop, "metadata", "labels", default={}))

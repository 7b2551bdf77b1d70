"""Objects of the API server: which one a word on the command line means, and what it says.

Fields may be absent, and a condition may be about an older generation of its object.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from dnsfleet import names
from dnsfleet.resources.kubernetes_types import LabelSelector
from dnsfleet.resources.pops import DEFAULT_REPLICAS, DEFAULT_SHARDS
from dnsfleet.resources.pops import drain_asked_by as asked_by

from dnsfleet_cli.troubles import Trouble

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


def condition(item: Object, kind: str) -> Condition:
    """One condition; UNKNOWN where it was never written."""
    return conditions(item).get(kind, UNKNOWN)


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


def commands(pop: Object) -> list[Object]:
    """What the Pop was told to do once, the oldest first."""
    found: list[Object] = value(pop, "status", "commands", default=[])
    return found


def shards(pop: Object) -> int:
    found: int = value(pop, "spec", "edge", "shards", default=DEFAULT_SHARDS)
    return found


def replicas(pop: Object) -> int:
    found: int = value(pop, "spec", "edge", "replicas", default=DEFAULT_REPLICAS)
    return found


def serves(pop: Object, zone: Object) -> bool:
    """Whether the zone's placement selects the Pop."""
    raw = value(zone, "spec", "placement", "popSelector", default={})
    selector = LabelSelector.model_validate(raw)
    return selector.matches(value(pop, "metadata", "labels", default={}))


def is_remote(pop: Object) -> bool:
    """Whether another cluster runs the Pop."""
    return bool(value(pop, "spec", "cluster", default="local") == "agent")


def zone(text: str, zones: Iterable[Object]) -> Object:
    """The Zone of a word: `NAME`, `NAMESPACE/NAME` or an origin; Trouble for none or several."""
    return _one("Zone", text, [item for item in zones if _means_zone(text, item)])


def zone_or_origin(text: str, zones: Iterable[Object]) -> tuple[str, Object | None]:
    """The origin that a word means, and its Zone; None where it is an origin without one."""
    found = [item for item in zones if _means_zone(text, item)]
    if found:
        item = _one("Zone", text, found)
        return origin(item), item
    try:
        return names.normalise(text), None
    except ValueError as error:
        raise Trouble(f"no Zone {text}, and no origin: {error}") from None


def pop(text: str, pops: Iterable[Object]) -> Object:
    """The Pop of a name."""
    return _one("Pop", text, [item for item in pops if item["metadata"]["name"] == text])


def zone_or_pop(text: str, zones: Iterable[Object], pops: Iterable[Object]) -> Object:
    """A Zone or a Pop; `zone/…` and `pop/…` say which where both have the name."""
    kind, slash, rest = text.partition("/")
    if slash and kind in ("zone", "zones"):
        return zone(rest, zones)
    if slash and kind in ("pop", "pops"):
        return pop(rest, pops)
    found = [item for item in zones if _means_zone(text, item)]
    found += [item for item in pops if item["metadata"]["name"] == text]
    return _one("Zone or Pop", text, found)


def holder(qname: str, zones: Iterable[Object]) -> Object | None:
    """The accepted Zone with the longest origin that a normal name is at or below."""
    holders = [
        item
        for item in zones
        if condition(item, "Programmed").status == "True"
        and names.is_at_or_below(qname, origin(item))
    ]
    return max(holders, key=lambda item: names.labels(origin(item)), default=None)


def _means_zone(text: str, item: Object) -> bool:
    if text in (item["metadata"]["name"], name(item)):
        return True
    try:
        return names.normalise(text) == origin(item)
    except ValueError:
        return False


def _one(kind: str, text: str, found: list[Object]) -> Object:
    if not found:
        raise Trouble(f"no {kind} {text}; `kubectl dnsfleet status` lists what there is")
    if len(found) > 1:
        choices = ", ".join(f"{item['kind'].lower()}/{name(item)}" for item in found)
        raise Trouble(f"{text} is not clear; say one of: {choices}")
    return found[0]

"""Objects of the API server: which one a word on the command line means.

What they say of themselves is in `dnsfleet_status.objects`, whose names are here too.
"""

from collections.abc import Iterable

from dnsfleet import names
from dnsfleet.resources.kubernetes_types import LabelSelector
from dnsfleet.resources.pops import DEFAULT_SHARDS
from dnsfleet_status.objects import (
    UNKNOWN,
    Condition,
    Object,
    condition,
    conditions,
    drain_asked_by,
    edges,
    faults,
    is_remote,
    name,
    origin,
    out_of_service,
    problem,
    refusal,
    replicas,
    state,
    value,
)

from dnsfleet_cli.troubles import Trouble

__all__ = [
    "UNKNOWN",
    "Condition",
    "Object",
    "condition",
    "conditions",
    "drain_asked_by",
    "edges",
    "faults",
    "is_remote",
    "name",
    "origin",
    "out_of_service",
    "problem",
    "refusal",
    "replicas",
    "state",
    "value",
]


def commands(pop: Object) -> list[Object]:
    """What the Pop was told to do once, the oldest first."""
    found: list[Object] = value(pop, "status", "commands", default=[])
    return found


def shards(pop: Object) -> int:
    found: int = value(pop, "spec", "edge", "shards", default=DEFAULT_SHARDS)
    return found


def serves(pop: Object, zone: Object) -> bool:
    """Whether the zone's placement selects the Pop."""
    raw = value(zone, "spec", "placement", "popSelector", default={})
    selector = LabelSelector.model_validate(raw)
    return selector.matches(value(pop, "metadata", "labels", default={}))


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

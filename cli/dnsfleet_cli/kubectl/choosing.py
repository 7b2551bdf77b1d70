"""Which object a word on the command line means, and which zone has a name."""

from collections.abc import Iterable

from dnsfleet import names

from dnsfleet_cli.kubectl import Resource, reading
from dnsfleet_cli.troubles import Trouble


def zone(text: str, zones: Iterable[Resource]) -> Resource:
    """The Zone of a word: `NAME`, `NAMESPACE/NAME` or an origin; Trouble for none or several."""
    return _one("Zone", text, [item for item in zones if _means_zone(text, item)])


def pop(text: str, pops: Iterable[Resource]) -> Resource:
    """The Pop of a name."""
    return _one("Pop", text, [item for item in pops if item["metadata"]["name"] == text])


def zone_or_pop(text: str, zones: Iterable[Resource], pops: Iterable[Resource]) -> Resource:
    """A Zone or a Pop; `zone/…` and `pop/…` say which where both have the name."""
    kind, slash, rest = text.partition("/")
    if slash and kind in ("zone", "zones"):
        return zone(rest, zones)
    if slash and kind in ("pop", "pops"):
        return pop(rest, pops)
    found = [item for item in zones if _means_zone(text, item)]
    found += [item for item in pops if item["metadata"]["name"] == text]
    return _one("Zone or Pop", text, found)


def holder(qname: str, zones: Iterable[Resource]) -> Resource | None:
    """The accepted Zone with the longest origin that a normal name is at or below."""
    holders = [
        item
        for item in zones
        if reading.condition(item, "Programmed").status == "True"
        and names.is_at_or_below(qname, reading.origin(item))
    ]
    return max(holders, key=lambda item: names.labels(reading.origin(item)), default=None)


def _means_zone(text: str, item: Resource) -> bool:
    if text in (item["metadata"]["name"], reading.name(item)):
        return True
    try:
        return names.normalise(text) == reading.origin(item)
    except ValueError:
        return False


def _one(kind: str, text: str, found: list[Resource]) -> Resource:
    if not found:
        raise Trouble(f"no {kind} {text}; `kubectl dnsfleet status` lists what there is")
    if len(found) > 1:
        choices = ", ".join(f"{item['kind'].lower()}/{reading.name(item)}" for item in found)
        raise Trouble(f"{text} is not clear; say one of: {choices}")
    return found[0]

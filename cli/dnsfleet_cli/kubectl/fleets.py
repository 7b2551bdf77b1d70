"""The lines of `status` about a fleet as a whole: what its Fleet tells and no other object."""

from collections.abc import Iterable, Iterator, Sequence

from dnsfleet_cli.kubectl import objects
from dnsfleet_cli.kubectl.objects import Object, value


def lines(fleets: Sequence[Object]) -> list[str]:
    """Nothing where all is well."""
    return [f"fleet/{objects.name(fleet)}: {line}" for fleet in fleets for line in _of(fleet)]


def orphans(fleets: Iterable[Object]) -> list[tuple[Object, Object]]:
    """The published zones without a Zone object that Fleets name, each with its Fleet."""
    return [
        (fleet, each) for fleet in fleets for each in value(fleet, "status", "orphans", default=())
    ]


def _of(fleet: Object) -> Iterator[str]:
    yield from objects.faults(fleet)
    waiting = objects.condition(fleet, "Held")
    if waiting.true:
        yield waiting.message
    found = [each for _, each in orphans([fleet])]
    for orphan in found:
        since, end = orphan.get("since"), orphan.get("removedAfter")
        when = f" since {since}" if since else ""
        until = f" and removed after {end}" if end else ""
        sooner = f"; to end it now: kubectl dnsfleet zone end {orphan['origin']}" if end else ""
        yield f"{orphan['origin']} has no Zone object{when}; it is served on{until}{sooner}"
    more = value(fleet, "status", "orphanCount", default=0) - len(found)
    if more > 0:
        yield f"{more} more zones have no Zone object"

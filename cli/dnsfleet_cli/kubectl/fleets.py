"""The lines of `status` about a fleet as a whole: what its Fleet tells and no other object."""

from collections.abc import Iterator, Sequence

from dnsfleet_cli.kubectl import objects
from dnsfleet_cli.kubectl.objects import Object, value


def lines(fleets: Sequence[Object]) -> list[str]:
    """Nothing where all is well."""
    return [f"fleet/{objects.name(fleet)}: {line}" for fleet in fleets for line in _of(fleet)]


def _of(fleet: Object) -> Iterator[str]:
    yield from objects.faults(fleet)
    waiting = objects.condition(fleet, "Held")
    if waiting.true:
        yield waiting.message
    orphans = value(fleet, "status", "orphans", default=[])
    for orphan in orphans:
        since, end = orphan.get("since"), orphan.get("removedAfter")
        when = f" since {since}" if since else ""
        until = f" and removed after {end}" if end else ""
        yield f"{orphan['origin']} has no Zone object{when}; it is served on{until}"
    more = value(fleet, "status", "orphanCount", default=0) - len(orphans)
    if more > 0:
        yield f"{more} more zones have no Zone object"

"""What is wrong between zones of the fleet that delegate to each other, for the price of a change.

A zone that changed is judged against the zone above it, which a few look-ups by name find. Zones
below it are judged again only if it is signed, or was, or came or went, and of them only

    those that are signed       each is noted at every name above it
    those it has a DS for       the engine lists them

A signed zone changes as a whole, since no RecordSet adds to it, so to list its DS records costs
less than it cost to build. Fleets without signed zones pay the look-ups.
"""

from collections.abc import Iterable, Mapping

from dnsfleet import names
from dnsfleet.violations import Violation
from dnsfleet.zones import delegations
from dnsfleet_engine import Zone

from dnsfleet_publisher.last_good import Assembled

Zones = Mapping[str, Assembled]
"""The zones that there are, by origin."""


class Delegated:
    """Warnings about zones, as they are delegated by others."""

    def __init__(self) -> None:
        self.found: dict[str, Violation] = {}
        """By the origin of the zone that it is about."""
        self._known: dict[str, bool] = {}
        """The zones that there are, by origin, and whether each is signed."""
        self._below: dict[str, set[str]] = {}
        """Zones that are signed, or that something was found about, by each name above them."""

    def changed(self, origins: Iterable[str], zones: Zones) -> set[str]:
        """Judge what zones that changed or are gone may reach; the origins of what is different."""
        again: dict[str, None] = {}
        for origin in origins:
            again[origin] = None
            before, zone = self._known.pop(origin, None), _zone(zones, origin)
            if zone is not None:
                self._known[origin] = zone.signed
            now = self._known.get(origin)
            if now or now != before:
                again |= dict.fromkeys(self._below.get(origin, ()))
            if zone is not None and now:
                again |= dict.fromkeys(name for name in zone.owners("DS") if name in zones)
        return {origin for origin in again if self._judge(origin, zones)}

    def _judge(self, origin: str, zones: Zones) -> bool:
        """Judge a zone; whether something else was found than before."""
        before, now = self.found.pop(origin, None), None
        above = names.ancestors(origin)
        if (zone := _zone(zones, origin)) is not None:
            parents = (_zone(zones, name) for name in above)
            parent = next((each for each in parents if each is not None), None)
            if parent is not None:
                where = f"{zones[origin].resource.reference}: spec.origin"
                now = delegations.judge(parent, zone, where)
        if now is not None:
            self.found[origin] = now
        self._note(origin, above, noted=now is not None or self._known.get(origin, False))
        return now != before

    def _note(self, origin: str, above: Iterable[str], *, noted: bool) -> None:
        for name in above:
            if noted:
                self._below.setdefault(name, set()).add(origin)
            elif (below := self._below.get(name)) is not None:
                below.discard(origin)
                if not below:
                    del self._below[name]


def _zone(zones: Zones, origin: str) -> Zone | None:
    assembled = zones.get(origin)
    return None if assembled is None else assembled.zone

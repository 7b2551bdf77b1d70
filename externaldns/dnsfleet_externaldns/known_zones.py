"""What is known of Zones, read anew in each round of ExternalDNS."""

from collections.abc import Callable

from dnsfleet_externaldns import writable_zones
from dnsfleet_externaldns.cluster import API
from dnsfleet_externaldns.writable_zones import WritableZones

FRESH_SECONDS = 30.0
"""How old it may be within a round, which begins every minute by default. Zones are large."""


class KnownZones:
    """The Zones of an API server."""

    def __init__(self, api: API, clock: Callable[[], float]) -> None:
        """`clock` gives seconds, which only go up."""
        self._api = api
        self._clock = clock
        self._read: float | None = None
        self.zones = WritableZones((), {})
        """As they were read last."""

    def refresh(self) -> WritableZones:
        """The Zones, read anew where they are not fresh; UnavailableError."""
        if self._read is None or self._clock() - self._read > FRESH_SECONDS:
            return self.read()
        return self.zones

    def read(self) -> WritableZones:
        """The Zones, read anew; UnavailableError."""
        seen = [each for each in map(writable_zones.seen, self._api.zones()) if each is not None]
        asking = {
            it.zone.reference.namespace for it in seen if writable_zones.asks_for_labels(it.zone)
        }
        labels = {each: self._api.labels(each) for each in sorted(asking)}
        found = WritableZones(seen, labels)
        if found != self.zones:  # else what was found out about them goes on
            self.zones = found
        self._read = self._clock()
        return self.zones

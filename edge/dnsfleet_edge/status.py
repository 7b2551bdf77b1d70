"""What the link knows, for acks, metrics and readiness to read from their own threads."""

import time

from dnsfleet.replication.acks import Ack
from dnsfleet.replication.manifests import Manifest


class Status:
    """Written by the link thread alone; every write is one assignment, so readers need no lock."""

    def __init__(self) -> None:
        self.connected = False
        self.ack = Ack(lsn=0, failing={}, failing_count=0)
        """What the follower claims; nothing before it has compared itself with a replica."""
        self._zones: dict[str, Manifest] = {}
        self._level_at = time.monotonic()

    def zones(self) -> dict[str, Manifest]:
        """The revision that is answered from, by origin; a copy."""
        return self._zones.copy()

    def loaded(self, manifest: Manifest) -> None:
        self._zones[manifest.zone] = manifest

    def removed(self, origin: str) -> None:
        self._zones.pop(origin, None)

    def level(self, now: float) -> None:
        """At monotonic time `now` the replica had nothing that is not loaded or failing."""
        self._level_at = now

    def lag(self, now: float) -> float:
        """Seconds since this edge was last known to be level, or since its start."""
        return now - self._level_at

"""What the link knows, for acks, metrics and readiness to read from their own threads."""

import time

from dnsfleet.replication.acks import Ack
from dnsfleet.replication.manifests import Manifest


class Status:
    """Written by the link thread alone; every write is one assignment, so readers need no lock."""

    def __init__(self) -> None:
        self.connected = False
        self.ack = Ack(lsn=0, failing={}, failing_count=0)
        """The follower's newest; position 0 until it has compared itself with a replica."""
        self._zones: dict[str, Manifest] = {}
        self._up_to_date_at = time.monotonic()

    def zones(self) -> dict[str, Manifest]:
        """The revision that is answered from, by origin; a copy."""
        return self._zones.copy()

    def loaded(self, manifest: Manifest) -> None:
        self._zones[manifest.zone] = manifest

    def removed(self, origin: str) -> None:
        self._zones.pop(origin, None)

    def up_to_date(self, now: float) -> None:
        """At monotonic time `now` the replica had nothing newer that is not loaded or failing."""
        self._up_to_date_at = now

    def lag(self, now: float) -> float:
        """Seconds since this edge was last known to be up to date, or since its start."""
        return now - self._up_to_date_at

"""What this edge knows of itself: whether it should get queries, and what it has loaded.

Acks, metrics and the pages over HTTP read both from threads of their own.

    waiting ──ready()──▶ ready ──leave()──▶ leaving ──drain()──▶ draining
       └──────────────────────drain()──────────────────────────────▲

There is no way back from ready to waiting: an edge that has its zones needs nothing else to answer,
so the loss of the replica, the core or the disk never takes it out of service.

An edge that leaves was told to stop and is still ready. Kubernetes calls such a pod serving and
terminating: nobody new is sent to it where there is another one, and on a node where it is the last
one, clients reach it until the load balancer has noticed.
"""

import time
from typing import NamedTuple

from dnsfleet.replication.acks import Ack
from dnsfleet.replication.manifests import Manifest
from dnsfleet.replication.revisions import Revision


class Verdict(NamedTuple):
    ready: bool
    reason: str
    """Why not; for a ready edge, where its zones came from."""


class Readiness:
    """Written by the threads that start and stop the edge, read by any."""

    def __init__(self) -> None:
        self._phase = "waiting"
        self._verdict = Verdict(False, "starting")
        self.answers = False
        """Whether queries are answered, for anybody."""

    @property
    def verdict(self) -> Verdict:
        return self._verdict

    def waiting(self, reason: str) -> None:
        """Say what a start still needs; without effect once the edge is ready or draining."""
        if self._phase == "waiting":
            self._verdict = Verdict(False, reason)

    def ready(self, reason: str) -> None:
        """All zones are loaded and the sockets are bound; without effect while draining."""
        if self._phase == "waiting":
            self._phase = "ready"
            self._verdict = Verdict(True, reason)
            self.answers = True

    def leave(self) -> None:
        """The edge was told to stop; it stays ready, until it drains."""
        self._phase = "leaving"
        self._verdict = Verdict(True, "leaving: told to stop")

    def drain(self) -> None:
        """It answers for a while yet, but nobody should be sent to it."""
        self._phase = "draining"
        self._verdict = Verdict(False, "draining: told to stop")


class Status:
    """Written by the link thread alone; every write is one assignment, so readers need no lock."""

    def __init__(self) -> None:
        self.connected = False
        self.ack = Ack(lsn=0, failing={}, failing_count=0)
        """The follower's newest; position 0 until it has compared itself with a replica."""
        self.keys: tuple[str, ...] = ()
        """The public keys that the follower verifies by (`public_keys.identify`)."""
        self.refreshed: Revision | None = None
        """The number of the last command to load all zones anew that is done."""
        self.addresses: tuple[str, ...] = ()
        """Those of the node at which it answers; written once, by the thread that binds them."""
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

    def holds_all(self, before: float) -> bool:
        """Whether it is known to have been up to date after this monotonic time."""
        return self._up_to_date_at >= before

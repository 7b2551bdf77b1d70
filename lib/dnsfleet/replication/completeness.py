"""Completeness: whether an edge whose disk was empty has all that it needs to answer.

It has when it holds the signed head of the fleet, and verified manifests for just the live names
that the head signs, and when each of these that is assigned to its Pop is served, or withheld. What
is only announced never keeps it waiting, but for a newer revision of a zone that it serves; nor
does what was verified and has left the index since: the writer takes out what no edge can load any
more. Once complete, an edge stays so: it has answered, and absence takes nothing from it.
"""

from collections.abc import Set

from dnsfleet.replication.manifests import FleetHead
from dnsfleet.replication.sums import NameSum


class Completeness:
    """What one edge knows of the fleet, and what it lacks of it."""

    def __init__(self) -> None:
        self.reached = False
        """Whether it is complete, as of the last `judge`."""
        self._head: FleetHead | None = None
        self._live = NameSum()
        self._missing: set[str] = set()  # live, assigned to this Pop, and not served
        self._withheld: set[str] = set()
        self._behind: set[str] = set()  # served, and announced in a newer revision

    def judge(self) -> None:
        """See whether nothing is lacking."""
        if self.reached or self._head is None:
            return
        known = self._live.count >= self._head.zones
        if self._head.names is not None:
            known = (self._live.count, self._live.total) == (self._head.zones, self._head.names)
        self.reached = known and self._missing <= self._withheld and not self._behind

    def take_head(self, head: FleetHead) -> bool:
        """Take a verified head; whether it is newer than the one before."""
        before = self._head
        if before is not None and (head.fence, head.lsn) <= (before.fence, before.lsn):
            return False
        self._head = head
        return True

    def forget_head(self) -> None:
        """Its key is valid no more: it may have a fence that no other reaches."""
        self._head = None

    def begin_index(self, announced: Set[str]) -> None:
        """What has left the index is nothing to wait for, held or not."""
        self._behind.clear()
        if not self.reached:
            for zone in [each for each in self._live if each not in announced]:
                self._live.put(zone, False)
            self._missing &= announced

    def know(self, zone: str, live: bool) -> bool:
        """A verified manifest says so of a zone; whether another head may fit now."""
        before = self._live.total
        self._live.put(zone, live)
        return self._live.total != before and not self.reached

    def want(self, zone: str, missing: bool) -> None:
        """Whether a zone is assigned to this Pop, and not served."""
        self._missing.add(zone) if missing else self._missing.discard(zone)

    def settle(self, zone: str, served: bool) -> None:
        """The newest verified manifest of a zone is followed: it is served, or it is not to be."""
        self._missing.discard(zone)
        self._behind.discard(zone)
        if served:
            self._withheld.discard(zone)

    def wait_for(self, zone: str) -> None:
        """A newer revision of a zone that is served is announced."""
        self._behind.add(zone)

    def wait_no_more(self, zone: str) -> None:
        """What was announced of a zone is not to be had."""
        self._behind.discard(zone)

    def lacks(self, zone: str) -> bool:
        """Whether clients of a zone are answered as if there were none."""
        return zone in self._missing and zone not in self._withheld

    def withhold(self, zone: str) -> None:
        """Clients of a zone are told to ask elsewhere."""
        self._withheld.add(zone)

    def end_withholding(self, zone: str) -> bool:
        """A zone is not to be served any more; whether it was withheld."""
        withheld = zone in self._withheld
        self._withheld.discard(zone)
        return withheld

"""The progress of one edge: what it was told, what of that fails, and the ack that says both.

What an ack may claim goes back where what the edge is told goes back: every ack stands for itself,
and the writer judges each by what it knows of its log.
"""

import itertools
from collections.abc import KeysView, Mapping
from typing import NamedTuple

from dnsfleet.replication import acks
from dnsfleet.replication.acks import MAX_FAILING, Ack
from dnsfleet.replication.announcements import Announcement
from dnsfleet.replication.revisions import Revision
from dnsfleet.replication.sums import AnnouncementSum


class Failure(NamedTuple):
    """Why a zone is not served as it was published last."""

    reason: str
    revision: Revision
    """The revision that could not be loaded."""
    tries: int = 1


class Progress:
    """How far one edge has come."""

    def __init__(self) -> None:
        self.told = 0
        """Up to which position the index and the log have told everything."""
        self._sum = AnnouncementSum()
        self._failing: dict[str, Failure] = {}
        self._last: Ack | None = None

    @property
    def failing(self) -> KeysView[str]:
        """The zones that are not served as they were published last."""
        return self._failing.keys()

    def tries(self, zone: str) -> int:
        """How often the newest revision of a zone was tried without success since it failed."""
        failure = self._failing.get(zone)
        return 0 if failure is None else failure.tries

    def read_index(self, announced: Mapping[str, Announcement], position: int) -> None:
        """A new index was read, which tells of every zone again, as of a position.

        A failure is dropped where this index does not repeat the revision that failed: nobody was
        told of it then, or the core has lost it, and the ack speaks of what this index says.
        """
        self.told = position
        self._sum = AnnouncementSum(announced.values())
        for zone, failure in list(self._failing.items()):
            said = announced.get(zone)
            if said is None or said.revision < failure.revision:
                del self._failing[zone]

    def read_entry(self, lsn: int, announcement: Announcement | None) -> None:
        """An entry of the log was read, which follows what was told before."""
        self.told = lsn
        if announcement is not None:
            self._sum.put(announcement)

    @property
    def total(self) -> int:
        """The sum of all that was told."""
        return self._sum.total

    def fail(self, zone: str, failure: Failure) -> None:
        """The newest revision of a zone cannot be loaded."""
        before = self._failing.get(zone)
        if before is not None and before.revision == failure.revision:
            failure = failure._replace(tries=before.tries + 1)
        self._failing[zone] = failure

    def settle(self, zone: str, revision: Revision) -> None:
        """A zone is served as this revision says, or no more if it says so."""
        failure = self._failing.get(zone)
        if failure is not None and failure.revision <= revision:
            del self._failing[zone]

    def ack(self, oldest_pending: int | None, ahead: Mapping[str, bytes]) -> Ack | None:
        """What to tell, None where it was told.

        `oldest_pending` is the position of the oldest change that is not served and does not fail,
        None where there is none; `ahead` has the signed manifest of each zone that is ahead.
        """
        lsn = self.told if oldest_pending is None else min(self.told, oldest_pending - 1)
        named = itertools.islice(self._failing.items(), MAX_FAILING)
        failing = {zone: failure.reason for zone, failure in named}
        ack = Ack(
            lsn,
            failing,
            len(self._failing),
            told=self.told,
            total=self._sum.total,
            ahead=dict(acks.fitting(ahead.items())),
            ahead_count=len(ahead),
        )
        last = self._last
        if last is not None and oldest_pending is not None:
            # What was told moves again when the change is served: one ack for both.
            last = last._replace(told=ack.told, total=ack.total)
        if ack == last:
            return None
        self._last = ack
        return ack

"""What was announced and is not looked at yet, and what of it is worth another look.

Nothing that is announced is signed, so anybody who can write into a replica can announce anything.
Two queues keep what that costs small: what the log announces overtakes what the index did, and
after a part of the index the log has its turn. An announcement that no manifest bears out is tried
again with an index that repeats it, but each time twice as many later.
"""

import itertools
from collections.abc import Collection, Iterator
from typing import NamedTuple

from dnsfleet.replication.announcements import Announcement
from dnsfleet.replication.revisions import Revision

MAX_DOUBLINGS = 4
"""After so many tries an announcement without a manifest is tried with every 16th index."""


class _Refused(NamedTuple):
    """An announcement that its manifest does not bear out."""

    revision: Revision
    tries: int
    due: int
    """The number of the index with which it is tried again."""


class Hearing:
    """The announcements that wait, the newest of each zone in each queue."""

    def __init__(self) -> None:
        # Each is in the order of its lsn: the index gives a sorted list, and the log is read only
        # while no news is left.
        self._indexed: dict[str, Announcement] = {}
        self._news: dict[str, Announcement] = {}
        self._log_turn = False
        self._indexes = 0
        self._refused: dict[str, _Refused] = {}

    def __len__(self) -> int:
        return len(self._indexed) + len(self._news)

    @property
    def rest(self) -> bool:
        """Whether something of the index is left, for which the log is not waited for."""
        return bool(self._indexed)

    def begin_index(self, heard: Collection[str]) -> None:
        """A new index of these zones takes the place of all that waits."""
        self._indexed.clear()
        self._news.clear()
        self._log_turn = False
        self._indexes += 1
        self._refused = {zone: each for zone, each in self._refused.items() if zone in heard}

    def put(self, announcement: Announcement, news: bool) -> bool:
        """Have this one wait; False where it only repeats what was refused.

        `news` is what the log announced, and not the index.
        """
        if self._is_refused(announcement, 0 if news else self._indexes):
            return False
        queue, zone = self._news if news else self._indexed, announcement.zone
        before = queue.get(zone, announcement)
        queue[zone] = Announcement(
            min(announcement.lsn, before.lsn), zone, max(announcement.revision, before.revision)
        )
        return True

    def next(self, most: int) -> tuple[str, ...]:
        """The zones whose manifests are to be read next; none where the log has its turn."""
        queue = self._news or ({} if self._log_turn else self._indexed)
        if queue:
            self._log_turn = not self._news
        return tuple(itertools.islice(queue, most))

    def log_was_read(self) -> None:
        """The log had its turn."""
        self._log_turn = False

    def take(self, zone: str) -> Announcement:
        """What was announced of a zone whose manifest was read; KeyError where nothing was."""
        return self._news.pop(zone, None) or self._indexed.pop(zone)

    def refuse(self, announcement: Announcement) -> None:
        """No manifest bears out what was announced."""
        before = self._refused.get(announcement.zone)
        tries = 0
        if before is not None and before.revision == announcement.revision:
            tries = min(before.tries + 1, MAX_DOUBLINGS)
        due = self._indexes + 2**tries
        self._refused[announcement.zone] = _Refused(announcement.revision, tries, due)

    def accept(self, zone: str) -> None:
        """A manifest bears it out."""
        self._refused.pop(zone, None)

    def try_all_again(self) -> None:
        """What was refused may be good now."""
        self._refused.clear()

    def oldest(self, but: Collection[str]) -> Iterator[int]:
        """The positions of the oldest of each queue that is not of one of these zones."""
        for queue in (self._news, self._indexed):
            yield from itertools.islice(
                (each.lsn for zone, each in queue.items() if zone not in but), 1
            )

    def _is_refused(self, announcement: Announcement, index: int) -> bool:
        refused = self._refused.get(announcement.zone)
        return (
            refused is not None
            and announcement.revision == refused.revision
            and index < refused.due
        )

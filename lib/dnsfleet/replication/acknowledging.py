"""Acknowledging: what an edge may claim to answer, from what it was told, verified and failed at.

An ack is one position of the log: each zone whose newest publication is at or before it is served
here as it was published then, except the zones that the ack lists. So the position is the least of

    what the log and the index have told us up to   a manifest can be ahead of the log, and an
                                                     unheard change of another zone lies between
    the newest manifest that was verified           so that an announcement cannot raise it
    one less than the oldest change on its way

and it goes back only where a failure is claimed no more.
"""

import itertools
from collections.abc import Container, KeysView
from typing import NamedTuple

from dnsfleet.replication import acks, commands
from dnsfleet.replication.revisions import Revision


class Failure(NamedTuple):
    """Why a zone is not served as it was published last."""

    reason: str
    lsn: int
    """Of the oldest change that is missed."""
    revision: Revision
    """What was asked for."""
    verified: bool
    """Whether a manifest asked for it, or only an announcement."""


class Standing:
    """How far one edge has come."""

    def __init__(self) -> None:
        self.told = 0
        """Up to which position the log and the index told of everything."""
        self._verified = 0
        self._claimed = 0
        self._failing: dict[str, Failure] = {}
        self._acked: commands.Ack | None = None

    @property
    def failing(self) -> KeysView[str]:
        """The zones that are not served as they were published last."""
        return self._failing.keys()

    def verify(self, lsn: int) -> None:
        """A manifest from this position has a good signature."""
        self._verified = max(self._verified, lsn)

    def fail(self, zone: str, failure: Failure) -> None:
        """A zone could not be taken over."""
        self._failing[zone] = failure

    def settle(self, zone: str, revision: Revision) -> None:
        """A zone is as this revision says."""
        failure = self._failing.get(zone)
        if failure is not None and failure.revision <= revision:
            del self._failing[zone]

    def begin_anew(self, held: Container[str]) -> None:
        """A new index was read, which announces every zone again.

        A failure that only an announcement told of is dropped: the index repeats the announcement
        if it is still true. So is one of a zone that is not held, because such a zone would keep
        this edge incomplete for ever. The claim goes back to before each failure that is dropped.
        """
        for zone, failure in list(self._failing.items()):
            if not failure.verified or zone not in held:
                del self._failing[zone]
                self._claimed = min(self._claimed, max(0, failure.lsn - 1))

    def ack(self, on_its_way: int | None) -> commands.Ack | None:
        """What to tell, where it is new; `on_its_way` is the position of the oldest such change."""
        self._claimed = max(self._claimed, min(self.told, self._verified))
        if on_its_way is not None:
            self._claimed = min(self._claimed, on_its_way - 1)
        named = itertools.islice(self._failing.items(), acks.MAX_FAILING)
        failing = {zone: failure.reason for zone, failure in named}
        ack = commands.Ack(self._claimed, failing, len(self._failing))
        if ack == self._acked:
            return None
        self._acked = ack
        return ack

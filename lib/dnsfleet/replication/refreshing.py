"""Refreshing: every zone that is served is loaded once more, from a snapshot, where it is.

It changes no revision, so it has no part in what an ack proves: the zone is served all the while.
A zone whose snapshot cannot be had now is tried again at the next Resync or Connected; until then
the refresh is not done.
"""

from collections.abc import Iterable

from dnsfleet.replication.revisions import Revision


class Refreshing:
    """What one edge has still to load anew."""

    def __init__(self) -> None:
        self.done: Revision | None = None
        """The number up to which all refreshes that were asked for are done."""
        self._number: Revision | None = None
        self._due: dict[str, None] = {}
        self._failed: dict[str, None] = {}

    @property
    def due(self) -> bool:
        """Whether a zone is to be loaded now."""
        return bool(self._due)

    def begin(self, zones: Iterable[str], number: Revision) -> None:
        """These zones are to be loaded anew; one that is under way begins again."""
        self._number, self._due, self._failed = number, dict.fromkeys(zones), {}
        self._end()

    def take(self) -> str:
        """The next zone; it is to be settled, or to fail."""
        zone = next(iter(self._due))
        del self._due[zone]
        self._failed[zone] = None
        return zone

    def settle(self, zone: str) -> None:
        """It was loaded from a snapshot, or is not to be served any more."""
        self._failed.pop(zone, None)
        self._end()

    def try_again(self) -> None:
        """What failed may be there now."""
        self._due |= self._failed
        self._failed = {}

    def _end(self) -> None:
        if self._number is not None and not self._due and not self._failed:
            self.done, self._number = self._number, None

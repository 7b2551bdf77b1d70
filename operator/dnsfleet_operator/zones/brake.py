"""The brake: zones that are to leave wait here, and leave unless they are too many at once.

`removals` decides; this is what one writer knows of it, and what it notes in the core. A removal is
noted before anything follows from it. So a new leader goes on with the same set and the same hash,
and knows what left before it came. A core that lost its notes gets those that the leader knows.
Where no leader knew them, the zones are orphans, and have a day (see `absences`).
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Set

from dnsfleet.zones import removals
from dnsfleet.zones.removals import Hold, Removal, Stage
from dnsfleet_publisher.record_store import RecordStore
from dnsfleet_publisher.store_errors import StoreError

RETRY_SECONDS = 1.0
"""Until notes that the core did not take are tried again; the pass that follows mends the core."""

_log = logging.getLogger(__name__)


class Brake:
    """The removals of one writer."""

    def __init__(self, store: RecordStore, clock: Callable[[], float]) -> None:
        """Take a clock that gives Unix time in seconds."""
        self._store = store
        self._clock = clock
        self._known: Mapping[str, Removal] = {}
        self._asked: set[str] = set()
        self._fence = 0
        self.hold: Hold | None = None
        """What waits for an approval."""
        self.wait_seconds: float | None = None
        """Until `decide` is to be called again though nothing changed; None for never."""

    def open(self) -> Iterator[None]:
        """Read what earlier writers noted, with a stop after each part.

        To be begun, and read to its end, once this writer has taken its fence.
        """
        known: dict[str, Removal] = {}
        for part in self._store.core.removals():
            for origin, value in part.items():
                if (found := removals.decode(value)) is not None:
                    known[origin] = found
            yield
        self._known, self._fence = known, self._store.fence

    @property
    def waiting(self) -> frozenset[str]:
        """Zones that are to leave and did not yet."""
        gone = (Stage.LEFT, Stage.APPROVED)
        noted = {origin for origin, each in self._known.items() if each.stage not in gone}
        return frozenset(noted | self._asked)

    def ask(self, origins: Iterable[str]) -> None:
        """Have these zones leave, if they may."""
        self._asked.update(origins)

    def decide(
        self, live: Set[str], is_named: Callable[[str], bool], approvals: Set[str]
    ) -> frozenset[str]:
        """The zones that leave now; what is known of the others is noted first.

        `live` is what is published; `is_named` tells whether some Zone object names an origin, so
        that it stays. Where the core does not take the notes, nothing leaves. Fenced ends it.
        """
        if not self._known and not self._asked:
            self.hold = self.wait_seconds = None
            return frozenset()
        named = {origin for origin in self._known.keys() | self._asked if is_named(origin)}
        found = removals.decide(self._known, self._asked, live, named, approvals, self._clock())
        try:
            self._note(found.removals)
        except StoreError as error:
            _log.warning("no zone leaves, because that cannot be noted: %s", error)
            self.wait_seconds = RETRY_SECONDS
            return frozenset()
        self._asked.clear()
        if found.hold is not None and (self.hold is None or found.hold.hash != self.hold.hash):
            _log.warning("%s; it waits for the approval %s", found.hold.text, found.hold.hash)
        self.hold, self.wait_seconds = found.hold, found.wait_seconds
        return found.remove

    def _note(self, wanted: Mapping[str, Removal]) -> None:
        """Know these as all removals."""
        fence, before = self._store.fence, self._known
        changes: dict[str, bytes | None] = dict.fromkeys(before.keys() - wanted)
        if fence != self._fence:  # the core lost its data since, or went back to older notes
            changes |= {origin: None for part in self._store.core.removals() for origin in part}
            before = {}
        changes |= {
            origin: removals.encode(each)
            for origin, each in wanted.items()
            if before.get(origin) != each
        }
        self._store.note(self._store.core.note_removals, changes)
        self._known, self._fence = wanted, fence

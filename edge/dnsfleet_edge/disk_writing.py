"""The thread that writes zones to the disk, so that neither DNS nor the link waits for it.

Zones wait by origin, and a newer revision replaces one that waits, so no more wait than there are
zones. A file holds the whole zone, and a big zone must not be written for each small change: after
a write of n octets the next write of that zone waits n / `BYTES_PER_SECOND`. An edge that restarts
in between reads the older revision and fetches the deltas again.

A write that fails costs a log line, a count and another try later. An older revision stays on the
disk meanwhile, and a restart fetches what it lacks. A zone of which nothing is on the disk is not
listed in the index.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

from dnsfleet_engine import Zone
from dnsfleet_following.workers import Worker
from dnsfleet_io.logs import line

from dnsfleet_edge.disk import Disk

# Octets a second that one zone may write on average. 1 M records are about 50 MB, so such a zone is
# written at most every 50 s, and one of a few kB as often as it changes.
BYTES_PER_SECOND = 1 << 20
# A full disk is seldom freed within seconds.
RETRY_SECONDS = 10.0
# The end of the process waits this long for what still has to be written.
STOP_SECONDS = 5.0
# The index among the things to write. It is no origin: those end in a dot.
_INDEX = "index"

log = logging.getLogger(__name__)


class _Entry(NamedTuple):
    signed: bytes
    zone: Zone | None
    since: float
    """When the first revision was saved that is not on the disk, Unix time."""


class DiskWriter:
    """Keeps `disk` up to date.

    `failed` is called for each write that failed, `wrote` for each other one with its seconds.
    """

    def __init__(
        self, disk: Disk, failed: Callable[[], None], wrote: Callable[[float], None]
    ) -> None:
        self._disk = disk
        self._failed = failed
        self._wrote = wrote
        self._wake = threading.Condition()
        # Guarded by the condition's lock.
        self._pending: dict[str, _Entry] = {}
        self._complete = False
        self._stopping = False
        self._under_way: dict[str, _Entry] = {}
        self._unlisted_since: float | None = None  # the index does not name what is on the disk
        # Used by the thread alone.
        self._written: set[str] = set()
        self._listed: set[str] | None = None
        self._not_before: dict[str, float] = {}
        self._healthy = True
        self.worker = Worker("disk", self._run)

    def start(self, stored: Iterable[str], complete: bool) -> None:
        """Start the thread; the disk holds these zones, and whether they are a complete set."""
        self._written = set(stored)
        if complete:
            self._complete = True
            self._listed = set(self._written)
        self.worker.start()

    def save(self, origin: str, signed: bytes, zone: Zone | None) -> None:
        """Have this revision, or with None that the zone was dropped, written soon.

        It replaces one of the same origin that still waits.
        """
        with self._wake:
            waits = self._pending.get(origin)
            since = time.time() if waits is None else waits.since
            self._pending[origin] = _Entry(signed, zone, since)
            self._wake.notify()

    def held_at(self) -> float | None:
        """Up to when the disk holds all that was saved, Unix time; None without a complete set.

        It is when the oldest revision was saved that is not on the disk, and now where there is
        none: of zones that wait in turn some always do, and their disk is not old.
        """
        with self._wake:
            if not self._complete:
                return None
            waiting = [*self._pending.values(), *self._under_way.values()]
            oldest = min((each.since for each in waiting), default=time.time())
            return oldest if self._unlisted_since is None else min(oldest, self._unlisted_since)

    def complete(self) -> None:
        """Say that what was saved so far is a complete set."""
        with self._wake:
            if not self._complete:
                self._complete, self._unlisted_since = True, time.time()
            self._wake.notify()

    def stop(self) -> None:
        """Write what waits, within `STOP_SECONDS`, and end the thread."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self.worker.is_alive():
            self.worker.join(STOP_SECONDS)

    def _run(self) -> None:
        self._attempt(_INDEX, self._disk.prepare)
        stopping = False
        while not stopping:
            with self._wake:
                pause = self._pause()
                if not self._stopping:
                    self._wake.wait(pause)
                stopping = self._stopping
                due = self._take_due(everything=stopping)
            for origin, entry in due.items():
                self._write(origin, entry)
            self._write_index(anyway=stopping)

    def _pause(self) -> float | None:
        """Seconds until something is due; None where nothing waits. Called with the lock."""
        times = [self._not_before.get(origin, 0.0) for origin in self._pending]
        if self._index_is_old():
            times.append(self._not_before.get(_INDEX, 0.0))
        return max(0.0, min(times) - time.monotonic()) if times else None

    def _take_due(self, everything: bool) -> dict[str, _Entry]:
        now = time.monotonic()
        due = [o for o in self._pending if everything or self._not_before.get(o, 0.0) <= now]
        self._under_way = {origin: self._pending.pop(origin) for origin in due}
        return dict(self._under_way)

    def _write(self, origin: str, entry: _Entry) -> None:
        size = 0

        def write() -> None:
            nonlocal size
            if entry.zone is None:
                self._timed(lambda: self._disk.write_dropped(origin, entry.signed))
            else:
                encoded = entry.zone.encode()
                size = len(encoded)
                self._timed(lambda: self._disk.write_zone(origin, entry.signed, encoded))

        worked = self._attempt(origin, write)
        with self._wake:
            del self._under_way[origin]
            if worked:
                self._written.add(origin)
                self._not_before[origin] = time.monotonic() + size / BYTES_PER_SECOND
                if self._unlisted_since is None and self._index_is_old():
                    self._unlisted_since = entry.since
            else:
                waits = self._pending.get(origin, entry)
                self._pending[origin] = waits._replace(since=entry.since)

    def _index_is_old(self) -> bool:
        """Called with the lock.

        The first index waits for every zone. Later a zone that cannot be written does not keep
        the others from being listed.
        """
        if not self._complete or self._listed == self._written:
            return False
        return self._listed is not None or self._written.issuperset(self._pending)

    def _write_index(self, anyway: bool) -> None:
        with self._wake:
            due = anyway or self._not_before.get(_INDEX, 0.0) <= time.monotonic()
            if not (due and self._index_is_old()):
                return
        origins = set(self._written)
        if self._attempt(_INDEX, lambda: self._timed(lambda: self._disk.write_index(origins))):
            self._listed = origins
            with self._wake:
                self._unlisted_since = None

    def _timed(self, write: Callable[[], None]) -> None:
        begin = time.monotonic()
        write()
        self._wrote(time.monotonic() - begin)

    def _attempt(self, what: str, action: Callable[[], None]) -> bool:
        """Whether it worked. Of a disk that fails it logs the first time, and the next success."""
        try:
            action()
        except OSError as error:
            if self._healthy:
                log.warning(line("disk_failed", what=what, problem=error))
            self._healthy = False
        except BaseException:
            log.exception(line("disk_defect", what=what))
        else:
            if not self._healthy:
                log.info(line("disk_works_again", what=what))
            self._healthy = True
            return True
        self._failed()
        self._not_before[what] = time.monotonic() + RETRY_SECONDS
        return False

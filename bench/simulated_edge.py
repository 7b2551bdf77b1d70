"""An edge as the operator sees one: it reads the core's log, and acks what it has read.

It answers no queries, so an ack follows a publication at once. The time from a change to the core's
log is measured here too, because no other reader sees a publication sooner.

Operators of other versions are measured with it as well: those that take an ack at its word skip
the fields with the evidence for it.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

import redis
from dnsfleet.replication import acks, announcements, keys
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.sums import AnnouncementSum

REPEAT_SECONDS = 5.0
"""An edge repeats its ack so often; one that is silent for 15 s counts as unreachable."""
LOOK_SECONDS = 1.0
"""How long a read waits for entries: the longest that `stop` takes."""
ENTRIES = 1000

Heard = Callable[[str, float], None]
"""Gets an origin, empty for the fleet's head, and when it was read (`time.monotonic()`)."""


class SimulatedEdge:
    """One edge of one Pop; `heard` is called from its thread for each entry after `start`."""

    def __init__(self, core_url: str, pop: str, edge: str, heard: Heard) -> None:
        self._core = redis.Redis.from_url(core_url)
        self._field = f"{pop}/{edge}"
        self._heard = heard
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="edge", daemon=True)

    def start(self) -> None:
        """Begin at the end of the log."""
        position: Any = self._core.get(keys.LSN)
        index: Any = self._core.hgetall(keys.ZONES)
        self._told, self._sum = int(position or 0), AnnouncementSum(announcements.read_index(index))
        self._thread.start()

    def stop(self) -> None:
        """End after the current read."""
        self._stopping.set()
        self._thread.join()
        self._core.close()

    def _run(self) -> None:
        said = -REPEAT_SECONDS
        while not self._stopping.is_set():
            after: Any = {keys.LOG: f"{self._told}-0"}
            answer: Any = self._core.xread(after, ENTRIES, int(LOOK_SECONDS * 1000))
            now = time.monotonic()
            entries = answer[0][1] if answer else []
            for entry_id, fields in entries:
                self._heard(fields[b"zone"].decode(), now)
                self._take(entry_id, fields)
            if entries or now - said >= REPEAT_SECONDS:
                self._core.hset(keys.ACKS, self._field, self._ack())
                said = now

    def _take(self, entry_id: bytes, fields: dict[bytes, bytes]) -> None:
        entry = announcements.read_entry(entry_id, fields)
        assert entry is not None
        self._told = entry.lsn
        if entry.announcement is not None:
            self._sum.put(entry.announcement)

    def _ack(self) -> bytes:
        """The ack that everything it was told is answered."""
        now_ms = time.time_ns() // 1_000_000
        told, total = self._told, self._sum.total
        return acks.encode(Ack(told, {}, 0, now_ms, told=told, total=total, started_ms=now_ms))

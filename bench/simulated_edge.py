"""An edge as the operator sees one: it reads the core's log, and acks what it has read.

It answers no queries, so an ack follows a publication at once. The time from a change to the core's
log is measured here too, because no other reader sees a publication sooner.
"""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import redis

LOG, ACKS = "dnsfleet:1:log", "dnsfleet:1:acks"
"""As in `dnsfleet.replication.keys`: an edge of another version would have its own."""
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
        newest: Any = self._core.xrevrange(LOG, count=1)
        self._last = newest[0][0].decode() if newest else "0-0"
        self._thread.start()

    def stop(self) -> None:
        """End after the current read."""
        self._stopping.set()
        self._thread.join()
        self._core.close()

    def _run(self) -> None:
        said = -REPEAT_SECONDS
        while not self._stopping.is_set():
            answer: Any = self._core.xread({LOG: self._last}, ENTRIES, int(LOOK_SECONDS * 1000))
            now = time.monotonic()
            entries = answer[0][1] if answer else []
            for _, entry in entries:
                self._heard(entry[b"zone"].decode(), now)
            if entries:
                self._last = entries[-1][0].decode()
            if entries or now - said >= REPEAT_SECONDS:
                self._core.hset(ACKS, self._field, _ack(int(self._last.partition("-")[0])))
                said = now


def _ack(lsn: int) -> str:
    """The ack that everything up to this position is answered, as `replication.acks` writes it."""
    said = {"lsn": lsn, "failing": {}, "failingCount": 0, "time": time.time_ns() // 1_000_000}
    return json.dumps(said)

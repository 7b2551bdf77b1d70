"""The thread that sends this edge's acks to the core.

Acks are telemetry: the newest one counts, a lost one is replaced by the next, and nothing waits for
them. A change is sent at once, but never two within `SPACING_SECONDS`. Without a change the ack is
sent again every `REPEAT_SECONDS`, so that the core can tell an idle edge from one that is gone.
After a failure it is tried again soon, whatever changes meanwhile.

An ack says what is answered. An edge that does not answer yet says position 0, which claims
nothing: the writer must know which format it reads, or it might never get a zone that it can load.
One that was told to stop says what it answers until it ends: clients still reach it.
"""

import logging
import threading
import time
from collections.abc import Callable

import redis
from dnsfleet.replication import formats, intervals
from dnsfleet.replication.acks import Ack, Load
from dnsfleet_following.status import Readiness, Status
from dnsfleet_following.workers import Worker
from dnsfleet_io import stations
from dnsfleet_io.backoff import Backoff
from dnsfleet_io.logs import line
from dnsfleet_io.redis_clients import bounded_redis_client

from dnsfleet_edge.ack_slot import AckSlot

SPACING_SECONDS = 0.02
REPEAT_SECONDS = intervals.ACK_SECONDS
TIMEOUT_SECONDS = intervals.ANSWER_SECONDS

log = logging.getLogger(__name__)


class AckSender:
    """Writes the acks of the edge POP/EDGE to the core; `failed` counts failures."""

    def __init__(
        self,
        core_url: str,
        edge: str,
        status: Status,
        readiness: Readiness,
        load: Callable[[], Load],
        failed: Callable[[], None],
    ) -> None:
        self._client = bounded_redis_client(core_url, TIMEOUT_SECONDS)
        self._slot = AckSlot(self._client, edge)
        self._status = status
        self._readiness = readiness
        self._load = load
        self._failed = failed
        self._started_ms = time.time_ns() // 1_000_000
        self._healthy = True
        self._said = (0, 0, 0)
        self._backoff = Backoff(intervals.FIRST_RETRY_SECONDS, intervals.LONGEST_RETRY_SECONDS)
        self._changed = threading.Event()
        self._stopping = threading.Event()
        self.worker = Worker("acks", self._run)

    def start(self) -> None:
        self.worker.start()

    def changed(self) -> None:
        """Have the newest ack sent soon; returns at once."""
        self._changed.set()

    def stop(self) -> None:
        """End the thread, within `TIMEOUT_SECONDS` where it waits for the core."""
        self._stopping.set()
        self._changed.set()
        self.worker.join(TIMEOUT_SECONDS)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._changed.clear()
            if not self._send():
                self._stopping.wait(self._backoff.failed())
                continue
            self._backoff.worked()
            self._stopping.wait(SPACING_SECONDS)
            self._changed.wait(REPEAT_SECONDS)
        self._client.close()

    def _send(self) -> bool:
        """Whether the core took the ack. Logs the first failure in a row, and the next success."""
        try:
            ack = self._ack()
            self._slot.write(ack)
        except BaseException as error:
            self._failed()
            if self._healthy:
                foreseen = isinstance(error, redis.RedisError)
                log.warning(line("ack_failed", problem=error), exc_info=not foreseen)
            self._healthy = False
        else:
            if not self._healthy:
                log.info(line("acks_work_again"))
            self._healthy = True
            self._tell(ack)
        return self._healthy

    def _tell(self, ack: Ack) -> None:
        """Log what the core was told, where it is other news than before."""
        said = (ack.lsn, ack.failing_count, ack.ahead_count)
        if said != self._said:
            self._said = said
            log.info(stations.acked(*said))

    def _ack(self) -> Ack:
        """What there is to say now."""
        ack = self._status.ack._replace(
            time_ms=time.time_ns() // 1_000_000,
            reads=formats.READS[-1],
            keys=self._status.keys,
            refreshed=self._status.refreshed,
            load=self._load(),
            started_ms=self._started_ms,
            addresses=self._status.addresses,
        )
        if not self._readiness.answers:
            ack = ack._replace(lsn=0)
        return ack

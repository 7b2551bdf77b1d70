"""The thread that sends reports to the core: the newest wins, and nothing waits for it.

A change is sent at once. Without one the report is sent again now and then, so that the core can
tell a Pop where nothing happens from one that is cut off. What could not be sent is forgotten for
the next one; while the core is away that is tried after a pause each time, whatever changes.

Telemetry goes the same way, behind a report that arrived, and is lost with one that did not.
"""

import contextlib
import logging
import threading
import time

import redis
from dnsfleet.replication import intervals, pop_reports, pop_slots, telemetry
from dnsfleet.replication.pop_reports import Report
from dnsfleet.replication.telemetry import Sample
from dnsfleet_io.backoff import Backoff
from dnsfleet_io.redis_clients import Server, bounded_redis_client

REPEAT_SECONDS = intervals.REPORT_SECONDS
TIMEOUT_SECONDS = intervals.ANSWER_SECONDS
SPACING_SECONDS = 0.05
"""Between two reports: as often as edges are looked at."""

_NOT_YET = "nothing was sent yet"

_log = logging.getLogger(__name__)


class ReportSender:
    """Sends the reports of one Pop; `put` and `problem` are for other threads."""

    def __init__(self, core: Server, pop: str) -> None:
        self._client = bounded_redis_client(core, TIMEOUT_SECONDS)
        self._key, self._telemetry_key = pop_slots.key(pop, 0), pop_slots.key(pop, telemetry.SLOT)
        self._condition = threading.Condition()
        self._report: Report | None = None
        self._sample: Sample | None = None
        self._changed = False
        self._stopping = False
        self._backoff = Backoff(intervals.FIRST_RETRY_SECONDS, intervals.LONGEST_RETRY_SECONDS)
        self.problem = _NOT_YET
        """Why the last report did not arrive; empty where it did."""
        self._thread = threading.Thread(target=self._run, name="reports", daemon=True)
        self._thread.start()

    def put(self, report: Report) -> None:
        """Have this sent: at once where it says something else than the one before."""
        with self._condition:
            before = self._report
            self._report = report
            if before is None or pop_reports.sense(before) != pop_reports.sense(report):
                self._changed = True
                self._condition.notify()

    def measured(self, sample: Sample) -> None:
        """Have this sent behind the next report, unless a newer one comes."""
        with self._condition:
            self._sample = sample

    def close(self) -> None:
        """Send no more; a write that is under way ends by itself."""
        with self._condition:
            self._stopping = True
            self._condition.notify()

    def _run(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._stopping or self._changed, REPEAT_SECONDS)
                report, self._changed = self._report, False
            while report is not None and not self._stopping and not self._send(report):
                with self._condition:
                    self._condition.wait_for(lambda: self._stopping, self._backoff.failed())
                    report, self._changed = self._report, False
            if self._stopping:
                break
            self._backoff.worked()
            if report is not None:
                self._send_sample()
            time.sleep(SPACING_SECONDS)
        self._client.close()

    def _send(self, report: Report) -> bool:
        """Whether the core took it. Logs the first failure in a row, and the next success."""
        try:
            self._client.set(self._key, pop_reports.encode(report))
        except redis.RedisError as error:
            if self.problem in ("", _NOT_YET):
                _log.warning("the core cannot be told: %s", error)
            self.problem = str(error) or type(error).__name__
            return False
        if self.problem:
            _log.info("the core was told")
        self.problem = ""
        return True

    def _send_sample(self) -> None:
        """Send the newest sample, if there is one."""
        with self._condition:
            sample, self._sample = self._sample, None
        if sample is None:
            return
        with contextlib.suppress(redis.RedisError):  # the next report tells what is wrong
            self._client.set(self._telemetry_key, telemetry.encode(sample))

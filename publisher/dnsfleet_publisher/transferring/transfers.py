"""Zones of other name servers, kept up to date beside the work of the writer.

A Zone is known from its first `read` until `drop`. One thread knows which zone is due when, and
some others ask primaries. What came waits for the writer, who is told by `ready` and asks by
`read`, as for every zone file: so the same checks and the same holds are in the way to the edges.

The last version is kept here, compressed. It is what changes are applied to, and what is read again
when the Zone changes. A writer that begins anew has none, and gets one whole zone; until then what
is published stays. What it gets then must not be older than what is published: the first primary to
answer may have missed what another one had said before.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from dnsfleet import resources
from dnsfleet.resources import Reference
from dnsfleet.resources.zone_transfers import ZoneTransfer
from dnsfleet.tsig_keys import PrimaryKey, Target
from dnsfleet.zones import serials
from dnsfleet_engine import Zone as EngineZone

from dnsfleet_publisher.transferring import primaries, schedules
from dnsfleet_publisher.transferring.primaries import Version
from dnsfleet_publisher.transferring.receiving import TransferFault
from dnsfleet_publisher.transferring.standings import Standing
from dnsfleet_publisher.zone_sources import SourceError, Text

THREADS = 8
"""Zones whose primaries are asked at once: one that is away costs a time-out, for which others
should not wait. How many are transferred at once, `primaries` bounds."""
TELL_SECONDS = 60.0
"""Between news of a zone that say only when it was refreshed; each may cost a write of a status."""
IDLE_SECONDS = 60.0

Keys = Callable[[], Mapping[str, PrimaryKey]]
"""Gives the usable keys, by the names of their TsigKeys; it is called from threads."""
Live = Callable[[str], EngineZone | None]
"""Gives the zone of an origin as it is published."""

_log = logging.getLogger(__name__)


@dataclass
class _Job:
    """One Zone; whoever asks its primaries owns it until that is done."""

    reference: Reference
    origin: str
    wanted: ZoneTransfer
    due: float = 0.0
    """Monotonic seconds; infinite while primaries are asked."""
    version: Version | None = None
    failures: int = 0
    last: Target | None = None
    """The primary that answered last; it is asked first."""
    behind: Target | None = None
    """One that had an older version than what is published; it is asked last."""
    refreshed: float = 0.0
    """Monotonic seconds of its answer."""
    standing: Standing = field(default_factory=Standing)
    told: bool = False
    """Whether `read` was called since something came."""
    told_at: float = 0.0
    taken: bool = False
    """Whether a version of it was given to the writer."""
    again: bool = False
    """Whether it is to be asked again as soon as the question under way is answered."""
    dropped: bool = False


class Transfers:
    """Follows the primaries of Zones; `ready` is called from threads when there is news."""

    def __init__(
        self,
        keys: Keys,
        ready: Callable[[Reference], None],
        live: Live = lambda _: None,
    ) -> None:
        self.live = live
        self._keys = keys
        self._ready = ready
        self._jobs: dict[Reference, _Job] = {}
        self._changed = threading.Condition()
        self._stopping = False
        self._due: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def close(self) -> None:
        """Ask nobody any more."""
        self.clear()
        with self._changed:
            self._stopping = True
            self._changed.notify()
        for _ in range(THREADS):
            self._due.put(None)
        if self._thread is not None:
            self._thread.join()

    def clear(self) -> None:
        """Forget all Zones."""
        for reference in list(self._jobs):
            self.drop(reference)

    def drop(self, reference: Reference) -> None:
        """Forget a Zone."""
        with self._changed:
            if (job := self._jobs.pop(reference, None)) is not None:
                job.dropped = True

    def hasten(self) -> None:
        """Ask again for zones that failed, as keys are others now."""
        with self._changed:
            for job in self._jobs.values():
                if job.standing.message or job.version is None:
                    self._ask_soon(job)

    def read(self, zone: resources.Zone) -> Text:
        """The newest version of a Zone; SourceError while there is none."""
        assert zone.spec.transfer is not None  # noqa: S101 - else it is another source's
        job = self._job(zone, zone.spec.transfer)
        job.told = True
        if (version := job.version) is None:
            reason = "TransferPending" if job.standing.reason == "Pending" else "TransferFailed"
            message = job.standing.message or "the primaries are being asked"
            raise SourceError("transfer", message, reason)
        if not job.taken:
            self._check_not_older(job, version)
            job.taken, job.behind = True, None
        return Text(version.text, f"{zone.reference}: spec.source.transfer")

    def unchanged(self, reference: Reference) -> bool:
        """Whether `read` would give what it gave last."""
        job = self._jobs.get(reference)
        return job is None or job.told

    def standing(self, reference: Reference) -> Standing | None:
        """How it stands with the primaries of a Zone; None where it has none."""
        job = self._jobs.get(reference)
        return None if job is None else job.standing

    def standings(self) -> list[tuple[Reference, Standing]]:
        """The same of all Zones that have some."""
        with self._changed:
            return [(reference, job.standing) for reference, job in self._jobs.items()]

    def _job(self, zone: resources.Zone, wanted: ZoneTransfer) -> _Job:
        with self._changed:
            job = self._jobs.get(zone.reference)
            if job is None or job.origin != zone.origin:
                if job is not None:
                    job.dropped = True
                job = self._jobs[zone.reference] = _Job(zone.reference, zone.origin, wanted)
                self._ask_soon(job)
            elif job.wanted != wanted:  # the zone is the same, so what came stays
                job.wanted = wanted
                self._ask_soon(job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="transfers", daemon=True)
                self._thread.start()
                # A server may keep one waiting for long, and no process is to wait for that: these
                # threads end with it.
                for number in range(THREADS):
                    name = f"transfer-{number}"
                    threading.Thread(target=self._work, name=name, daemon=True).start()
            return job

    def _check_not_older(self, job: _Job, version: Version) -> None:
        live = self.live(job.origin)
        if live is None or serials.compare(version.soa.serial, live.serial) in (0, 1):
            return
        message = (
            f"{job.standing.primary} has the serial {version.soa.serial}, which is not above "
            f"{live.serial}, which is published; raise it there (RFC 1982)"
        )
        wait = schedules.retry(version.soa, 1)
        with self._changed:
            job.version = None  # the next answer is to be a whole zone again
            job.behind = job.last
            job.standing = replace(job.standing, reason="Retrying", message=message)
            if job.due > time.monotonic() + wait and job.due != float("inf"):
                job.due = time.monotonic() + wait
                job.standing = replace(job.standing, due=time.time() + wait)
                self._changed.notify()
        raise SourceError("transfer", message, "SerialNotHigher")

    def _ask_soon(self, job: _Job) -> None:
        """Ask next, or once more after what is under way."""
        job.again = job.due == float("inf")
        if not job.again:
            job.due = 0.0
        self._changed.notify()

    # The threads

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._stopping:
                    return
                now = time.monotonic()
                due = [job for job in self._jobs.values() if job.due <= now]
                for job in due:
                    job.due = float("inf")
                    self._due.put(job)
                soonest = min((job.due for job in self._jobs.values()), default=float("inf"))
                self._changed.wait(min(max(soonest - now, 0.0), IDLE_SECONDS))

    def _work(self) -> None:
        while not self._stopping:
            if (job := self._due.get()) is not None:
                self._refresh(job)

    def _refresh(self, job: _Job) -> None:
        if job.dropped:
            return
        before, standing = job.version, job.standing
        try:
            wait = self._ask(job)
        except Exception as error:
            if job.dropped:  # as when the process ends, which fails much else
                return
            # What nobody foresaw is one failed refresh more.
            known = isinstance(error, TransferFault)
            if not known or str(error) != standing.message:
                _log.warning("%s: %s", job.reference, error, exc_info=not known)
            wait = self._failed(job, str(error))
        now = time.monotonic()
        job.standing = replace(job.standing, due=time.time() + wait)
        with self._changed:
            job.due = 0.0 if job.again else now + wait
            job.again = False
            self._changed.notify()
        came = job.version is not before
        failed = job.version is None and job.standing.differs_by != standing.differs_by
        if came or failed:
            job.told = False
        news = job.standing.differs_by != standing.differs_by
        if not job.dropped and (came or news or now - job.told_at >= TELL_SECONDS):
            job.told_at = now
            self._ready(job.reference)

    def _ask(self, job: _Job) -> float:
        """Ask the primaries; the seconds until the next time, or TransferFault."""
        wanted = job.wanted
        targets = [Target(each.address, each.port) for each in wanted.primaries]
        targets.sort(key=lambda each: (each == job.behind, each != job.last))
        key = self._keys().get(wanted.tsig_key.name)
        if key is None:
            raise TransferFault(
                f"there is no usable TsigKey {wanted.tsig_key.name} with `primary` in its spec.for"
            )
        answered = primaries.refresh(job.origin, targets, key, job.version)
        job.last, job.failures, job.refreshed = answered.primary, 0, time.monotonic()
        job.version = answered.version
        job.standing = Standing(
            "Current",
            "; ".join(answered.faults),
            answered.version.soa.serial,
            primaries.shown(answered.primary),
            time.time(),
        )
        return schedules.refresh(answered.version.soa)

    def _failed(self, job: _Job, message: str) -> float:
        """None answered; the seconds until the next time."""
        job.failures += 1
        soa = None if job.version is None else job.version.soa
        wait = schedules.retry(soa, job.failures)
        if soa is not None:
            left = job.refreshed + schedules.expire(soa) - time.monotonic()
            if left <= 0:
                job.standing = replace(job.standing, reason="Expired", message=message)
                return wait
            wait = min(wait, max(left, schedules.MIN_SECONDS))
        job.standing = replace(job.standing, reason="Retrying", message=message)
        return wait

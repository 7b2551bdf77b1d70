"""Zones of other name servers, kept up to date beside the work of the writer.

A Zone is known from its first `read` until `drop`. One thread knows which zone is due when, and
others ask primaries: some for their SOA, some for a zone (see `turns`). What came waits for the
writer, who is told by `ready` and asks by `read`, as for every zone file: so the same checks and
the same holds are in the way to the edges.

The last version is kept here, compressed. It is what changes are applied to, and what is read again
when the Zone changes. A writer that begins anew has none, and gets one whole zone; until then what
is published stays. What it gets then must not be older than what is published: the first primary to
answer may have missed what another one had said before.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal

from dnsfleet import resources
from dnsfleet.resources import Reference
from dnsfleet.resources.zone_transfers import ZoneTransfer
from dnsfleet.tsig_keys import PrimaryKey, Target
from dnsfleet.zones import serials
from dnsfleet_engine import Zone as EngineZone

from dnsfleet_publisher.store_errors import StoreError
from dnsfleet_publisher.transferring import primaries, schedules
from dnsfleet_publisher.transferring.connections import SilentServer
from dnsfleet_publisher.transferring.followed import NEVER, Followed
from dnsfleet_publisher.transferring.primaries import Version
from dnsfleet_publisher.transferring.receiving import TransferFault
from dnsfleet_publisher.transferring.standings import Standing
from dnsfleet_publisher.transferring.turns import Silences, Turns
from dnsfleet_publisher.zone_sources import SourceError, Text

QUESTIONS = 16
"""Primaries asked for their SOA at once. Each waits for a reply, which costs a thread and nothing
else."""
QUESTIONS_EACH = 4
"""To one address: one that stands still leaves most to others. Four such keep all waiting until
they are left alone (see `turns`)."""
TRANSFERS = 3
"""Under way at once: each may take several times `primaries.MAX_OCTETS` for a moment."""
TRANSFERS_EACH = 2
"""From one address: one that sends slowly leaves room for another, for as long as it takes."""
TELL_SECONDS = 60.0
"""Between news of a zone that say only when it was refreshed; each may cost a write of a status."""
IDLE_SECONDS = 60.0
PAUSE_SECONDS = 0.05
"""Between looks at what is due: a look goes through all zones, and answers come in thousands."""

Keys = Callable[[], Mapping[str, PrimaryKey]]
"""Gives the usable keys, by the names of their TsigKeys; it is called from threads."""
Live = Callable[[str], EngineZone | None]
"""Gives the zone of an origin as it is published, or a StoreError."""
Outcome = Literal["unchanged", "ixfr", "axfr", "error"]
"""Of asking one primary for one zone: nothing is new, changes came, the whole zone came."""

_log = logging.getLogger(__name__)


class Transfers:
    """Follows the primaries of Zones; `ready` is called from threads when there is news."""

    def __init__(
        self,
        keys: Keys,
        ready: Callable[[Reference], None],
        live: Live = lambda _: None,
        asked: Callable[[Outcome], None] = lambda _: None,
    ) -> None:
        """`asked` counts the primaries that were asked; it is called from threads, too."""
        self.live = live
        self._asked = asked
        self._keys = keys
        self._ready = ready
        self._jobs: dict[Reference, Followed] = {}
        self._changed = threading.Condition()
        self._stopping = False
        self._questions = Turns("question", QUESTIONS, QUESTIONS_EACH)
        self._transfers = Turns("transfer", TRANSFERS, TRANSFERS_EACH)
        self._silences = Silences()
        self._thread: threading.Thread | None = None

    def close(self) -> None:
        """Ask nobody any more."""
        self.clear()
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._questions.close()
        self._transfers.close()
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
                job.dropped, job.version = True, None

    def hasten(self) -> None:
        """Ask again for zones that failed, as keys are others now."""
        with self._changed:
            for job in self._jobs.values():
                if job.standing.message or job.version is None:
                    self._ask_soon(job)

    def notified(self, origin: str, key_name: str) -> bool:
        """A primary says that a zone has changed; whether some Zone comes from it by that key."""
        keys = self._keys()
        with self._changed:
            found = [
                job
                for job in self._jobs.values()
                if job.origin == origin
                and (key := keys.get(job.wanted.tsig_key.name)) is not None
                and key.key.name == key_name
            ]
            for job in found:
                targets = [Target(each.address, each.port) for each in job.wanted.primaries]
                # One that is away keeps no other waiting that has changes again and again; where it
                # is the one that is back, it is asked when its time is over.
                if all(self._silences.get(each)[1] for each in targets):
                    for each in targets:
                        self._silences.forget(each)
                job.notified = True
                self._ask_soon(job)
        return bool(found)

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
            try:
                self._check_not_older(job, version)
            except StoreError as error:
                self._tell_again(job)
                raise SourceError("transfer", str(error), "StoreUnavailable") from None
            job.taken = True
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

    def standings_by_origin(self) -> list[tuple[str, Standing]]:
        """The same, by the origins of those Zones."""
        with self._changed:
            return [(job.origin, job.standing) for job in self._jobs.values()]

    def _job(self, zone: resources.Zone, wanted: ZoneTransfer) -> Followed:
        with self._changed:
            job = self._jobs.get(zone.reference)
            if job is None or job.origin != zone.origin:
                if job is not None:
                    job.dropped = True
                job = self._jobs[zone.reference] = Followed(zone.reference, zone.origin, wanted)
                self._ask_soon(job)
            elif job.wanted != wanted:  # the zone is the same, so what came stays
                job.wanted = wanted
                self._ask_soon(job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="transfers", daemon=True)
                self._thread.start()
            return job

    def _check_not_older(self, job: Followed, version: Version) -> None:
        live = self.live(job.origin)
        if live is None or serials.compare(version.soa.serial, live.serial) in (0, 1):
            return
        message = (
            f"its serial {version.soa.serial} is not above {live.serial}, which is published; "
            "raise it there (RFC 1982)"
        )
        with self._changed:
            job.refuse(version, message)
            told = job.standing.message
            self._changed.notify()
        raise SourceError("transfer", told or message, "SerialNotHigher")

    def _tell_again(self, job: Followed) -> None:
        """Have the writer read the Zone again soon, as the core did not say what is published."""
        with self._changed:
            job.told, job.told_at = False, -NEVER
            if job.due != NEVER:
                job.due = min(job.due, time.monotonic() + schedules.MIN_SECONDS)
                self._changed.notify()

    def _ask_soon(self, job: Followed) -> None:
        """Begin a round next, or once more after the one under way."""
        job.again = job.due == NEVER
        if not job.again:
            job.due = min(job.due, time.monotonic() + job.soon())
        self._changed.notify()

    # The threads

    def _run(self) -> None:
        while not self._stopping:
            with self._changed:
                now = time.monotonic()
                jobs = list(self._jobs.values())
                due = [job for job in jobs if job.due <= now]
                for job in due:
                    job.begin()
                late = [job for job in jobs if job.expires <= now]
                for job in late:
                    job.expires = NEVER
            for job in late:
                if job.standing.reason != "Expired":
                    self._stand(job, Followed.expired)
            for job in due:
                self._ask(job)
            time.sleep(PAUSE_SECONDS)
            with self._changed:
                soonest = min((min(j.due, j.expires) for j in self._jobs.values()), default=NEVER)
                if not self._stopping:
                    self._changed.wait(min(max(soonest - time.monotonic(), 0.0), IDLE_SECONDS))

    def _ask(self, job: Followed) -> None:
        """Ask the next primary of a round for its SOA, or end the round."""
        key = self._key(job)
        while key is not None and job.left and not job.dropped:
            primary = job.left.pop(0)
            seconds, silence = self._silences.get(primary)
            if fault := key.refusal(job.origin, primary) or silence:
                job.faults[primary] = fault
                job.held = max(job.held, seconds)
                continue
            self._questions.put(primary.address, partial(self._question, job, primary))
            return
        self._stand(job, Followed.end)

    def _key(self, job: Followed) -> PrimaryKey | None:
        name = job.wanted.tsig_key.name
        key = self._keys().get(name)
        job.problem = ""
        if key is None:
            job.problem = f"there is no usable TsigKey {name} with `primary` in its spec.for"
            job.faults = {}
        return key

    def _question(self, job: Followed, primary: Target) -> None:
        seconds, silence = self._silences.get(primary)
        key = self._key(job)
        if job.dropped or key is None or silence:  # as it waited for its turn
            if silence:
                job.faults[primary] = silence
                job.held = max(job.held, seconds)
            self._ask(job)
            return
        have = job.version
        try:
            newer = primaries.has_newer(job.origin, primary, key, have)
        except Exception as error:
            if isinstance(error, SilentServer):
                self._silences.put(primary, str(error))
            self._failed(job, primary, error)
        else:
            if newer:
                work = partial(self._transfer, job, primary, key)
                self._transfers.put(primary.address, work)
                return
            assert have is not None  # noqa: S101 - else it is newer
            self._succeeded(job, primary, have, "unchanged")
        self._ask(job)

    def _transfer(self, job: Followed, primary: Target, key: PrimaryKey) -> None:
        if not job.dropped:
            try:
                version, how = primaries.fetch(job.origin, primary, key, job.version)
            except Exception as error:
                self._failed(job, primary, error)
            else:
                self._succeeded(job, primary, version, how)
        self._ask(job)

    def _succeeded(
        self, job: Followed, primary: Target, version: Version, outcome: Outcome
    ) -> None:
        self._asked(outcome)
        came = outcome != "unchanged"
        self._stand(job, lambda job: job.succeeded(primary, version, came=came), came=came)

    def _failed(self, job: Followed, primary: Target, error: Exception) -> None:
        self._asked("error")
        if job.dropped:  # as when the process ends, which fails much else
            return
        # What nobody foresaw is one failed question more.
        known = isinstance(error, TransferFault)
        if not known or str(error) != job.faults.get(primary):
            where = str(primary)
            _log.warning("%s: %s: %s", job.reference, where, error, exc_info=not known)
        job.faults[primary] = str(error)

    def _stand(
        self, job: Followed, change: Callable[[Followed], Standing], *, came: bool = False
    ) -> None:
        """Change how a Zone stands, and tell of what somebody should hear."""
        now = time.monotonic()
        with self._changed:
            before = job.standing
            job.standing = change(job)
            news = job.standing.differs_by != before.differs_by
            if came or (news and job.version is None):
                job.told = False
            tells = not job.dropped and (came or news or now - job.told_at >= TELL_SECONDS)
            if tells:
                job.told_at = now
            self._changed.notify()
        if tells:
            self._ready(job.reference)

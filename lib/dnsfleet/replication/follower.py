"""The follower: turns what a replica shows into what an edge serves, without any IO of its own.

Events go in (`events`) and commands come out (`commands`). Whoever drives the follower executes
each command and feeds the answer back:

    open = follower.feed(Connected())
    while open: open += follower.feed(execute(open.pop(0)))

At most one command that wants an answer is open at any time. So there is one order of events,
memory holds the content of one zone that is not loaded yet, and a slow replica delays nothing else.

Whenever nothing is open, the next command is the first of these that there is a reason for:

    1. a verified manifest waits       → ReadChunks → Load | Apply
    2. the index must be compared      → ReadIndex           (Connected, Resync, a gap in the log)
    3. the log announced a revision    → ReadManifests       (up to MANIFESTS_AT_ONCE)
    4. the index announced one         → ReadManifests       (as many; then 7, before the next)
    5. the fleet's head may be newer   → ReadFleet
    6. a zone is to be loaded anew     → ReadChunks → Load   (in turn with 7)
    7. nothing                         → ReadLog             (waits where nothing else is left)

**Announcements and facts.** The index and the log announce that a zone is at a revision. Nothing in
them is signed, so an announcement only makes the follower read the manifest. A fact is a manifest
with a good signature and a higher revision than the one held. Its chunks must have the hashes that
it signs before the engine gets them, and the engine must find the signed digest before it serves
them. So a replica can keep news from an edge, and it cannot invent news. Which keys make a good
signature can change (`events.KeysChanged`); what was verified before stays a fact.

**Never back.** A held revision is replaced only by a higher one. A replica that was restored from
an old copy shows lower revisions, and they are ignored. To roll back on purpose, the publisher
publishes the older content as a higher revision. Only what a former key signed gives way to any
revision that a valid one signed (see `holdings`).

**Absence removes nothing.** An index without a zone, a missing value, an empty replica: none of
them takes a zone away. A zone goes only by its signed tombstone, or by a signed manifest that
assigns it to other Pops.

**Gaps.** Each log entry names the position before it. Where that is not the position that was read
last, entries were trimmed, or the core began anew. The index is read then, which announces all that
the lost entries announced. So it is where the log has nothing new and the replica names another
position than the one that was read last. In the data of one zone a gap only makes the delta chain
longer: the manifest names every delta since its snapshot, and a follower that holds no revision of
that chain reads the snapshot. So a follower that is behind goes to the newest revision at once,
however many it missed.

**Ahead.** A zone that is held at a higher revision than the replica announces is *ahead*: the core
lost it, or the replica is old. The acks name it with its signed manifest, so that the writer can
publish above it.

**Invented announcements** cost others little (see `hearing`). Gaps lead to one more index between
two Resyncs, not more; until then the log is read on, and `gap` says that a Resync is wanted soon.

**Duplicates and late answers** change nothing: an answer to a command that is not open is ignored,
and a revision that is held is not loaded again. After a disconnect no command is open, so a lost
answer cannot stop the follower. If the engine did what a lost answer would have told, the next
delta does not fit, and the snapshot is read instead.

**Failures stay with their zone.** Deltas that cannot be used lead to the snapshot. A snapshot that
cannot be used makes the zone `failing`: it keeps the revision it has, is named in the acks, and is
tried again with a newer manifest or at the next Resync or Connected. Other zones go on. A zone of
which nothing is held, and that failed WITHHELD_AFTER times, is withheld: clients are told to ask
elsewhere.

**Refresh** loads all that is served once more from its snapshots (see `refreshing`). It holds up no
news: between two such zones the log is read.

**Complete** is an edge that may answer although its disk was empty (see `completeness`).
"""

import itertools
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from dnsfleet.replication import announcements, commands, delta_chains, events, manifests
from dnsfleet.replication.acks import MAX_FAILING
from dnsfleet.replication.announcements import Announcement
from dnsfleet.replication.commands import Command
from dnsfleet.replication.completeness import Completeness
from dnsfleet.replication.delta_chains import DeltaChain
from dnsfleet.replication.encoding import PayloadError
from dnsfleet.replication.hearing import Hearing
from dnsfleet.replication.holdings import Holdings
from dnsfleet.replication.manifests import Manifest, ManifestError, SignatureError
from dnsfleet.replication.progress import Failure, Progress
from dnsfleet.replication.public_keys import PublicKeys
from dnsfleet.replication.refreshing import Refreshing
from dnsfleet.replication.revisions import Revision

MANIFESTS_AT_ONCE = 64
"""Manifests that are read and wait at a time: one round trip for many small zones, and at most
4 MiB of memory whatever a replica holds."""
WITHHELD_AFTER = 2
"""Tries to load a zone before clients are told that its data is missing: the second one is made
after all others, with what the replica has by then."""


Distrusted = Literal["fleet", "manifest", "payload"]
"""The head of the fleet, the manifest of a zone, or what a manifest names."""


class _Job(NamedTuple):
    """A verified manifest that is to be loaded."""

    manifest: Manifest
    signed: bytes
    lsn: int | None
    """Of the oldest change that it brings; None where it loads anew what is served."""
    chain: DeltaChain
    keys: int
    """By which it was verified (see `Holdings.ended`)."""


class Follower:
    """Follows the zones of one Pop, or with None those of all. Feed it from one thread."""

    def __init__(self, pop: str | None, public_keys: PublicKeys) -> None:
        self._pop = pop
        self._holdings = Holdings(public_keys)
        self._online = False
        self._open: Command | None = None
        self._index_due = True
        self._fleet_due = True
        self._gap = False  # whether the index is due because the log showed a gap
        self._progress = Progress()
        self._read = 0  # up to which position the log was read
        self._gap_allowed = True
        self._hearing = Hearing()
        self._jobs: deque[_Job] = deque()
        self._ahead: dict[str, bytes] = {}
        self._completeness = Completeness()
        self._refreshing = Refreshing()
        self._refreshed_one = False
        self.distrusted: list[Distrusted] = []
        """What the last event brought that is not what a valid key signed."""

    @property
    def refreshed(self) -> Revision | None:
        """The number of the last refresh that is done (see `events.Refresh`)."""
        return self._refreshing.done

    @property
    def complete(self) -> bool:
        """Whether every zone of this Pop is here; once true it stays true."""
        return self._completeness.reached

    @property
    def waiting(self) -> int:
        """How many newer revisions, verified or announced, wait."""
        return len(self._hearing) + len(self._jobs)

    @property
    def gap(self) -> bool:
        """Whether the log showed a gap, and no index was read since."""
        return self._gap

    def feed(self, event: events.Event) -> list[Command]:
        """Take in one event; the commands are to be executed in order."""
        out: list[Command] = []
        self.distrusted = []
        match event:
            case events.Restored():
                for manifest, signed in event.manifests:
                    self._know(manifest)
                    self._hold(manifest, signed, self._holdings.ended)
            case events.Connected():
                self._online = self._index_due = self._fleet_due = self._gap_allowed = True
                self._hearing.try_all_again()
                self._refreshing.try_again()
            case events.Disconnected():
                self._online, self._open = False, None
                self._gap = False  # the next index may be older than that log
            case events.KeysChanged():
                self._change_keys(event.keys)
            case events.Resync():
                self._index_due = self._fleet_due = self._gap_allowed = True
                self._refreshing.try_again()
            case events.Refresh():
                self._refreshing.begin(self._holdings.served(), event.number)
            case _:
                if event.command != self._open:
                    return []
                self._open = None
                out += self._take(event)
        self._completeness.judge()
        if not self._index_due:
            ack = self._progress.ack(self._oldest_pending(), self._ahead)
            if ack is not None:
                out.append(ack)
        if self._online and self._open is None:
            self._open = self._next()
            out.append(self._open)
        return out

    def _change_keys(self, keys: PublicKeys) -> None:
        if self._holdings.change_keys(keys):
            self._completeness.forget_head()
        self._hearing.try_all_again()
        self._index_due = self._fleet_due = True  # what was no news may be some now

    def _next(self) -> Command:
        if self._jobs:
            return commands.ReadChunks(self._jobs[0].manifest.zone, self._jobs[0].chain.keys)
        if self._index_due:
            return commands.ReadIndex()
        if zones := self._hearing.next(MANIFESTS_AT_ONCE):
            return commands.ReadManifests(zones)
        if self._fleet_due:
            return commands.ReadFleet()
        if job := self._fresh_job():
            self._jobs.append(job)
            return commands.ReadChunks(job.manifest.zone, job.chain.keys)
        self._hearing.log_was_read()
        wait = not self._hearing.rest and not self._refreshing.due
        return commands.ReadLog(self._read, wait=wait)

    def _fresh_job(self) -> _Job | None:
        """The next zone that is to be loaded anew, if it is its turn and not that of the log."""
        self._refreshed_one = not self._refreshed_one
        while self._refreshed_one and self._refreshing.due:
            zone = self._refreshing.take()
            held = self._holdings.get(zone)
            if held is None or not held.served:
                self._refreshing.settle(zone)
                continue
            try:
                manifest = manifests.verify(held.signed, self._holdings.keys)
            except ManifestError:
                continue  # a former key signed it; what a valid one signs comes soon
            chain = delta_chains.from_snapshot(manifest)
            return _Job(manifest, held.signed, None, chain, held.keys)
        return None

    def _take(self, answer: events.Answer) -> Iterator[Command]:
        match answer:
            case events.IndexRead():
                self._take_index(answer.zones, answer.position)
            case events.LogRead():
                self._take_log(answer.entries, answer.position)
            case events.FleetRead():
                self._take_fleet(answer.signed)
            case events.ManifestsRead():
                for origin, signed in zip(answer.command.origins, answer.values, strict=True):
                    yield from self._take_manifest(origin, signed)
            case events.ChunksRead():
                yield from self._take_chunks(answer.chunks)
            case events.Applied():
                yield from self._take_applied(answer)

    # Announcements

    def _take_index(self, zones: Mapping[bytes, bytes], position: int) -> None:
        heard = {each.zone: each for each in announcements.read_index(zones)}
        self._progress.read_index(heard, position)
        # The log is read on from its end: from a gap, it could show the same gap again.
        self._read = max(position, self._read if self._gap else 0)
        self._index_due = self._gap = False
        self._ahead.clear()
        self._completeness.begin_index(heard.keys())
        self._hearing.begin_index(heard)
        for announcement in heard.values():
            self._take_announcement(announcement, news=False)

    def _take_log(
        self, entries: Sequence[tuple[bytes, Mapping[bytes, bytes]]], position: int
    ) -> None:
        self._gap = self._gap or (not entries and position != self._progress.told)
        for entry_id, fields in entries:
            entry = announcements.read_entry(entry_id, fields)
            self._gap = self._gap or entry is None or entry.after != self._progress.told
            if entry is None:
                continue
            if not self._gap:
                self._progress.read_entry(entry.lsn, entry.announcement)
            if entry.announcement is None:
                self._fleet_due = True
            else:
                self._take_announcement(entry.announcement, news=True)
        if entries:
            self._read = max(self._read, announcements.position(entries[-1][0]))
        if self._gap and self._gap_allowed:
            # The index will be read after this part of the log, so it announces all of it.
            self._index_due = self._fleet_due = True
            self._gap_allowed = False

    def _take_announcement(self, announcement: Announcement, news: bool) -> None:
        zone = announcement.zone
        held = self._holdings.get(zone)
        self._ahead.pop(zone, None)
        if held is None or self._holdings.give_way(zone, announcement.revision):
            waits = self._hearing.put(announcement, news)
            if waits and held is not None and held.served:
                self._completeness.wait_for(zone)
            return
        self._completeness.know(zone, held.live)  # it may have left the index, and come back
        if announcement.revision < held.revision:
            self._ahead[zone] = held.signed

    def _refuse(self, announcement: Announcement, reason: str) -> None:
        """No manifest bears out what was announced."""
        zone, revision = announcement.zone, announcement.revision
        self._hearing.refuse(announcement)
        self._completeness.wait_no_more(zone)
        self._progress.fail(zone, Failure(reason, revision))

    # Facts

    def _take_fleet(self, signed: bytes | None) -> None:
        self._fleet_due = False
        if signed is None:
            return
        try:
            head = manifests.verify_fleet(signed, self._holdings.keys)
        except ManifestError as error:
            if isinstance(error, SignatureError):
                self.distrusted.append("fleet")
            return  # An edge with an empty disk waits on; for any other it changes nothing.
        if self._completeness.take_head(head):
            told = head.lsn == self._progress.told
            if told and head.total not in (None, self._progress.total):
                self._index_due = True  # once for each head: what stays different, the acks tell

    def _take_manifest(self, origin: str, value: bytes | None) -> Iterator[Command]:
        announcement = self._hearing.take(origin)
        try:
            manifest, signed = self._verify(origin, value)
        except ManifestError as error:
            self._refuse(announcement, str(error))
            return
        if manifest.revision < announcement.revision:
            self._refuse(
                announcement,
                f"its manifest is {manifest.revision}, and {announcement.revision} was announced",
            )
        else:
            self._hearing.accept(origin)
        held = self._holdings.get(origin)
        if not self._holdings.give_way(origin, manifest.revision):
            self._completeness.wait_no_more(origin)
            return
        self._know(manifest)
        if manifest.assigned(self._pop):
            chain, keys = self._holdings.find_chain(manifest), self._holdings.ended
            self._jobs.append(_Job(manifest, signed, announcement.lsn, chain, keys))
            return
        self._settle(manifest, signed, self._holdings.ended)
        withheld = self._completeness.end_withholding(origin)
        if withheld or (held is not None and held.served):
            yield commands.Drop(manifest, signed)

    def _verify(self, origin: str, value: bytes | None) -> tuple[Manifest, bytes]:
        if value is None:
            raise ManifestError("its manifest is missing")
        try:
            manifest = manifests.verify(value, self._holdings.keys)
        except SignatureError:
            self.distrusted.append("manifest")
            raise
        if manifest.zone != origin:
            self.distrusted.append("manifest")
            raise ManifestError(f"its manifest is the one of {manifest.zone}")
        return manifest, value

    def _take_chunks(self, chunks: Sequence[bytes | None]) -> Iterator[Command]:
        job = self._jobs[0]
        try:
            snapshot, deltas = job.chain.check(chunks)
        except PayloadError as error:
            if None not in chunks:
                self.distrusted.append("payload")
            yield from self._fail(str(error))
            return
        if snapshot is None:
            self._open = commands.Apply(job.manifest, job.signed, deltas)
        else:
            self._open = commands.Load(job.manifest, job.signed, snapshot, deltas)
        yield self._open

    def _take_applied(self, answer: events.Applied) -> Iterator[Command]:
        if answer.error is not None:
            yield from self._fail(answer.error)
            return
        job = self._jobs.popleft()
        self._settle(answer.command.manifest, answer.command.signed, job.keys)
        if job.chain.snapshot is not None:
            self._refreshing.settle(job.manifest.zone)

    def _fail(self, reason: str) -> Iterator[Command]:
        """The oldest job cannot be done; clients of a zone that is missing are told in the end."""
        job = self._jobs.popleft()
        if job.lsn is None:
            return  # it is served as it was; `refreshing` has it tried again
        if job.chain.snapshot is None:
            self._jobs.appendleft(job._replace(chain=delta_chains.from_snapshot(job.manifest)))
            return
        zone = job.manifest.zone
        self._completeness.wait_no_more(zone)
        self._progress.fail(zone, Failure(reason, job.manifest.revision))
        if self._completeness.lacks(zone) and self._progress.tries(zone) >= WITHHELD_AFTER:
            self._completeness.withhold(zone)
            yield commands.Withhold(zone)

    def _know(self, manifest: Manifest) -> None:
        """A zone has this newest verified manifest, whether it can be loaded or not."""
        zone, held = manifest.zone, self._holdings.get(manifest.zone)
        if self._completeness.know(zone, not manifest.tombstone):
            self._fleet_due = True
        served = held is not None and held.served
        self._completeness.want(zone, manifest.assigned(self._pop) and not served)

    def _settle(self, manifest: Manifest, signed: bytes, keys: int) -> None:
        self._hold(manifest, signed, keys)
        self._progress.settle(manifest.zone, manifest.revision)

    def _hold(self, manifest: Manifest, signed: bytes, keys: int) -> None:
        served = manifest.assigned(self._pop)
        self._holdings.put(manifest, signed, served, keys)
        self._completeness.settle(manifest.zone, served)

    def _oldest_pending(self) -> int | None:
        """The position of the oldest change, verified or announced, that is not served.

        Not of a zone that fails: an ack names it, and that it is tried again changes nothing.
        """
        failing = self._progress.failing
        if len(failing) > MAX_FAILING:
            return 1  # they are not all named, so the ack proves nothing
        jobs = (
            job.lsn
            for job in self._jobs
            if job.lsn is not None and job.manifest.zone not in failing
        )
        oldest = [*itertools.islice(jobs, 1), *self._hearing.oldest(failing)]
        return min(oldest, default=None)

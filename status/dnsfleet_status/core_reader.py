"""What the core Redis says: which revisions are published, and what edges say that they answer.

An ack proves something only where its sum is that of the log at its position (see
`dnsfleet.replication.sums`). The writer knows those sums since it wrote the log. A reader gets them
in the same way as an edge: from the index, and then from each entry of the log. Acks are read
before the log, so none is ahead of what is known of it. Where an entry is missing the index is read
again, and now and then without a reason: whatever was not noticed lasts no longer than that.

Manifests are read once for each revision, and verified: what this shows as published is what edges
load. Everything is read by a user of the core that can change nothing (`redis_users`).
"""

import time
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, cast

import redis
from dnsfleet.replication import (
    ack_slots,
    announcements,
    keys,
    manifests,
    pop_reports,
    pop_slots,
    telemetry,
)
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.announcements import Announcement
from dnsfleet.replication.manifests import Manifest, ManifestError
from dnsfleet.replication.public_keys import PublicKeys
from dnsfleet.replication.sums import POSITIONS, AnnouncementSum, Positions
from dnsfleet.replication.telemetry import Meters

INDEX_SECONDS = 30.0
"""Between two readings of the index without a reason: some 500 kB of 10,000 zones."""
SLOTS_AT_ONCE = 128
"""Slots of acks in one round trip."""
HEADS_AT_ONCE = 200
"""Manifests in one round trip, some 100 kB."""


class Said(NamedTuple):
    """What some edges of a Pop said last."""

    edge: str
    edges: int
    ack: Ack | None


class CoreReader:
    """Reads again and again in one thread; what it found may be read by any."""

    def __init__(self) -> None:
        self._sum = AnnouncementSum()
        self._position = -1
        self._index_due = 0.0
        self._heads: dict[str, Announcement] = {}
        """Of the manifests that were read."""
        self._unread: dict[str, Announcement] = {}
        self._meters = Meters()
        self.positions = Positions()
        """What proves an ack."""
        self.said: Mapping[str, Sequence[Said]] = {}
        """By Pop."""
        self.queries: Mapping[str, float] = {}
        """A second, by Pop."""
        self.published: dict[str, Manifest] = {}
        """By origin; tombstones are not among them."""
        self.unreadable: dict[str, str] = {}
        """Origin to why what the core has of it cannot be read."""

    def read(
        self,
        client: redis.Redis,
        public: PublicKeys,
        remote: Sequence[str],
        now_ms: int,
        zones: Collection[str] | None = None,
    ) -> None:
        """Look at the core, in this thread alone; `redis.RedisError` where it does not answer.

        `public` are the keys by which edges verify; `remote` are the Pops of other clusters;
        `zones` are those whose manifests are read, None is all.
        """
        self._client = client
        said = self._acks()
        queries = self._rates(said, now_ms)
        for pop in remote:
            words, rate = self._report(pop, now_ms)
            said[pop] = words
            if rate is not None:
                queries[pop] = rate
        if time.monotonic() >= self._index_due:
            self._read_index()
        else:
            self._read_log()
        self._read_manifests(public, zones)
        self.said, self.queries = said, queries

    def _acks(self) -> dict[str, list[Said]]:
        words: list[ack_slots.Word | None] = []
        for start in range(0, ack_slots.SLOTS, SLOTS_AT_ONCE):
            pipeline = self._client.pipeline(transaction=False)
            for slot in range(start, min(start + SLOTS_AT_ONCE, ack_slots.SLOTS)):
                pipeline.getrange(ack_slots.key(slot), 0, ack_slots.MAX_OCTETS)
            words += map(ack_slots.decode, cast(list[bytes], pipeline.execute()))
        newest = ack_slots.newest(each for each in words if each is not None)
        said: dict[str, list[Said]] = {}
        for name in sorted(newest):
            pop, _, edge = name.partition("/")
            said.setdefault(pop, []).append(Said(edge, 1, newest[name].ack))
        return said

    def _rates(self, said: Mapping[str, Sequence[Said]], now_ms: int) -> dict[str, float]:
        acks = {
            pop: {each.edge: each.ack for each in words if each.ack is not None}
            for pop, words in said.items()
        }
        samples = self._meters.take(acks, now_ms)
        return {pop: sample.queries for pop, sample in samples.items()}

    def _report(self, pop: str, now_ms: int) -> tuple[list[Said], float | None]:
        """What the cluster of a Pop says of its edges, and how much they answer."""
        pipeline = self._client.pipeline(transaction=False)
        pipeline.getrange(pop_slots.key(pop, 0), 0, pop_reports.MAX_OCTETS)
        pipeline.getrange(pop_slots.key(pop, telemetry.SLOT), 0, telemetry.OCTETS)
        value, measured = cast(list[bytes], pipeline.execute())
        report, sample = pop_reports.decode(value), telemetry.decode(measured)
        shown = sample is not None and telemetry.is_shown(sample, now_ms)
        words = () if report is None else report.words
        return (
            [Said(each.edge, each.edges, each.ack) for each in words],
            sample.queries if sample is not None and shown else None,
        )

    def _read_index(self) -> None:
        """Read what every zone is at."""
        pipeline = self._client.pipeline(transaction=True)
        pipeline.get(keys.LSN)
        pipeline.hgetall(keys.ZONES)
        position, zones = cast(tuple[bytes | None, dict[bytes, bytes]], pipeline.execute())
        found = {each.zone: each for each in announcements.read_index(zones)}
        self._sum = AnnouncementSum(found.values())
        self._position = announcements.stored_position(position)
        self.positions.note(self._position, self._sum.total)
        self._index_due = time.monotonic() + INDEX_SECONDS
        for origin in self.published.keys() - found.keys():
            del self.published[origin]
        for origin in self.unreadable.keys() - found.keys():
            del self.unreadable[origin]
        self._heads = {zone: each for zone, each in self._heads.items() if zone in found}
        self._unread = {zone: each for zone, each in found.items() if self._heads.get(zone) != each}

    def _read_log(self) -> None:
        """Read what was published since; where some of it is missing, the index."""
        read = self._client.xrange(keys.LOG, min=f"{self._position + 1}-0", count=POSITIONS)
        for name, fields in cast(list[tuple[bytes, dict[bytes, bytes]]], read):
            entry = announcements.read_entry(name, fields)
            if entry is None or entry.after != self._position:
                self._read_index()
                return
            if entry.announcement is not None:
                self._sum.put(entry.announcement)
                self._unread[entry.announcement.zone] = entry.announcement
            self._position = entry.lsn
            self.positions.note(entry.lsn, self._sum.total)

    def _read_manifests(self, public: PublicKeys, zones: Collection[str] | None) -> None:
        """Read those of all revisions that are new."""
        origins = sorted(each for each in self._unread if zones is None or each in zones)
        for start in range(0, len(origins), HEADS_AT_ONCE):
            part = origins[start : start + HEADS_AT_ONCE]
            values = self._client.mget([keys.manifest(origin) for origin in part])
            for origin, signed in zip(part, cast(list[bytes | None], values), strict=True):
                self._take(origin, signed or b"", public)

    def _take(self, origin: str, signed: bytes, public: PublicKeys) -> None:
        announced = self._unread.pop(origin)
        self.unreadable.pop(origin, None)
        try:
            manifest = manifests.verify(signed, public)
        except ManifestError as error:
            self.published.pop(origin, None)
            self.unreadable[origin] = str(error)
            return
        self._heads[origin] = announced
        if manifest.tombstone:
            self.published.pop(origin, None)
        else:
            self.published[origin] = manifest

"""The core Redis, call by call: what is read and written there, in round trips of a bounded size.

Nothing is decided or remembered here; `record_store` does that. The scripts beside this module are
what happens at once or not at all: `claim.lua`, `publish.lua`, `end.lua` and `note.lua`; `acks.lua`
reads what edges say, and never more of it than they may. Every call may raise StoreError.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import resources
from typing import TypeVar, cast

import redis
from dnsfleet.replication import ack_slots, acks, keys, pop_commands, pop_reports, pop_slots
from dnsfleet.replication.ack_slots import Word
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.announcements import stored_position
from dnsfleet.replication.encoding import CHUNK_SIZE
from dnsfleet.replication.kept_zones import KEPT_SECONDS
from dnsfleet_io.redis_clients import Server, redis_client
from redis.typing import EncodableT

from dnsfleet_publisher.drafts import Draft
from dnsfleet_publisher.store_errors import place, reporting

LOG_ENTRIES = 10_000
"""Entries that the log keeps, about: an edge that missed more reads the index once."""
UNNAMED_SECONDS = 3600
"""How long chunks stay that no manifest names: a slow reader of the last one still finds them."""
CHUNKS_AT_ONCE = 16
"""Values in one round trip, about 1 MB: more would stand in the way of other clients."""
OCTETS_AT_ONCE = CHUNKS_AT_ONCE * CHUNK_SIZE
"""Octets in one round trip that reads many small values."""
HEADS_AT_ONCE = 200
"""Manifests in one round trip: 100 kB at 500 octets each, more where they name many Pops."""
ACK_OCTETS = 16 * 1024 * 1024
"""Octets of all acks together: 16 kB each where every slot is taken. An ack has a few hundred, and
more only where an edge has much to complain of."""
CLAIMS_AT_ONCE = 1000
"""Claims in one round trip: some 200 kB, and 10 ms until they are decoded."""
ABSENCES_AT_ONCE = 1000
"""Absences in one round trip: some 40 kB, and a few milliseconds of the core."""
ANSWER_SECONDS = 5.0
"""How long an answer may take. A script with a thousand keys takes milliseconds."""

T = TypeVar("T")


def connect(where: str | Server) -> redis.Redis:
    """A client for the core; ValueError for a URL that is none."""
    return redis_client(where, ANSWER_SECONDS)


WriteNotes = Callable[[int, Mapping[str, bytes | None]], Iterator[str]]
"""Writes notes under a fence, None drops one; the fence that is stored, part by part."""


class CoreRedis:
    """The fleet's keys in one Redis."""

    def __init__(self, client: redis.Redis) -> None:
        """`client` is one of `connect`."""
        self._client = client
        self._publish = client.register_script(_script("publish.lua"))
        self._claim = client.register_script(_script("claim.lua"))
        self._end = client.register_script(_script("end.lua"))
        self._note = client.register_script(_script("note.lua"))
        self._acks = client.register_script(_script("acks.lua"))
        self.place = place(client)
        """Which Redis, for messages."""

    def claim(self, wanted: int, above: int, step: int) -> int:
        """Take a new fence: `wanted`, or `step` above both the one in the core and `above`."""
        with reporting(self._client):
            return int(self._claim(keys=[keys.FENCE], args=[wanted, above, step]))

    def state(self) -> tuple[str, int, int]:
        """The fence of the one writer, empty where there is none, the position of the log, and the
        floor; 0 where nobody ever asked for one (see `ask_for_all`)."""
        names = [keys.FENCE, keys.LSN, keys.FLOOR]
        with reporting(self._client):
            fence, position, floor = cast(list[bytes | None], self._client.mget(names))
        return (fence or b"").decode(errors="replace"), stored_position(position), _number(floor)

    def ask_for_all(self) -> int:
        """Ask the writer to publish everything again; the fence above which that will be.

        It needs no fence: it says what is wanted, and the one writer does it. A writer that takes
        over between the two calls is above the floor, and publishes what is not.
        """
        with reporting(self._client):
            floor = _number(cast(bytes | None, self._client.get(keys.FENCE)))
            self._client.set(keys.FLOOR, floor)
        return floor

    def time(self) -> float | None:
        """The core's clock, Unix time in seconds; None where our user may not ask for it."""
        with reporting(self._client):
            try:
                seconds, microseconds = self._client.time()
            except redis.exceptions.NoPermissionError:
                return None  # a user of an earlier version
        return seconds + microseconds / 1e6

    # Zones

    def index(self) -> tuple[dict[bytes, bytes], int]:
        """The index, removed zones too, and the position of the log before it was read."""
        with reporting(self._client):
            pipeline = self._client.pipeline(transaction=False)
            pipeline.get(keys.LSN)
            pipeline.hgetall(keys.ZONES)
            position, zones = pipeline.execute()
        return zones, stored_position(position)

    def fleet(self) -> bytes | None:
        """The signed head of the fleet."""
        with reporting(self._client):
            return cast(bytes | None, self._client.get(keys.FLEET))

    def origins(self) -> list[str]:
        """Every origin in the index, removed ones too."""
        with reporting(self._client):
            names = cast(list[bytes], self._client.hkeys(keys.ZONES))
        return sorted(name.decode(errors="replace") for name in names)

    def heads(self, origins: Sequence[str]) -> Iterator[dict[str, tuple[bytes, bytes | None]]]:
        """What the index says of each zone, empty for nothing, and its signed manifest.

        They come by origin, HEADS_AT_ONCE of them in each round trip.
        """
        for part in _parts(origins, HEADS_AT_ONCE):
            pipeline = self._client.pipeline(transaction=False)
            pipeline.hmget(keys.ZONES, part)
            pipeline.mget([keys.manifest(origin) for origin in part])
            with reporting(self._client):
                values, signed = pipeline.execute()
            yield {
                origin: (value or b"", head)
                for origin, value, head in zip(part, values, signed, strict=True)
            }

    def chunks(self, names: Sequence[str], octets: int) -> list[bytes | None]:
        """The values of these keys, which have so many octets, names included."""
        chunks: list[bytes | None] = []
        at_once = CHUNKS_AT_ONCE if octets > OCTETS_AT_ONCE else max(1, len(names))
        with reporting(self._client):
            for part in _parts(names, at_once):
                chunks += cast(list[bytes | None], self._client.mget(part))
        return chunks

    def present(self, names: Sequence[Sequence[str]]) -> list[int]:
        """How many keys of each sequence there are."""
        counts: list[int] = []
        with reporting(self._client):
            for part in _parts(names, HEADS_AT_ONCE):
                pipeline = self._client.pipeline(transaction=False)
                for each in part:
                    pipeline.exists(*each)
                counts += pipeline.execute()
        return counts

    def write_chunks(self, chunks: Mapping[str, bytes], seconds: int = UNNAMED_SECONDS) -> None:
        """Write chunks that expire unless a manifest comes to name them."""
        with reporting(self._client):
            for part in _parts(list(chunks), CHUNKS_AT_ONCE):
                pipeline = self._client.pipeline(transaction=False)
                for key in part:
                    pipeline.set(key, chunks[key], ex=seconds)
                pipeline.execute()

    def publish(
        self,
        fence: int,
        lsn: int,
        allowed: tuple[int, int],
        key: str,
        signed: bytes,
        draft: Draft | None = None,
        fleet: bytes = b"",
        kept: bytes = b"",
    ) -> list[str]:
        """Make a signed head current; `ok`, or what was not as expected (see `publish.lua`).

        `allowed` are the positions where the core may be; `fleet` is the head of the fleet that
        becomes current with a draft, where the draft changes it; `kept` is the signed description
        of what the draft keeps.
        """
        origin, revision, follows = "", "", ""
        chunks: list[str] = []
        superseded: list[str] = []
        unneeded: Sequence[str] = ()
        left: Sequence[str] = ()
        if draft is not None:
            origin, revision = draft.manifest.zone, str(draft.manifest.revision)
            follows, chunks, superseded = draft.follows, list(draft.chunks), draft.superseded
            if draft.keeping is not None:
                unneeded, left = draft.keeping.unneeded, draft.keeping.left
        names = [keys.FENCE, keys.LSN, keys.LOG, keys.ZONES, keys.FLEET, key, keys.KEPT]
        names += [*chunks, *superseded, *unneeded]
        args: list[EncodableT] = [fence, lsn, LOG_ENTRIES, origin, revision, follows, signed]
        args += [len(chunks), UNNAMED_SECONDS, *allowed, fleet]
        args += [len(superseded), kept, KEPT_SECONDS, *left]
        with reporting(self._client):
            said = self._publish(keys=names, args=args)
        return [part.decode() for part in cast(list[bytes], said)]

    def end(
        self, fence: int, lsn: int, allowed: tuple[int, int], origin: str, stored: str
    ) -> list[str]:
        """Take an entry out of the index that has this revision, empty for none that can be read.

        `ok`, or what was not as expected (see `end.lua`).
        """
        names = [keys.FENCE, keys.LSN, keys.ZONES, keys.manifest(origin)]
        with reporting(self._client):
            said = self._end(keys=names, args=[fence, lsn, origin, stored, *allowed])
        return [part.decode() for part in cast(list[bytes], said)]

    # What writers note for each other, and what edges say

    def claims(self) -> Iterator[dict[str, bytes]]:
        """What writers noted of each RecordSet, about CLAIMS_AT_ONCE of them in each round trip.

        Some may come twice. Those that change meanwhile may be missing.
        """
        return self._noted(keys.CLAIMS, CLAIMS_AT_ONCE)

    def note_claims(self, fence: int, changes: Mapping[str, bytes | None]) -> Iterator[str]:
        """Write claims, None drops one; the fence that is stored, part by part."""
        return self._write_notes(keys.CLAIMS, fence, changes, CHUNKS_AT_ONCE)

    def absences(self) -> Iterator[dict[str, bytes]]:
        """What writers noted of what has no object, as `claims` does."""
        return self._noted(keys.ABSENCES, ABSENCES_AT_ONCE)

    def note_absences(self, fence: int, changes: Mapping[str, bytes | None]) -> Iterator[str]:
        """Write absences, as `note_claims` does."""
        return self._write_notes(keys.ABSENCES, fence, changes, ABSENCES_AT_ONCE)

    def pops(self, names: Sequence[str]) -> dict[str, bytes]:
        """The signed specs of these Pops, as far as there are any."""
        if not names:
            return {}
        with reporting(self._client):
            found = cast(list[bytes | None], self._client.hmget(keys.POPS, list(names)))
        return {name: signed for name, signed in zip(names, found, strict=True) if signed}

    def note_pops(self, fence: int, changes: Mapping[str, bytes | None]) -> Iterator[str]:
        """Write signed specs of Pops, as `note_claims` does."""
        return self._write_notes(keys.POPS, fence, changes, CHUNKS_AT_ONCE)

    def pop_names(self) -> list[str]:
        """The Pops that have a signed spec."""
        with reporting(self._client):
            names = cast(list[bytes], self._client.hkeys(keys.POPS))
        return sorted(name.decode(errors="replace") for name in names)

    def empty_pops(self, names: Sequence[str]) -> None:
        """Drop what the clusters of these Pops said, and what they were told to do once."""
        slots = range(pop_slots.SLOTS)
        gone = [pop_slots.key(name, slot) for name in names for slot in slots]
        gone += [pop_commands.stream(name) for name in names]
        self._empty([each.encode() for each in gone])

    def pop_reports(self, names: Sequence[str]) -> dict[str, bytes]:
        """What the clusters of these Pops said last; of each no more than a report may have."""
        if not names:
            return {}
        pipeline = self._client.pipeline(transaction=False)
        for name in names:
            pipeline.getrange(pop_slots.key(name, 0), 0, pop_reports.MAX_OCTETS)
        with reporting(self._client):
            found = cast(list[bytes], pipeline.execute())
        return {name: said for name, said in zip(names, found, strict=True) if said}

    def removals(self) -> Iterator[dict[str, bytes]]:
        """What writers noted of zones that are to leave, or left a short time ago, as `claims`."""
        return self._noted(keys.REMOVALS, ABSENCES_AT_ONCE)

    def note_removals(self, fence: int, changes: Mapping[str, bytes | None]) -> Iterator[str]:
        """Write removals, None drops one; the fence that is stored, part by part."""
        return self._write_notes(keys.REMOVALS, fence, changes, ABSENCES_AT_ONCE)

    def registrations(self) -> Iterator[dict[str, bytes]]:
        """What writers noted of who owns each origin, as `claims` does."""
        return self._noted(keys.REGISTRATIONS, ABSENCES_AT_ONCE)

    def note_registrations(self, fence: int, changes: Mapping[str, bytes | None]) -> Iterator[str]:
        """Write registrations, as `note_claims` does."""
        return self._write_notes(keys.REGISTRATIONS, fence, changes, ABSENCES_AT_ONCE)

    def outlines(self) -> Iterator[dict[str, bytes]]:
        """What writers noted of what each Zone says beside its records, as `claims` does."""
        return self._noted(keys.OUTLINES, ABSENCES_AT_ONCE)

    def outline(self, origin: str) -> bytes:
        """What they noted of one; empty for nothing."""
        with reporting(self._client):
            (found,) = cast(list[bytes | None], self._client.hmget(keys.OUTLINES, [origin]))
        return found or b""

    def note_outlines(self, fence: int, changes: Mapping[str, bytes | None]) -> Iterator[str]:
        """Write outlines, as `note_claims` does."""
        return self._write_notes(keys.OUTLINES, fence, changes, HEADS_AT_ONCE)

    def kept(self) -> Iterator[dict[str, bytes]]:
        """The signed descriptions of removed zones that can be restored, as `claims` does."""
        return self._noted(keys.KEPT, HEADS_AT_ONCE)

    def note_kept(self, fence: int, changes: Mapping[str, bytes | None]) -> Iterator[str]:
        """Write such descriptions, as `note_claims` does."""
        return self._write_notes(keys.KEPT, fence, changes, HEADS_AT_ONCE)

    def note_probes(self, fence: int, changes: Mapping[str, bytes | None]) -> Iterator[str]:
        """Write what probers are to ask, as `note_claims` does."""
        return self._write_notes(keys.PROBES, fence, changes, CHUNKS_AT_ONCE)

    def _noted(self, name: str, at_once: int) -> Iterator[dict[str, bytes]]:
        cursor, more = 0, True
        while more:
            with reporting(self._client):
                cursor, noted = self._client.hscan(name, cursor, count=at_once)
            found = cast(dict[bytes, bytes], noted)
            yield {field.decode(errors="replace"): value for field, value in found.items()}
            more = cursor != 0

    def _write_notes(
        self, name: str, fence: int, changes: Mapping[str, bytes | None], at_once: int
    ) -> Iterator[str]:
        for part in _parts(list(changes), at_once):
            args: list[EncodableT] = [fence]
            for field in part:
                args += [field, changes[field] or b""]
            with reporting(self._client):
                stored = self._note(keys=[keys.FENCE, name], args=args)
            yield cast(bytes, stored).decode()

    def acks(self, tidy: bool = True) -> dict[str, Ack]:
        """What every edge said last, by `POP/EDGE`.

        Slots that an edge has left, and what is too large, are emptied; not so for whoever is not
        the writer (`tidy`).
        """
        slots, fields = self._said(tidy)
        found = {edge: acks.decode(value) for edge, value in fields.items()}
        newest = ack_slots.newest(word for _, word in slots)
        for edge, word in newest.items():
            before = found.get(edge)
            if before is None or before.time_ms <= word.time_ms:
                found[edge] = word.ack
        if tidy:
            self._empty([name for name, word in slots if word is not newest[word.edge]])
        return {edge: ack for edge, ack in found.items() if ack is not None}

    def forget_edges(self, edges: Sequence[str]) -> None:
        """Drop what edges said that are gone for good."""
        if not edges:
            return
        slots, _ = self._said(tidy=True)
        self._empty([name for name, word in slots if word.edge in edges])
        with reporting(self._client):
            self._client.hdel(keys.ACKS, *edges)

    def _said(self, tidy: bool) -> tuple[list[tuple[bytes, Word]], dict[str, bytes]]:
        """What is in the slots, by key, and what edges of the version before say."""
        args = (ack_slots.KEY_PREFIX, ack_slots.SLOTS, ack_slots.MAX_OCTETS, ACK_OCTETS, int(tidy))
        with reporting(self._client):
            said = self._acks(keys=[keys.ACKS], args=args)
        slots, fields = cast(tuple[list[bytes], list[bytes]], said)
        words = ((name, ack_slots.decode(value)) for name, value in _pairs(slots))
        return (
            [(name, word) for name, word in words if word is not None],
            {field.decode(errors="replace"): value for field, value in _pairs(fields)},
        )

    def _empty(self, names: Sequence[bytes]) -> None:
        if names:
            with reporting(self._client):
                self._client.unlink(*names)


def _parts(names: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(names), size):
        yield names[start : start + size]


def _number(value: bytes | None) -> int:
    """A fence; 0 where there is none that can be read."""
    return int(value) if value is not None and value.isdigit() else 0


def _pairs(items: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    return zip(items[::2], items[1::2], strict=True)


def _script(name: str) -> str:
    return resources.files("dnsfleet_publisher").joinpath(name).read_text()

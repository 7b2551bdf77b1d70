"""The record store: what is published, in the core Redis, written by one writer at a time.

A publication has two parts. First the chunks are written under keys that are new. Nobody reads them
yet, and they expire unless a manifest names them soon, so a writer that dies half-way leaves
nothing behind. Then one script (`publish.lua`) checks that we are still the one writer, that the
core is where we left it (`trails`), and that the zone is as we left it, and makes the new manifest
current: all of this happens or nothing.

The last published `Zone` of every origin stays in memory, so that a diff costs only what differs.
After a restart it is read from the core (see `core_zones`), and only once: nobody else
changes it while we hold the fence. That the core lacks a zone is remembered in the same way. Where
the data is damaged or another key signed it, the zone is published anew as a whole. Where only its
content cannot be read, it is live all the same: edges have its manifest, and a tombstone ends it.

Memory is not believed for long. Each write and `check` compare fence and position; where the core
began anew, or went back to an older copy, they say `StoreResetError`, until `claim` takes a new
fence and compares all that is known with what is there. `audit` finds single keys that are gone.
`hear` takes the word of the edges: one that holds something newer than the core proves it by a
signed manifest, and the zone is published above that. What came of it is `outdated`, together with
what is in another format than the one that every edge reads, or signed by the key before, until it
was published once more. What no valid key signed no edge can load: where nobody wants it, its entry
is taken out of the index (`end`).

Who doubts what is published, as `verify --heal` does, raises the floor in the core: everything
under it is `outdated` then, and is written as a whole under a new fence. That is a wish and no
write of data, so whoever has it never contends with the one writer.
"""

import logging
import random
from collections.abc import Callable, Iterable, Iterator, KeysView, Mapping, Sequence
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from dnsfleet.replication import formats, kept_zones, keys, manifests, public_keys
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.announcements import Announcement
from dnsfleet.replication.kept_zones import KEPT_SECONDS, Keeping, KeptZone
from dnsfleet.replication.manifests import FleetHead, Manifest
from dnsfleet.replication.sums import Positions
from dnsfleet.violations import Violation
from dnsfleet_engine import Delta, Zone
from dnsfleet_io import stations

from dnsfleet_publisher import clocks, drafts
from dnsfleet_publisher.core_redis import CoreRedis, WriteNotes
from dnsfleet_publisher.core_zones import CoreZones
from dnsfleet_publisher.drafts import Draft, Published
from dnsfleet_publisher.edge_proofs import EdgeProofs
from dnsfleet_publisher.known_zones import ABSENT
from dnsfleet_publisher.store_errors import Fenced, StoreConflictError, StoreError, StoreResetError
from dnsfleet_publisher.trails import Trail

ATTEMPTS = 3
"""Tries of a publication whose zone turns out not to be as we left it."""

FENCE_STEP = 1 << 20
"""How far a fence may be above the one before it, by chance, where the clock does not say it. A
core that went back has the fence of then: its next writer would otherwise take a fence that was
taken before, and publish under revisions that edges have with other content."""

_log = logging.getLogger(__name__)


class RecordStore:
    """Publishes zones. Every method may raise `StoreError`; writing ones also `Fenced`."""

    def __init__(
        self,
        core: CoreRedis,
        key: Ed25519PrivateKey,
        clock: Callable[[], float],
        previous: Ed25519PublicKey | None = None,
        witnesses: Callable[[], Sequence[float]] = tuple,
    ) -> None:
        """`clock` gives Unix time in seconds.

        `key` and `previous` as for `sign_with`. `witnesses` give what other clocks say, by which
        ours is judged before a fence is taken from it (see `clocks`); it may raise StoreError.
        """
        self.core = core
        """For what needs no fence: what edges say."""
        self._clock = clock
        self._witnesses = witnesses
        self._trail = Trail()
        self._zones = CoreZones(self.core, self._trail)
        self._known = self._zones.known
        self._proofs = EdgeProofs(self._zones)
        self._choice = formats.Choice()
        self._fence = 0
        self._announced: tuple[int, int, int, int] | None = None
        """What the head of the fleet says; None where it is to be written."""
        self._head = b""
        self._signed = ("", 0)
        self.sign_with(key, previous)

    def sign_with(self, key: Ed25519PrivateKey, previous: Ed25519PublicKey | None = None) -> None:
        """Sign with this key from now on; what another one signed is `outdated`.

        What `previous` signed is as good as what this key signed, and is read as such; with None,
        and what any other key signed, counts as absent.
        """
        self._key = key
        self._zones.public = [key.public_key(), *([] if previous is None else [previous])]
        self.key = public_keys.identify(key.public_key())
        """Which key signs (`public_keys.identify`)."""
        self._announced = None
        self._known.rewrite(self.format, self.key)

    @property
    def public(self) -> Sequence[Ed25519PublicKey]:
        """The keys by which what is in the core is verified."""
        return self._zones.public

    def sign_kept(self, kept: KeptZone) -> bytes:
        """The description of a kept zone in wire form; ValueError where it is too long."""
        return kept_zones.sign(kept, self._key)

    @property
    def signed(self) -> tuple[str, int]:
        """Which key signed all that is published, and the position of the newest manifest when
        that was so for the first time; empty until it is so."""
        if self._announced is None or self.outdated:
            return "", 0
        if self._signed[0] != self.key:
            known = (self._known[each].manifest for each in self._known)
            self._signed = (self.key, max((each.lsn for each in known if each), default=0))
        return self._signed

    @property
    def fence(self) -> int:
        """The fence of the last `claim`; 0 before the first."""
        return self._fence

    @property
    def position(self) -> int:
        """Of the log, where the core is as far as that is known."""
        return self._trail.position

    @property
    def positions(self) -> Positions:
        """The sums by which an ack is judged."""
        return self._trail.positions

    def now(self) -> float:
        """Unix time in seconds by our clock; ClockError where others say that it is wrong."""
        now = self._clock()
        clocks.check(now, self._witnesses())
        return now

    def claim(self) -> int:
        """Become the one writer: whoever wrote before is refused from now on.

        What was read before the first claim is read again, because others could still write. A
        second claim means that the core lost the first one, or went back, or that an edge is ahead.
        All that is known is then compared with what is there; what differs is `outdated`.
        """
        now = self.now()
        again = self._fence > 0
        said = self.core.acks()
        known = max(self._fence, self._proofs.epoch(said), self._zones.epoch)
        step = random.randint(1, FENCE_STEP)  # noqa: S311 - not a secret
        self._fence = self.core.claim(int(now), known, step)
        self._trail.read(*self.core.index())
        if (
            self._trail.epoch >= self._fence
        ):  # what no valid key signed is in `known` in no other way
            self._fence = self.core.claim(int(self._clock()), self._trail.epoch, step)
        self._announced = None
        self._hear_formats(said)
        if again:
            self._zones.compare_all()
        else:
            self._zones.forget_all()
        floor = self.core.state()[2]
        self._zones.ask_again(floor if floor < self._fence else 0)
        return self._fence

    @property
    def format(self) -> int:
        """The format that is written now."""
        return self._choice.format

    @property
    def outdated(self) -> KeysView[str]:
        """Origins that are to be given to `republish` (see `known_zones`)."""
        return self._known.outdated

    def hear(self, acks: Mapping[str, Ack]) -> bool:
        """Take what every edge said last; whether something is to be published because of it."""
        other_format = self._hear_formats(acks)
        return self._proofs.hear(acks) or other_format

    @property
    def ended(self) -> set[str]:
        """Live zones that an edge's tombstone, newer than the core, says were removed."""
        return self._proofs.ended

    def audit(self) -> bool:
        """Compare the head and a few zones with the core; whether it lost some of them.

        After the last zone the index as a whole: it may lack what is not known here.
        """
        headless = self._announced is not None and self.core.fleet() != self._head
        if headless:
            _log.warning("%s: it lost the head of the fleet", self.core.place)
            self._announced = None
        return self._zones.audit() or headless or bool(self._zones.reread)

    def take_reread(self) -> set[str]:
        """Zones of which the core had something newer than was known, to be looked at again."""
        found, self._zones.reread = self._zones.reread, set()
        return found

    def check(self) -> None:
        """`StoreResetError` where the core is not as we left it, `Fenced` where another took over.

        So it is where an edge, or the core itself, has something that our fence is not above.
        """
        fence, position, floor = self.core.state()
        self._compare_fence(fence)
        if floor == self._fence:
            raise StoreResetError(f"{self.core.place}: it was asked to have all published again")
        if not self._trail.found(position) or self._zones.disagrees:
            raise StoreResetError(self._went_back)
        if self._proofs.proven >= self._fence or self._zones.epoch > self._fence:
            raise StoreResetError("there is something newer than this writer: publish above it")

    def manifest(self, origin: str) -> Manifest | None:
        """The newest manifest of a zone, tombstones included."""
        known = self._zones.published(origin)
        return known.manifest if known.in_core else None

    def held(self, origin: str) -> Manifest | None:
        """The newest manifest as far as it is known without the core; edges may serve it yet.

        None where the answer to a newer one was lost: edges may serve that as well.
        """
        return None if self._zones.doubts(origin) else self._known.get(origin).manifest

    def load(self, origin: str) -> Zone | None:
        """The content that was published last; None where there is none or it was removed."""
        return self._zones.published(origin).zone

    def refusal(self, origin: str, new: Zone, *, keeps_serial: bool = False) -> Violation | None:
        """Why `new` cannot follow what is published (`drafts.refusal`), or None."""
        return drafts.refusal(self._zones.published(origin), new, keeps_serial=keeps_serial)

    def publish(
        self,
        origin: str,
        new: Zone,
        pops: tuple[str, ...] | None = None,
        delta: Delta | None = None,
        *,
        keeps_serial: bool = False,
    ) -> Manifest | None:
        """Make `new` what the Pops in `pops` (sorted; None is all) serve.

        None where neither records nor Pops differ from what is published; the serial alone is no
        difference where the zone is not signed. With `keeps_serial` it is published as it is.
        `delta` is `plans.change` from `load(origin)` to `new`: for large zones that share nothing
        it takes a while, so whoever has it passes it on.
        ValueError for a zone of another origin, and where there is a `refusal`.
        """
        if new.origin != origin:
            raise ValueError(f"the zone is {new.origin}, not {origin}")
        old, now = self.load(origin), int(self._clock())

        def prepare(known: Published) -> Draft | None:
            change = delta if known.zone is old else None
            floor = self._known.floor
            return drafts.change(
                known, self._fence, new, pops, now, change, floor, keeps_serial=keeps_serial
            )

        return self._write(origin, prepare)

    def is_overtaken(self, origin: str) -> bool:
        """Whether an edge has something newer than the core."""
        return self._known.get(origin).again

    def republish(self, origin: str, *, keeps_serial: bool = False) -> Manifest | None:
        """Write once more what is `outdated`; None for any other."""
        now = int(self._clock())

        def prepare(known: Published) -> Draft | None:
            format_, floor = self.format, self._known.floor
            return drafts.again(
                known, self._fence, format_, self.key, now, floor, keeps_serial=keeps_serial
            )

        return self._write(origin, prepare)

    def tombstone(self, origin: str, keeping: Keeping | None = None) -> Manifest | None:
        """Make every edge drop a zone, and keep what is said; None where it is not published."""
        return self._write(origin, lambda known: drafts.removal(known, self._fence, keeping))

    def end(self, origin: str) -> bool:
        """Take an `unreadable` entry out of the index; False where it is none any more."""
        known = self._zones.published(origin)
        if known.manifest is not None or known.newer:
            return False
        lsn, allowed = self._trail.next(int(self._clock() * 1000)), self._trail.allowed
        self._trail.attempt(lsn, ended=origin)
        verdict, detail = self.core.end(self._fence, lsn, allowed, origin, known.stored)
        if self._is_done(verdict, detail):
            self._known.put(origin, replace(known, stored=""))
            return True
        self._zones.doubt(origin)
        raise StoreConflictError(f"{self.core.place}: {origin} is changed there")

    def complete(self) -> None:
        """Say that all is published: the signed names of all live zones, where they are others.

        Nothing is said while the core lacks some of what was published.
        """
        if self._known.lost or self._announced == self._names:
            return
        self.read(self.core.origins())
        lsn, said = self._trail.next(int(self._clock() * 1000)), self._names
        head = self._fleet_head(lsn, said[2:], None)
        self._commit(keys.FLEET, lsn, head, None)
        self._announced, self._head = said, head

    def note(self, write: WriteNotes, changes: Mapping[str, bytes | None]) -> None:
        """Write notes by a `note_` method of the core, as this writer; None drops one."""
        for fence in write(self._fence, changes):
            self._compare_fence(fence)

    def live(self) -> list[str]:
        """The origins that edges serve, whoever published them."""
        return self._zones.live()

    def unreadable(self) -> list[str]:
        """Origins that `end` may take out of the index (see `core_zones`)."""
        return self._zones.unreadable()

    def read_all(self) -> Iterator[None]:
        """Have every zone of the core in memory, with a stop after each part."""
        return self._zones.read_all()

    def read(self, origins: Iterable[str]) -> None:
        """Have these zones in memory, so that no other method has to ask for each by itself.

        What is in memory already is not read again.
        """
        self._zones.read(origins)

    def _hear_formats(self, acks: Mapping[str, Ack]) -> bool:
        if not self._choice.hear(acks.values(), int(self._clock() * 1000)):
            return False
        _log.info("publications are written in format %d from now on", self.format)
        self._known.rewrite(self.format, self.key)
        return True

    # Writing

    def _write(self, origin: str, prepare: Callable[[Published], Draft | None]) -> Manifest | None:
        for _ in range(ATTEMPTS):
            known = self._zones.published(origin)
            draft = prepare(known)
            if draft is None:
                return None
            now_ms = int(self._clock() * 1000)
            draft = draft.at(self._trail.next(now_ms), now_ms, self.format)
            manifest, at = draft.manifest, draft.manifest.revision
            _log.info(stations.planned(manifest))
            # An attempt whose answer gets lost may still be carried out, so its keys and its
            # position are never used for another.
            self._known.try_(origin, at.seq)
            self.core.write_chunks(draft.chunks)
            if draft.keeping is not None:
                self.core.write_chunks(draft.keeping.chunks, KEPT_SECONDS)
            signed = manifests.sign(manifest, self._key)
            try:
                verdict = self._commit(keys.manifest(origin), manifest.lsn, signed, draft)
            except StoreError:
                if origin in self._trail.doubtful:
                    self._zones.doubt(origin)
                raise
            if verdict == "ok":
                made = manifests.fingerprint(signed)
                known = Published(
                    manifest, draft.zone, str(at), at.seq, fingerprint=made, key=self.key
                )
                self._known.put(origin, known)
                self._proofs.ended.discard(origin)
                _log.info(stations.published(manifest))
                return manifest
            self._known.put(origin, replace(ABSENT, seq=at.seq))
            self._zones.doubt(origin)
        raise StoreConflictError(f"{self.core.place}: {origin} is changed there by somebody else")

    def _commit(self, key: str, lsn: int, signed: bytes, draft: Draft | None) -> str:
        """`ok`, or `revision` where the zone is not as expected."""
        fleet, kept, announcement, announced = b"", b"", None, self._announced
        if draft is not None:
            kept = b"" if draft.keeping is None else self.sign_kept(draft.keeping.zone)
            origin = draft.manifest.zone
            announcement = Announcement(lsn, origin, draft.manifest.revision)
            live = draft.zone is not None
            if announced is not None and live != (origin in self._known.names):
                names = self._known.names.with_name(origin, live)
                fleet = self._fleet_head(lsn, names, announcement)
                announced = (self._fence, self.format, *names)
        allowed = self._trail.allowed
        self._trail.attempt(lsn, announcement)
        verdict, detail = self.core.publish(
            self._fence, lsn, allowed, key, signed, draft, fleet, kept
        )
        if self._is_done(verdict, detail):
            self._announced, self._head = announced, fleet or self._head
        elif verdict == "chunk":
            raise StoreError(
                f"{self.core.place}: it dropped {detail} at once: set maxmemory-policy noeviction"
            )
        return verdict

    def _is_done(self, verdict: str, detail: str) -> bool:
        """Whether a script changed the core; what `check` raises where it is not as we left it."""
        if verdict == "ok":
            self._trail.done(int(detail))
            return True
        self._trail.refused()
        if verdict == "fence":
            self._compare_fence(detail)
        if verdict == "lsn":
            raise StoreResetError(self._went_back)
        return False

    @property
    def _names(self) -> tuple[int, int, int, int]:
        """What the head of the fleet would say of the live zones, as far as they are known."""
        names = self._known.names
        return self._fence, self.format, names.count, names.total

    @property
    def _went_back(self) -> str:
        return f"{self.core.place}: it is not as it was left: publish again what differs"

    def _fleet_head(
        self, lsn: int, names: tuple[int, int], announcement: Announcement | None
    ) -> bytes:
        total = self._trail.total_with(announcement)
        head = FleetHead(self._fence, lsn, names[0], self.format, names[1], total)
        return manifests.sign_fleet(head, self._key)

    def _compare_fence(self, stored: str) -> None:
        fence = int(stored) if stored.isdecimal() else 0
        if fence > self._fence:
            raise Fenced(f"{self.core.place}: another publisher took over: stop this one")
        if fence < self._fence:
            raise StoreResetError(f"{self.core.place}: it lost its data: publish all again")

"""The record store: what is published, in the core Redis, written by one writer at a time.

A publication has two parts. First the chunks are written under keys of their own: nobody reads
them yet, and they expire unless a manifest comes to name them, so a writer that dies half-way
leaves nothing behind. Then one script (`publish.lua`) checks that we are still the one writer and
that the zone is as we left it, and makes the new manifest current, all or nothing.

The last published `Zone` of every origin stays in memory: a diff then costs what the zones do not
share. After a restart it is read from the store, with the same checks that an edge makes. Where
they fail, because the data is damaged or another key signed it, the zone counts as absent and is
published anew as a whole. Where the core itself has lost its data, our fence is gone with it:
every write says `StoreResetError`, until `claim` takes a new fence and all is published again.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace

import redis
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet.replication import announcements, delta_chains, keys, manifests
from dnsfleet.replication.manifests import FleetHead, Manifest
from dnsfleet_engine import Delta, Zone

from dnsfleet_publisher import drafts
from dnsfleet_publisher.core_redis import CoreRedis
from dnsfleet_publisher.drafts import Draft, Published
from dnsfleet_publisher.store_errors import Fenced, StoreConflictError, StoreError, StoreResetError

ATTEMPTS = 3
"""Tries of a publication whose zone or position turns out not to be as we left it."""

_UNREAD = Published(in_core=False)

_log = logging.getLogger(__name__)


class RecordStore:
    """Publishes zones. Every method may raise `StoreError`; writing ones also `Fenced`."""

    def __init__(
        self, client: redis.Redis, key: Ed25519PrivateKey, clock: Callable[[], float]
    ) -> None:
        """`client` is one of `core_redis.connect`; `clock` gives Unix time in seconds."""
        self.core = CoreRedis(client)
        """For what needs no fence: what edges say."""
        self._key = key
        self._clock = clock
        self._known: dict[str, Published] = {}
        self._lsn = 0
        self._fence = 0

    @property
    def fence(self) -> int:
        """The fence of the last `claim`; 0 before the first."""
        return self._fence

    def claim(self) -> int:
        """Become the one writer: whoever wrote before is refused from now on.

        What was read before the first claim is read again, because others could still write. A
        second claim says that the core lost the first. What was published is then taken for lost
        with it and will be written again, so that a core that began anew is filled from memory.
        """
        again = self._fence > 0
        self._fence, lsn = self.core.claim(max(self._fence + 1, int(self._clock())))
        self._lsn = max(self._lsn, lsn)
        if not again:
            self._known.clear()
        for origin, known in self._known.items():
            self._known[origin] = replace(known, in_core=False, stored="")
        return self._fence

    def check(self) -> None:
        """`StoreResetError` where our fence is lost, `Fenced` where another writer took over."""
        self._compare_fence(self.core.fence())

    def manifest(self, origin: str) -> Manifest | None:
        """The newest manifest of a zone, tombstones included."""
        known = self._published(origin)
        return known.manifest if known.in_core else None

    def held(self, origin: str) -> Manifest | None:
        """The newest manifest as far as it is known without the core; edges may serve it yet."""
        return self._known.get(origin, _UNREAD).manifest

    def load(self, origin: str) -> Zone | None:
        """The content that was published last; None where there is none or it was removed."""
        return self._published(origin).zone

    def removed(self) -> list[str]:
        """Origins whose tombstones the core lost, so that edges may not have heard of them."""
        return [
            origin
            for origin, known in self._known.items()
            if known.manifest is not None and known.manifest.tombstone and not known.in_core
        ]

    def publish(
        self,
        origin: str,
        new: Zone,
        pops: tuple[str, ...] | None = None,
        delta: Delta | None = None,
    ) -> Manifest | None:
        """Make `new` what the Pops in `pops` (sorted; None is all) serve.

        None where neither records nor Pops differ from what is published; the serial alone is no
        difference. `delta` is `plans.change` from `load(origin)` to `new`: for large zones that
        share nothing it takes a while, so whoever has it passes it on. ValueError for a zone of
        another origin.
        """
        if new.origin != origin:
            raise ValueError(f"the zone is {new.origin}, not {origin}")
        old, now = self.load(origin), int(self._clock())
        return self._write(
            origin,
            lambda known: drafts.change(
                known, self._fence, new, pops, now, delta if known.zone is old else None
            ),
        )

    def republish(self, origin: str) -> Manifest | None:
        """Write again what was published before the core lost it; None where it was not lost."""
        return self._write(origin, lambda known: drafts.again(known, self._fence))

    def tombstone(self, origin: str) -> Manifest | None:
        """Make every edge drop a zone; None where it is not published."""
        return self._write(origin, lambda known: drafts.removal(known, self._fence))

    def complete(self, zones: int) -> None:
        """Say that all is published, and how many zones are live."""
        for _ in range(ATTEMPTS):
            head = FleetHead(self._fence, self._next_lsn(), zones)
            signed = manifests.sign_fleet(head, self._key)
            if self._commit(keys.FLEET, signed, head.lsn, None) == "ok":
                return
        raise StoreConflictError(f"{self.core.place}: the log's position moves without us")

    def claims(self) -> dict[str, bytes]:
        """What writers noted of each RecordSet (see `claims`)."""
        return self.core.claims()

    def note_claims(self, changes: Mapping[str, bytes | None]) -> None:
        """Write claims; None drops one."""
        for fence in self.core.note_claims(self._fence, changes):
            self._compare_fence(fence)

    def live(self) -> list[str]:
        """The origins that edges serve, whoever published them."""
        found = []
        for origin in self.core.origins():
            manifest = self.manifest(origin)
            if manifest is not None and not manifest.tombstone:
                found.append(origin)
        return found

    # Reading

    def _published(self, origin: str) -> Published:
        known = self._known.get(origin, _UNREAD)
        if not known.in_core and not known.stored:
            value, signed = self.core.zone(origin)
            index = announcements.read_index({origin.encode(): value})
            stored = index[0].revision if index else None
            known = replace(
                self._read(origin, signed) if known.manifest is None else known,
                stored="" if stored is None else str(stored),
                seq=max(known.seq, 0 if stored is None else stored.seq),
            )
            self._known[origin] = known
        return known

    def _read(self, origin: str, signed: bytes | None) -> Published:
        if signed is None:
            return Published(in_core=False)
        try:
            manifest = manifests.verify(signed, self._key.public_key())
            zone = None if manifest.tombstone else self._read_zone(manifest)
        except ValueError as error:
            _log.warning("%s: %s will be published anew: %s", self.core.place, origin, error)
            return Published(in_core=False)
        return Published(manifest, zone)

    def _read_zone(self, manifest: Manifest) -> Zone:
        """ValueError where the data is not what the manifest signs."""
        chain = delta_chains.from_snapshot(manifest)
        content = chain.check(self.core.chunks(chain.keys))
        zone = Zone.decode(content.snapshot or b"")
        for delta in content.deltas:
            zone = zone.apply(delta)
        if zone.digest != manifest.digest:
            raise ValueError("the digest of its records is not the one that was signed")
        return zone

    # Writing

    def _write(self, origin: str, prepare: Callable[[Published], Draft | None]) -> Manifest | None:
        for _ in range(ATTEMPTS):
            known = self._published(origin)
            draft = prepare(known)
            if draft is None:
                return None
            draft = draft.at(self._next_lsn(), int(self._clock() * 1000))
            manifest, at = draft.manifest, draft.manifest.revision
            # An attempt whose answer gets lost may still be carried out, so its keys and its
            # position are never used for another.
            self._known[origin] = replace(known, seq=at.seq)
            self.core.write_chunks(draft.chunks)
            signed = manifests.sign(manifest, self._key)
            verdict = self._commit(keys.manifest(origin), signed, manifest.lsn, draft)
            if verdict == "ok":
                self._known[origin] = Published(manifest, draft.zone, str(at), at.seq)
                return manifest
            if verdict == "revision":
                self._known[origin] = replace(_UNREAD, seq=at.seq)
        raise StoreConflictError(f"{self.core.place}: {origin} is changed there by somebody else")

    def _commit(self, key: str, signed: bytes, lsn: int, draft: Draft | None) -> str:
        """`ok`, or what was not as expected: `lsn` or `revision`."""
        verdict, *details = self.core.publish(self._fence, lsn, key, signed, draft)
        match verdict:
            case "fence":
                self._compare_fence(details[0])
            case "chunk":
                raise StoreError(
                    f"{self.core.place}: it dropped {details[0]} at once: "
                    "set maxmemory-policy noeviction"
                )
            case "lsn":
                self._lsn = max(self._lsn, int(details[0]))
        return verdict

    def _compare_fence(self, stored: str) -> None:
        fence = int(stored) if stored.isdecimal() else 0
        if fence > self._fence:
            raise Fenced(f"{self.core.place}: another publisher took over: stop this one")
        if fence < self._fence:
            raise StoreResetError(f"{self.core.place}: it lost its data: publish all again")

    def _next_lsn(self) -> int:
        self._lsn = max(self._lsn + 1, int(self._clock() * 1000))
        return self._lsn

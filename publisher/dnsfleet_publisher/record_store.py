"""The record store: what is published, in the core Redis, written by one writer at a time.

A publication has two parts. First the chunks are written under keys that are new. Nobody reads them
yet, and they expire unless a manifest names them soon, so a writer that dies half-way leaves
nothing behind. Then one script (`publish.lua`) checks that we are still the one writer and that
the zone is as we left it, and makes the new manifest current: all of this happens or nothing.

The last published `Zone` of every origin stays in memory, so that a diff costs only what differs.
After a restart it is read from the core (see `stored_zones`), and only once: nobody else
changes it while we hold the fence. That the core lacks a zone is remembered in the same way. Where
the data is damaged or another key signed it, the zone counts as absent and is published anew as a
whole. Where the core itself has lost its data, our fence is gone with it: every write says
`StoreResetError`, until `claim` takes a new fence and all is published again.

Everything is written in a format that every edge reads (see `dnsfleet.replication.formats`), and
signed by one key. When either changes, what is in another format, or signed by the key before, is
`outdated` until it was published once more. What no valid key signed, or what is damaged, no edge
can load: where nobody wants it, its entry is taken out of the index (`end`).
"""

import logging
from collections.abc import Callable, Iterable, KeysView, Mapping
from dataclasses import replace

import redis
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from dnsfleet.replication import announcements, formats, keys, manifests, public_keys
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.manifests import FleetHead, Manifest
from dnsfleet_engine import Delta, Zone

from dnsfleet_publisher import drafts, stored_zones
from dnsfleet_publisher.core_redis import CoreRedis
from dnsfleet_publisher.drafts import Draft, Published
from dnsfleet_publisher.store_errors import Fenced, StoreConflictError, StoreError, StoreResetError

ATTEMPTS = 3
"""Tries of a publication whose zone or position turns out not to be as we left it."""

_log = logging.getLogger(__name__)

_ABSENT = Published(in_core=False)


class RecordStore:
    """Publishes zones. Every method may raise `StoreError`; writing ones also `Fenced`."""

    def __init__(
        self,
        client: redis.Redis,
        key: Ed25519PrivateKey,
        clock: Callable[[], float],
        previous: Ed25519PublicKey | None = None,
    ) -> None:
        """`client` is one of `core_redis.connect`; `clock` gives Unix time in seconds.

        `key` and `previous` as for `sign_with`.
        """
        self.core = CoreRedis(client)
        """For what needs no fence: what edges say."""
        self._clock = clock
        self._known: dict[str, Published] = {}
        """What was read or written; a zone that the core lacks has an entry too."""
        self._stale: set[str] = set()
        """Those of them that the core may hold in another revision by now: to be asked again."""
        self._choice = formats.Choice()
        self._outdated: dict[str, None] = {}
        self._lsn = 0
        self._fence = 0
        self.sign_with(key, previous)

    def sign_with(self, key: Ed25519PrivateKey, previous: Ed25519PublicKey | None = None) -> None:
        """Sign with this key from now on; what another one signed is `outdated`.

        What `previous` signed is as good as what this key signed, and is read as such; with None,
        and what any other key signed, counts as absent.
        """
        self._key = key
        self._public = [key.public_key(), *([] if previous is None else [previous])]
        self.key = public_keys.identify(self._public[0])
        """Which key signs (`public_keys.identify`)."""
        for origin, known in self._known.items():
            self._keep(origin, known)

    @property
    def fence(self) -> int:
        """The fence of the last `claim`; 0 before the first."""
        return self._fence

    def claim(self) -> int:
        """Become the one writer: whoever wrote before is refused from now on.

        What was read before the first claim is read again, because others could still write. A
        second claim means that the core lost the first one. All that was published then counts as
        lost too and is written again, so that an empty core is filled from memory.
        """
        again = self._fence > 0
        self._fence, lsn = self.core.claim(max(self._fence + 1, int(self._clock())))
        self._lsn = max(self._lsn, lsn)
        self.choose_format(self.core.acks().values())
        if not again:
            self._known.clear()
        for origin, known in self._known.items():
            self._known[origin] = replace(known, in_core=False, stored="")
        self._stale = set(self._known)
        self._outdated.clear()
        return self._fence

    @property
    def format(self) -> int:
        """The format that is written now."""
        return self._choice.format

    @property
    def outdated(self) -> KeysView[str]:
        """Origins whose newest manifest is in another format, or by another key, than what is
        written now."""
        return self._outdated.keys()

    def choose_format(self, acks: Iterable[Ack]) -> bool:
        """Take what every edge said last; whether another format is written from now on.

        What is `outdated` by that is to be given to `republish`.
        """
        if not self._choice.hear(acks, int(self._clock() * 1000)):
            return False
        _log.info("publications are written in format %d from now on", self.format)
        for origin, known in self._known.items():
            self._keep(origin, known)
        return True

    def check(self) -> None:
        """`StoreResetError` where our fence is lost, `Fenced` where another writer took over."""
        self._compare_fence(self.core.fence())

    def manifest(self, origin: str) -> Manifest | None:
        """The newest manifest of a zone, tombstones included."""
        known = self._published(origin)
        return known.manifest if known.in_core else None

    def held(self, origin: str) -> Manifest | None:
        """The newest manifest as far as it is known without the core; edges may serve it yet."""
        return self._known.get(origin, _ABSENT).manifest

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
        """Write again what the core lost or has `outdated`; None where it has it."""
        return self._write(
            origin, lambda known: drafts.again(known, self._fence, self.format, self.key)
        )

    def tombstone(self, origin: str) -> Manifest | None:
        """Make every edge drop a zone; None where it is not published."""
        return self._write(origin, lambda known: drafts.removal(known, self._fence))

    def end(self, origin: str) -> bool:
        """Take an `unreadable` entry out of the index; False where it was changed meanwhile."""
        for _ in range(ATTEMPTS):
            known = self._published(origin)
            if known.manifest is not None or known.newer:
                return False
            lsn = self._next_lsn()
            verdict, *details = self.core.end(self._fence, lsn, origin, known.stored)
            if self._judge(verdict, details) == "ok":
                self._known[origin] = replace(known, stored="")
                return True
            if verdict == "revision":
                self._stale.add(origin)
        raise StoreConflictError(f"{self.core.place}: {origin} is changed there by somebody else")

    def complete(self, zones: int) -> None:
        """Say that all is published, and how many zones are live."""
        for _ in range(ATTEMPTS):
            head = FleetHead(self._fence, self._next_lsn(), zones, self.format)
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

    def newest(self) -> int:
        """The position of the newest manifest that is in memory; 0 where there is none."""
        found = (known.manifest for known in self._known.values() if known.in_core)
        return max((each.lsn for each in found if each is not None), default=0)

    def live(self) -> list[str]:
        """The origins that edges serve, whoever published them."""
        origins = self.core.origins()
        self.read(origins)
        return [origin for origin in origins if self._known[origin].live]

    def unreadable(self) -> list[str]:
        """Origins of the index that no edge can load: no valid key signed what the core has of
        them, or it is damaged.

        What only a newer version can read is not among them, nor are names that are not ASCII,
        which readers skip.
        """
        origins = list(filter(str.isascii, self.core.origins()))
        self.read(origins)
        known = ((origin, self._known[origin]) for origin in origins)
        return [origin for origin, each in known if each.manifest is None and not each.newer]

    def read(self, origins: Iterable[str]) -> None:
        """Have these zones in memory, so that no other method has to ask for each by itself.

        What is in memory already is not read again.
        """
        unread = [each for each in origins if each not in self._known or each in self._stale]
        for heads in self.core.heads(unread):
            signed = {
                origin: head
                for origin, (_, head) in heads.items()
                if self._known.get(origin, _ABSENT).manifest is None
            }
            found = stored_zones.read(self.core, self._public, signed)
            for origin, (said, _) in heads.items():
                self._remember(origin, said, found.get(origin))

    # Reading

    def _published(self, origin: str) -> Published:
        self.read([origin])
        return self._known[origin]

    def _remember(self, origin: str, said: bytes, found: Published | None) -> None:
        """Note what the index says of a zone; `found` is None where its content is known."""
        known = self._known.get(origin, _ABSENT)
        index = announcements.read_index({origin.encode(): said})
        stored = index[0].revision if index else None
        known = replace(
            known if found is None else found,
            stored="" if stored is None else str(stored),
            seq=max(known.seq, 0 if stored is None else stored.seq),
        )
        self._keep(origin, known)
        self._stale.discard(origin)

    def _keep(self, origin: str, known: Published) -> None:
        self._known[origin] = known
        manifest = known.manifest
        if known.in_core and manifest and (manifest.format, known.key) != (self.format, self.key):
            self._outdated[origin] = None
        else:
            self._outdated.pop(origin, None)

    # Writing

    def _write(self, origin: str, prepare: Callable[[Published], Draft | None]) -> Manifest | None:
        for _ in range(ATTEMPTS):
            known = self._published(origin)
            draft = prepare(known)
            if draft is None:
                return None
            draft = draft.at(self._next_lsn(), int(self._clock() * 1000), self.format)
            manifest, at = draft.manifest, draft.manifest.revision
            # An attempt whose answer gets lost may still be carried out, so its keys and its
            # position are never used for another.
            self._known[origin] = replace(known, seq=at.seq)
            self.core.write_chunks(draft.chunks)
            signed = manifests.sign(manifest, self._key)
            verdict = self._commit(keys.manifest(origin), signed, manifest.lsn, draft)
            if verdict == "ok":
                self._keep(origin, Published(manifest, draft.zone, str(at), at.seq, key=self.key))
                return manifest
            if verdict == "revision":
                self._known[origin] = replace(_ABSENT, seq=at.seq)
                self._stale.add(origin)
        raise StoreConflictError(f"{self.core.place}: {origin} is changed there by somebody else")

    def _commit(self, key: str, signed: bytes, lsn: int, draft: Draft | None) -> str:
        """`ok`, or what was not as expected: `lsn` or `revision`."""
        verdict, *details = self.core.publish(self._fence, lsn, key, signed, draft)
        return self._judge(verdict, details)

    def _judge(self, verdict: str, details: list[str]) -> str:
        """The verdict of a script, if another attempt may help where it is not `ok`."""
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

"""The zones of the core: read when they are first asked for, and compared with it now and then.

Nobody else changes them while we hold the fence, so each is read once. What the core has lost is
found by comparing, and `known` tells then what is to be written again.
"""

import itertools
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from dnsfleet_publisher import audits, stored_zones
from dnsfleet_publisher.core_redis import HEADS_AT_ONCE, CoreRedis
from dnsfleet_publisher.drafts import Published
from dnsfleet_publisher.known_zones import KnownZones
from dnsfleet_publisher.trails import Trail

AUDITED = 100
"""Zones that one `audit` compares: a few milliseconds, for which a change may have to wait."""

_log = logging.getLogger(__name__)


class CoreZones:
    """What the core has. Every method may raise `StoreError`."""

    def __init__(self, core: CoreRedis, trail: Trail) -> None:
        self._trail = trail
        self.known = KnownZones()
        self.public: Sequence[Ed25519PublicKey] = ()
        """The keys by which the zones are verified."""
        self.epoch = 0
        """The highest of all manifests that were read."""
        self.reread: set[str] = set()
        """Zones of which something newer than was known was found: what is wanted may differ."""
        self._core = core
        self._doubtful: set[str] = set()
        """Zones that the core may hold in another revision by now: to be asked again."""
        self._suspects: dict[str, None] = {}
        self._auditing: Iterator[str] | None = None
        self.disagrees = False
        """Whether the index is not what our sum says, so that no ack can prove anything."""

    def published(self, origin: str) -> Published:
        """What the core has of a zone."""
        self.read([origin])
        return self.known[origin]

    def read(self, origins: Iterable[str]) -> None:
        """Have these zones in memory; what is there already is not read again."""
        unread = [each for each in origins if each not in self.known or each in self._doubtful]
        for heads in self._core.heads(unread):
            signed = {origin: head for origin, (_, head) in heads.items()}
            found = stored_zones.read(self._core, self.public, signed)
            for origin, (said, head) in heads.items():
                self._remember(origin, said, self._in_index(origin, said, head, found[origin]))

    def read_all(self) -> Iterator[None]:
        """Have every zone of the core in memory, with a stop after each part."""
        origins = self._core.origins()
        for start in range(0, len(origins), HEADS_AT_ONCE):
            self.read(origins[start : start + HEADS_AT_ONCE])
            yield

    def live(self) -> list[str]:
        """The origins that edges serve."""
        origins = self._core.origins()
        self.read(origins)
        return [origin for origin in origins if self.known[origin].live]

    def unreadable(self) -> list[str]:
        """Origins of the index that no edge can load: no valid key signed what the core has of
        them, or it is damaged.

        What only a newer version can read is not among them, nor are entries that readers skip.
        """
        origins = list(filter(str.isascii, self._core.origins()))
        self.read(origins)
        known = ((origin, self.known[origin]) for origin in origins)
        return [
            origin
            for origin, each in known
            if each.manifest is None and each.stored and not each.newer
        ]

    def doubt(self, origin: str) -> None:
        """Ask the core for a zone again."""
        self._doubtful.add(origin)

    def doubts(self, origin: str) -> bool:
        """Whether the core may hold a zone in another revision than is known."""
        return origin in self._doubtful

    def ask_again(self, floor: int) -> None:
        """Have everything with an epoch up to this published again, as it is wanted now."""
        self.reread |= self.known.ask(floor)

    def suspect(self, origins: Iterable[str]) -> None:
        """Compare these first."""
        self._suspects |= dict.fromkeys(each for each in origins if each in self.known)

    def forget_all(self) -> None:
        """Read everything again."""
        self.disagrees = False
        self.known.clear()

    def compare_all(self) -> None:
        """Compare all that is known with what is there; what is absent is asked for again."""
        self.disagrees = False
        self._doubtful |= {each for each in self.known if not self.known[each].readable}
        self._compare(list(self.known))

    def audit(self) -> bool:
        """Compare a few zones with the core, suspects first; whether it lost some of them.

        After the last zone the index as a whole: it may lack what is not known here.
        """
        origins, self._suspects = list(self._suspects), {}
        if not origins and self._auditing is not None:
            origins = list(itertools.islice(self._auditing, AUDITED))
            if not origins and not self.known.outdated:
                self.disagrees = not self._trail.agrees(*self._core.index())
        if not origins:
            self._auditing = iter(list(self.known))
        return self._compare(origins) or self.disagrees

    def _in_index(
        self, origin: str, said: bytes, signed: bytes | None, found: Published
    ) -> Published:
        """What was found, as lost where no ack could prove it.

        So it is where the index does not announce it, or at a position that the log is not at yet.
        """
        if found.manifest is None or found.lacks_content:
            return found
        at = audits.announced(origin, said)
        if at is not None and at.revision > found.manifest.revision:
            return found  # by who knows whom; edges name it as failing
        reached = not self._trail.begun or found.manifest.lsn <= max(self._trail.allowed)
        if reached and audits.same(found, origin, said, signed):
            return found
        return audits.lost(found, self.public, origin, said, signed)

    def _remember(self, origin: str, said: bytes, found: Published) -> None:
        """Note what the core has of a zone, where that is newer than what is known."""
        known = self.known.get(origin)
        at = audits.announced(origin, said)
        newer = found.readable and (
            known.manifest is None
            or found.manifest is None
            or found.manifest.revision > known.manifest.revision
        )
        if newer and known.manifest is not None:
            self.reread.add(origin)
        known = replace(
            found if newer or not known.readable else known,
            stored="" if at is None else str(at.revision),
            seq=max(known.seq, 0 if at is None else at.revision.seq),
        )
        if found.manifest is not None:
            self.epoch = max(self.epoch, found.manifest.revision.epoch)
        self.known.put(origin, known)
        if origin not in self._trail.doubtful:
            self._doubtful.discard(origin)

    def _compare(self, origins: list[str]) -> bool:
        lost = dict(audits.damaged(self._core, self.public, self.known, origins))
        if news := [origin for origin in lost if self.known[origin].in_core]:
            _log.warning(
                "%s: it lost %d zones, which are published again, such as %s",
                self._core.place,
                len(news),
                news[0],
            )
        for origin, known in lost.items():
            self.known.put(origin, known)
        return bool(lost)

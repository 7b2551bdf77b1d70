"""Keeping: what a writer notes so that a zone that it removes can be restored.

    before a publication   the outline of its Zone, where that is another one
    with the removal       the description, which names the chunks; what is too old or too much goes

The outline is noted early, because nobody has it when it is needed: the object is gone then, and
the writer that saw it may be gone too. So as much is kept of a removal that was held for days, and
of an orphan that nobody saw deleted, as of a Zone that is deleted while we look.

What a writer knows of the kept zones decides only about room. Where the answer to a removal is lost
it does not know that one, and the week ends it all the same.
"""

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Set

from dnsfleet.replication import encoding, kept_zones
from dnsfleet.replication.kept_zones import Keeping, KeptZone
from dnsfleet.zones import outlines

from dnsfleet_publisher import kept_contents
from dnsfleet_publisher.assembling import Assembler
from dnsfleet_publisher.claims import Claims
from dnsfleet_publisher.last_good import Assembled
from dnsfleet_publisher.record_store import RecordStore

DIGEST_SIZE = 16
"""Octets of a digest of an outline: two of one origin never share 128 bits."""

_log = logging.getLogger(__name__)


class Keeper:
    """What one writer keeps. Any method may raise StoreError, and Fenced."""

    def __init__(
        self, store: RecordStore, added: Callable[[str], Claims], clock: Callable[[], float]
    ) -> None:
        """`added` gives what RecordSets added to the zone of an origin; `clock` Unix seconds."""
        self._store = store
        self._added = added
        self._clock = clock
        self._noted: dict[str, bytes] = {}
        self._zones: dict[str, KeptZone] = {}
        """What is kept, what was removed first at the beginning."""
        self._octets = 0
        self._former: set[str] = set()
        """Origins of which another key than the present one signed the description."""
        self._fence = 0
        self._key = ""

    def open(self) -> Iterator[None]:
        """Read what earlier writers noted, with a stop after each part.

        To be begun, and read to its end, once this writer has taken its fence.
        """
        self._noted.clear()
        for part in self._store.core.outlines():
            self._noted |= {origin: _digest(value) for origin, value in part.items()}
            yield
        found: list[KeptZone] = []
        self._former.clear()
        for kept in self._store.core.kept():
            for origin, signed in kept.items():
                if (zone := kept_contents.verified(origin, signed, self._store.public)) is not None:
                    found.append(zone)
                    if not kept_contents.verified(origin, signed, self._store.public[:1]):
                        self._former.add(origin)
            yield
        self._zones.clear()
        self._octets = 0
        for each in sorted(found, key=lambda kept: kept.removed):
            self._take(each)
        self._fence, self._key = self._store.fence, self._store.key

    def note(self, zones: Iterable[Assembled], assembler: Assembler) -> None:
        """Note the outlines of zones that are about to be published, where they are others.

        `assembler` made them. What a ZoneClass gives is no part of them: it may give that again.
        """
        if self._store.fence != self._fence:  # the core may have lost all of it
            for _ in self.open():
                pass
            zones = assembler.zones.values()
        self._sign_again()
        changes: dict[str, bytes | None] = {}
        for each in zones:
            inputs = assembler.inputs(each.resource.reference)
            if each.zone is not None and inputs is not None:
                value = outlines.encode(outlines.of(inputs.resource))
                if self._noted.get(each.origin) != _digest(value):
                    changes[each.origin] = value
        self._write_outlines(changes)

    def prepare(self, origin: str) -> Keeping | None:
        """What the removal of a zone keeps of it; None for nothing."""
        manifest = self._store.manifest(origin)
        if manifest is None or manifest.tombstone:
            return None
        value = self._store.core.outline(origin)
        outline = outlines.decode(value)
        if outline is not None and outline.source == outlines.CATALOG:
            return None  # its Zone makes it anew of the zones that there are
        data = kept_contents.encode(value, self._added(origin))
        beside = encoding.describe(manifest.revision, data)
        zone = KeptZone(manifest, int(self._clock()), beside)
        try:
            self._store.sign_kept(zone)
        except ValueError as error:
            _log.warning("%s is not kept when it is removed: its description has %s", origin, error)
            return None
        if zone.octets > kept_zones.MAX_OCTETS:
            _log.warning("%s is not kept when it is removed: %d octets", origin, zone.octets)
            return None
        chunks = dict(zip(zone.beside_keys, encoding.split(data), strict=True))
        left = self._in_the_way(zone)
        unneeded = {key for each in left for key in each.chunk_keys} - set(zone.chunk_keys)
        names = (each.origin for each in left if each.origin != origin)
        return Keeping(zone, chunks, tuple(names), tuple(sorted(unneeded)))

    def done(self, keeping: Keeping) -> None:
        """The removal is published."""
        for origin in (*keeping.left, keeping.zone.origin):
            self._drop(origin)
        self._take(keeping.zone)

    def sweep(self, live: Set[str], assembler: Assembler) -> None:
        """Forget what is of no use any more, and note again what the core lost.

        `live` are the origins that edges serve, `assembler` as for `note`.
        """
        self.note((), assembler)
        now = self._clock()
        old = [origin for origin, each in self._zones.items() if each.until <= now]
        self._store.note(self._store.core.note_kept, dict.fromkeys(old))
        for origin in old:
            self._drop(origin)
        self._write_outlines(dict.fromkeys(self._noted.keys() - live))

    def _write_outlines(self, changes: dict[str, bytes | None]) -> None:
        self._store.note(self._store.core.note_outlines, changes)
        for origin, value in changes.items():
            if value is None:
                self._noted.pop(origin, None)
            else:
                self._noted[origin] = _digest(value)

    def _sign_again(self) -> None:
        """Sign all descriptions by the key that signs now, before nothing knows the one before."""
        if self._key != self._store.key:
            self._former.update(self._zones)
        former = {origin: self._zones[origin] for origin in self._former & self._zones.keys()}
        signed = {origin: self._store.sign_kept(each) for origin, each in former.items()}
        self._store.note(self._store.core.note_kept, signed)
        self._former.clear()
        self._key = self._store.key

    def _in_the_way(self, new: KeptZone) -> list[KeptZone]:
        """What is to go so that a new one has room, and what it takes the place of."""
        known = self._zones.get(new.origin)
        found = [] if known is None else [known]
        octets = self._octets + new.octets - sum(each.octets for each in found)
        for each in self._zones.values():
            if octets <= kept_zones.MAX_OCTETS:
                break
            if each is not known:
                found.append(each)
                octets -= each.octets
        return found

    def _take(self, zone: KeptZone) -> None:
        self._zones[zone.origin] = zone
        self._octets += zone.octets

    def _drop(self, origin: str) -> None:
        gone = self._zones.pop(origin, None)
        if gone is not None:
            self._octets -= gone.octets


def _digest(value: bytes) -> bytes:
    return hashlib.blake2b(value, digest_size=DIGEST_SIZE).digest()

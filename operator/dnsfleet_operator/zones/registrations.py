"""Registrations in the core: who owns each published origin, and since when its Zone is gone.

A registration is noted before its zone is published, so there are never more of them than origins
that were published, of some 150 octets each. In a core that lost its data they follow in the pass
that finds the loss. Where no Zone object of the registered namespace names the origin, the
registration waits for one, and the assembler has a Zone in its place that holds the origin. It ends

* after the grace period, which is that of orphans: a day lets people notice, and a backup come back
* at once where the owner gave the origin to anybody
* at once where a ZoneClass does not take the namespace, unless the removal of the zone is held; the
  labels of a namespace that is gone are not known, and no reason

so that a platform team can always say whose a name is. What a registration is good for is told in
`dnsfleet.zones.registrations`.
"""

import logging
from collections.abc import Iterable, Iterator, Set

from dnsfleet.resources import Reference
from dnsfleet.zones import registrations
from dnsfleet.zones.registrations import ANYBODY, Registration
from dnsfleet_publisher.assembling import Assembler
from dnsfleet_publisher.dependencies import Groups
from dnsfleet_publisher.last_good import Assembled
from dnsfleet_publisher.record_store import RecordStore
from dnsfleet_publisher.registration_notes import Noted, decode, encode, in_place
from dnsfleet_publisher.store_errors import StoreError

from dnsfleet_operator.observed.observation import Observation

_log = logging.getLogger(__name__)


class Registry:
    """The registrations, as far as one writer knows them: it reads them once."""

    def __init__(
        self,
        store: RecordStore,
        assembler: Assembler,
        naming: Groups[str],
        grace_seconds: float,
    ) -> None:
        """`naming` has the Zone objects that name an origin, however they are understood."""
        self._store = store
        self._assembler = assembler
        self._naming = naming
        self._grace_seconds = grace_seconds
        self._registered = assembler.owners.registered
        self._since: dict[str, float] = {}
        self._dirty: set[str] = set()
        self._unwritten: set[str] = set()
        self._ended: set[str] = set()
        self._unjudged: set[str] = set()
        """Waiting origins of which the class is still to be asked."""
        self._fence = 0

    @property
    def waiting(self) -> Set[str]:
        """Origins without a Zone object that may have them, as `settle` found them."""
        return self._since.keys()

    def open(self) -> Iterator[None]:
        """Read what earlier writers noted, with a stop after each part.

        To be begun, and read to its end, once this writer has taken its fence.
        """
        for part in self._store.core.registrations():
            for origin, value in part.items():
                if (noted := decode(value)) is not None:
                    self._assembler.owners.register(origin, noted.registration)
                    self._dirty.add(origin)
                    if noted.since is not None:
                        self._since[origin] = noted.since
            yield
        self._fence = self._store.fence

    def changed(self, origins: Iterable[str]) -> None:
        """Other Zone objects than before name these origins."""
        self._dirty.update(origins)

    def rules_changed(self) -> None:
        """Classes or labels are others; they may not take the namespace of what waits."""
        self._dirty.update(self._since)

    def is_named(self, origin: str) -> bool:
        """Whether a Zone object that may have an origin names it."""
        known = self._registered.get(origin)
        if known is None:
            return origin in self._naming
        return any(each.namespace == known.zone.namespace for each in self._naming[origin])

    def is_to_end(self, origin: str, zone: Reference) -> bool:
        """Whether the deletion of a Zone, which was meant, ends the published zone of an origin.

        Whoever only waited for the origin ends nothing, and does not keep it alive.
        """
        known = self._registered.get(origin)
        whose = known is None or known.zone.namespace == zone.namespace
        return whose and not self.is_named(origin)

    def unseen(self, origins: Set[str], observation: Observation) -> Set[str]:
        """Those of the origins whose Zone no list could name, as this operator does not see it."""
        found = set()
        for origin in origins:
            known = self._registered.get(origin)
            if not observation.sees("Zone", None if known is None else known.zone.namespace):
                found.add(origin)
        return found

    def settle(self, observation: Observation, now: float) -> None:
        """Find which Zones are gone, and which take their place; only after a complete list.

        `now` is Unix time in seconds.
        """
        if not observation.complete:
            return
        dirty, self._dirty = self._dirty, set()
        for origin in dirty:
            known = self._registered.get(origin)
            if known is None:
                continue
            names = self._naming[origin]
            if known.zone in names:
                self._put(origin, known, None)
                continue
            if known.release_to == ANYBODY:
                self._end(origin)
                continue
            waiting = self._without_zone(origin, known)
            heirs = [each for each in names if each.namespace == waiting.zone.namespace]
            if heirs and self._takes(origin, waiting):
                heir = min(heirs, key=lambda each: (_created(each, observation), each))
                self._put(origin, Registration(heir, known.created), None)
            else:
                self._wait(origin, waiting, self._since.get(origin, now))

    def free(self, held: Set[str]) -> Set[str]:
        """End what waits for a namespace that its class does not take.

        What is `held` is about to leave, or served on until somebody approves that it leaves. It
        gives all origins that wait no more for their Zone since the last call, and are free.
        """
        for origin in self._unjudged - held:
            if origin in self._since and not self._may_take(origin, self._registered[origin]):
                self._end(origin)
        self._unjudged &= held
        ended, self._ended = self._ended, set()
        return ended

    def sweep(self, now: float, held: Set[str]) -> None:
        """End what waited for as long as the grace period; `now` is Unix time in seconds.

        What is `held` stays, as in `free`.
        """
        for origin, since in list(self._since.items()):
            if now - since >= self._grace_seconds and origin not in held:
                self._end(origin)
            elif since > now:  # a clock went back
                self._put(origin, self._registered[origin], now)

    def note(self, zones: Iterable[Assembled]) -> None:
        """Note who owns these zones, which are about to be published, and what else changed.

        StoreError and Fenced end it, and nothing may be published then; the next call goes on.
        """
        for each in zones:
            if each.zone is not None:
                before = self._registered.get(each.origin)
                now = registrations.renewed(each.resource, before)
                self._put(each.origin, now, None)
                moved = before is not None and before.zone != now.zone
                if moved or (before is None and len(self._naming[each.origin]) > 1):
                    self._assembler.marks.add(each.origin)  # others are judged by it
        self._write()

    def catch_up(self) -> None:
        """Note all again where publishing found that the core lost its data. Fenced ends it."""
        try:
            self._write()
        except StoreError as error:
            _log.warning("%s", error)  # the next pass goes on

    def _write(self) -> None:
        fence = self._store.fence
        if fence != self._fence:  # the core lost its data since, or went back to older notes
            parts = self._store.core.registrations()
            self._unwritten.update(self._registered, *parts)
        changes = {origin: self._encoded(origin) for origin in self._unwritten}
        self._store.note(self._store.core.note_registrations, changes)
        self._fence = fence
        self._unwritten.clear()

    def _without_zone(self, origin: str, known: Registration) -> Registration:
        """The registration of an origin whose Zone is gone: its class may undo a gift."""
        own, given = known.giver or known.zone.namespace, known.release_to
        kept = Registration(Reference("Zone", own, origin), known.created, given)
        moved = kept._replace(zone=Reference("Zone", given, origin), giver=own)
        return moved if given not in ("", own) and self._may_take(origin, moved) else kept

    def _takes(self, origin: str, registration: Registration) -> bool:
        zone = in_place(origin, registration, 0)
        return self._assembler.owners.classes.takes(zone, self._assembler.labels)

    def _may_take(self, origin: str, registration: Registration) -> bool:
        zone = in_place(origin, registration, 0)
        return self._assembler.owners.classes.may_take(zone, self._assembler.labels)

    def _wait(self, origin: str, registration: Registration, since: float) -> None:
        """Have an origin stay with a Zone that no object can be, until there is one."""
        self._put(origin, registration, since)
        self._unjudged.add(origin)
        if registration.zone not in self._assembler.reserved:
            self._assembler.reserve(in_place(origin, registration, since))

    def _put(self, origin: str, registration: Registration, since: float | None) -> None:
        before = self._registered.get(origin)
        if (before, self._since.get(origin)) == (registration, since):
            return
        if before is not None and before.zone != registration.zone:
            self._let_go(before)
        if since is None:
            self._since.pop(origin, None)
        else:
            self._since[origin] = since
        self._assembler.owners.register(origin, registration)
        self._unwritten.add(origin)

    def _end(self, origin: str) -> None:
        self._since.pop(origin, None)
        self._ended.add(origin)
        self._let_go(self._registered[origin])
        self._assembler.owners.register(origin, None)
        self._unwritten.add(origin)

    def _let_go(self, registration: Registration) -> None:
        if registration.zone in self._assembler.reserved:
            self._assembler.remove(registration.zone)

    def _encoded(self, origin: str) -> bytes | None:
        known = self._registered.get(origin)
        return None if known is None else encode(Noted(known, self._since.get(origin)))


def _created(reference: Reference, observation: Observation) -> str:
    known = observation.get(reference)
    return "" if known is None else known.created

"""Registrations in the core: who owns each published origin, and since when its Zone is gone.

A registration is noted before its zone is published, so there are never more of them than origins
that were published, of some 150 octets each. In a core that lost its data they follow with the
pass that finds the loss. Where no Zone object of the registered namespace names
the origin, the registration waits for one, and the assembler has a Zone in its place that holds the
origin. It ends

* after the grace period, which is that of orphans: a day lets people notice, and a backup come back
* at once where the owner gave the origin to anybody, or a ZoneClass does not take the namespace

so that a platform team can always say whose a name is. What a registration is good for is told in
`dnsfleet.zones.registrations`.
"""

import contextlib
import json
import logging
import math
from collections.abc import Iterable, Iterator, Set
from datetime import UTC, datetime
from typing import NamedTuple

from dnsfleet.resources import Metadata, Reference, Zone, ZoneSpec
from dnsfleet.zones import registrations
from dnsfleet.zones.registrations import ANYBODY, Registration
from dnsfleet_publisher.assembling import Assembler
from dnsfleet_publisher.dependencies import Groups
from dnsfleet_publisher.last_good import Assembled
from dnsfleet_publisher.record_store import RecordStore
from dnsfleet_publisher.store_errors import StoreError, StoreResetError

from dnsfleet_operator.observed.observation import Observation

_log = logging.getLogger(__name__)


class _Noted(NamedTuple):
    """What the core has of an origin."""

    registration: Registration
    since: float | None
    """When its Zone was missed first, Unix time in seconds; None where it is there."""


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
                if (noted := _decode(value)) is not None:
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

    def settle(self, observation: Observation, now: float) -> Set[str]:
        """Find which Zones are gone, and which take their place; only after a complete list.

        `now` is Unix time in seconds. It gives the origins that wait no more for their Zone since
        the last call, and are free.
        """
        if not observation.complete:
            return frozenset()
        dirty, self._dirty = self._dirty, set()
        for origin in dirty:
            known = self._registered.get(origin)
            if known is None:
                continue
            names = self._naming[origin]
            if known.zone in names:
                self._put(origin, known, None)
                continue
            heirs = [each for each in names if each.namespace == known.heirs]
            if heirs:
                heir = min(heirs, key=lambda each: (_created(each, observation), each))
                self._put(origin, Registration(heir, known.created), None)
            else:
                self._wait(origin, known, self._since.get(origin, now))
        ended, self._ended = self._ended, set()
        return ended

    def sweep(self, now: float, held: Set[str]) -> None:
        """End what waited for as long as the grace period; `now` is Unix time in seconds.

        What is `held` is about to leave, or served on until somebody approves that it leaves.
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
        with contextlib.suppress(StoreResetError):
            self._write()  # publishing finds that out too, and `catch_up` then writes all again

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

    def _wait(self, origin: str, known: Registration, since: float) -> None:
        """Have an origin stay with the namespace of a Zone that is gone, if it may."""
        reference = Reference("Zone", known.heirs, origin)  # which no object can have
        registration = Registration(reference, known.created)
        zone = _in_place(origin, registration, since)
        owners, labels = self._assembler.owners, self._assembler.labels
        if known.heirs == ANYBODY or owners.classes.refusal(zone, labels) is not None:
            self._end(origin)
            return
        self._put(origin, registration, since)
        if reference not in self._assembler.reserved:
            self._assembler.reserve(zone)

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
        return None if known is None else _encode(_Noted(known, self._since.get(origin)))


def _created(reference: Reference, observation: Observation) -> str:
    known = observation.get(reference)
    return "" if known is None else known.created


def _in_place(origin: str, registration: Registration, since: float) -> Zone:
    """What holds the origin of a Zone that is gone, and allows nothing to anybody else."""
    gone = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    metadata = Metadata.model_construct(
        name=registration.zone.name,
        namespace=registration.zone.namespace,
        creation_timestamp=registration.created,
        deletion_timestamp=gone,
    )
    return Zone.model_construct(metadata=metadata, spec=ZoneSpec.model_construct(origin=origin))


def _encode(noted: _Noted) -> bytes:
    zone, created, release_to = noted.registration
    value: dict[str, object] = {"zone": [zone.namespace, zone.name], "created": created}
    if release_to:
        value["releaseTo"] = release_to
    if noted.since is not None:
        value["since"] = math.floor(noted.since)
    return json.dumps(value, separators=(",", ":")).encode()


def _decode(value: bytes) -> _Noted | None:
    """None for what is no registration: a later version may note more than we know."""
    try:
        found = json.loads(value)
        namespace, name = found["zone"]
        zone = Reference("Zone", str(namespace), str(name))
        release_to = str(found.get("releaseTo", ""))
        since = found.get("since")
        registration = Registration(zone, str(found["created"]), release_to)
        return _Noted(registration, None if since is None else float(since))
    except (ValueError, KeyError, TypeError):
        return None

"""Publishing: from the zones that are wanted to the zones that are published.

Level-triggered: a pass compares what is wanted of some origins with what is published of them and
needs no memory of what happened in between. So it is the same code for the first pass, for a
change, and for a core that came back empty or went back: the store then takes a new fence, and
knows what the core lost.

Each zone has its own outcome. A zone that fails or is held keeps what it has, and the rest goes
on; only a core that does not answer ends the work of the pass, because it would fail the same way
for each zone. A placement that is held holds nothing else of its zone.

What is `outdated` in the store is published once more, a part with every pass, so that changes need
not wait for all of it: what the core lost, what some edge has newer, what is in another format than
the one that edges read now, what the key before signed. What no valid key signed and nobody wants
is taken out of the index: no edge can load it, and each would name it in its acks.
"""

import itertools
import logging
import time
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from dnsfleet.replication.manifests import Manifest
from dnsfleet.resources.zones import ZoneSource
from dnsfleet.violations import Violation
from dnsfleet.zones import catalogs, consumed_catalogs, parts, placements, plans, serials
from dnsfleet.zones.parts import Parts
from dnsfleet.zones.placements import Fleet, Hold, Placement
from dnsfleet_engine import Delta, Zone

from dnsfleet_publisher.keeping import Keeper
from dnsfleet_publisher.placement import LatelyLost
from dnsfleet_publisher.record_store import RecordStore
from dnsfleet_publisher.store_errors import StoreConflictError, StoreError, StoreResetError

RESETS = 2
"""Resets of the core that one pass goes along with; one that loses its data on and on is down."""
REWRITTEN_AT_ONCE = 200
"""Zones that one pass publishes once more: about 0.1 s of work."""
BULK_RECORDS = 1000
"""Records by which a zone grows or shrinks and others are written before it: some 40 kB, more than
a second of a link of 256 kbit/s."""

_log = logging.getLogger(__name__)


class Desired(NamedTuple):
    """What one origin is to be."""

    zone: Zone
    pops: tuple[str, ...] | None = None
    """Names of the Pops that are to serve it, sorted; None is all."""
    approve: str | None = None
    """The value of the annotation `dnsfleet.io/approve`, if there is one."""
    parts: Parts | None = None
    """What the zone is made of, where that is known."""
    source: ZoneSource | None = None
    """What it is made from, where nobody writes it down."""

    @property
    def keeps_serial(self) -> bool:
        """Whether a higher serial alone is a change, as it is where primaries give it."""
        return self.source is not None and self.source.transfer is not None

    @property
    def is_catalog(self) -> bool:
        """Whether it is a catalog (RFC 9432), made here or by its primaries."""
        return self.source is not None and self.source.is_catalog


class State(StrEnum):
    """What a pass made of one origin."""

    PUBLISHED = "Published"
    UNCHANGED = "Unchanged"
    HELD = "Held"
    """The plan is unsafe and nobody approved it, or the serial of a signed zone is not higher; what
    was published before stays."""
    REMOVED = "Removed"
    FAILED = "Failed"
    """What was published before stays; the next pass tries again."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a pass made of one origin, and why."""

    state: State
    manifest: Manifest | None = None
    """What is published now, as far as that is known."""
    reason: str = ""
    """CamelCase, for HELD and FAILED."""
    message: str = ""
    plan: str = ""
    """The hash that approves it, for HELD; empty where a higher serial is needed."""
    diff: tuple[str, ...] = ()
    """The first records that it would take away, add or change, for HELD."""
    placement: Hold | None = None
    """Why it is published for other Pops than are wanted, whatever became of the rest."""


class Publisher:
    """Makes what is published what is wanted. `Fenced` from any method: stop publishing."""

    def __init__(self, store: RecordStore, keeper: Keeper | None = None) -> None:
        """With a `keeper` removed zones can be restored for a while."""
        self._store = store
        self._keeper = keeper
        self._parts: dict[str, Parts] = {}
        """What each zone was made of when it was published; a new process does not know it."""
        self._changes: dict[str, tuple[Zone, Zone, Delta]] = {}
        self._reread: set[str] = set()
        self._cleared = 0
        self._fleet = placements.NOBODY
        self._lately = LatelyLost(time.monotonic)
        self._holds: dict[str, Hold] = {}
        self.away = ""
        """Why the core did not do what the last pass asked; empty where it did."""

    def reconcile(
        self,
        desired: Mapping[str, Desired],
        complete: bool,
        remove: Set[str] = frozenset(),
        changed: Iterable[str] | None = None,
        fleet: Fleet = placements.NOBODY,
    ) -> dict[str, Outcome]:
        """One pass; an outcome for each origin that was looked at.

        `desired` is all that is wanted; of it the origins in `changed` are looked at, or all. What
        is `outdated` in the store needs more passes. An origin that is not in `desired` is left
        as it is: only `remove` removes, and the tombstone that an edge has. `complete` says that
        everything that is wanted was looked at, now or before, so that edges with nothing on disk
        may rely on what there is. Pops that `fleet` does not have lose nothing.
        """
        self.away, self._fleet = "", fleet
        outcomes: dict[str, Outcome] = {}
        wanted = dict(desired) if changed is None else {each: desired[each] for each in changed}
        try:
            self._pass(desired, wanted, complete, remove, outcomes)
        except StoreError as error:
            outcomes = self.unavailable((*wanted, *remove), error) | outcomes
        return outcomes

    def change(self, origin: str, old: Zone, new: Zone) -> Delta:
        """`plans.change`, which is computed once where it is asked for before a pass and in it."""
        known = self._changes.get(origin)
        if known is None or known[0] is not old or known[1] is not new:
            known = self._changes[origin] = (old, new, plans.change(old, new))
        return known[2]

    def doubt(self, origin: str, now: Parts | None) -> str:
        """Why parts of a zone that is to be published may not be whole (`parts.doubt`)."""
        return parts.doubt(now, self._parts.get(origin))

    def unavailable(self, origins: Iterable[str], error: StoreError) -> dict[str, Outcome]:
        """The outcomes of origins that stay as they are because the core does not answer."""
        self.away = str(error)
        return {origin: self.failed(origin, "StoreUnavailable", error) for origin in origins}

    def failed(self, origin: str, reason: str, error: Exception) -> Outcome:
        """The outcome of an origin that stays as it is."""
        manifest, hold = self._store.held(origin), self._holds.get(origin)
        return Outcome(State.FAILED, manifest, reason, str(error), placement=hold)

    def _pass(
        self,
        desired: Mapping[str, Desired],
        wanted: Mapping[str, Desired],
        complete: bool,
        remove: Set[str],
        outcomes: dict[str, Outcome],
    ) -> None:
        for attempt in range(1 + RESETS):
            try:
                if self._store.fence == 0 or attempt:
                    self._store.claim()
                self._store.check()
                self._store.read(wanted)
                self._reread |= self._store.take_reread()
                for origin in (*self._small_first(wanted), *(self._reread & desired.keys())):
                    outcomes[origin] = self._publish(origin, desired[origin])
                self._reread.clear()
                for origin in {*remove, *self._store.ended} - desired.keys():
                    outcomes[origin] = self._remove(origin)
                self._rewrite(desired, complete, outcomes)
                if complete:
                    self._clear(desired)
                    self._store.complete()
            except StoreResetError as error:
                _log.warning("%s", error)
                if attempt == RESETS:
                    raise
            else:
                return

    def _small_first(self, wanted: Mapping[str, Desired]) -> list[str]:
        """As they are given, but those of which many records come or go behind all others.

        What is written goes to the Pops in that order, and a slow link takes a minute for a large
        zone: a small change of the same pass need not wait for it.
        """

        def is_bulk(origin: str) -> bool:
            manifest, new = self._store.manifest(origin), wanted[origin].zone.records
            return abs(new - (0 if manifest is None else manifest.records)) > BULK_RECORDS

        return sorted(wanted, key=is_bulk)

    def _publish(self, origin: str, want: Desired) -> Outcome:
        try:
            before = self._store.held(origin) or self._store.manifest(origin)
            placed = self._place(origin, want, before)
            if placed.hold is not None and want.is_catalog:
                # The zone was another one, which Pops serve; what it is to list is not for them.
                waits = Violation(placements.REASON, placed.hold.message, origin)
                return self._hold(origin, want, waits, None, placed)
            old, delta = self._store.load(origin), None
            fault = self._store.refusal(origin, want.zone, keeps_serial=want.keeps_serial)
            if fault is not None:
                return self._hold(origin, want, fault, None, placed)
            if old is not None:
                delta = self.change(origin, old, want.zone)
                self._changes.pop(origin)
                fault = self._unsafe(origin, old, want, delta)
                if fault is not None and not plans.approved(want.approve, delta):
                    return self._hold(origin, want, fault, delta, placed)
                if want.keeps_serial and not (delta.added + delta.removed + delta.changed):
                    delta = _with_serial(old, want.zone, delta)
            made = self._write(origin, want._replace(pops=placed.pops), delta)
        except (StoreConflictError, ValueError) as error:
            return self.failed(origin, "PublishFailed", error)
        if want.parts is not None:
            self._parts[origin] = want.parts
        if made is None:
            return Outcome(State.UNCHANGED, self._store.manifest(origin), placement=placed.hold)
        if old is not None and old.signed and not want.zone.signed:
            _log.warning("%s is signed no more: with a DS at its parent it is bogus", origin)
        if before is not None and not before.tombstone:
            lost = placements.lost(before.pops, placed.pops, self._fleet)
            self._lately.note(origin, lost)
        return Outcome(State.PUBLISHED, made, placement=placed.hold)

    def _unsafe(self, origin: str, old: Zone, want: Desired, delta: Delta) -> Violation | None:
        """Why a change needs an approval, or None.

        A catalog (RFC 9432) that lists a zone no more because it was removed needs none: what held
        that removal let it go. The name servers of one that primaries made may be any.
        """
        if not (want.is_catalog and (want.keeps_serial or catalogs.is_catalog(old))):
            return plans.unsafe(old, want.zone, delta, self.doubt(origin, want.parts))
        removed = catalogs.removed(delta.lines(old.records + want.zone.records))
        spared = sum(rrsets for each, rrsets in removed.items() if not self._is_live(each))
        fault = plans.unsafe(old, want.zone, delta, spared=spared, apex=catalogs.APEX_RRSETS)
        if fault is None and want.keeps_serial:
            fault = consumed_catalogs.unsafe(old, want.zone, delta, self._is_live)
        return fault

    def _is_live(self, origin: str) -> bool:
        manifest = self._store.held(origin) or self._store.manifest(origin)
        return manifest is not None and not manifest.tombstone

    def _hold(
        self,
        origin: str,
        want: Desired,
        fault: Violation,
        delta: Delta | None,
        placed: Placement,
    ) -> Outcome:
        """What a zone is that stays as it is; `delta` where an approval would let it go on."""
        again = self._store.republish(origin, keeps_serial=want.keeps_serial)
        manifest = again or self._store.manifest(origin)
        held = Outcome(State.HELD, manifest, fault.reason, fault.message, placement=placed.hold)
        if delta is None:
            return held
        return replace(held, plan=plans.plan_hash(delta), diff=tuple(delta.lines(plans.MAX_DIFF)))

    def _place(self, origin: str, want: Desired, before: Manifest | None) -> Placement:
        """Where a zone is to be published, which may be other Pops than are wanted."""
        if before is None or before.tombstone:
            self._holds.pop(origin, None)
            return Placement(want.pops)
        approvals = plans.approvals(want.approve)
        lately = self._lately.of(origin, forever=origin in self._holds)
        placed = placements.decide(before.pops, want.pops, self._fleet, approvals, lately)
        if placed.hold is None:
            self._holds.pop(origin, None)
        else:
            self._holds[origin] = placed.hold
        return placed

    def _write(self, origin: str, want: Desired, delta: Delta | None) -> Manifest | None:
        """What the core lost and nobody changed is written as it was, with its serial."""
        held = self._store.held(origin)
        if held is not None and delta is not None and self._store.manifest(origin) is None:
            changed = delta.added + delta.removed + delta.changed
            if not changed and want.pops == held.pops:
                return self._store.republish(origin, keeps_serial=want.keeps_serial)
        return self._store.publish(
            origin, want.zone, want.pops, delta, keeps_serial=want.keeps_serial
        )

    def _remove(self, origin: str) -> Outcome:
        self._parts.pop(origin, None)
        self._holds.pop(origin, None)
        keeping = None if self._keeper is None else self._keeper.prepare(origin)
        try:
            made = self._store.tombstone(origin, keeping)
        except StoreConflictError as error:
            return self.failed(origin, "PublishFailed", error)
        if self._keeper is not None and keeping is not None and made is not None:
            self._keeper.done(keeping)
        return Outcome(State.REMOVED, made or self._store.manifest(origin))

    def _rewrite(
        self, desired: Mapping[str, Desired], complete: bool, outcomes: dict[str, Outcome]
    ) -> None:
        """Where an edge has something newer than the core, what the core has would take the edge
        back. So such a zone waits until it is known what is wanted of it, if anything is."""
        waiting = (
            origin
            for origin in self._store.outdated
            if complete or origin in desired or not self._store.is_overtaken(origin)
        )
        for origin in list(itertools.islice(waiting, REWRITTEN_AT_ONCE)):
            try:
                want = desired.get(origin)
                keeps_serial = want is not None and want.keeps_serial
                made = self._store.republish(origin, keeps_serial=keeps_serial)
            except StoreConflictError:
                continue  # it stays outdated: the next pass tries again
            if origin in desired and made is not None:
                outcomes[origin] = Outcome(State.PUBLISHED, made, placement=self._holds.get(origin))

    def _clear(self, desired: Mapping[str, Desired]) -> None:
        """Once under each fence, end what no edge can load and nobody wants."""
        if self._cleared == self._store.fence:
            return
        left = False
        for origin in self._store.unreadable():
            if origin in desired:
                continue
            try:
                ended = self._store.end(origin)
            except StoreConflictError:
                left = True  # the next pass tries again
                continue
            if ended:
                _log.warning("%s is out of the index: no edge can load it as it was", origin)
        if not left:
            self._cleared = self._store.fence


def _with_serial(old: Zone, new: Zone, same: Delta) -> Delta:
    """The change from `old` to a `new` with the same records: its serial, where that is higher."""
    return old.diff(new) if serials.compare(new.serial, old.serial) == 1 else same

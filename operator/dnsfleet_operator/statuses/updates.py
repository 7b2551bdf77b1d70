"""Which objects should show another status than they do, and which.

Whoever calls names the objects for which something may be different, so a look over a large fleet
costs what happens in it. A status speaks of the generation that the last pass took, not of a newer
one that came since.

What an object shows is not what it was given last: a write may wait, or be under way, or be done
and not heard of. Facts that go from A to B and back meanwhile need a write of A, although A is
shown. So what was handed on is kept until its write is heard of, and takes the place of what is
shown.

A status can also be changed by others. So now and then every object is compared (see `recheck`);
one that shows what it showed at the last comparison costs a look into a table.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from dnsfleet.resources import Pop, RecordSet, Reference, Zone

from dnsfleet_operator.metrics import Metrics
from dnsfleet_operator.observed.observation import Known, Observation
from dnsfleet_operator.observed.packing import pack, unpack
from dnsfleet_operator.pop_samples import PopSample
from dnsfleet_operator.pops.passes import PopResult
from dnsfleet_operator.statuses import catalog_members, events
from dnsfleet_operator.statuses import pops as pop_statuses
from dnsfleet_operator.statuses import zones as zone_statuses
from dnsfleet_operator.statuses.arrivals import Lag
from dnsfleet_operator.statuses.conditions import Condition, is_true
from dnsfleet_operator.statuses.events import Notice
from dnsfleet_operator.zone_samples import ZoneSample
from dnsfleet_operator.zones.results import Results

PATIENCE_SECONDS = 0.5
"""A revision on its way is not worth a write of its own for so long: most arrive before."""

PutStatus = Callable[[Reference, str, Mapping[str, Any], Sequence[Notice], bool], None]
"""Gets an object, its uid, its new status, what people should hear of, and whether that has other
conditions, for which somebody may wait."""
ZoneFacts = Callable[[str | None, Reference, Known], zone_statuses.Facts]
"""Gets an origin, and the object whose status it is for."""
PopFacts = Callable[[Pop, PopResult], tuple[pop_statuses.Facts, Lag]]


class StatusUpdates:
    """Remembers what every object was given, and gives it what is new."""

    def __init__(self, metrics: Metrics, put: PutStatus) -> None:
        self._samples, self._pop_gone = metrics.fleet, metrics.pop_propagation.remove
        self._put = put
        self._shown: dict[Reference, object] = {}
        self._compared: dict[Reference, int] = {}
        self._handed: dict[Reference, tuple[str, bytes]] = {}
        """Uid and packed status of each object whose write was not heard of yet."""
        self.early = False
        """Whether edges may still prove to a new writer what they proved to the one before."""
        self._labels: dict[Reference, tuple[str, str, str]] = {}
        self._pops_shown_at: dict[Reference, float] = {}

    def recheck(self, observation: Observation) -> Iterator[Reference | None]:
        """Go through all objects; gives those that do not show what they did when compared last.

        None for each other, so that whoever iterates can stop after a part. Pops are compared at
        each look.
        """
        for reference in observation.of_kind("Pop"):
            self._shown.pop(reference, None)
        for kind in ("Zone", "RecordSet"):
            for reference in list(observation.of_kind(kind)):
                known = observation.get(reference)
                if known is None or hash(known.packed_status) == self._compared.get(reference):
                    yield None
                else:
                    self._shown.pop(reference, None)
                    yield reference

    def written(self, reference: Reference, packed: bytes) -> None:
        """This status that was handed on is what the object shows, or showed for a moment."""
        if (handed := self._handed.get(reference)) is not None and handed[1] == packed:
            del self._handed[reference]

    def objects(
        self,
        references: Iterable[Reference],
        observation: Observation,
        results: Results,
        about: ZoneFacts,
        now: str,
    ) -> set[Reference]:
        """Bring these Zones and RecordSets up to date; those that wait for a better status.

        `now` is RFC 3339.
        """
        waiting = set()
        for reference in references:
            known, taken = observation.get(reference), results.taken.get(reference)
            if known is None:
                self._drop(reference)
                continue
            if taken is None or taken.uid != known.uid:
                continue  # a pass that is due takes it
            update = self._zone if reference.kind == "Zone" else self._record_set
            if not update(reference, known, taken.generation, results, about, now):
                waiting.add(reference)
        return waiting

    def pops(
        self,
        observation: Observation,
        results: Mapping[str, PopResult],
        about: PopFacts,
        now: str,
    ) -> None:
        """Bring the Pops up to date. `now` is RFC 3339."""
        names = set()
        for reference, known in observation.of_kind("Pop").items():
            result = results.get(reference.name)
            pop = known.document.resource if known.document is not None else None
            if result is None or result.uid != known.uid or not isinstance(pop, Pop):
                continue
            names.add(reference.name)
            facts, lag = about(pop, result)
            self._samples.pops[reference.name] = _pop_sample(facts, lag)
            if facts.ready and facts.current < facts.assigned and facts.lag_ms == 0:
                continue  # a revision is on its way and will arrive in a moment
            before = self._before(reference, known)
            if self.early and is_true(before, "Synced") and facts.current < facts.assigned:
                continue
            status = pop_statuses.pop(result.generation, facts, before, now)
            since = time.monotonic() - self._pops_shown_at.get(reference, -math.inf)
            if pop_statuses.wait_seconds(before, status, since) > 0 or self._is_shown(
                reference, known, (result.generation, facts)
            ):
                continue
            if before != status:
                self._pops_shown_at[reference] = time.monotonic()
            self._show(reference, known, status)
        for name in self._samples.pops.keys() - names:
            del self._samples.pops[name]
            self._pop_gone(name)
            gone = Reference("Pop", "", name)
            self._pops_shown_at.pop(gone, None)
            self._forget(gone)

    def _zone(
        self,
        reference: Reference,
        known: Known,
        generation: int,
        results: Results,
        about: ZoneFacts,
        now: str,
    ) -> bool:
        found = results.violations.get(reference, ())
        facts = about(results.origins.get(reference), reference, known)
        before = self._before(reference, known)
        if self._is_too_early(before, facts):
            return False
        conditions = zone_statuses.conditions(str(reference), found, facts)
        self._measure(reference, known, conditions, facts)
        if _waits(facts):
            return False
        if not self._is_shown(reference, known, (generation, found, facts)):
            status = zone_statuses.zone(generation, conditions, facts, before, now)
            self._show(reference, known, status)
        return True

    def _record_set(
        self,
        reference: Reference,
        known: Known,
        generation: int,
        results: Results,
        about: ZoneFacts,
        now: str,
    ) -> bool:
        resource = known.document.resource if known.document is not None else None
        origin, records = None, 0
        before = self._before(reference, known)
        if isinstance(resource, RecordSet):
            frozen = resource.zone_reference in results.frozen
            if frozen and before.get("observedGeneration") == generation:
                return True  # what was said of it still holds: its zone stays as it is
            if not frozen:
                origin = results.origins.get(resource.zone_reference)
            records = sum(len(record.data) for record in resource.spec.rrsets)
        found = results.violations.get(reference, ())
        facts = about(origin, reference, known)
        if _waits(facts) or self._is_too_early(before, facts):
            return False
        if not self._is_shown(reference, known, (generation, found, facts)):
            conditions = zone_statuses.conditions(str(reference), found, facts)
            status = zone_statuses.record_set(generation, records, conditions, before, now)
            self._show(reference, known, status)
        return True

    def _is_too_early(self, before: Mapping[str, Any], facts: zone_statuses.Facts) -> bool:
        """Whether the edges have not had the time to prove what an object shows already."""
        unproved = facts.state is not None and not facts.state.propagated
        unproved = unproved and not facts.is_catalog
        return self.early and unproved and is_true(before, "Propagated")

    def _measure(
        self,
        reference: Reference,
        known: Known,
        conditions: Sequence[Condition],
        facts: zone_statuses.Facts,
    ) -> None:
        zone = known.document.resource if known.document is not None else None
        origin = zone.origin if isinstance(zone, Zone) else ""
        labels = (reference.namespace, reference.name, origin)
        if (before := self._labels.get(reference)) not in (None, labels):
            self._samples.zones.pop(before, None)
        self._labels[reference] = labels
        told = {each.type: bool(each.status) for each in conditions}
        state, published = facts.state, None
        there = facts.is_catalog or (state is not None and state.propagated)
        if facts.manifest is not None and not there:
            published = facts.manifest.time_ms
        late = () if state is None else tuple(each.pop for each in state.late)
        members = told.get(catalog_members.CONDITION)
        sample = ZoneSample(told["Accepted"], told["Propagated"], published, late, members)
        self._samples.zones[labels] = sample

    def _drop(self, reference: Reference) -> None:
        """An object is gone."""
        self._forget(reference)
        if (labels := self._labels.pop(reference, None)) is not None:
            self._samples.zones.pop(labels, None)

    def _is_shown(self, reference: Reference, known: Known, facts: object) -> bool:
        """Whether this very object was given the status of these facts already."""
        uid_and_facts = (known.uid, facts)
        if self._shown.get(reference) == uid_and_facts:
            return True
        self._shown[reference] = uid_and_facts
        return False

    def _forget(self, reference: Reference) -> None:
        self._shown.pop(reference, None)
        self._compared.pop(reference, None)
        self._handed.pop(reference, None)

    def _before(self, reference: Reference, known: Known) -> Mapping[str, Any]:
        """The status that this very object will show before the next one is written."""
        uid, status = self._handed.get(reference, ("", b""))
        return unpack(status) if uid == known.uid else known.status

    def _show(self, reference: Reference, known: Known, status: dict[str, Any]) -> None:
        shown = known.status
        if shown == status and self._before(reference, known) == status:
            self._compared[reference] = hash(known.packed_status)
            return
        self._compared.pop(reference, None)
        self._handed[reference] = (known.uid, pack(status))
        urgent = shown.get("conditions") != status["conditions"]
        self._put(reference, known.uid, status, events.notices(shown, status), urgent)


def _pop_sample(facts: pop_statuses.Facts, lag: Lag) -> PopSample:
    return PopSample(
        ready=not facts.drained and facts.ready >= facts.wanted > 0,
        drained=facts.drained,
        connected=None if facts.drained else pop_statuses.is_connected(facts),
        edges_ready=facts.ready,
        edges_desired=facts.wanted,
        edges_unverified=len(facts.doubtful),
        late_ms=lag.since_ms,
    )


def _waits(facts: zone_statuses.Facts) -> bool:
    """Whether a better status is likely to come in a moment."""
    state = facts.state
    if facts.manifest is None or state is None or state.propagated or state.pops == 0:
        return False
    age = time.time() - facts.manifest.time_ms / 1000
    return 0 <= age < PATIENCE_SECONDS

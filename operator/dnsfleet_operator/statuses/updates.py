"""Which objects should show another status than they do, and which.

An object is looked at closely only when something changed of the facts that its last status was
made of, so a look over a large fleet costs little while little happens. A status speaks of the
generation that the last pass took, not of a newer one that came since.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from dnsfleet.resources import Pop, RecordSet, Reference, Zone

from dnsfleet_operator.metrics import Metrics
from dnsfleet_operator.observed.observation import Known, Observation
from dnsfleet_operator.pops.passes import PopResult
from dnsfleet_operator.statuses import events
from dnsfleet_operator.statuses import pops as pop_statuses
from dnsfleet_operator.statuses import zones as zone_statuses
from dnsfleet_operator.statuses.conditions import Condition
from dnsfleet_operator.statuses.events import Notice
from dnsfleet_operator.zones.passes import Results

PATIENCE_SECONDS = 0.5
"""A revision on its way is not worth a write of its own for so long: most arrive before."""

PutStatus = Callable[[Reference, str, Mapping[str, Any], Sequence[Notice]], None]
"""Gets an object, its uid, its new status and what people should hear of."""
ZoneFacts = Callable[[str | None, Known], zone_statuses.Facts]
"""Gets an origin, and the object whose status it is for."""
PopFacts = Callable[[Pop, PopResult], pop_statuses.Facts]


class StatusUpdates:
    """Remembers what every object was given, and gives it what is new."""

    def __init__(self, metrics: Metrics, put: PutStatus) -> None:
        self._metrics = metrics
        self._put = put
        self._shown: dict[Reference, object] = {}
        self._pops_shown_at: dict[Reference, float] = {}

    def forget(self, reference: Reference | None = None) -> None:
        """Compare the status of one object, or of all, whatever was shown last."""
        if reference is None:
            self._shown.clear()
        else:
            self._shown.pop(reference, None)

    def zones(self, observation: Observation, results: Results, about: ZoneFacts, now: str) -> None:
        """Bring the Zones up to date. `now` is RFC 3339."""
        labels = []
        for reference, known, generation in _taken("Zone", observation, results):
            found = results.violations.get(reference, ())
            facts = about(results.origins.get(reference), known)
            conditions = zone_statuses.conditions(str(reference), found, facts)
            labels.append(self._measure_zone(reference, known, conditions, facts))
            if _waits(facts) or self._is_shown(reference, known, (generation, found, facts)):
                continue
            before = known.manifest.get("status") or {}
            status = zone_statuses.zone(generation, conditions, facts, before, now)
            self._show(reference, known, status)
        self._metrics.keep_zones(labels)

    def record_sets(
        self, observation: Observation, results: Results, about: ZoneFacts, now: str
    ) -> None:
        """Bring the RecordSets up to date. `now` is RFC 3339."""
        for reference, known, generation in _taken("RecordSet", observation, results):
            resource = known.document.resource if known.document is not None else None
            origin, records = None, 0
            before = known.manifest.get("status") or {}
            if isinstance(resource, RecordSet):
                frozen = resource.zone_reference in results.frozen
                if frozen and before.get("observedGeneration") == generation:
                    continue  # what was said of it still holds: its zone stays as it is
                if not frozen:
                    origin = results.origins.get(resource.zone_reference)
                records = sum(len(record.data) for record in resource.spec.records)
            found = results.violations.get(reference, ())
            facts = about(origin, known)
            if _waits(facts) or self._is_shown(reference, known, (generation, found, facts)):
                continue
            conditions = zone_statuses.conditions(str(reference), found, facts)
            status = zone_statuses.record_set(generation, records, conditions, before, now)
            self._show(reference, known, status)

    def pops(
        self,
        observation: Observation,
        results: Mapping[str, PopResult],
        about: PopFacts,
        now: str,
    ) -> None:
        """Bring the Pops up to date. `now` is RFC 3339."""
        names = []
        for reference, known in observation.of_kind("Pop").items():
            result = results.get(reference.name)
            pop = known.document.resource if known.document is not None else None
            if result is None or result.uid != known.uid or not isinstance(pop, Pop):
                continue
            names.append(reference.name)
            facts = about(pop, result)
            self._measure_pop(reference.name, facts)
            if facts.ready and facts.current < facts.assigned and facts.lag_ms == 0:
                continue  # a revision is on its way and will arrive in a moment
            before = known.manifest.get("status") or {}
            status = pop_statuses.pop(result.generation, facts, before, now)
            since = time.monotonic() - self._pops_shown_at.get(reference, -math.inf)
            if pop_statuses.wait_seconds(before, status, since) > 0 or self._is_shown(
                reference, known, (result.generation, facts)
            ):
                continue
            if before != status:
                self._pops_shown_at[reference] = time.monotonic()
            self._show(reference, known, status)
        self._metrics.keep_pops(names)
        there = observation.of_kind("Pop")
        self._pops_shown_at = {
            each: at for each, at in self._pops_shown_at.items() if each in there
        }

    def _measure_zone(
        self,
        reference: Reference,
        known: Known,
        conditions: Sequence[Condition],
        facts: zone_statuses.Facts,
    ) -> tuple[str, ...]:
        zone = known.document.resource if known.document is not None else None
        origin = zone.origin if isinstance(zone, Zone) else ""
        labels = (reference.namespace, reference.name, origin)
        told = {each.type: each.status for each in conditions}
        self._metrics.zone_accepted.labels(*labels).set(bool(told["Accepted"]))
        self._metrics.zone_propagated.labels(*labels).set(bool(told["Propagated"]))
        behind = 0.0
        if facts.manifest is not None and not (facts.state and facts.state.propagated):
            behind = max(0.0, time.time() - facts.manifest.time_ms / 1000)
        self._metrics.zone_unpropagated.labels(*labels).set(behind)
        return labels

    def _measure_pop(self, name: str, facts: pop_statuses.Facts) -> None:
        ready = not facts.drained and facts.ready >= facts.wanted > 0
        self._metrics.pop_ready.labels(name).set(ready)
        self._metrics.pop_drained.labels(name).set(facts.drained)
        self._metrics.pop_edges_ready.labels(name).set(facts.ready)
        self._metrics.pop_edges_desired.labels(name).set(facts.wanted)
        self._metrics.pop_lag.labels(name).set(facts.lag_ms / 1000)

    def _is_shown(self, reference: Reference, known: Known, facts: object) -> bool:
        """Whether this very object was given the status of these facts already."""
        uid_and_facts = (known.uid, facts)
        if self._shown.get(reference) == uid_and_facts:
            return True
        self._shown[reference] = uid_and_facts
        return False

    def _show(self, reference: Reference, known: Known, status: Mapping[str, Any]) -> None:
        before = known.manifest.get("status") or {}
        if before != status:
            self._put(reference, known.uid, status, events.notices(before, status))


def _taken(
    kind: str, observation: Observation, results: Results
) -> Iterator[tuple[Reference, Known, int]]:
    """The objects of a kind that the last pass took into account, each with its generation."""
    for reference, known in observation.of_kind(kind).items():
        generation = results.generations.get((reference, known.uid))
        if generation is not None:
            yield reference, known, generation


def _waits(facts: zone_statuses.Facts) -> bool:
    """Whether a better status is likely to come in a moment."""
    state = facts.state
    if facts.manifest is None or state is None or state.propagated or state.pops == 0:
        return False
    age = time.time() - facts.manifest.time_ms / 1000
    return 0 <= age < PATIENCE_SECONDS

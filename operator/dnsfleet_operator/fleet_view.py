"""How far everything has come, and the status that each object should show for it.

A look reads what the edges say, compares it with what the last pass published, and hands on the
statuses that differ from what the objects show. It never says more than the last pass knew: a
status speaks of the generation that the pass took, not of a newer one that came since.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dnsfleet.acks import Ack
from dnsfleet.manifests import Manifest
from dnsfleet.resources import Pop, RecordSet, Reference, Zone
from dnsfleet.revisions import Revision

from dnsfleet_operator import edge_pods, pop_passes
from dnsfleet_operator.drains import Drains
from dnsfleet_operator.metrics import Metrics
from dnsfleet_operator.observation import Known, Observation
from dnsfleet_operator.pops.setting import POP_LABEL
from dnsfleet_operator.propagation import Fleet, ZoneState
from dnsfleet_operator.statuses import events
from dnsfleet_operator.statuses import pops as pop_statuses
from dnsfleet_operator.statuses import zones as zone_statuses
from dnsfleet_operator.statuses.events import Notice
from dnsfleet_operator.workload_cache import Workloads
from dnsfleet_operator.zone_passes import Results

PATIENCE_SECONDS = 0.5
"""A revision on its way is not worth a write of its own for so long: most arrive before."""

HOPE_SECONDS = 60
"""A revision that is late for longer waits for a Pop that is cut off: no need to look so often."""

ListPods = Callable[[], Iterable[Mapping[str, Any]]]
PutStatus = Callable[[Reference, str, Mapping[str, Any], Sequence[Notice]], None]


@dataclass
class PopResult:
    """What the last pass over a Pop gave."""

    uid: str
    generation: int
    problem: tuple[str, str] | None = None


@dataclass
class View:
    """What the passes know; the looks read it."""

    observation: Observation
    workloads: Workloads
    results: Results = field(default_factory=Results)
    pops: dict[str, PopResult] = field(default_factory=dict)
    drains: Drains = field(default_factory=lambda: Drains(frozenset(), {}))

    def active(self) -> list[str]:
        """The Pops that clients reach."""
        return [
            pop.metadata.name
            for pop in self.observation.pops
            if pop.metadata.name not in self.drains.drained and pop.spec.cluster == "local"
        ]

    def manifests(self) -> dict[str, Manifest]:
        """What is published, by origin."""
        return {
            origin: outcome.manifest
            for origin, outcome in self.results.outcomes.items()
            if outcome.manifest is not None and not outcome.manifest.tombstone
        }


class FleetView:
    """Looks at the fleet again and again."""

    def __init__(self, metrics: Metrics, put: PutStatus) -> None:
        self._metrics = metrics
        self._put = put
        self._states: dict[str, ZoneState] = {}
        self._seconds: dict[str, tuple[Revision, float | None]] = {}
        self._shown: dict[Reference, object] = {}
        self._looked_at: Results | None = None
        self._settled = False
        self.pending = True
        """Whether some revision is on its way and may arrive any moment."""

    def forget(self, reference: Reference | None = None) -> None:
        """Compare the status of one object, or of all, whatever was shown last."""
        self._settled = False
        if reference is None:
            self._shown.clear()
        else:
            self._shown.pop(reference, None)

    def look(
        self,
        view: View,
        said: Mapping[str, Ack],
        confirm: Callable[[], Iterable[Mapping[str, Any]]],
    ) -> None:
        """One look, at what the edges said.

        `confirm` lists the pods anew. It is asked before anything is called propagated that was
        not: a pod that became Ready meanwhile must have said so too.
        """
        manifests = view.manifests()
        states = self._look_at_zones(view, manifests, said)
        if any(self._is_news(origin, manifests[origin], states[origin]) for origin in states):
            view.workloads.replace("Pod", confirm())
            states = self._look_at_zones(view, manifests, said)
        for origin, state in states.items():
            self._time(origin, manifests[origin], state)
        same = self._settled and states == self._states and view.results is self._looked_at
        self._states, self._looked_at = states, view.results
        late = [state for state in states.values() if state.pops and not state.propagated]
        self.pending = any(state.seconds < HOPE_SECONDS for state in late)
        # While nothing is late, nothing about a zone can change but by what was just compared.
        self._settled = not late
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if not same:
            self._measure_late()
            self._show_zones(view, now)
            self._show_record_sets(view, now)
        self._show_pops(view, manifests, now)

    def _look_at_zones(
        self, view: View, manifests: Mapping[str, Manifest], said: Mapping[str, Ack]
    ) -> dict[str, ZoneState]:
        ready = edge_pods.ready_by_pop(view.workloads.pods)
        self._fleet = Fleet(view.active(), ready, said, time.time_ns() // 1_000_000)
        self._ready = ready
        return {origin: self._fleet.zone(manifest) for origin, manifest in manifests.items()}

    def _measure_late(self) -> None:
        gauge = self._metrics.zone_pop_current
        gauge.clear()
        for origin, state in self._states.items():
            for late in state.late:
                gauge.labels(origin, late.pop).set(0)

    def _is_news(self, origin: str, manifest: Manifest, state: ZoneState) -> bool:
        if not state.propagated:
            return False
        known = self._seconds.get(origin)
        before = self._states.get(origin)
        return known is None or known[0] != manifest.revision or before != state

    def _time(self, origin: str, manifest: Manifest, state: ZoneState) -> None:
        """Note how long a revision took, the first time that it is everywhere."""
        known = self._seconds.get(origin)
        if not state.propagated or (known is not None and known[0] == manifest.revision):
            return
        seconds: float | None = None
        if origin in self._states:  # else it was published before we began to look
            seconds = round(time.time() - manifest.time_ms / 1000, 3)
            self._metrics.propagation.observe(seconds)
        self._seconds[origin] = (manifest.revision, seconds)

    def _facts(self, view: View, origin: str | None, known: Known) -> zone_statuses.Facts:
        if origin is None:
            return zone_statuses.Facts(None, None)
        outcome, state = view.results.outcomes.get(origin), self._states.get(origin)
        facts = zone_statuses.Facts(outcome, state)
        if facts.manifest is None or state is None:
            return facts
        at, seconds = self._seconds.get(origin, (None, None))
        if at != facts.manifest.revision or seconds is None:
            seconds = _shown_seconds(known, facts.manifest.revision)
        return zone_statuses.Facts(outcome, state, seconds)

    def _waits(self, facts: zone_statuses.Facts) -> bool:
        """Whether a better status is likely to come in a moment."""
        state = facts.state
        if facts.manifest is None or state is None or state.propagated or state.pops == 0:
            return False
        age = time.time() - facts.manifest.time_ms / 1000
        return 0 <= age < PATIENCE_SECONDS

    def _show_zones(self, view: View, now: str) -> None:
        labels = []
        for reference, known in view.observation.of_kind("Zone").items():
            generation = view.results.generations.get((reference, known.uid))
            if generation is None:
                continue
            origin = view.results.origins.get(reference)
            found = view.results.violations.get(reference, ())
            facts = self._facts(view, origin, known)
            labels.append(self._measure_zone(reference, known, bool(origin), facts))
            if self._waits(facts):
                continue
            if self._is_shown(reference, known, (generation, found, facts)):
                continue
            before = known.manifest.get("status") or {}
            status = zone_statuses.zone(generation, str(reference), found, facts, before, now)
            self._show(reference, known, status)
        self._metrics.keep_zones(labels)

    def _measure_zone(
        self, reference: Reference, known: Known, owns: bool, facts: zone_statuses.Facts
    ) -> tuple[str, ...]:
        zone = known.document.resource if known.document is not None else None
        origin = zone.origin if isinstance(zone, Zone) else ""
        labels = (reference.namespace, reference.name, origin)
        state = facts.state
        arrived = owns and state is not None and state.propagated
        self._metrics.zone_accepted.labels(*labels).set(owns)
        self._metrics.zone_propagated.labels(*labels).set(arrived)
        behind = 0.0
        if facts.manifest is not None and not arrived:
            behind = max(0.0, time.time() - facts.manifest.time_ms / 1000)
        self._metrics.zone_unpropagated.labels(*labels).set(behind)
        return labels

    def _show_record_sets(self, view: View, now: str) -> None:
        for reference, known in view.observation.of_kind("RecordSet").items():
            generation = view.results.generations.get((reference, known.uid))
            resource = known.document.resource if known.document is not None else None
            if generation is None:
                continue
            origin, records = None, 0
            before = known.manifest.get("status") or {}
            if isinstance(resource, RecordSet):
                frozen = resource.zone_reference in view.results.frozen
                if frozen and before.get("observedGeneration") == generation:
                    continue  # what was said of it still holds: its zone stays as it is
                if not frozen:
                    origin = view.results.origins.get(resource.zone_reference)
                records = sum(len(record.data) for record in resource.spec.records)
            found = view.results.violations.get(reference, ())
            facts = self._facts(view, origin, known)
            if self._waits(facts) or self._is_shown(reference, known, (generation, found, facts)):
                continue
            status = zone_statuses.record_set(
                generation, str(reference), records, found, facts, before, now
            )
            self._show(reference, known, status)

    def _show_pops(self, view: View, manifests: Mapping[str, Manifest], now: str) -> None:
        names = []
        for reference, known in view.observation.of_kind("Pop").items():
            result = view.pops.get(reference.name)
            pop = known.document.resource if known.document is not None else None
            if result is None or result.uid != known.uid or not isinstance(pop, Pop):
                continue
            names.append(reference.name)
            facts = self._pop_facts(view, pop, result, manifests)
            self._measure_pop(reference.name, facts)
            if facts.ready and facts.current < facts.assigned and facts.lag_ms == 0:
                continue  # a revision is on its way and will arrive in a moment
            if self._is_shown(reference, known, (result.generation, facts)):
                continue
            before = known.manifest.get("status") or {}
            self._show(reference, known, pop_statuses.pop(result.generation, facts, before, now))
        self._metrics.keep_pops(names)

    def _pop_facts(
        self, view: View, pop: Pop, result: PopResult, manifests: Mapping[str, Manifest]
    ) -> pop_statuses.Facts:
        name = pop.metadata.name
        pods = [
            edge
            for pod in view.workloads.pods
            if pod["metadata"]["labels"].get(POP_LABEL) == name
            and (edge := edge_pods.read(pod)) is not None
        ]
        drained = name in view.drains.drained
        assigned, current, lag_ms = self._fleet.lag(name, manifests.values())
        edges = view.workloads.get("Deployment", f"pop-{name}-edge")
        service = view.workloads.get("Service", f"pop-{name}-dns")
        return pop_statuses.Facts(
            problem=result.problem,
            rolling=pop_passes.rolling(edges),
            wanted=0 if drained else pop.spec.edge.replicas,
            ready=sum(edge.ready for edge in pods),
            pods=len(pods),
            assigned=assigned,
            current=current,
            lag_ms=lag_ms // 1000 * 1000,
            silent=tuple(self._fleet.silent(name)),
            drained=drained,
            refusal=view.drains.refused.get(name),
            drain_wanted=pop.spec.state == "Drained",
            addresses=pop_passes.addresses(service),
        )

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
            uid = known.uid
            self._put(reference, uid, status, events.notices(before, status))


def _shown_seconds(known: Known, revision: Revision) -> float | None:
    """The time that the object's own status gives for a revision."""
    status = known.manifest.get("status") or {}
    if status.get("revision") != {"epoch": revision.epoch, "seq": revision.seq}:
        return None
    seconds = (status.get("propagation") or {}).get("seconds")
    return float(seconds) if isinstance(seconds, int | float) else None

"""How far everything has come: what the edges say, beside what the last pass published.

Looks come again and again. What one finds goes into the statuses of the objects.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from dnsfleet.replication.acks import Ack
from dnsfleet.replication.manifests import Manifest
from dnsfleet.replication.revisions import Revision
from dnsfleet.resources import Reference

from dnsfleet_operator.metrics import Metrics
from dnsfleet_operator.observed import edge_pods
from dnsfleet_operator.observed.observation import Known, Observation
from dnsfleet_operator.observed.workloads import Workloads
from dnsfleet_operator.pops.drains import Drains
from dnsfleet_operator.pops.passes import PopResult
from dnsfleet_operator.statuses import pop_facts
from dnsfleet_operator.statuses.propagation import Fleet, ZoneState
from dnsfleet_operator.statuses.updates import PutStatus, StatusUpdates
from dnsfleet_operator.statuses.zones import Facts
from dnsfleet_operator.zones.passes import Results

HOPE_SECONDS = 60
"""A revision that is late for longer waits for a Pop that is cut off: no need to look so often."""

ListPods = Callable[[], Iterable[Mapping[str, Any]]]


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
        self._updates = StatusUpdates(metrics, put)
        self._states: dict[str, ZoneState] = {}
        self._seconds: dict[str, tuple[Revision, float | None]] = {}
        self._looked_at: Results | None = None
        self._settled = False
        self.pending = True
        """Whether some revision is on its way and may arrive any moment."""

    def forget(self, reference: Reference | None = None) -> None:
        """Compare the status of one object, or of all, whatever was shown last."""
        self._settled = False
        self._updates.forget(reference)

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
        seen, updates = view.observation, self._updates
        if not same:
            self._measure_late()
            updates.zones(seen, view.results, partial(self._zone_facts, view), now)
            updates.record_sets(seen, view.results, partial(self._zone_facts, view), now)
        about = partial(
            pop_facts.facts, view.drains, view.workloads, self._fleet, list(manifests.values())
        )
        updates.pops(seen, view.pops, about, now)

    def _look_at_zones(
        self, view: View, manifests: Mapping[str, Manifest], said: Mapping[str, Ack]
    ) -> dict[str, ZoneState]:
        ready = edge_pods.ready_by_pop(view.workloads.pods)
        self._fleet = Fleet(view.active(), ready, said, time.time_ns() // 1_000_000)
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

    def _zone_facts(self, view: View, origin: str | None, known: Known) -> Facts:
        if origin is None:
            return Facts(None, None)
        outcome, state = view.results.outcomes.get(origin), self._states.get(origin)
        facts = Facts(outcome, state)
        if facts.manifest is None or state is None:
            return facts
        at, seconds = self._seconds.get(origin, (None, None))
        if at != facts.manifest.revision or seconds is None:
            seconds = _shown_seconds(known, facts.manifest.revision)
        return Facts(outcome, state, seconds)


def _shown_seconds(known: Known, revision: Revision) -> float | None:
    """The time that the object's own status gives for a revision."""
    status = known.manifest.get("status") or {}
    if status.get("revision") != {"epoch": revision.epoch, "seq": revision.seq}:
        return None
    seconds = (status.get("propagation") or {}).get("seconds")
    return float(seconds) if isinstance(seconds, int | float) else None

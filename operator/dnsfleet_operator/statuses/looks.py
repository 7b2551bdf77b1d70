"""How far everything has come: what the edges say, beside what the passes published.

Looks come again and again. Each takes the objects for which something may be different: those that
a pass touched, those whose zone is in another state by what edges say (see `arrivals`), and a part
of all objects while they are compared once more.
"""

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from dnsfleet.replication.acks import Ack
from dnsfleet.replication.revisions import Revision
from dnsfleet.replication.sums import Positions
from dnsfleet.resources import Pop, Reference, Zone
from dnsfleet.zones.signature_watch import SignatureWatch
from dnsfleet_publisher.publishing import State
from dnsfleet_publisher.transferring.standings import Standing as TransferStanding

from dnsfleet_operator.members.steps import Standing as Members
from dnsfleet_operator.metrics import Metrics
from dnsfleet_operator.observed import edge_pods
from dnsfleet_operator.observed.edge_pods import EdgePod
from dnsfleet_operator.observed.observation import Known, Observation
from dnsfleet_operator.observed.workloads import Workloads
from dnsfleet_operator.pops.drains import Drains
from dnsfleet_operator.pops.passes import PopResult
from dnsfleet_operator.pops.remote import RemoteEdges
from dnsfleet_operator.statuses import pop_facts, remote_pops
from dnsfleet_operator.statuses.arrivals import Arrivals, Lag
from dnsfleet_operator.statuses.doubts import Doubts
from dnsfleet_operator.statuses.hearing import Hearing
from dnsfleet_operator.statuses.pop_times import PopTimes
from dnsfleet_operator.statuses.pops import Facts as FactsOfPop
from dnsfleet_operator.statuses.propagation import Fleet
from dnsfleet_operator.statuses.secondaries import Shown
from dnsfleet_operator.statuses.standing import Standing
from dnsfleet_operator.statuses.updates import PutStatus, StatusUpdates
from dnsfleet_operator.statuses.zones import Facts
from dnsfleet_operator.zones.results import Pass, Results

RECHECKED = 1000
"""Objects that one look compares beside those that were touched: a few milliseconds."""
TOLD = 1000
"""Objects that one look brings up to date: 50 ms, for which a change may have to wait."""

PROOF_SECONDS = 15.0
"""What edges said to an earlier writer proves nothing to a new one. They have so long to say it
again, three acks; until then no object that shows that it is answered shows that it is not."""

MISSED_SECONDS = 135.0
"""A Pop that is behind for longer misses changes, and DnsfleetReplicationStale or the alert of its
cause has told of it: more than 15 s behind, for two minutes."""

ListPods = Callable[[], Iterable[Mapping[str, Any]]]


@dataclass
class View:
    """What the passes know; the looks read it."""

    observation: Observation
    workloads: Workloads
    results: Results = field(default_factory=Results)
    pops: dict[str, PopResult] = field(default_factory=dict)
    drains: Drains = field(default_factory=Drains)
    positions: Positions = field(default_factory=Positions)
    """What the writer knows of the core's log."""
    core_away: bool = False
    """Whether the core does not do what it is asked, so that no edge may be able to speak to it."""
    remote: RemoteEdges = field(default_factory=RemoteEdges)
    """What other clusters say of the Pops that they run."""
    commands: Mapping[str, tuple[dict[str, Any], ...]] = field(default_factory=dict)
    """What Pops were told to do once, by Pop."""
    transfers: Callable[[Reference], TransferStanding | None] = lambda _: None
    """How the fleet stands with the primaries of a Zone."""
    members: Callable[[Reference], Members | None] = lambda _: None
    """What became of the members of a Zone that is a catalog of primaries."""
    secondaries: Callable[[str], Shown | None] = lambda _: None
    """What the Zone of an origin is to show of its secondaries."""

    def active(self) -> list[str]:
        """The Pops that clients reach."""
        return [
            pop.metadata.name
            for pop in self.observation.pops
            if pop.metadata.name not in self.drains.drained
        ]

    def ready(self) -> dict[str, tuple[EdgePod, ...]]:
        """The Ready edges of each Pop that has some, in this cluster and in others."""
        return edge_pods.ready_by_pop(self.workloads.pods) | self.remote.ready

    def serving(self) -> dict[str, tuple[EdgePod, ...]]:
        """The same with those that were told to stop and still answer.

        What is said to be live has to be so at these too: clients of before still reach them.
        """
        return edge_pods.serving_by_pop(self.workloads.pods) | self.remote.ready


class FleetView:
    """Looks at the fleet again and again."""

    def __init__(self, metrics: Metrics, put: PutStatus) -> None:
        self._metrics = metrics
        self._updates = StatusUpdates(metrics, put)
        self._arrivals = Arrivals()
        self._standing = Standing()
        self._doubts = Doubts()
        self._hearing = Hearing()
        self._signatures = SignatureWatch()
        self._seconds: dict[str, tuple[Revision, float | None]] = {}
        self._on_its_way: set[str] = set()
        observe = metrics.pop_propagation
        self._pop_times = PopTimes(lambda pop, seconds: observe.labels(pop).observe(seconds))
        self._touched: dict[Reference, None] = {}
        """Whose status may be another, those that wait for longest first."""
        self._recheck: Iterator[Reference | None] = iter(())
        self._began: float | None = None
        self._proved = False
        self.pending = True
        """Whether the next look should come soon: something is on its way, or waits."""

    def recheck(self, observation: Observation) -> None:
        """Compare the status of every object, a part at each look."""
        self._recheck = self._updates.recheck(observation)

    def touch(self, references: Iterable[Reference]) -> None:
        """The status of these may be another."""
        self._touched |= dict.fromkeys(references)
        self.pending = self.pending or bool(self._touched)

    def differing(self) -> list[str]:
        """The Pops whose replicas go on showing what nobody published."""
        return self._doubts.differing(time.monotonic())

    def written(self, reference: Reference, packed: bytes) -> None:
        """This status that was handed on was written."""
        self._updates.written(reference, packed)

    def passed(self, done: Pass, results: Results) -> None:
        """A pass was made."""
        if self._began is None:
            self._began = time.monotonic()
        self._touched |= dict.fromkeys(done.touched)
        for origin in done.origins:
            manifest = results.manifest(origin)
            self._arrivals.publish(origin, manifest)
            self._watch_signatures(origin, results)
            if manifest is None:
                self._seconds.pop(origin, None)
                self._on_its_way.discard(origin)
                self._pop_times.forget(origin)
            elif origin in done.outcomes and done.outcomes[origin].state is State.PUBLISHED:
                self._on_its_way.add(origin)
                self._pop_times.published(origin)

    def look(self, view: View, said: Mapping[str, Ack], confirm: ListPods) -> None:
        """One look, at what the edges said.

        `confirm` lists the pods anew. It is asked before anything is called propagated that was
        not: a pod that became Ready meanwhile must have said so too.
        """
        self._hearing.look(not view.core_away, time.monotonic())
        changed, fleet = self._look_at_zones(view, said)
        states = self._arrivals.states
        if any(origin in states and states[origin].propagated for origin in changed):
            view.workloads.replace("Pod", confirm())
            more, fleet = self._look_at_zones(view, said)
            changed |= more
        self._updates.early = self._is_early(fleet)
        self._pop_times.missing(frozenset(filter(partial(self._misses, fleet), fleet.active)))
        for origin in changed:
            self._time(origin, view, fleet)
            self._touched |= dict.fromkeys(view.results.members.get(origin, ()))
        for origin in self._signatures.look(time.time()):
            self._touched |= dict.fromkeys(view.results.members.get(origin, ()))
        rechecked = list(itertools.islice(self._recheck, RECHECKED))
        self._touched |= dict.fromkeys(filter(None, rechecked))
        told = list(itertools.islice(self._touched, TOLD))
        for reference in told:
            del self._touched[reference]
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        about = partial(self._zone_facts, view)
        waiting = self._updates.objects(told, view.observation, view.results, about, now)
        self._touched |= dict.fromkeys(waiting)
        facts = partial(self._pop_facts, view, fleet)
        self._updates.pops(view.observation, view.pops, facts, now)
        self.pending = self._arrivals.pending or bool(self._touched) or bool(rechecked)

    def _watch_signatures(self, origin: str, results: Results) -> None:
        signed, ends = results.signed.get(origin), self._metrics.fleet.signature_ends
        if signed is None:
            self._signatures.put(origin, None, time.time())
            ends.pop(origin, None)
        else:
            self._signatures.put(origin, signed.period, time.time())
            ends[origin] = signed.period.ends.at

    def _is_early(self, fleet: Fleet) -> bool:
        """Whether some edge may still prove what it proved to the writer before."""
        if not self._proved and self._began is not None:  # before a pass no position is known
            words = (word for pop in fleet.active for word in fleet.words(pop).values())
            late = time.monotonic() - self._began >= PROOF_SECONDS
            self._proved = late or all(word.answers >= 0 for word in words)
        return not self._proved

    def _look_at_zones(self, view: View, said: Mapping[str, Ack]) -> tuple[set[str], Fleet]:
        ready = view.serving()
        fleet = Fleet(view.active(), ready, said, view.positions, time.time_ns() // 1_000_000)
        pops = [pop.metadata.name for pop in view.observation.pops]
        changed, states = self._arrivals.look(fleet, pops), self._arrivals.states
        self._doubts.look(fleet, pops, time.monotonic())
        fallen = self._standing.look(changed, states, view.results.manifest, fleet.active, ready)
        return changed | fallen, fleet

    def _misses(self, fleet: Fleet, pop: str) -> bool:
        """Whether a Pop misses changes, and not only gets them slowly."""
        words, since = fleet.words(pop).values(), self._arrivals.behind_since(pop)
        behind = since is not None and fleet.now_ms - since > MISSED_SECONDS * 1000
        return behind or not words or any(word.silent for word in words)

    def _time(self, origin: str, view: View, fleet: Fleet) -> None:
        """Note how long a revision took, the first time that it is everywhere."""
        manifest, state = view.results.manifest(origin), self._arrivals.states.get(origin)
        if manifest is None or state is None:
            return
        self._pop_times.look(manifest, fleet.active, self._arrivals.lacks, time.time())
        if not state.propagated:
            if not self._updates.early:  # else it may have been everywhere for long
                self._on_its_way.add(origin)
            return
        known = self._seconds.get(origin)
        if known is not None and known[0] == manifest.revision:
            return
        seconds: float | None = None
        if origin in self._on_its_way:  # else it was published before we began to look
            self._on_its_way.discard(origin)
            seconds = round(time.time() - manifest.time_ms / 1000, 3)
            self._metrics.propagation.observe(seconds)
        self._seconds[origin] = (manifest.revision, seconds)

    def _zone_facts(
        self, view: View, origin: str | None, reference: Reference, known: Known
    ) -> Facts:
        if origin is None:
            return Facts(None, None)
        is_zone = reference.kind == "Zone"
        shared = view.results.shared.get(origin, ()) if is_zone else ()
        signed = self._signatures.get(origin) if is_zone else None
        outcome = view.results.outcome(origin, reference)
        state, proof = self._arrivals.states.get(origin), self._standing.get(origin)
        if outcome is not None and proof is not None:
            outcome, state = replace(outcome, manifest=proof.manifest), proof.state
        given = view.results.given.get(origin) if is_zone else None
        transfer = view.transfers(reference) if is_zone else None
        resource = None if known.document is None else known.document.resource
        is_catalog = isinstance(resource, Zone) and resource.is_catalog
        facts = Facts(
            outcome,
            state,
            shared=shared,
            given=given,
            is_catalog=is_catalog,
            signed=signed,
            transfer=transfer,
            members=view.members(reference) if is_catalog else None,
            secondaries=view.secondaries(origin) if is_zone else None,
        )
        if facts.manifest is None or state is None:
            return facts
        at, seconds = self._seconds.get(origin, (None, None))
        if at != facts.manifest.revision or seconds is None:
            seconds = _shown_seconds(known, facts.manifest.revision)
        return replace(facts, seconds=seconds)

    def _pop_facts(
        self, view: View, fleet: Fleet, pop: Pop, result: PopResult
    ) -> tuple[FactsOfPop, Lag]:
        now = time.monotonic()
        lag = self._arrivals.lag(pop.metadata.name)
        doubtful = self._doubts.of(pop.metadata.name, now)
        if pop.spec.cluster == "agent":
            told = remote_pops.facts(view.remote, view.drains, fleet, lag, doubtful, pop, result)
        else:
            told = pop_facts.facts(view.drains, view.workloads, fleet, lag, doubtful, pop, result)
        heard = self._hearing.knows(bool(told.silent), now)
        commands = view.commands.get(pop.metadata.name, ())
        counted = self._began is not None
        return replace(told, heard=heard, counted=counted, commands=commands), lag


def _shown_seconds(known: Known, revision: Revision) -> float | None:
    """The time that the object's own status gives for a revision."""
    status = known.status
    if status.get("revision") != {"epoch": revision.epoch, "seq": revision.seq}:
        return None
    seconds = (status.get("propagation") or {}).get("seconds")
    return float(seconds) if isinstance(seconds, int | float) else None

"""Passes over Pops: each makes the objects of one Pop what it asks for, or deletes them with it.

A Pop that is to be drained, to have no edges, or to end stays in service until it is decided that
others serve its zones (see `drains`). That decision needs a pass over the zones. Before the first
one, the decision of an earlier leader holds: what runs the edges shows it. The objects of a Pop
that is gone are deleted only where somebody meant to delete it; otherwise its edges go on serving
(see `deletions`).

Each object is read, applied and removed on its own: one that the API server refuses costs no
other, and what failed is told together. Two waits are meant. A Deployment waits for its ConfigMap:
its pods would start with the old one, and nothing would restart them afterwards. And the edges are
removed last: by them a removal that was cut short is found again.
"""

import logging
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace

from dnsfleet.resources import Metadata, Pop, PopSpec, Reference

from dnsfleet_operator.cluster import Cluster, ClusterError, Object
from dnsfleet_operator.configuration import CORE, Configuration
from dnsfleet_operator.objects import CREATED_ANNOTATION, POP_LABEL
from dnsfleet_operator.observed import edge_sets
from dnsfleet_operator.observed.deletions import Deletions
from dnsfleet_operator.observed.observation import Known, Observation
from dnsfleet_operator.observed.slimming import slimmed
from dnsfleet_operator.observed.workloads import KINDS, Workloads
from dnsfleet_operator.pops import drains, planning, probers
from dnsfleet_operator.pops.drains import Drains
from dnsfleet_operator.pops.planning import ObjectKey
from dnsfleet_operator.pops.setting import CoreUser, Setting

KEYS_UNKNOWN = "KeysUnknown"
"""The reason of a Pop that waits for the keys, as every Pop does then."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PopResult:
    """What the last pass over a Pop gave."""

    uid: str
    generation: int
    problem: tuple[str, str] | None = None
    """Reason and message of what keeps its objects from being applied."""


class _Failures:
    """What failed in one pass."""

    def __init__(self) -> None:
        self._errors: dict[ObjectKey, ClusterError] = {}
        self._waiting: list[ObjectKey] = []

    @contextmanager
    def of(self, key: ObjectKey) -> Iterator[None]:
        """Note a failure with this object; ClusterError where any other would fail as well."""
        try:
            yield
        except ClusterError as error:
            self._errors[key] = error
            if error.of_the_server:
                self.tell()

    def hold_up(self, key: ObjectKey) -> bool:
        """Whether this object has to wait for one that failed, which is noted then."""
        waits = key.kind in edge_sets.KINDS and any(
            each.kind == "ConfigMap" for each in self._errors
        )
        if waits:
            self._waiting.append(key)
        return waits

    def have(self, key: ObjectKey) -> bool:
        """Whether something failed with this object."""
        return key in self._errors

    def tell(self) -> None:
        """ClusterError with all that failed; nothing where nothing did."""
        if not self._errors:
            return
        told = [str(error) for error in self._errors.values()]
        told += [f"{key.kind} {key.name} waits for that" for key in self._waiting]
        first = next(iter(self._errors.values()))
        longest = max(error.retry_after for error in self._errors.values())
        raise ClusterError("; ".join(told), first.status, longest)


class PopPasses:
    """One leader's passes. ClusterError from one says what failed; the next one begins anew."""

    def __init__(
        self,
        cluster: Cluster,
        configuration: Configuration,
        observation: Observation,
        workloads: Workloads,
    ) -> None:
        self._cluster = cluster
        self._configuration = configuration
        self._observation = observation
        self._workloads = workloads
        self._deletions = Deletions(cluster)
        self.decided = False
        """Whether `drains` is a decision of this leader."""
        self.joined: CoreUser | None = None
        """Who copies the core, where that is in another cluster."""
        self.users_version = self.passwords_version = ""
        """See `Setting`."""
        self.public_keys = ""
        """PEM, by which edges are to verify; objects are applied once they are known."""
        self.drains = Drains()
        """What was decided last of every Pop that is to answer no more."""
        self.results: dict[str, PopResult] = {}
        """By name, of the Pops that are there and understood."""

    def decide(
        self,
        placements: drains.Placements | None,
        ready: Set[str] = frozenset(),
        approvals: Set[str] = frozenset(),
        without_edges: Set[str] = frozenset(),
    ) -> list[str]:
        """Decide which Pops answer no more (see `drains`); the names of those to pass over.

        `without_edges` are Pops of other clusters that have none already.
        """
        before, self.decided = self.drains, True
        pops, gone = self._observation.pops, self._gone()
        names = {pop.metadata.name for pop in pops} | gone.keys()
        already = before.out | without_edges | {name for name in names if self._has_no_edges(name)}
        self.drains = drains.decide(pops, gone, placements, already, ready, approvals)
        return sorted(self.drains.out ^ before.out)

    def run(self, name: str) -> None:
        """One pass over one Pop."""
        known = self._observation.get(Reference("Pop", "", name))
        pop = known.document.resource if known is not None and known.document else None
        if known is None or not isinstance(pop, Pop):
            self.results.pop(name, None)
            if known is None and self._observation.complete:
                self._remove(name)
            return
        try:
            if self._is_ours(pop) and self.public_keys:
                self._apply(pop)
        except ClusterError as error:
            problem = ("ApplyFailed", str(error))
            self.results[name] = PopResult(known.uid, known.generation, problem)
            raise
        self.results[name] = PopResult(known.uid, known.generation, self._problem(known, pop))

    def _is_ours(self, pop: Pop) -> bool:
        """Whether this operator runs the Pop."""
        return pop.spec.cluster == "local" and self._configuration.role != CORE

    def refuse(self, name: str, reason: str, message: str) -> None:
        """Tell of a Pop that what it asks for cannot be done."""
        if (result := self.results.get(name)) is not None:
            self.results[name] = replace(result, problem=(reason, message))

    def _apply(self, pop: Pop) -> None:
        """Apply what differs."""
        drained = self._is_drained(pop)
        if pop.spec.edge.replicas == 0 and pop.metadata.name not in self.drains.stopped:
            pop = self._with_its_edges(pop)
        setting = self._setting(pop, drained)
        self._apply_objects(planning.desired(setting))
        if not self._configuration.probes:
            self._end_prober(setting)
        self._end_other_exposure(setting)

    def apply_replica(self, name: str) -> None:
        """Apply the replica of a Pop of which nothing is known yet, so that it can be.

        Where there are edges, the Pop was known before, and its object is gone: what is there is as
        that asked, so only what is missing is made.
        """
        pop = Pop(metadata=Metadata(name=name), spec=PopSpec())
        wanted = planning.of_replica(self._setting(pop, True))
        if any(self._get(ObjectKey(kind, edge_sets.name(name))) for kind in edge_sets.KINDS):
            wanted = [each for each in wanted if self._get(planning.key(each)) is None]
        self._apply_objects(wanted)

    def follow(self, name: str) -> None:
        """Let the replica of a Pop copy the core that it is to copy now; edges stay as they are.

        They verify by the keys of the core before until it is proved what the new one asks.
        """
        known = self._observation.get(Reference("Pop", "", name))
        pop = known.document.resource if known is not None and known.document else None
        if not isinstance(pop, Pop):
            pop = Pop(metadata=Metadata(name=name), spec=PopSpec())
        wanted = planning.of_replica(self._setting(pop, self._is_drained(pop)))
        self._apply_objects([each for each in wanted if each["kind"] == "Deployment"])

    def _setting(self, pop: Pop, drained: bool) -> Setting:
        return Setting(
            pop,
            self._configuration,
            self.public_keys,
            drained,
            self.joined,
            self.users_version,
            self.passwords_version,
            self._workloads.nodes(pop.metadata.name),
        )

    def _apply_objects(self, wanted: Sequence[Object]) -> None:
        """Apply those that differ."""
        observed: dict[ObjectKey, Object] = {}
        failures = _Failures()
        for key in map(planning.key, wanted):
            with failures.of(key):
                if (found := self._get(key)) is not None:
                    observed[key] = found
        readable = [each for each in wanted if not failures.have(planning.key(each))]
        for each in planning.plan(readable, observed):
            key = planning.key(each)
            if failures.hold_up(key):
                continue
            with failures.of(key):
                self._know(key.kind, self._cluster.apply(each))
                _log.info("applied %s %s", key.kind, key.name)
        failures.tell()

    def _know(self, kind: str, made: Object | None) -> None:
        """Know what was applied before its event comes: else a status would tell that all edges are
        of the newest version, by the Deployment of before."""
        if made is not None and kind in KINDS:
            self._workloads.put(slimmed(kind, made))

    def _get(self, key: ObjectKey) -> Object | None:
        return self._cluster.get(key.kind, key.name, self._configuration.namespace)

    def _with_its_edges(self, pop: Pop) -> Pop:
        """A Pop that may not stop to answer, with as many edges as it has."""
        kind = edge_sets.kind(pop.spec.edge.exposure)
        found = self._get(ObjectKey(kind, edge_sets.name(pop.metadata.name)))
        replicas = 0 if found is None or edge_sets.is_out(found) else 1
        if found is not None and kind == "Deployment":
            replicas = edge_sets.wanted(found)
        edge = pop.spec.edge.model_copy(update={"replicas": replicas})
        return pop.model_copy(update={"spec": pop.spec.model_copy(update={"edge": edge})})

    def _is_drained(self, pop: Pop) -> bool:
        name = pop.metadata.name
        if self.decided or not pop.drain_asked_by:
            return name in self.drains.drained
        return self._has_no_edges(name)

    def _has_no_edges(self, name: str) -> bool:
        """Whether a Pop was taken out of service, maybe by an earlier leader."""
        edges = self._workloads.edges(name)
        return bool(edges) and all(map(edge_sets.is_out, edges))

    def _gone(self) -> dict[str, str]:
        """The Pops that have edges and no object, and when that was made."""
        found = {}
        for name in self._workloads.pops:
            edges = self._workloads.edges(name)
            if edges and self._observation.get(Reference("Pop", "", name)) is None:
                annotations = edges[0]["metadata"].get("annotations") or {}
                found[name] = annotations.get(CREATED_ANNOTATION, "")
        return found

    def _remove(self, name: str) -> None:
        """End the objects of a Pop that was deleted for its own sake."""
        created = self._gone().get(name)
        if created is None:
            return
        reference = Reference("Pop", "", name)
        why = self._deletions.why_not({reference: created})[reference]
        if why is None and (refusal := self.drains.refused.get(name)) is not None:
            why = refusal.message
        if why is not None:
            _log.warning("%s is gone and its edges answer on: %s", reference, why)
            return
        if name not in self.drains.ended:
            return  # the next pass over the zones decides, and has this one made again
        pop = Pop(metadata=Metadata(name=name), spec=PopSpec())
        every = replace(self._configuration, probes=True)
        setting = Setting(pop, every, "", drained=False)
        *others, last = map(planning.key, planning.desired(setting))
        *more, other_last = planning.of_other_exposure(setting)
        failures = _Failures()
        for key in (*others, *more):
            with failures.of(key):
                self._end(name, key)
        failures.tell()
        self._end(name, other_last)
        self._end(name, last)

    def _end(self, pop: str, key: ObjectKey) -> None:
        """End an object, if it is the Pop's."""
        found = self._get(key)
        if found is not None and (found["metadata"].get("labels") or {}).get(POP_LABEL) == pop:
            self._cluster.delete(found)
            _log.info("removed %s %s", key.kind, key.name)

    def _end_prober(self, setting: Setting) -> None:
        """End a prober that an installation with probes has left."""
        if self._workloads.get("Deployment", setting.name("probe")) is not None:
            for each in probers.objects(setting):
                self._end(setting.pop.metadata.name, planning.key(each))

    def _end_other_exposure(self, setting: Setting) -> None:
        """End what a Pop had that was exposed in the other way, once its edges of now serve.

        A Pop that is out of service has no edges to wait for.
        """
        name, now = setting.pop.metadata.name, edge_sets.kind(setting.pop.spec.edge.exposure)
        others = [each for each in self._workloads.edges(name) if each["kind"] != now]
        if not others:
            return
        edges = self._workloads.get(now, edge_sets.name(name))
        if edges is not None and (edge_sets.serves(edges) or edge_sets.is_out(edges)):
            for key in planning.of_other_exposure(setting):
                self._end(name, key)

    def _problem(self, known: Known, pop: Pop) -> tuple[str, str] | None:
        if known.violations:
            return known.violations[0].reason, str(known.violations[0])
        if pop.spec.cluster == "local" and not self._is_ours(pop):
            return "NoPopsHere", "this release has role core: use spec.cluster: agent, or role all"
        if not self.public_keys:
            return KEYS_UNKNOWN, "the condition KeysReady of the Fleet says why"
        return None

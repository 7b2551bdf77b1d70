"""Passes over Pops: the objects of one in the cluster become what it asks for, or end with it.

A Pop that is to be drained stays as it is until it is decided that others serve its zones (see
`drains`). That needs a pass over the zones; before the first one, what an earlier leader decided
shows by the Deployments and holds. A Pop that is gone was meant to go, or serves on (see
`deletions`).
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from dnsfleet.resources import Metadata, Pop, PopSpec, Reference

from dnsfleet_operator.cluster import Cluster, ClusterError
from dnsfleet_operator.configuration import Configuration
from dnsfleet_operator.labels import CREATED_ANNOTATION, POP_LABEL
from dnsfleet_operator.observed.deletions import Deletions
from dnsfleet_operator.observed.observation import Known, Observation
from dnsfleet_operator.observed.workloads import Workloads
from dnsfleet_operator.pops import drains, planning
from dnsfleet_operator.pops.drains import Drains
from dnsfleet_operator.pops.setting import Setting

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PopResult:
    """What the last pass over a Pop gave."""

    uid: str
    generation: int
    problem: tuple[str, str] | None = None
    """Reason and message of what keeps its objects from being applied."""


class PopPasses:
    """One leader's passes. ClusterError ends one half-way, the next one begins anew."""

    def __init__(
        self,
        cluster: Cluster,
        configuration: Configuration,
        public_key: str,
        observation: Observation,
        workloads: Workloads,
    ) -> None:
        """`public_key` is the publisher's, PEM, for the edges."""
        self._cluster = cluster
        self._configuration = configuration
        self._public_key = public_key
        self._observation = observation
        self._workloads = workloads
        self._deletions = Deletions(cluster)
        self._decided = False
        self.drains = Drains(frozenset(), {})
        """What was decided last of every wish to drain."""
        self.results: dict[str, PopResult] = {}
        """By name, of the Pops that are there and understood."""

    def decide(self, placements: Mapping[str, tuple[str, ...] | None] | None) -> list[str]:
        """Decide which Pops are out of service (see `drains`); the names of those to pass over."""
        before, self._decided = self.drains, True
        already = before.drained | self._drained_before()
        self.drains = drains.decide(self._observation.pops, placements, already)
        return [
            name
            for name in self.drains.drained ^ before.drained
            if self._observation.get(Reference("Pop", "", name)) is not None
        ]

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
            if pop.spec.cluster == "local":
                self._apply(pop)
        except ClusterError as error:
            problem = ("ApplyFailed", str(error))
            self.results[name] = PopResult(known.uid, known.generation, problem)
            raise
        self.results[name] = PopResult(known.uid, known.generation, _problem(known, pop))

    def _apply(self, pop: Pop) -> None:
        """Apply what differs."""
        drained = self._is_drained(pop)
        wanted = planning.desired(Setting(pop, self._configuration, self._public_key, drained))
        observed = {}
        for each in wanted:
            key = planning.key(each)
            found = self._cluster.get(key.kind, key.name, self._configuration.namespace)
            if found is not None:
                observed[key] = found
        for each in planning.plan(wanted, observed):
            self._cluster.apply(each)
            _log.info("applied %s %s", each["kind"], each["metadata"]["name"])

    def _is_drained(self, pop: Pop) -> bool:
        name = pop.metadata.name
        if not self._decided and pop.spec.state == "Drained":
            return name in self._drained_before()
        return name in self.drains.drained

    def _drained_before(self) -> set[str]:
        """The Pops that an earlier leader took out of service, by their Deployments."""
        found = set()
        for pop in self._observation.pops:
            edges = self._workloads.get("Deployment", f"pop-{pop.metadata.name}-edge")
            if edges is not None and edges["spec"].get("replicas") == 0:
                found.add(pop.metadata.name)
        return found

    def _remove(self, name: str) -> None:
        """End the objects of a Pop that was deleted for its own sake."""
        edges = self._workloads.get("Deployment", f"pop-{name}-edge")
        if edges is None:
            return
        reference = Reference("Pop", "", name)
        created = (edges["metadata"].get("annotations") or {}).get(CREATED_ANNOTATION, "")
        why = self._deletions.why_not({reference: created})[reference]
        if why is not None:
            _log.warning("%s is gone and its edges answer on: %s", reference, why)
            return
        pop = Pop(metadata=Metadata(name=name), spec=PopSpec())
        # The edges go last: by them a removal that was cut short is found again.
        for each in planning.desired(Setting(pop, self._configuration, "", drained=False)):
            key = planning.key(each)
            found = self._cluster.get(key.kind, key.name, self._configuration.namespace)
            if found is not None and (found["metadata"].get("labels") or {}).get(POP_LABEL) == name:
                self._cluster.delete(found)
                _log.info("removed %s %s", key.kind, key.name)


def _problem(known: Known, pop: Pop) -> tuple[str, str] | None:
    if known.violations:
        return known.violations[0].reason, str(known.violations[0])
    if pop.spec.cluster != "local":
        return "NotSupported", "spec.cluster: agent is not supported yet; use local"
    return None

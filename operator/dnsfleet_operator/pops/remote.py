"""Pops that the operators of other clusters run: what they are told, and what they say.

The core decides and the other cluster obeys. So what is signed and published is the spec of the
object with the decisions about it: a Pop that may not be drained yet is told that it is Active, and
one that may not be without edges yet is told to keep those that it has. The word of the other
cluster takes the place of its pods: by it the Pop counts as one that serves, and what its edges
prove counts as what edges here prove (see `pop_reports`).
"""

import logging
import time
from collections.abc import Iterable, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.pop_reports import EdgeWord, Report
from dnsfleet.replication.revisions import Revision
from dnsfleet.resources import Pop, Reference
from dnsfleet.resources.pops import DEFAULT_REPLICAS
from dnsfleet_publisher.record_store import RecordStore
from dnsfleet_publisher.remote_pops import PopWish, RemotePops

from dnsfleet_operator.configuration import VERSION
from dnsfleet_operator.observed.edge_pods import EdgePod
from dnsfleet_operator.observed.observation import Observation
from dnsfleet_operator.pops.drains import Drains
from dnsfleet_operator.pops.passes import PopPasses

Spec = dict[str, Any]

_log = logging.getLogger(__name__)

QUIET_SECONDS = 60.0
"""Without news for so long a Pop is not taken to serve any more. Reports come every few seconds,
and Kubernetes gives a node up after 40 s."""


class RemoteEdges:
    """What other clusters say, as of the last look."""

    def __init__(self) -> None:
        self.reports: dict[str, Report] = {}
        """By Pop."""
        self.ready: dict[str, tuple[EdgePod, ...]] = {}
        """By Pop that has some: one for all of its Ready edges that say the same."""
        self.said: dict[str, Ack] = {}
        """The word of each of those, by its field."""
        self.published: Mapping[str, Revision] = {}
        """By Pop, the revision of the spec that was published last."""
        self.quiet: frozenset[str] = frozenset()
        """The Pops of which nothing new was heard for QUIET_SECONDS."""
        self._news: dict[str, tuple[int, float]] = {}
        """By Pop, the time in its newest report, and when that came (`time.monotonic`)."""

    @property
    def without_edges(self) -> set[str]:
        """The Pops that say that they are to have no edges."""
        return {pop for pop, report in self.reports.items() if report.wanted == 0}

    def take(
        self, reports: Mapping[str, Report], uids: Mapping[str, str], now: float, now_ms: int
    ) -> None:
        """These reports are the newest, of Pops whose objects have these UIDs.

        `now` is `time.monotonic()`, `now_ms` Unix time. A report of an earlier object of the same
        name counts while news come: its edges run, and take the new spec in a moment. Without news
        it is a leftover. No ack is newer than the report that brought it, whatever it claims: else
        edges that fell silent would never be told.
        """
        self.ready, self.said = {}, {}
        self._news = {pop: self._came(pop, each, now, now_ms) for pop, each in reports.items()}
        self.quiet = frozenset(
            pop for pop, (_, came) in self._news.items() if now - came > QUIET_SECONDS
        )
        self.reports = {
            pop: report
            for pop, report in reports.items()
            if pop not in self.quiet or report.uid in ("", uids.get(pop))
        }
        for pop, report in self.reports.items():
            edges = [
                (EdgePod(pop, _name(word), True, elsewhere=True), word.ack) for word in report.words
            ]
            if edges:
                self.ready[pop] = tuple(sorted(edge for edge, _ in edges))
            heard_ms = now_ms - round((now - self._news[pop][1]) * 1000)
            self.said |= {
                edge.field: ack._replace(time_ms=min(ack.time_ms, heard_ms))
                for edge, ack in edges
                if ack is not None
            }

    def _came(self, pop: str, report: Report, now: float, now_ms: int) -> tuple[int, float]:
        """When a report came. Of the first that is seen only its own clock tells that."""
        known = self._news.get(pop)
        if known is None:
            return report.time_ms, now - max(0, now_ms - report.time_ms) / 1000
        return known if known[0] == report.time_ms else (report.time_ms, now)


class RemotePasses:
    """One leader's passes over such Pops. Every method may raise StoreError."""

    def __init__(self, store: RecordStore, observation: Observation, passes: PopPasses) -> None:
        self._store = store
        self._observation = observation
        self._passes = passes
        self._pops = RemotePops(store)
        self._fence = 0
        self._kept: frozenset[str] | None = None
        self._unknown: dict[str, tuple[str, tuple[str, ...]]] = {}
        self.edges = RemoteEdges()

    def run(self, name: str, key: Ed25519PrivateKey) -> bool:
        """Publish what one Pop is to be; False where that is not known yet."""
        known = self._observation.get(Reference("Pop", "", name))
        pop = known.document.resource if known is not None and known.document else None
        if known is None or not isinstance(pop, Pop) or pop.spec.cluster != "agent":
            self._pops.forget(name)
            return True
        passes = self._passes
        asks_to_stop = pop.drain_asked_by or pop.spec.edge.replicas == 0
        if not self._store.fence or not passes.public_keys:
            return False
        if asks_to_stop and not passes.decided:
            return True  # what an earlier leader decided holds until the next decision
        spec = decided_spec(pop, passes.drains, self.edges.reports.get(name))
        wish = PopWish(known.generation, spec, passes.public_keys, VERSION, known.uid)
        try:
            self._pops.publish(name, wish, key)
        except ValueError as error:
            passes.refuse(name, "SpecTooLarge", str(error))
        return True

    def look(self) -> list[str]:
        """Take what other clusters say now; the Pops whose spec is to be published once more."""
        names = self.hear()
        self.edges.published = self._pops.revisions()
        again = set(self._pops.lost())
        if self._store.fence != self._fence:
            self._fence = self._store.fence
            again |= set(names)
        return sorted(again)

    def hear(self) -> list[str]:
        """Take what other clusters say now; the names of all their Pops."""
        names = [pop.metadata.name for pop in remote(self._observation.pops)]
        known = {name: self._observation.get(Reference("Pop", "", name)) for name in names}
        uids = {name: each.uid for name, each in known.items() if each is not None}
        now_ms = time.time_ns() // 1_000_000
        reports = self._pops.reports(names)
        self.edges.take(reports, uids, time.monotonic(), now_ms)
        self._tell_unknown(reports)
        return names

    def end_others(self, reaching: Iterable[str]) -> None:
        """Take out of the core what is left of Pops that may not reach it any more.

        `reaching` are those that may, although their objects may be gone (see `access`).
        """
        own = (pop.metadata.name for pop in remote(self._observation.pops))
        kept = frozenset(reaching).union(own)
        if kept != self._kept and self._store.fence:
            for name in self._pops.end_others(kept):
                _log.info("removed what the core had of Pop %s", name)
            self._kept = kept

    def _tell_unknown(self, reports: Mapping[str, Report]) -> None:
        """Log what newer operators say and this one does not know, once for each version."""
        unknown = {pop: (each.version, each.unknown) for pop, each in reports.items()}
        for pop, (version, fields) in unknown.items():
            if fields and self._unknown.get(pop) != (version, fields):
                told = "the report of Pop %s, version %s, has fields that are ignored here: %s"
                _log.warning(told, pop, version, ", ".join(fields))
        self._unknown = unknown


def remote(pops: Iterable[Pop]) -> list[Pop]:
    """Those of the Pops that the operators of other clusters run."""
    return [pop for pop in pops if pop.spec.cluster == "agent"]


def decided_spec(pop: Pop, drains: Drains, report: Report | None) -> Spec:
    """The spec that is published: as people gave it, with what was decided about it."""
    spec: Spec = pop.spec.model_dump(mode="json", by_alias=True, exclude_unset=True)
    spec.pop("cluster", None)
    name = pop.metadata.name
    if pop.drain_asked_by:
        spec["state"] = "Drained" if name in drains.drained else "Active"
    if pop.spec.edge.replicas == 0 and name not in drains.stopped:
        edges = report.wanted if report is not None else 0
        spec["edge"]["replicas"] = edges or DEFAULT_REPLICAS
    return spec


def _name(word: EdgeWord) -> str:
    return word.edge if word.edges == 1 else f"{word.edge} and {word.edges - 1} more"

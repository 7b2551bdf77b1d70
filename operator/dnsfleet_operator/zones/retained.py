"""Remnants: what is published of objects that do not say it themselves any more.

    a Zone that is not understood         holds its origin; its zone is served as it is published
    a RecordSet that is not understood    what it added is served on
    a RecordSet that is gone, and nobody meant to delete it: the same, for a grace period
    a RecordSet that breaks its zone      its last good version, where this writer never saw one

What a RecordSet added is known by its claim (see `claims`).
"""

import logging
from collections.abc import Mapping, Set

from dnsfleet.resources import Metadata, RecordSet, Reference, Zone, ZoneSpec
from dnsfleet_publisher.assembling import Past
from dnsfleet_publisher.record_store import RecordStore

from dnsfleet_operator.observed.deletions import Deletions
from dnsfleet_operator.observed.observation import Known, Observation, origins_of
from dnsfleet_operator.zones import claims, orphans
from dnsfleet_operator.zones.claims import Ledger

_log = logging.getLogger(__name__)


class Remnants:
    """Finds them for each pass of one writer."""

    def __init__(
        self, ledger: Ledger, store: RecordStore, deletions: Deletions, grace_seconds: float
    ) -> None:
        self._ledger = ledger
        self._store = store
        self._deletions = deletions
        self._grace_seconds = grace_seconds
        self._kept: dict[Reference, RecordSet] = {}
        self._deleted: set[Reference] = set()
        self._since: Mapping[str, float] = {}

    def find(self, observation: Observation, live: Set[str]) -> Past:
        """What is to be served on beside the objects that are understood."""
        self._follow(observation)
        zones = [
            _stand_in(known, origin)
            for known in observation.of_kind("Zone").values()
            if known.document is None
            for origin in origins_of(known) & live
        ]
        return Past(zones, dict(self._kept), self._published)

    def sweep(self, observation: Observation, now: float) -> None:
        """Let go of RecordSets that are gone for long; only after a complete list."""
        by_text = {str(reference): reference for _, reference, _ in self._ledger.all()}
        named = {str(reference) for reference in observation.of_kind("RecordSet")}
        found = orphans.sweep(by_text.keys(), named, self._since, now, self._grace_seconds)
        self._since = found.since
        self._deleted |= {by_text[text] for text in found.removed}

    def _follow(self, observation: Observation) -> None:
        """Bring up to date which RecordSets are served on without their object's word."""
        known = observation.of_kind("RecordSet")
        self._deleted -= known.keys()
        silent = {
            reference: (origin, claim)
            for origin, reference, claim in self._ledger.all()
            if (found := known.get(reference)) is None or found.document is None
        }
        if observation.complete:
            gone = {
                reference: claim.created
                for reference, (_, claim) in silent.items()
                if reference not in known.keys() | self._kept.keys() | self._deleted
            }
            for reference, why in self._deletions.why_not(gone).items():
                if why is None:
                    self._deleted.add(reference)
                else:
                    _log.warning("%s is gone and what it added stays: %s", reference, why)
        kept = {}
        for reference, (origin, _) in silent.items():
            if reference not in self._deleted:
                record_set = self._kept.get(reference) or self._published(origin, reference)
                if record_set is not None:
                    kept[reference] = record_set
        self._kept = kept

    def _published(self, origin: str, reference: Reference) -> RecordSet | None:
        claim, zone = self._ledger.of_zone(origin).get(reference), self._store.load(origin)
        if claim is None or zone is None:
            return None
        return claims.as_published(reference, claim, zone)


def _stand_in(known: Known, origin: str) -> Zone:
    """A Zone that has its origin and its age, and allows nothing to anybody else."""
    metadata = known.manifest["metadata"]
    return Zone.model_construct(
        metadata=Metadata(
            name=metadata["name"],
            namespace=metadata["namespace"],
            creation_timestamp=metadata.get("creationTimestamp", ""),
        ),
        spec=ZoneSpec.model_construct(origin=origin),
    )

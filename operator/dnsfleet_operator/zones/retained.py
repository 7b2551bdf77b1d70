"""What stays published of objects that do not say it themselves any more.

    a Zone that is not understood         holds its origin; its zone is served as it is published
    a RecordSet that is not understood    what it added is served on
    a RecordSet that is gone, and nobody meant to delete it: the same, for a grace period
    a RecordSet that breaks its zone      its last good version, where this writer never saw one

All of that is of one object: a RecordSet that was made anew under the name of another one never
served what that one did, and ends it.

What a RecordSet added is known by its claim (see `claims`). Only a RecordSet that came, changed or
went is looked at, and all with a claim when a writer begins.
"""

import logging
from collections.abc import Collection, Iterable

from dnsfleet.resources import Metadata, RecordSet, Reference, Zone, ZoneSpec
from dnsfleet.zones import ownership
from dnsfleet_publisher import claims
from dnsfleet_publisher.assembling import Assembler
from dnsfleet_publisher.claims import Ledger
from dnsfleet_publisher.record_store import RecordStore

from dnsfleet_operator.observed.deletions import Deletions, refused
from dnsfleet_operator.observed.observation import Known, Observation
from dnsfleet_operator.zones.absences import Absences

_log = logging.getLogger(__name__)


class Retained:
    """Decides which RecordSets of one writer are served on without their object's word."""

    def __init__(
        self, ledger: Ledger, store: RecordStore, deletions: Deletions, absences: Absences
    ) -> None:
        self._ledger = ledger
        self._store = store
        self._deletions = deletions
        self._absences = absences
        self._deleted: set[Reference] = set()

    def follow(
        self, references: Collection[Reference], observation: Observation, assembler: Assembler
    ) -> None:
        """Retain, or let go of, each of these RecordSets. ClusterError changes nothing."""
        there = {reference for reference in references if observation.get(reference) is not None}
        silent = [each for each in references if not _speaks(each, observation)]
        if observation.complete:
            settled = there | self._deleted | assembler.retained
            self._ask(
                each for each in silent if each not in settled and _is_seen(each, observation)
            )
        self._deleted -= there
        for reference in silent:
            self._retain(reference, observation.get(reference), assembler)

    def sweep(self, observation: Observation, now: float) -> list[Reference]:
        """Those that are gone for too long, to be followed; only after a complete list."""
        claimed = self._ledger.record_sets()
        by_name = {_name(reference): reference for reference in claimed}
        named = {_name(reference) for reference in observation.of_kind("RecordSet")}
        found = self._absences.sweep(
            "RecordSet",
            by_name.keys(),
            named,
            lambda name: self._published_at(by_name[name]),
            now,
            {name for name, each in by_name.items() if not _is_seen(each, observation)},
        )
        removed = [by_name[name] for name in found]
        self._deleted &= claimed
        self._deleted |= set(removed)
        return removed

    def _published_at(self, reference: Reference) -> float:
        """When the zone was published that has what a RecordSet added."""
        return max(
            (
                published_at(self._store, origin)
                for origin, _ in self._ledger.of_record_set(reference)
            ),
            default=0.0,
        )

    def _published(self, origin: str, reference: Reference) -> RecordSet | None:
        claim, zone = self._ledger.of_zone(origin).get(reference), self._store.load(origin)
        if claim is None or zone is None:
            return None
        return claims.as_published(reference, claim, zone)

    def _ask(self, gone: Iterable[Reference]) -> None:
        """Ask the API server which of these were meant to go."""
        created = {
            reference: claim.created
            for reference in gone
            for _, claim in self._ledger.of_record_set(reference)[-1:]
        }
        found = self._deletions.why_not(created)
        self._deleted.update(reference for reference, why in found.items() if why is None)
        for line in refused(found, "what it added stays"):
            _log.warning("%s", line)

    def _retain(self, reference: Reference, known: Known | None, assembler: Assembler) -> None:
        kept = None
        if reference not in self._deleted:
            if reference in assembler.retained:
                kept = assembler.record_sets.get(reference)
            else:
                for origin, _ in self._ledger.of_record_set(reference)[-1:]:
                    kept = self._published(origin, reference)
        if kept is not None and known is not None and not _is(kept, known.uid, known.created):
            kept = None
        if kept is not None and known is None:
            kept = ownership.in_place_of(kept)
        if kept is None:
            assembler.remove(reference)
        elif reference not in assembler.retained or kept != assembler.record_sets.get(reference):
            assembler.retain(kept)


def published_at(store: RecordStore, origin: str) -> float:
    """When a zone was published last, Unix time in seconds; 0 where it is not there."""
    manifest = store.manifest(origin)
    return 0.0 if manifest is None else manifest.time_ms / 1000


def stand_in(reference: Reference, known: Known, origin: str) -> Zone:
    """A Zone that has its origin and its age, and allows nothing to anybody else."""
    return Zone.model_construct(
        metadata=Metadata.model_construct(
            name=reference.name,
            namespace=reference.namespace,
            creation_timestamp=known.created,
        ),
        spec=ZoneSpec.model_construct(origin=origin),
    )


def _name(reference: Reference) -> str:
    return f"{reference.namespace}/{reference.name}"


def _is_seen(reference: Reference, observation: Observation) -> bool:
    return observation.sees("RecordSet", reference.namespace)


def _speaks(reference: Reference, observation: Observation) -> bool:
    known = observation.get(reference)
    return known is not None and known.document is not None


def _is(record_set: RecordSet, uid: str, created: str) -> bool:
    """Whether a RecordSet as it was published is the object with this uid."""
    metadata = record_set.metadata
    if not metadata.uid:  # noted by an operator that did not know uids
        return metadata.creation_timestamp == created
    return metadata.uid == uid

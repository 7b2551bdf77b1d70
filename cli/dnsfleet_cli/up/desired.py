"""What the fleet should serve now: from files to documents to zones, told where they are wrong."""

import queue
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path

from dnsfleet.replication.manifests import Manifest
from dnsfleet.resources import Pop, Reference, Resource, Zone, documents
from dnsfleet.tsig_keys import UsableKey
from dnsfleet.violations import Violation
from dnsfleet_engine import Zone as EngineZone
from dnsfleet_publisher.assembling import Assembler
from dnsfleet_publisher.catalogs import PublishedZones
from dnsfleet_publisher.last_good import Assembled, subject
from dnsfleet_publisher.outside_texts import OutsideTexts
from dnsfleet_publisher.transferring.notify_port import NotifyPort
from dnsfleet_publisher.transferring.transfers import Transfers

from dnsfleet_cli import key_ring
from dnsfleet_cli.document_files import DocumentFiles
from dnsfleet_cli.key_ring import KeyRing
from dnsfleet_cli.up import events
from dnsfleet_cli.up.last_good import DocumentChanges, LastGood
from dnsfleet_cli.up.redis_servers import HOST
from dnsfleet_cli.whole_files import still_written
from dnsfleet_cli.zone_paths import ZonePaths

PROGRESS_OCTETS = 4 * 1024**2
"""Files below this are read before anyone could look at a bar."""


@dataclass
class Desired:
    """The zones and the Pops as they should be, and what of it is still to be done."""

    zones: Mapping[str, Assembled] = field(default_factory=dict)
    """By origin."""
    pops: list[Pop] = field(default_factory=list)
    tsig_keys: Sequence[UsableKey] = ()
    """Those that a gate accepts."""
    unpublished: set[str] = field(default_factory=set)
    """Origins that may differ from what is published; whoever has published one takes it out."""
    removals: set[str] = field(default_factory=set)
    """Origins to remove from the fleet; whoever has removed one takes it out."""


class DesiredReader:
    """Looks at the files again and again, and brings `desired` to what they say.

    A look costs what differs from the last one.
    """

    def __init__(
        self,
        files: DocumentFiles,
        store: Path,
        show: Callable[[events.Event], None],
        news: Callable[[], None] = lambda: None,
    ) -> None:
        """Take the files, and the file that keeps good documents from run to run.

        `news` is called, from threads, when the next look finds something new from primaries.
        """
        self._show = show
        self._news = news
        self._files = files
        self._last_good = LastGood(store, show)
        self._zone_paths = ZonePaths(files.content)
        self._keys = KeyRing()
        self.transfers = Transfers(lambda: self._keys.primaries, self._transferred)
        self._came: queue.SimpleQueue[Reference] = queue.SimpleQueue()
        self._assembler = Assembler(
            OutsideTexts(self._zone_paths, self.transfers),
            self._last_good.documents,
            self._progress,
            live=self._live,
        )
        self.desired = Desired(self._assembler.zones)
        for document in self._last_good.documents:
            self._assembler.put(document)
        self._rebuilt: set[Reference] = set()
        """Zones and RecordSets of the zones that were built since the last `save`."""
        self._told: set[Violation] = set()

    def hear_notify(self) -> NotifyPort:
        """A port of loopback for what primaries tell gates."""
        return NotifyPort((HOST, 0), lambda: self._keys.primaries, self.transfers.notified)

    def close(self) -> None:
        """Close the store, and leave the primaries alone."""
        self.transfers.close()
        self._last_good.close()

    @property
    def unsettled(self) -> bool:
        """Whether a removal waits for a later look."""
        return self._last_good.unsettled

    @property
    def trees(self) -> set[Path]:
        """Folders to watch with all below them."""
        return self._files.trees

    @property
    def folders(self) -> set[Path]:
        """Folders to watch without what is below."""
        return self._files.folders | self._zone_paths.folders

    def look(self, changed: Set[Path] | None, late: Iterable[Path] = ()) -> None:
        """Find what differs now; `changed` are the paths that do, None where nobody knows.

        `late` are files that are to be told of as half written.
        """
        update = self._last_good.update(self._files.read(changed), time.monotonic())
        found = self._with_zone_files(update.documents, changed)
        if found:
            self._assemble(found)
            kinds = {reference.kind for reference in found.references}
            if kinds & key_ring.KINDS:
                self._keys.update(self._last_good.documents)
                self.transfers.hasten()
            self.desired.tsig_keys = [key.with_owners(self._owner) for key in self._keys.for_gate]
            if "Pop" in kinds:
                self.desired.pops = self._last_good.pops
                self.desired.unpublished.update(self.desired.zones)  # their placement may differ
        self.desired.removals.update(update.removed)
        self.desired.removals -= self.desired.zones.keys()
        written = [still_written(path) for path in late]
        self._tell([*self._files.violations, *update.violations, *self._placed(), *written])

    def _owner(self, origin: str) -> Reference | None:
        owner = self._assembler.owners.owner(origin)
        return None if owner is None else owner.reference

    def _live(self, origin: str) -> EngineZone | None:
        """The zone that the last look gave, which is published, or about to be."""
        known = self.desired.zones.get(origin)
        return None if known is None else known.zone

    def published(self, made: Iterable[Manifest], contents: Callable[[], PublishedZones]) -> bool:
        """Take what was published, as catalogs list it; whether there is more to publish now.

        `contents` gives all that is published; it is asked when there is a catalog first.
        """
        catalogs = self._assembler.catalogs
        for manifest in made:
            revision = None if manifest.tombstone else str(manifest.revision)
            catalogs.published(manifest.zone, revision)
        if catalogs.waiting:
            catalogs.open(contents())
        if not self._assembler.marks:
            return False
        self._assemble(DocumentChanges((), frozenset()))
        return True

    def save(self) -> None:
        """Keep the good documents for the next run."""
        self._last_good.save(self._assembler.good, self._rebuilt)
        self._rebuilt.clear()

    def _with_zone_files(
        self, found: DocumentChanges, changed: Set[Path] | None
    ) -> DocumentChanges:
        """The changes, and the documents whose zone files say something else."""
        without = {d.reference for d in found.changed if not _has_zone_path(d.resource)}
        self._zone_paths.forget(found.removed | without)
        known = {document.reference for document in found.changed}
        others = self._zone_paths.look(changed) | self._take_transferred()
        stale = (self._last_good.get(r) for r in others - known)
        more = tuple(document for document in stale if document is not None)
        return DocumentChanges(found.changed + more, found.removed)

    def _transferred(self, zone: Reference) -> None:
        """There is news of the primaries of a Zone; called from threads."""
        self._came.put(zone)
        self._news()

    def _take_transferred(self) -> set[Reference]:
        """Zones that are other ones on their primaries now, or cannot be had."""
        found = set()
        while not self._came.empty():
            found.add(self._came.get())
        return {reference for reference in found if not self.transfers.unchanged(reference)}

    def _assemble(self, found: DocumentChanges) -> None:
        """Bring the zones to what the documents say; those that may differ are to be published."""
        for reference in found.removed:
            self._assembler.remove(reference)
        for document in found.changed:
            self._assembler.put(document)
        assembly = self._assembler.assemble()
        self.desired.unpublished.difference_update(assembly.vacant)
        for zone in assembly.zones:
            self.desired.unpublished.add(zone.origin)
            self._rebuilt.add(zone.resource.reference)
            self._rebuilt.update(item.reference for item in zone.record_sets)

    def _placed(self) -> list[Violation]:
        """What is wrong with zones, at the places in files.

        A zone of which a file is half written is told about when the file is whole.
        """
        violations = self._assembler.violations(self._zone_paths.waiting)
        violations = [*violations, *self._keys.violations, *self._away(), *self._not_consumed()]
        subjects = {about for each in violations if (about := subject(each)) is not None}
        known = (self._last_good.get(reference) for reference in subjects)
        return documents.place(violations, [d for d in known if d is not None])

    def _away(self) -> Iterator[Violation]:
        """Warnings of zones that are served, and of which no primary says that they are current."""
        for reference, standing in self.transfers.standings():
            if standing.serial is not None and standing.message:
                where = f"{reference}: spec.source.transfer"
                yield Violation(standing.reason, standing.message, where, "warning")

    def _not_consumed(self) -> Iterator[Violation]:
        """Warnings of catalogs of primaries: only an operator can make Zones of what they list."""
        for zone in (each.resource for each in self._assembler.zones.values()):
            if zone.spec.consumed is not None:
                where = f"{zone.reference}: spec.source.transfer.catalog"
                message = (
                    "the catalog is transferred and the zones that it lists are not: that takes a "
                    "cluster; write a Zone for each here"
                )
                yield Violation("NeedsCluster", message, where, "warning")

    def _tell(self, now: Iterable[Violation]) -> None:
        """Tell what was not told at the last look."""
        found = dict.fromkeys(now)
        for violation in found:
            if violation not in self._told:
                self._show(events.found(violation))
        self._told = set(found)

    def _progress(self, file: str, read: int, total: int) -> None:
        if total >= PROGRESS_OCTETS:
            self._show(events.Loading(file, read, total))


def _has_zone_path(resource: Resource) -> bool:
    if not isinstance(resource, Zone) or resource.spec.zone_file is None:
        return False
    return resource.spec.zone_file.path is not None

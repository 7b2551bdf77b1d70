"""What the fleet should serve now: from files to documents to zones, told where they are wrong."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from dnsfleet.resources import Pop, documents
from dnsfleet.violations import Violation
from dnsfleet_publisher.assembling import Assembler
from dnsfleet_publisher.last_good import Assembled

from dnsfleet_cli.manifest_files import ManifestFiles
from dnsfleet_cli.up import events
from dnsfleet_cli.up.last_good import LastGood
from dnsfleet_cli.zone_paths import ZonePaths

PROGRESS_OCTETS = 4 * 1024**2
"""Files below this are read before anyone could look at a bar."""


@dataclass(frozen=True)
class Desired:
    """The zones and the Pops as they should be."""

    zones: list[Assembled]
    pops: list[Pop]


class Manifests:
    """Looks at the files again and again; each look costs what changed since the last."""

    def __init__(
        self, paths: Iterable[Path], store: Path, show: Callable[[events.Event], None]
    ) -> None:
        """Take files and folders, and the file that keeps good documents from run to run."""
        self._show = show
        self._files = ManifestFiles(paths)
        self._last_good = LastGood(store)
        self._zone_paths = ZonePaths()
        self._assembler = Assembler(self._zone_paths, self._last_good.documents, self._progress)
        self._told: set[Violation] = set()
        self.removals: set[str] = set()
        """Origins to remove from the fleet; whoever has removed one takes it out."""

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
        return self._files.folders | {file.parent for file in self._zone_paths.files}

    def look(self, changed: set[Path] | None = None) -> Desired:
        """What the files say now; `changed` are those that are known to be different."""
        self._zone_paths.forget(changed or set())
        files = self._files.read()
        update = self._last_good.update(files, time.monotonic())
        found = self._last_good.documents
        self._assembler.replace(found)
        self._assembler.assemble()
        zones = list(self._assembler.zones.values())
        self._tell(
            [*(v for file in files for v in file.violations), *update.violations],
            documents.place(self._assembler.violations(), found),
        )
        self.removals |= set(update.removed)
        self.removals -= {zone.origin for zone in zones}
        pops = [d.resource for d in self._last_good.documents if isinstance(d.resource, Pop)]
        return Desired(zones, pops)

    def save(self) -> None:
        """Keep the good documents for the next run."""
        self._last_good.save(self._assembler.good)

    def _tell(self, *found: list[Violation]) -> None:
        """Tell what was not told at the last look."""
        now = [violation for violations in found for violation in violations]
        for violation in now:
            if violation not in self._told:
                self._show(events.found(violation))
        self._told = set(now)

    def _progress(self, file: str, read: int, total: int) -> None:
        if total >= PROGRESS_OCTETS:
            self._show(events.Loading(file, read, total))

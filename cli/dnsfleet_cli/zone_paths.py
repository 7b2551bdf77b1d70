"""Zone files beside their manifests, for `dnsfleet up` and the zone commands."""

from collections import Counter
from collections.abc import Iterable, Set
from dataclasses import dataclass
from pathlib import Path

from dnsfleet import resources
from dnsfleet.resources import Reference
from dnsfleet.resources.documents import Document
from dnsfleet.violations import Violation, printable
from dnsfleet_publisher.zone_sources import SourceError, Text

from dnsfleet_cli import zone_files
from dnsfleet_cli.troubles import reason
from dnsfleet_cli.whole_files import BeingWrittenError, Files

UNSUPPORTED = "Unsupported"
"""The reason where a zone comes from an address that only the operator asks, or from primaries."""


def not_asked(violation: Violation) -> Violation:
    """A warning in the place of the error that only a fleet asks the primaries of a zone."""
    if violation.reason != UNSUPPORTED or "spec.source." not in violation.where:
        return violation
    message = "what primaries have is not looked at here"
    return violation._replace(reason="NotLookedAt", message=message, severity="warning")


@dataclass
class _Read:
    """What shows whether a zone file, or any file that it includes, has changed."""

    path: Path
    stamp: zone_files.Stamp | None
    include: zone_files.Inclusions

    @property
    def stamps(self) -> dict[Path, zone_files.Stamp | None]:
        """Every file that was read or asked for."""
        return {self.path: self.stamp, **self.include.stamps}


class ZonePaths:
    """Reads what `zoneFile.path` names, relative to the manifest and never outside its folder."""

    def __init__(self, files: Files | None = None) -> None:
        """Read files by `files`; without, as they are."""
        self._files = files or Files()
        self._read: dict[Reference, _Read] = {}
        self._stale: set[Reference] = set()
        self._waiting: set[Reference] = set()
        """Zones of which a file that differs is half written, or was when it was asked for."""
        self._index = _Index()
        self._to_index: set[Reference] = set()
        """Zones whose file was read since the index was made: parsing it finds what it includes."""

    @property
    def folders(self) -> set[Path]:
        """The folders of all files that were read or asked for."""
        self._bring_index_up()
        return set(self._index.folders)

    @property
    def waiting(self) -> Set[Reference]:
        """Zones of which a file is half written: what they are made of now does not count yet."""
        return self._waiting

    def look(self, changed: Set[Path] | None) -> Set[Reference]:
        """Zones whose file, or one that it includes, is found different by this look.

        `changed` are paths that were changed since the last look; None compares the stamps of all
        files. A path counts whatever its stamp says: two writes in one tick of the clock share one.
        A Zone waits for a later look while one of its files is half written.
        """
        self._bring_index_up()
        found: set[Reference] = set()
        if changed is None:
            for reference, read in self._read.items():
                if any(zone_files.stamp(path) != stamp for path, stamp in read.stamps.items()):
                    found.add(reference)
        else:
            for path in changed:
                found |= self._index.readers.get(zone_files.real(path), frozenset())
        found = (found - self._stale) | self._waiting
        self._waiting = {reference for reference in found if not self._is_whole(reference)}
        found -= self._waiting
        self._stale |= found
        return found

    def forget(self, zones: Iterable[Reference]) -> None:
        """Forget the files of Zones that are gone or have no such file any more."""
        for reference in zones:
            if self._read.pop(reference, None) is not None:
                self._stale.discard(reference)
                self._waiting.discard(reference)
                self._to_index.discard(reference)
                self._index.remove(reference)

    def read(self, zone: resources.Zone, document: Document) -> Text:
        """The text of the file; SourceError where it cannot be read."""
        self.forget([zone.reference])
        file = zone.spec.zone_file
        if zone.spec.transfer is not None:
            raise SourceError("transfer", "only a fleet that runs asks primaries", UNSUPPORTED)
        if file is None or file.path is None:
            raise SourceError("url", "url needs the operator; give a path here", UNSUPPORTED)
        folder = Path(document.path).parent
        named = folder / file.path
        try:
            path = zone_files.real(named)
        except ValueError as error:
            raise SourceError("path", f"{printable(file.path)} is no path: {error}") from None
        if not path.is_relative_to(zone_files.real(Path(document.path)).parent):
            raise SourceError(
                "path",
                f"{file.path} is outside the manifest's folder; move it inside",
                "OutsideFolder",
            )

        # The stamp is taken before reading: a change meanwhile shows.
        def read_part(part: Path) -> bytes:
            try:
                return self._files.read(part)
            except BeingWrittenError:
                self._waiting.add(zone.reference)
                raise

        include = zone_files.Inclusions(path, read_part)
        read = _Read(path, zone_files.stamp(path), include)
        self._read[zone.reference] = read
        self._to_index.add(zone.reference)
        try:
            return Text(read_part(path), str(named), include)
        except OSError as error:
            raise SourceError("path", f"{named}: {reason(error)}") from None

    def drop(self, reference: Reference) -> None:
        """Let go of the files of a Zone that is gone."""
        self.forget([reference])

    def unchanged(self, reference: Reference) -> bool:
        """Whether no `look` since `read` found the file, or one that it includes, different."""
        return reference not in self._stale

    def _is_whole(self, reference: Reference) -> bool:
        return all(self._files.is_whole(path) for path in self._read[reference].stamps)

    def _bring_index_up(self) -> None:
        for reference in self._to_index:
            self._index.put(reference, self._read[reference].stamps.keys())
        self._to_index.clear()


class _Index:
    """Which Zones depend on a file, and which folders have such files."""

    def __init__(self) -> None:
        self.readers: dict[Path, set[Reference]] = {}
        self.folders: Counter[Path] = Counter()
        self._paths: dict[Reference, tuple[Path, ...]] = {}

    def put(self, reference: Reference, paths: Iterable[Path]) -> None:
        self.remove(reference)
        self._paths[reference] = tuple(paths)
        for path in self._paths[reference]:
            self.readers.setdefault(path, set()).add(reference)
            self.folders[path.parent] += 1

    def remove(self, reference: Reference) -> None:
        for path in self._paths.pop(reference, ()):
            self.readers[path].discard(reference)
            if not self.readers[path]:
                del self.readers[path]
            self.folders[path.parent] -= 1
            if not self.folders[path.parent]:
                del self.folders[path.parent]

"""Zone files beside their manifests, for `dnsfleet up` and the zone commands."""

from dataclasses import dataclass
from pathlib import Path

from dnsfleet import resources
from dnsfleet.resources import Reference
from dnsfleet.resources.documents import Document
from dnsfleet_publisher.zone_sources import SourceError, Text

from dnsfleet_cli import zone_files
from dnsfleet_cli.troubles import reason


@dataclass
class _Read:
    """What tells that a zone file and all that it includes have not changed."""

    path: Path
    stamp: zone_files.Stamp | None
    include: zone_files.Inclusions

    @property
    def stamps(self) -> dict[Path, zone_files.Stamp | None]:
        """Every file that was read or asked for."""
        return {self.path: self.stamp, **self.include.stamps}


class ZonePaths:
    """Reads what `zoneFile.path` names, relative to the manifest and never outside its folder."""

    def __init__(self) -> None:
        self._read: dict[Reference, _Read] = {}
        self._stale: set[Reference] = set()

    @property
    def files(self) -> set[Path]:
        """Every file that was read or asked for."""
        return {path for read in self._read.values() for path in read.stamps}

    def forget(self, changed: set[Path]) -> None:
        """Read again what depends on these: two writes in one tick of the clock share a stamp."""
        resolved = {path.resolve() for path in changed}
        self._stale |= {
            reference
            for reference, read in self._read.items()
            if not resolved.isdisjoint(read.stamps)
        }

    def read(self, zone: resources.Zone, document: Document) -> Text:
        """The text of the file; SourceError where it cannot be read."""
        self._read.pop(zone.reference, None)
        self._stale.discard(zone.reference)
        file = zone.spec.zone_file
        if file is None or file.path is None:
            raise SourceError("url", "url needs the operator; give a path here", "Unsupported")
        manifest = Path(document.path)
        named = manifest.parent / file.path
        path = named.resolve()
        if not path.is_relative_to(manifest.resolve().parent):
            raise SourceError(
                "path",
                f"{file.path} is outside the manifest's folder; move it inside",
                "OutsideFolder",
            )
        # The stamp is taken before reading: a change meanwhile shows.
        read = _Read(path, zone_files.stamp(path), zone_files.Inclusions(path))
        self._read[zone.reference] = read
        try:
            return Text(path.read_bytes(), str(named), read.include)
        except OSError as error:
            raise SourceError("path", f"{named}: {reason(error)}") from None

    def drop(self, reference: Reference) -> None:
        """Watch no files for a Zone that is gone."""
        self._read.pop(reference, None)
        self._stale.discard(reference)

    def unchanged(self, reference: Reference) -> bool:
        """Whether the file, and each that it includes, is as it was when it was read."""
        read = self._read.get(reference)
        if reference in self._stale:
            return False
        return read is None or all(
            zone_files.stamp(path) == stamp for path, stamp in read.stamps.items()
        )

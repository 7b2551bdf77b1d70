"""The zones of `dnsfleet serve`: from master files to the engine, and again when the files change.

A zone is taken whole or not at all. One that does not load any more keeps the version that is
answered; what is wrong is told with file and line, as by `zone lint`. The same holds for a file
that is gone: a zone leaves only when `serve` ends.
"""

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from dnsfleet.violations import errors
from dnsfleet_engine import Engine

from dnsfleet_cli import zone_files
from dnsfleet_cli.signature_warnings import SignatureWarnings
from dnsfleet_cli.troubles import Trouble, counted
from dnsfleet_cli.zone_files import Inclusions, Stamp

Files = Mapping[str, Path]
"""Master files by origin."""


class ServedZones:
    """Loads master files into an engine."""

    def __init__(self, engine: Engine, files: Callable[[], Files]) -> None:
        """Take what says which files there are; it is asked again at each reload."""
        self._engine = engine
        self._files = files
        self._serials: dict[str, int] = {}
        self._stamps: dict[str, dict[Path, Stamp | None]] = {}
        self._signatures = SignatureWarnings(lambda found: print(found, file=sys.stderr))

    @property
    def folders(self) -> frozenset[Path]:
        """Where the files are and, where they are symlinks, what these lead to."""
        files = {file for stamps in self._stamps.values() for file in stamps}
        return frozenset(
            folder for file in files for folder in (file.absolute().parent, file.resolve().parent)
        )

    def load(self) -> bool:
        """Load every zone; false, with the findings told, when one has errors."""
        good = [self._load(origin, file) for origin, file in self._files().items()]
        return all(good)

    def reload(self, changed: bool) -> None:
        """Load every zone again, or only those with a file that changed, and new ones."""
        try:
            files = self._files()
        except Trouble as trouble:
            print(f"nothing is reloaded: {trouble}", file=sys.stderr)
            return
        for origin, file in files.items():
            if not (changed and self._is_unchanged(origin, file)):
                self._reload(origin, file)
        for origin in self._serials.keys() - files.keys():
            print(f"{origin} has no file any more, {self._stays(origin)}", file=sys.stderr)
        sys.stdout.flush()

    def look(self) -> None:
        """Tell of zones whose signatures have come near their end, or to it."""
        self._signatures.look(time.time())

    def _reload(self, origin: str, file: Path) -> None:
        try:
            good = self._load(origin, file)
        except Trouble as trouble:
            print(trouble, file=sys.stderr)
            good = False
        if not good:
            print(f"{origin} {self._stays(origin)}", file=sys.stderr)

    def _stays(self, origin: str) -> str:
        serial = self._serials.get(origin)
        return "is not served" if serial is None else f"stays at serial {serial}"

    def _load(self, origin: str, file: Path) -> bool:
        stamp = zone_files.stamp(file)  # before reading: a change meanwhile shows
        inclusions = Inclusions(file)
        self._stamps[origin] = {file: stamp}
        zone, violations = zone_files.load(file, origin, inclusions)
        self._stamps[origin] |= inclusions.stamps
        for violation in violations:
            print(violation, file=sys.stderr)
        if zone is None:
            count = counted(len(errors(violations)), "error")
            print(f"{origin} refused: {count} in {file}", file=sys.stderr)
            return False
        self._engine.load(zone)
        self._serials[origin] = zone.serial
        print(f"{origin} serial {zone.serial}, {zone.records} records from {file}")
        self._signatures.served(origin, zone, time.time())
        return True

    def _is_unchanged(self, origin: str, file: Path) -> bool:
        stamps = self._stamps.get(origin, {})
        return file in stamps and all(
            zone_files.stamp(path) == stamp for path, stamp in stamps.items()
        )

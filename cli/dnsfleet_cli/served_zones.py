"""The zones of `dnsfleet serve`: from master files to the engine, and again when the files change.

A zone is taken whole or not at all. One that does not load any more keeps the version that is
answered; what is wrong is told with file and line, as by `zone lint`. The same holds for a file
that is gone: a zone leaves only when `serve` ends. A zone of which a file is half written waits for
the file to be whole; the start waits for it, too, but not for long (`whole_files`).
"""

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from dnsfleet.violations import errors
from dnsfleet.zones.master_files import Built
from dnsfleet_engine import Engine

from dnsfleet_cli import zone_files
from dnsfleet_cli.signature_warnings import SignatureWarnings
from dnsfleet_cli.troubles import Trouble, counted
from dnsfleet_cli.whole_files import BeingWrittenError, PatientFiles, WholeFiles, still_written
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
        self._content = WholeFiles()
        self._waiting: dict[str, Path] = {}
        """Master files of zones that were not loaded again, because a file was half written."""
        self._told: set[Path] = set()
        """Files that were told of as half written for long."""

    @property
    def folders(self) -> frozenset[Path]:
        """Where the files are and, where they are symlinks, what these lead to."""
        files = {file for stamps in self._stamps.values() for file in stamps}
        return frozenset(
            folder
            for file in files
            for folder in (file.absolute().parent, zone_files.real(file).parent)
        )

    @property
    def wait(self) -> float:
        """Seconds until `reload_waiting` may have something to do; infinity for never."""
        return self._content.wait if self._waiting else float("inf")

    def load(self) -> bool:
        """Load every zone; false, with the findings told, when one has errors."""
        content = PatientFiles()
        files = self._files().items()
        good = [self._take(o, file, self._read(o, file, content)) for o, file in files]
        self._waiting.clear()
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
        self._waiting = {each: files[each] for each in self._waiting.keys() & files.keys()}
        for origin in self._serials.keys() - files.keys():
            print(f"{origin} has no file any more, {self._stays(origin)}", file=sys.stderr)
        sys.stdout.flush()

    def look(self) -> None:
        """Tell of zones whose signatures have come near their end, or to it."""
        self._signatures.look(time.time())

    def reload_waiting(self) -> None:
        """Load the zones of which a file was half written and no file is any more."""
        self._content.look()
        for origin, file in list(self._waiting.items()):
            self._reload(origin, file)
        late = set(self._content.late)
        for path in sorted(late - self._told):
            print(still_written(path), file=sys.stderr)
        self._told = late
        sys.stdout.flush()

    def _reload(self, origin: str, file: Path) -> None:
        known = self._stamps.get(origin, ())
        if origin in self._waiting and not all(map(self._content.is_whole, known)):
            return
        good = False
        try:
            built = self._read(origin, file, self._content)
            good = origin not in self._waiting and self._take(origin, file, built)
        except Trouble as trouble:
            if origin not in self._waiting:
                print(trouble, file=sys.stderr)
        if not good and origin not in self._waiting:
            print(f"{origin} {self._stays(origin)}", file=sys.stderr)

    def _stays(self, origin: str) -> str:
        serial = self._serials.get(origin)
        return "is not served" if serial is None else f"stays at serial {serial}"

    def _read(self, origin: str, file: Path, content: WholeFiles) -> Built:
        """What a master file says; whether it is half written is in `_waiting` then."""
        self._waiting.pop(origin, None)

        def read(path: Path) -> bytes:
            try:
                return content.read(path)
            except BeingWrittenError:
                self._waiting[origin] = file
                raise

        inclusions = Inclusions(file, read)
        stamps = self._stamps[origin] = inclusions.stamps
        stamps[file] = zone_files.stamp(file)  # before reading: a change meanwhile shows
        return zone_files.load(file, origin, inclusions)

    def _take(self, origin: str, file: Path, built: Built) -> bool:
        """Whether a zone is good, and answered from now on; what was found is told."""
        zone, violations = built
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
        return (
            origin not in self._waiting
            and file in stamps
            and all(zone_files.stamp(path) == stamp for path, stamp in stamps.items())
        )

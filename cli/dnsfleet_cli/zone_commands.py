"""`dnsfleet zone lint` and `zone diff`: each gives the exit status and prints to standard output.

Findings of checks go to standard output for `lint`, whose answer they are, and to standard error
for other commands, whose output may be piped into a file. The commands that need the models of
resources as well are in `zone_objects`.
"""

import sys
import time
from collections.abc import Iterable
from pathlib import Path

from dnsfleet.violations import Violation, errors
from dnsfleet.zones import signatures
from dnsfleet.zones.master_files import Built
from dnsfleet_engine import Zone

from dnsfleet_cli import document_folders, zone_files
from dnsfleet_cli.troubles import NEGATIVE, OK, TROUBLE, Trouble, counted
from dnsfleet_cli.whole_files import PatientFiles
from dnsfleet_cli.zone_files import Inclusions


def lint(file: Path, origin: str | None) -> int:
    """Print what is wrong with a master file."""
    zone, violations = findings(file, origin)
    for violation in violations:
        print(violation)
    if zone is None:
        return NEGATIVE
    print(f"{file}: {zone.origin} serial {zone.serial}, {zone.records} records, no errors")
    return OK


def diff(a: Path, b: Path, origin: str | None) -> int:
    """Print the records that differ."""
    old, new = read(a, origin), read(b, origin)
    if old is None or new is None:
        return TROUBLE
    if old.origin != new.origin:
        raise Trouble(f"{a} is the zone {old.origin} and {b} the zone {new.origin}")
    delta = old.diff(new)
    for line in delta.lines(old.records + new.records):
        print(line)
    return NEGATIVE if delta.added or delta.removed or delta.changed else OK


def findings(file: Path, origin: str | None) -> tuple[Zone | None, list[Violation]]:
    """The zone of a master file, None after an error, and all that is wrong with it now."""
    zone, violations = _load(file, origin)
    if zone is not None:
        violations = [*violations, *about_signatures(zone, str(file), time.time())]
    return zone, violations


def about_signatures(zone: Zone, where: str, now: float) -> list[Violation]:
    """What is wrong with the times of the signatures of a zone; `now` is Unix time in seconds."""
    period = signatures.period(zone, now)
    found = None if period is None else signatures.warning(period, period.level(now), where)
    return [] if found is None else [found]


def read(file: Path, origin: str | None) -> Zone | None:
    """The zone of a master file, after printing what was found; None after an error."""
    return told(_load(file, origin), str(file))


def told(built: Built, source: str) -> Zone | None:
    """The zone of what was built, after printing what was found; None after an error."""
    zone, violations = built
    tell(violations)
    if zone is None:
        print(f"{source}: {counted(len(errors(violations)), 'error')}", file=sys.stderr)
    return zone


def tell(violations: Iterable[Violation]) -> None:
    """Print findings to standard error."""
    for violation in violations:
        print(violation, file=sys.stderr)


def _load(file: Path, origin: str | None) -> Built:
    if document_folders.is_manifest(file):
        raise Trouble(f"{file} is a manifest; check it by `dnsfleet check -f {file}`")
    inclusions = Inclusions(file, PatientFiles().read)
    normal = None if origin is None else zone_files.normal_origin(origin)
    return zone_files.load(file, normal, inclusions)

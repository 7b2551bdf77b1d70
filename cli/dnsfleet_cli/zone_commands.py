"""`dnsfleet zone …`: each command gives the exit status and prints to standard output.

Findings of checks go to standard output for `lint`, whose answer they are, and to standard error
for the others, whose output may be piped into a file.
"""

import sys
from pathlib import Path

from dnsfleet import names
from dnsfleet.violations import Violation, errors
from dnsfleet_engine import Zone
from dnsfleet_operator.assembling import Assembler

from dnsfleet_cli import importing, manifest_files, zone_files
from dnsfleet_cli.options import Output
from dnsfleet_cli.troubles import NEGATIVE, OK, TROUBLE, Trouble, counted
from dnsfleet_cli.zone_paths import ZonePaths


def lint(file: Path, origin: str | None) -> int:
    """Print what is wrong with a master file."""
    zone, violations = zone_files.load(file, _origin(origin))
    for violation in violations:
        print(violation)
    if zone is None:
        return NEGATIVE
    print(f"{file}: {zone.origin} serial {zone.serial}, {zone.records} records, no errors")
    return OK


def import_(file: Path, origin: str | None, output: Output) -> int:
    """Print a master file as a manifest, or in its one canonical form."""
    zone = _load(file, origin)
    if zone is None:
        return NEGATIVE
    sys.stdout.write(zone.to_text() if output is Output.ZONE else importing.manifest(zone, file))
    return OK


def export(name: str, paths: list[Path]) -> int:
    """Print a zone of manifests as a master file."""
    origin = _origin(name)
    found, violations = manifest_files.read_all(paths)
    assembled = Assembler(ZonePaths()).assemble(found)
    built = [zone for zone in assembled.zones if zone.origin == origin]
    if not built:
        _tell(violations)
        raise Trouble(f"no good Zone with origin {name} in {', '.join(map(str, paths))}")
    violations += built[0].violations
    _tell(violations)
    if built[0].zone is None:
        return NEGATIVE
    sys.stdout.write(built[0].zone.to_text())
    return OK


def diff(a: Path, b: Path, origin: str | None) -> int:
    """Print the records that differ."""
    old, new = _load(a, origin), _load(b, origin)
    if old is None or new is None:
        return TROUBLE
    if old.origin != new.origin:
        raise Trouble(f"{a} is the zone {old.origin} and {b} the zone {new.origin}")
    delta = old.diff(new)
    for line in delta.lines(old.records + new.records):
        print(line)
    return NEGATIVE if delta.added or delta.removed or delta.changed else OK


def _load(file: Path, origin: str | None) -> Zone | None:
    zone, violations = zone_files.load(file, _origin(origin))
    _tell(violations)
    if zone is None:
        print(f"{file}: {counted(len(errors(violations)), 'error')}", file=sys.stderr)
    return zone


def _tell(violations: list[Violation]) -> None:
    for violation in violations:
        print(violation, file=sys.stderr)


def _origin(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return names.normalise(text)
    except ValueError as error:
        raise Trouble(f"zone {text}: {error}") from None

"""`dnsfleet zone import` and `zone export`: from a master file to a manifest, and back."""

import sys
from pathlib import Path

from dnsfleet_publisher.assembling import Assembler

from dnsfleet_cli import importing, manifest_files, zone_files
from dnsfleet_cli.options import Output
from dnsfleet_cli.troubles import NEGATIVE, OK, Trouble
from dnsfleet_cli.zone_commands import read, tell
from dnsfleet_cli.zone_paths import ZonePaths


def import_(file: Path, origin: str | None, output: Output) -> int:
    """Print a master file as a Zone object in YAML, or as a master file in canonical form."""
    zone = read(file, origin)
    if zone is None:
        return NEGATIVE
    sys.stdout.write(zone.to_text() if output is Output.ZONE else importing.object_yaml(zone, file))
    return OK


def export(name: str, paths: list[Path]) -> int:
    """Print a zone of manifests as a master file."""
    origin = zone_files.normal_origin(name)
    found, violations = manifest_files.read_all(paths)
    assembler = Assembler(ZonePaths())
    assembler.replace(found)
    assembler.assemble()
    built = assembler.zones.get(origin)
    if built is None:
        tell(violations)
        raise Trouble(f"no good Zone with origin {name} in {', '.join(map(str, paths))}")
    violations += built.violations
    tell(violations)
    if built.zone is None:
        return NEGATIVE
    sys.stdout.write(built.zone.to_text())
    return OK

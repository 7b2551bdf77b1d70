"""`dnsfleet check`: what `up` and the operator would say of manifests and master files, offline.

Manifests are read and put together as `up` does it, master files as `zone lint` does. What only a
cluster knows is not looked at: the ages of objects, texts from addresses, and RecordSets and Zones
that are not among the files.
"""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from dnsfleet.resources import documents
from dnsfleet.violations import Violation, errors
from dnsfleet.zones.checking.checks import CHECKS
from dnsfleet_publisher.assembling import Assembler

from dnsfleet_cli import document_files, document_folders, zone_commands
from dnsfleet_cli.troubles import NEGATIVE, OK, Trouble, counted
from dnsfleet_cli.whole_files import PatientFiles
from dnsfleet_cli.zone_paths import UNSUPPORTED, ZonePaths


class _Found(NamedTuple):
    zones: int
    """Zones that were put together without errors."""
    violations: list[Violation]


def check(paths: list[Path], ignored: list[str]) -> int:
    """Print what is wrong with manifests, folders of them, and master files."""
    if other := sorted(set(ignored) - CHECKS.keys()):
        raise Trouble(f"there is no check {', '.join(other)}; there are {', '.join(CHECKS)}")
    manifests = [path for path in paths if path.is_dir() or document_folders.is_manifest(path)]
    parts = [_in_master_file(path) for path in paths if path not in manifests]
    if manifests:
        parts.append(_in_manifests(manifests))
    found = [each for part in parts for each in part.violations if each.reason not in ignored]
    for violation in found:
        print(violation)
    wrong = len(errors(found))
    zones = counted(sum(part.zones for part in parts), "good zone")
    print(f"{zones}, {counted(wrong, 'error')}, {counted(len(found) - wrong, 'warning')}")
    return NEGATIVE if wrong else OK


def _in_master_file(path: Path) -> _Found:
    zone, violations = zone_commands.findings(path, None)
    return _Found(int(zone is not None), violations)


def _in_manifests(paths: Iterable[Path]) -> _Found:
    files = PatientFiles()
    found, violations = document_files.read_all(list(paths), files)
    assembler = Assembler(ZonePaths(files))
    assembler.replace(found)
    assembler.assemble()
    about, zones, now = assembler.violations(), 0, time.time()
    for assembled in assembler.zones.values():
        if assembled.zone is not None:
            zones += 1
            place = str(assembled.resource.reference)
            about += zone_commands.about_signatures(assembled.zone, place, now)
    return _Found(zones, violations + documents.place(map(_offline, about), found))


def _offline(violation: Violation) -> Violation:
    """A warning in the place of an error that is none in a cluster."""
    if violation.reason != UNSUPPORTED:
        return violation
    message = "what an address gives is not looked at offline, nor RecordSets that add to it"
    return violation._replace(reason="NotLookedAt", message=message, severity="warning")

"""`dnsfleet check`: what `up` and the operator would say of manifests and master files, offline.

Manifests are read and put together as `up` does it, master files as `zone lint` does. What only a
cluster knows is not looked at: the ages of objects, texts from addresses, and RecordSets and Zones
that are not among the files.
"""

import re
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from dnsfleet import tsig_keys
from dnsfleet.resources import documents
from dnsfleet.violations import Violation, errors
from dnsfleet.zones.checking.checks import CHECKS
from dnsfleet_publisher.assembling import Assembler

from dnsfleet_cli import document_files, document_folders, zone_commands
from dnsfleet_cli.key_ring import KeyRing
from dnsfleet_cli.troubles import NEGATIVE, OK, Trouble, counted
from dnsfleet_cli.whole_files import PatientFiles
from dnsfleet_cli.zone_paths import UNSUPPORTED, ZonePaths, not_asked

OURS = re.compile(
    r"""^(?:- )?(?:apiVersion:[ \t]*["']?dnsfleet|kind:[ \t]*["']?(?:Zone|RecordSet|Pop)\b)""",
    re.MULTILINE,
)
"""Where a file has, or should have, an object of ours."""


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


def _in_manifests(paths: Sequence[Path]) -> _Found:
    files = PatientFiles()
    found, violations = document_files.read_all(paths, files)
    violations = without_others(violations, paths)
    assembler = Assembler(ZonePaths(files))
    assembler.replace(found)
    assembler.assemble()
    about, zones, now = assembler.violations(), 0, time.time()
    keys = KeyRing()
    keys.update(found)
    about = [*about, *keys.violations]
    for assembled in assembler.zones.values():
        if assembled.zone is None:  # the writer alone knows what a catalog lists
            zones += assembled.resource.is_catalog and not errors(assembled.violations)
        else:
            zones += 1
            place = str(assembled.resource.reference)
            about += zone_commands.about_signatures(assembled.zone, place, now)
    return _Found(zones, violations + documents.place(map(_offline, about), found))


def without_others(violations: list[Violation], paths: Iterable[Path]) -> list[Violation]:
    """The violations, with one warning in place of those of each file that is for other tools.

    Only files that a folder has: whoever names a file means it.
    """
    folders = [path for path in paths if path.is_dir()]
    in_folders = {str(file) for folder in folders for file, _ in document_folders.find(folder)}
    by_file: dict[str, list[Violation]] = {}
    for violation in violations:
        by_file.setdefault(re.split(r":\d", violation.where)[0], []).append(violation)
    kept = []
    for file, about in by_file.items():
        reasons = {violation.reason for violation in about}
        why = (
            _why_skipped(Path(file), reasons)
            if file in in_folders - {str(p) for p in paths}
            else ""
        )
        kept += [Violation("NotLookedAt", why, file, "warning")] if why else about
    return kept


def _why_skipped(path: Path, reasons: set[str]) -> str:
    text = path.read_text(errors="replace")
    if "{{" in text and "BadSyntax" in reasons:
        return "skipped, as it is a template; check what helm template makes of it"
    if reasons == {"UnknownKind"} and not OURS.search(text):
        return "skipped, as it has no object of dnsfleet.io"
    return ""


def _offline(violation: Violation) -> Violation:
    """A warning in the place of an error that is none in a cluster."""
    if violation.reason == tsig_keys.MISSING:
        message = f"{violation.message} among the files"
        return violation._replace(reason="NotLookedAt", message=message, severity="warning")
    violation = not_asked(violation)
    if violation.reason != UNSUPPORTED:
        return violation
    message = "what an address gives is not looked at offline, nor RecordSets that add to it"
    return violation._replace(reason="NotLookedAt", message=message, severity="warning")

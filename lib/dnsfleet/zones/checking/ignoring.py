"""Checks that are off for the records of one object, by an annotation on it."""

from collections.abc import Iterable

from dnsfleet.resources import RecordSet, Zone
from dnsfleet.violations import Violation, field_path
from dnsfleet.zones.checking.checks import CHECKS

ANNOTATION = "dnsfleet.io/ignore-checks"
"""Names of checks with commas between."""


def ignored(
    zone: Zone, record_sets: Iterable[RecordSet]
) -> tuple[dict[str, frozenset[str]], list[Violation]]:
    """The checks that are off, as `checks.check` takes them, and names that are no checks."""
    off: dict[str, frozenset[str]] = {}
    unknown: list[Violation] = []
    objects: list[Zone | RecordSet] = [zone, *record_sets]
    for item in objects:
        text = item.metadata.annotations.get(ANNOTATION, "")
        given = frozenset(name for part in text.split(",") if (name := part.strip()))
        if given:
            off[f"{item.reference}"] = given
        if other := sorted(given - CHECKS.keys()):
            where = f"{item.reference}: {field_path(('metadata', 'annotations', ANNOTATION))}"
            message = f"there is no check {', '.join(other)}; there are {', '.join(CHECKS)}"
            unknown.append(Violation("UnknownCheck", message, where, "warning"))
    off[""] = off.get(f"{zone.reference}", frozenset())
    return off, unknown

"""What is said of a RecordSet whose Zone is away.

A published zone without a Zone object is served on for a grace period, with all that RecordSets
added to it. Their owners see no harm in an answer, and have to know that there will be one: their
Zone has to come back, and until then no change of theirs takes effect.
"""

from collections.abc import Callable, Iterator, Sequence

from dnsfleet.resources import RecordSet, Reference
from dnsfleet.violations import Violation
from dnsfleet_publisher.assembling import Assembler
from dnsfleet_publisher.claims import Ledger

REASON = "ZoneAway"
"""Of a RecordSet that is served without its Zone."""


class WithoutZone:
    """Knows the RecordSets that are served without their Zone."""

    def __init__(self, ledger: Ledger, is_orphan: Callable[[str], bool]) -> None:
        """`is_orphan` tells whether an origin is served and no Zone object names it."""
        self._ledger = ledger
        self._is_orphan = is_orphan

    def violations_of(self, reference: Reference, assembler: Assembler) -> Sequence[Violation]:
        """What is wrong with a Zone or RecordSet beside its form, with this in mind."""
        record_set = None
        if reference.kind == "RecordSet":
            record_set = assembler.record_sets.get(reference)
        if record_set is None or assembler.has_zone(record_set.zone_reference):
            return assembler.violations_of(reference)
        away = sorted(self._orphans_with(record_set))
        return [_zone_away(record_set, away)] if away else assembler.violations_of(reference)

    def _orphans_with(self, record_set: RecordSet) -> Iterator[str]:
        """Origins of orphans to which it added: several where its Zone had another origin once."""
        for origin, claim in self._ledger.of_record_set(record_set.reference):
            same = claim.uid in ("", record_set.metadata.uid)
            if same and claim.zone == record_set.zone_reference and self._is_orphan(origin):
                yield origin


def _zone_away(record_set: RecordSet, origins: Sequence[str]) -> Violation:
    message = (
        f"{record_set.zone_reference} is gone; the records in {', '.join(origins)} are served on "
        "as they were published, for a day by default, and take no change; make the Zone again"
    )
    return Violation(REASON, message, f"{record_set.reference}: spec.zoneRef")

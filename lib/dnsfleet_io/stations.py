"""The lines of a change on its way from an object to the answers (see docs/logs.md).

Several processes log them, and `tracing` in the cli reads them again, so the events and their
fields are here alone. Each function makes the message of one log record, as `logs.line` does.
"""

from typing import Protocol

from dnsfleet_io.logs import line

SEEN = "change_seen"
PLANNED = "zone_planned"
PUBLISHED = "zone_published"
REMOVED = "zone_removed"
TOLD = "told"
LOADED = "zone_loaded"
DROPPED = "zone_dropped"
REFUSED = "zone_refused"
WITHHELD = "zone_withheld"
ACKED = "acked"
PROPAGATED = "zone_propagated"


class Change(Protocol):
    """What a manifest says of a change."""

    @property
    def zone(self) -> str:
        """The origin."""

    @property
    def revision(self) -> object:
        """As text it is EPOCH.SEQ."""

    @property
    def lsn(self) -> int:
        """Position in the log of the fleet."""

    @property
    def serial(self) -> int:
        """SOA serial."""

    @property
    def records(self) -> int:
        """How many the zone has."""

    @property
    def tombstone(self) -> bool:
        """Whether it removes its zone."""


def seen(kind: str, name: object, waited: float, **about: object) -> str:
    """An object, or a file, differs; it was heard of `waited` seconds ago."""
    return line(SEEN, kind=kind, object=name, **about, waited=f"{waited:.3f}")


def planned(change: Change) -> str:
    """This is to be published; nothing of it is written yet."""
    return line(PLANNED, **_which(change))


def published(change: Change) -> str:
    """The core has it."""
    if change.tombstone:
        return line(REMOVED, **_which(change))
    return line(PUBLISHED, **_which(change), serial=change.serial, records=change.records)


def told(lsn: int, source: str, entries: int) -> str:
    """The replica told the edge of all up to a position, by its log or its index."""
    return line(TOLD, lsn=lsn, source=source, entries=entries)


def loaded(change: Change, source: str) -> str:
    """The edge answers it; it came as a delta or a snapshot."""
    return line(LOADED, **_which(change), serial=change.serial, source=source)


def dropped(change: Change, reason: str) -> str:
    """The edge serves the zone no more."""
    return line(DROPPED, **_which(change), reason=reason)


def refused(zone: str, reason: str) -> str:
    """The edge cannot load the newest revision."""
    return line(REFUSED, zone=zone, reason=reason)


def withheld(zone: str) -> str:
    """The edge should serve the zone and has nothing of it."""
    return line(WITHHELD, zone=zone)


def acked(lsn: int, failing: int, ahead: int) -> str:
    """The core has the edge's word that it answers all up to a position, but for so many zones."""
    return line(ACKED, lsn=lsn, failing=failing, ahead=ahead)


def propagated(zone: str, **about: object) -> str:
    """Every Ready edge of its Pops answers it; without a revision where the zone was removed."""
    return line(PROPAGATED, zone=zone, **about)


def _which(change: Change) -> dict[str, object]:
    return {"zone": change.zone, "lsn": change.lsn, "revision": change.revision}

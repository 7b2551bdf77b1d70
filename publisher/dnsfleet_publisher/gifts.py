"""Zones that name a namespace which is to have their origin next, and what is wrong with that.

Nothing else tells it before the Zone is deleted, and then the origin waits for a namespace that
does not come, or stays with the giver (see `dnsfleet.zones.registrations`).
"""

from collections.abc import Mapping

from dnsfleet.resources import Reference, Zone
from dnsfleet.violations import Violation
from dnsfleet.zones.classes import Classes
from dnsfleet.zones.registrations import ANYBODY, RELEASE_ANNOTATION

from dnsfleet_publisher.dependencies import Groups


class Gifts:
    """The Zones that are to go to another namespace."""

    def __init__(self, classes: Classes, labels: Mapping[str, Mapping[str, str]]) -> None:
        """`labels` are those of each namespace that there is."""
        self._classes = classes
        self._labels = labels
        self._to: Groups[str] = Groups()
        self._known: dict[Reference, str] = {}

    def put(self, zone: Zone) -> None:
        """A Zone is there, or changed."""
        self.remove(zone.reference)
        if given := _given(zone):
            self._known[zone.reference] = given
            self._to.add(given, zone.reference)

    def remove(self, zone: Reference) -> None:
        """A Zone is gone."""
        if (given := self._known.pop(zone, None)) is not None:
            self._to.discard(given, zone)

    def to(self, namespace: str) -> list[Reference]:
        """The Zones that are to go to a namespace."""
        return list(self._to[namespace])

    def warning(self, zone: Zone) -> Violation | None:
        """Why the namespace that a Zone names would not get its origin now."""
        given = self._known.get(zone.reference)
        if given is None:
            return None
        metadata = zone.metadata.model_copy(update={"namespace": given})
        moved = zone.model_copy(update={"metadata": metadata})
        if zone.reference.namespace in self._labels and given not in self._labels:
            fault = "there is none; make it, or correct the name"
        elif not self._classes.may_take(moved, self._labels):
            fault = f"the ZoneClass of {zone.origin} does not take it; have that allow it"
        else:
            return None
        where = f"{zone.reference}: metadata.annotations"
        message = f"{RELEASE_ANNOTATION} names namespace {given!r}: {fault}"
        return Violation("NotReleased", message, where, "warning")


def _given(zone: Zone) -> str:
    """The namespace that is to have the origin of a Zone; empty for none but its own."""
    given = zone.metadata.annotations.get(RELEASE_ANNOTATION, "")
    return "" if given in (ANYBODY, zone.reference.namespace) else given

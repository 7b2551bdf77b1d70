"""Measures: by what the holds of a zone are judged, noted in the core beside the claims on it.

While something of a zone waits, others may add names. A removal that was too much before would then
be a small part of the zone, and what one team was asked about would go because another one grew. So
a zone with holds is measured by what it was when the first of them began, by every writer.

Where owners wait because they remove too much together, what went of that change counts on for
those that still wait, and for nobody else (see `dnsfleet.zones.owner_plans`). So it is noted who
waits so, how much was approved, and how much was published at once as the harmless rest. The last
two are apart because an approval may be withdrawn before it is published; its hash tells.

A change of a Zone may wait because a file of it lost much, which only the writer knows that
published it. So the doubt is noted, too, and holds for every writer while the change is the same.

A measure has the place of a claim by a RecordSet without a name. That is none for an operator that
knows no measures: it passes over it.
"""

import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from dnsfleet.resources import Reference

_MARK = " /"
"""The end of a field of a measure, after the origin."""


class Measure(NamedTuple):
    """By what the holds of one zone are judged."""

    before: int
    """Ordinary RRsets of the zone when the first of them began."""
    approved: Mapping[str, int]
    """How many RRsets approved changes took away since, by the hash of the change."""
    rest: int = 0
    """How many went as the harmless rest of what these owners were to remove together."""
    since: frozenset[Reference] | None = frozenset()
    """The owners that wait since then; None where the version that noted it did not note them."""
    together: int = 0
    """Ordinary RRsets of the zone then."""
    doubts: Mapping[str, str] = MappingProxyType({})
    """Why the files of the Zone may not be whole, by the hash of its change."""

    @property
    def went(self) -> int:
        """How many RRsets count on for those that still wait."""
        return self.rest + sum(self.approved.values())


class Measures:
    """The measures in the core, and those that are to be written there."""

    def __init__(self) -> None:
        self._known: dict[str, Measure] = {}
        self._noted: dict[str, Measure] = {}
        self._changed: set[str] = set()

    def get(self, origin: str) -> Measure | None:
        """The measure of a zone; None where nothing of it is held."""
        return self._known.get(origin)

    def put(self, origin: str, measure: Measure | None) -> None:
        """Know the measure of a zone; it is in the core once `changes` are."""
        self._known.pop(origin, None)
        if measure is not None:
            self._known[origin] = measure
        self._changed.add(origin)

    def read(self, field: str, value: bytes) -> bool:
        """Take what the core has in a field; false where that is the field of a claim."""
        if not field.endswith(_MARK):
            return False
        if (measure := _decode(value)) is not None:
            origin = field.removesuffix(_MARK)
            self._known[origin] = self._noted[origin] = measure
        return True

    def changes(self) -> dict[str, bytes | None]:
        """What is to be written; None drops a field."""
        other = (o for o in self._changed if self._known.get(o) != self._noted.get(o))
        return self._fields(other)

    def all(self) -> dict[str, bytes | None]:
        """What a core that lost its data is to have again."""
        return self._fields(self._known)

    def written(self) -> None:
        """The core has all of them as they are known."""
        for origin in self._changed:
            self._noted.pop(origin, None)
            if (measure := self._known.get(origin)) is not None:
                self._noted[origin] = measure
        self._changed.clear()

    def _fields(self, origins: Iterable[str]) -> dict[str, bytes | None]:
        return {f"{origin}{_MARK}": _encode(self._known.get(origin)) for origin in origins}


def _encode(measure: Measure | None) -> bytes | None:
    if measure is None:
        return None
    value: dict[str, Any] = {"before": measure.before, "approved": measure.approved}
    value["rest"] = measure.rest
    if measure.since is not None:
        value["since"], value["together"] = sorted(measure.since), measure.together
    if measure.doubts:
        value["doubts"] = dict(measure.doubts)
    return json.dumps(value, separators=(",", ":")).encode()


def _decode(value: bytes) -> Measure | None:
    """None for what is no measure: a later version may note it in another way."""
    try:
        found = json.loads(value)
        approved = {str(digest): int(count) for digest, count in found["approved"].items()}
        before = int(found["before"])
        if "since" not in found:
            return Measure(before, approved, since=None, together=before)
        since = frozenset(Reference(*map(str, each)) for each in found["since"])
        rest, together = int(found["rest"]), int(found["together"])
        doubts = {str(digest): str(why) for digest, why in found.get("doubts", {}).items()}
        return Measure(before, approved, rest, since, together, doubts)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None

"""The Zones that an instance may write to: all that it sees. Of each only what decides is kept.

A name belongs to the Zone with the longest origin at or above it. What that Zone allows is in its
`spec.recordSets`, also for its own namespace, where the RecordSets are. No other Zone is tried: in
a zone further up the name would be below a zone cut. Only what is in one already stays there until
the operator takes the Zone below.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from dnsfleet import names, resources
from dnsfleet.resources import Reference, Zone
from dnsfleet.violations import Violation
from dnsfleet.zones import ownership

from dnsfleet_externaldns.record_sets import Object

PLACEHOLDER = "ns.invalid"
"""A name server of the Zone without its records, which has to have one (RFC 2606 section 2)."""

METADATA = ("name", "namespace", "creationTimestamp")
"""What is kept: others, like the version, change when nothing does that decides."""

Labels = Mapping[str, Mapping[str, str]]
"""The labels of namespaces."""


class Seen(NamedTuple):
    """A Zone as it is in the API server, without its records."""

    zone: Zone
    accepted: bool
    """Whether the operator took it."""
    problem: str = ""
    """What this version does not understand of what it allows; empty where it understands all."""


class WritableZones:
    """Zones by origin. Where two have one, the accepted one counts, and else the older."""

    def __init__(self, seen: Iterable[Seen], labels: Labels) -> None:
        self.labels = labels
        self.verdicts: dict[Any, Any] = {}
        """What `admission` found out about RRsets, as long as these Zones are as they are."""
        self._seen = [*seen]
        self._by_origin: dict[str, Seen] = {}
        for each in sorted(self._seen, key=lambda it: (not it.accepted, ownership.age(it.zone))):
            self._by_origin.setdefault(each.zone.origin, each)

    def of(self, owner: str) -> Zone | None:
        """The Zone of an absolute name in normal spelling; None where there is none."""
        found = self._nearest(owner)
        return None if found is None else found.zone

    def home(self, owner: str, now: Reference | None) -> Zone | None:
        """The Zone where the RRsets of a name are to be, which are in the Zone `now`.

        A Zone that the operator did not take, or not yet, takes no names from one further up:
        there they are served.
        """
        found = self._nearest(owner)
        if found is None:
            return None
        if not found.accepted:
            above = (self._by_origin.get(each) for each in names.ancestors(owner))
            staying = next((it for it in above if it and it.zone.reference == now), None)
            found = staying or found
        return found.zone

    def problem(self, owner: str) -> str:
        """What is not understood of the Zone of a name; empty where all is."""
        found = self._nearest(owner)
        return "" if found is None else found.problem

    def _nearest(self, owner: str) -> Seen | None:
        found = (self._by_origin.get(each) for each in (owner, *names.ancestors(owner)))
        return next(filter(None, found), None)

    def __len__(self) -> int:
        return len(self._by_origin)

    def __eq__(self, other: object) -> bool:
        """Whether both allow the same."""
        return isinstance(other, WritableZones) and (self._seen, self.labels) == (
            other._seen,
            other.labels,
        )

    __hash__ = None  # type: ignore[assignment]


def seen(item: Object) -> Seen | None:
    """A Zone of the API server; None where it goes, or its origin is none.

    A Zone of a later version may allow RecordSets in words that this one does not know. It keeps
    its names: without it they would move to the Zone above, where they are below a zone cut.
    """
    if item["metadata"].get("deletionTimestamp"):
        return None
    conditions = (item.get("status") or {}).get("conditions") or ()
    accepted = any(each["type"] == "Accepted" and each["status"] == "True" for each in conditions)
    zone, found = _parsed(item, "origin", "recordSets")
    if zone is not None:
        return Seen(zone, accepted)
    bare, _ = _parsed(item, "origin")
    return None if bare is None else Seen(bare, accepted, str(found[0]))


def _parsed(item: Object, *fields: str) -> tuple[Zone | None, list[Violation]]:
    """A Zone with these fields of its spec, or what is wrong with them."""
    spec = {key: item["spec"][key] for key in fields if key in item["spec"]}
    metadata = {key: item["metadata"][key] for key in METADATA if key in item["metadata"]}
    bare = {
        "apiVersion": resources.API_VERSION,
        "kind": "Zone",
        "metadata": metadata,
        "spec": spec | {"nameServers": [PLACEHOLDER]},
    }
    zone, found = resources.parse(bare, f"zone {metadata['namespace']}/{metadata['name']}")
    return zone if isinstance(zone, Zone) else None, found


def asks_for_labels(zone: Zone) -> bool:
    """Whether the labels of its namespace decide if that may add to it."""
    return zone.spec.record_sets.namespaces.from_ == "Selector"

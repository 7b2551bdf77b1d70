"""Zone cuts and DNAMEs: no RecordSet hides what an older owner has.

An NS RRset below the apex hands over its name and all names below it, and a DNAME all names below
it (RFC 1034 section 4.3.2, RFC 6672 section 2.3). So one RRset can take many names from others, and
that each RRset has one owner does not help. Here the older owner wins:

    a younger NS or DNAME over data of others     refused
    younger data at or below the cut of others    refused: as glue it would turn the delegation, and
                                                  anything else is never answered

A Zone lets it happen where its `spec.recordSets.names` has just this name, and no pattern for it.
Then the older data stays in the zone and is hidden. Nothing may be below a DNAME, so what is there
has to be removed first, whatever the Zone allows. Both sides are told, in each case.

Each RecordSet is an owner of its own, so a cut, its DS and its glue come in one. In a dynamic one
they come one after the other, and none of them is refused for another one of them.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from dnsfleet_engine import Zone as EngineZone

from dnsfleet import names
from dnsfleet.resources import RecordSet, Reference, Zone
from dnsfleet.violations import Violation
from dnsfleet.zones.sharing import RRsetKey

TURNING = ("NS", "DNAME")
"""Types that decide about other names than their own."""

MAX_OWNERS = 2
"""Owners that are noted of a name: whoever asks for that of others is one of them at most."""


class Taken(NamedTuple):
    """What somebody has in a zone."""

    what: str
    """Owner name and type, or the name alone where it comes from a zone file."""
    owner: Reference


class Cuts:
    """What a zone has at and below names, and where it is cut; grows as RecordSets are admitted."""

    def __init__(self, zone: Zone, base: EngineZone | None, claims: Iterable[RRsetKey]) -> None:
        """Begin with what the Zone and its file (`base`) have; `claims` are those of RecordSets.

        Only where one of them can hide something it is noted what there is.
        """
        self._zone, self._base = zone, base
        self._noted = any(rtype in TURNING for _, rtype in claims)
        self._at: dict[str, list[Taken]] = {}
        self._below: dict[str, list[Taken]] = {}
        self._cuts: dict[str, Taken] = {}

    def add(self, claim: RRsetKey, owner: Reference) -> None:
        """An RRset is in the zone."""
        name, rtype = claim
        taken = Taken(f"{name} {rtype}", owner)
        if rtype == "NS":
            self._cuts.setdefault(name, taken)
        if self._noted:
            _note(self._at, name, taken)
            for ancestor in self._above(name):
                _note(self._below, ancestor, taken)

    def judge(
        self, record_set: RecordSet, index: int, claim: RRsetKey, consented: bool
    ) -> Iterator[Violation]:
        """What a claim, which is record `index` of a RecordSet, would take from older owners.

        `consented` says that the Zone allows just this name. Errors are about the RecordSet,
        warnings about both.
        """
        name, rtype = claim
        own = record_set.reference
        where, said = f"{record_set.rrsets_place}[{index}]", f"{name} {rtype} of {own}"
        hidden = self._hidden_by(claim, own)
        if hidden is not None and rtype == "NS" and consented:
            yield _told(where, f"{name} {rtype} hides {hidden.what} of {hidden.owner}")
            yield self._told_owner(hidden, f"{hidden.what} is hidden by {said}, as the Zone allows")
        elif hidden is not None:
            advice = self._advice(name) if rtype == "NS" else "remove that first"
            message = f"{name} {rtype} would hide {hidden.what} of {hidden.owner}; {advice}"
            yield Violation("HidesNames", message, where)
            yield self._told_owner(hidden, f"{said} is refused, as it would hide {hidden.what}")
        elif (cut := self._cut_over(name, own)) is not None and not consented:
            message = f"{name} {rtype} is at or below {cut.what} of {cut.owner}; "
            yield Violation("HidesNames", message + self._advice(name), where)
            yield self._told_owner(cut, f"{said} is refused, as it is at or below {cut.what}")

    def _hidden_by(self, claim: RRsetKey, own: Reference) -> Taken | None:
        name, rtype = claim
        file = Taken(f"what is at or below {name}", self._zone.reference)
        if rtype == "NS":
            found = _of_others(self._at, name, own) or _of_others(self._below, name, own)
            return found or (file if self._base and self._base.has_name(name) else None)
        if rtype == "DNAME":
            found = _of_others(self._below, name, own)
            return found or (file if self._base and self._base.has_names_below(name) else None)
        return None

    def _cut_over(self, name: str, own: Reference) -> Taken | None:
        if not self._cuts and self._base is None:
            return None
        for each in (name, *self._above(name)):
            if each == self._zone.origin:
                break  # its NS records are no cut
            if (taken := self._cuts.get(each)) is not None and taken.owner != own:
                return taken
            if self._base is not None and self._base.get(each, "NS") is not None:
                return Taken(f"{each} NS", self._zone.reference)
        return None

    def _above(self, name: str) -> Iterator[str]:
        """The names above a name up to the apex, the nearest first."""
        if name == self._zone.origin:
            return
        for ancestor in names.ancestors(name):
            yield ancestor
            if ancestor == self._zone.origin:
                return

    def _advice(self, name: str) -> str:
        zone = self._zone.reference
        return f"remove one of them, or have spec.recordSets.names of {zone} name {name}"

    @staticmethod
    def _told_owner(taken: Taken, message: str) -> Violation:
        return _told(f"{taken.owner}: spec", message)


def _note(found: dict[str, list[Taken]], name: str, taken: Taken) -> None:
    """Note what the first owners have at or below a name."""
    there = found.setdefault(name, [])
    if len(there) < MAX_OWNERS and all(each.owner != taken.owner for each in there):
        there.append(taken)


def _of_others(found: dict[str, list[Taken]], name: str, own: Reference) -> Taken | None:
    return next((each for each in found.get(name, ()) if each.owner != own), None)


def _told(where: str, message: str) -> Violation:
    return Violation("HidesNames", message, where, "warning")

"""What each namespace takes of the quotas of classes, kept up to date for the price of a change.

All objects of one namespace under one class share a quota. Their sum is known, so where it is
within the quota a change costs an addition. Else the group of the object that came, changed or went
is counted again, by numbers that are known; no other group is.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from dnsfleet.resources import Reference
from dnsfleet.resources.zone_classes import Quota
from dnsfleet.zones import class_rules
from dnsfleet.zones.class_rules import NOTHING, Demand, Exceeded, Use


class Group(NamedTuple):
    """Whose objects share a quota."""

    zone_class: str
    namespace: str


class Entry(NamedTuple):
    """What one object takes, of which quota."""

    group: Group
    quota: Quota
    demand: Demand


@dataclass
class _Members:
    entries: dict[Reference, Entry] = field(default_factory=dict)
    total: Use = NOTHING
    over: dict[Reference, Exceeded] = field(default_factory=dict)


class ClassQuotas:
    """Which objects do not fit."""

    def __init__(self, look: Callable[[Reference], Entry | None]) -> None:
        """`look` tells what an object takes now; None for nothing."""
        self._look = look
        self._entries: dict[Reference, Entry] = {}
        self._groups: dict[Group, _Members] = {}
        self._dirty: set[Reference] = set()
        self.over: dict[Reference, Exceeded] = {}

    def changed(self, references: Iterable[Reference]) -> None:
        """These objects may take something else than before, or of another quota."""
        self._dirty.update(references)

    def settle(self) -> set[Reference]:
        """Count what changed; the objects about which that says something else."""
        groups: set[Group] = set()
        for reference in self._dirty:
            before, now = self._entries.get(reference), self._look(reference)
            if before == now:
                continue
            if before is not None:
                self._leave(reference, before)
                groups.add(before.group)
            if now is not None:
                self._enter(reference, now)
                groups.add(now.group)
        self._dirty.clear()
        was: dict[Reference, Exceeded] = {}
        found: dict[Reference, Exceeded] = {}
        for group in groups:
            members = self._groups[group]
            was |= members.over
            members.over = _beyond(group, members)
            found |= members.over
            if not members.entries:
                del self._groups[group]
        for reference in was.keys() - found.keys():
            del self.over[reference]
        self.over |= found
        return {each for each in was | found if was.get(each) != found.get(each)}

    def _enter(self, reference: Reference, entry: Entry) -> None:
        self._entries[reference] = entry
        members = self._groups.setdefault(entry.group, _Members())
        members.entries[reference] = entry
        members.total = members.total.plus(entry.demand.most)

    def _leave(self, reference: Reference, entry: Entry) -> None:
        del self._entries[reference]
        members = self._groups[entry.group]
        del members.entries[reference]
        members.total = members.total.minus(entry.demand.most)


def _beyond(group: Group, members: _Members) -> dict[Reference, Exceeded]:
    """Which of these objects do not fit."""
    first = next(iter(members.entries.values()), None)
    if first is None or class_rules.fits(members.total, first.quota):
        return {}
    demands = ((reference, entry.demand) for reference, entry in members.entries.items())
    return class_rules.beyond(demands, first.quota, group.zone_class)

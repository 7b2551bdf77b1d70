"""What each namespace takes of the quotas of classes, kept up to date for the price of a change.

All objects of one namespace under one class share a quota. When one of them comes, changes or goes,
its group is counted again, by numbers that are known; no other group is.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from dnsfleet.resources import Reference
from dnsfleet.resources.zone_classes import Quota
from dnsfleet.zones import class_rules
from dnsfleet.zones.class_rules import Exceeded, Use
from dnsfleet.zones.ownership import Age


class Group(NamedTuple):
    """Whose objects share a quota."""

    zone_class: str
    namespace: str


class Entry(NamedTuple):
    """What one object takes, of which quota."""

    group: Group
    quota: Quota
    age: Age
    use: Use


class ClassQuotas:
    """Which objects do not fit."""

    def __init__(self, look: Callable[[Reference], Entry | None]) -> None:
        """`look` tells what an object takes now; None for nothing."""
        self._look = look
        self._entries: dict[Reference, Entry] = {}
        self._groups: dict[Group, set[Reference]] = {}
        self._dirty: set[Reference] = set()
        self.over: dict[Reference, Exceeded] = {}

    def changed(self, references: Iterable[Reference]) -> None:
        """These objects may take something else than before, or of another quota."""
        self._dirty.update(references)

    def settle(self) -> set[Reference]:
        """Count what changed; the objects about which that says something else."""
        groups: set[Group] = set()
        for reference in self._dirty:
            before, now = self._entries.pop(reference, None), self._look(reference)
            if before is not None:
                self._groups[before.group].discard(reference)
                groups.add(before.group)
            if now is not None:
                self._entries[reference] = now
                self._groups.setdefault(now.group, set()).add(reference)
                groups.add(now.group)
        again = self._dirty & self.over.keys()
        for group in groups:
            again |= self._groups[group]
        self._dirty.clear()
        found: dict[Reference, Exceeded] = {}
        for group in groups:
            members = self._groups[group]
            if not members:
                del self._groups[group]
                continue
            quota = self._entries[next(iter(members))].quota
            uses = ((self._entries[r].age, r, self._entries[r].use) for r in members)
            found |= class_rules.beyond(uses, quota, group.zone_class)
        changed = {each for each in again if self.over.get(each) != found.get(each)}
        for each in again:
            self.over.pop(each, None)
        self.over |= found
        return changed

"""Which RRset is in which RecordSet.

A RecordSet has at most 100 RRsets, so a large zone needs several. An RRset stays in the RecordSet
where it is, because each move is two writes, and because the age of a RecordSet decides who owns a
name. So a change writes the RecordSets that have the names which change, and no other.

All RRsets of an owner name are in one RecordSet: then a CNAME becomes an A in one write, and there
is no moment with both or with none. So that a name has room for another type, new names only go
where less than 80 RRsets are. Where that room was not enough, the RRset goes elsewhere.

A RecordSet that has nothing left is deleted, as there are no empty ones. A new one is named by a
hash of the first owner name in it, so the same change always makes the same object.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping

from octodns_dnsfleet.values import Item, Key

Content = dict[Key, Item]
"""The RRsets of one RecordSet."""

MAX_RRSETS = 100
"""In one RecordSet; more is refused by the API server."""
NEW_RRSETS = 80
"""So many at most where a new name is put: the rest is for more types at names that are there."""
MAX_OCTETS = 64 * 1024
"""Of data in one RecordSet with several RRsets. dnsfleet takes no more of TXT that are shared."""
NAME_LENGTH = 200
"""Characters of a name before its hash; an object has 253 at most."""


def arranged(
    sets: Mapping[str, Content],
    gone: Iterable[Key],
    put: Mapping[Key, Item],
    named: Callable[[Key], str],
) -> dict[str, Content]:
    """The new content of each RecordSet that changes; an empty one is to be deleted.

    `sets` are the RecordSets as they are, `gone` the RRsets of them to remove, `put` those to have.
    `named` gives the name of a new RecordSet with this first RRset, and never one of `sets`.
    """
    after = _Sets(sets)
    for key in gone:
        after.remove(key)
    new = []
    for key, item in sorted(put.items()):
        if not after.replace(key, item):
            new.append(key)
    for key in new:
        after.add(key, put[key], named)
    changed = after.contents.items()
    return {name: content for name, content in changed if content != sets.get(name)}


class _Sets:
    """RecordSets while they change, with what makes the next place cheap to find."""

    def __init__(self, sets: Mapping[str, Content]) -> None:
        self.contents = {name: dict(sets[name]) for name in sorted(sets)}
        self._sizes = {name: _octets(content.values()) for name, content in sets.items()}
        self._where = {key: name for name, content in sets.items() for key in content}
        self._owners: dict[str, set[str]] = {}
        """Where RRsets of an owner name are, or were before this change."""
        for (owner, _), name in self._where.items():
            self._owners.setdefault(owner, set()).add(name)
        self._open: list[str] | None = None
        """Those that take new names; known once nothing is removed any more."""

    def remove(self, key: Key) -> str:
        """Take an RRset out; the RecordSet that had it."""
        name = self._where.pop(key)
        self._sizes[name] -= _octets([self.contents[name].pop(key)])
        return name

    def replace(self, key: Key, item: Item) -> bool:
        """Put an RRset where it was; whether that is possible. It is taken out otherwise."""
        if key not in self._where:
            return False
        name = self.remove(key)
        if not self._has_room(name, _octets([item])):
            return False
        self._put(name, key, item)
        return True

    def add(self, key: Key, item: Item, named: Callable[[Key], str]) -> None:
        """Put an RRset into the best place."""
        size = _octets([item])
        for name in sorted(self._owners.get(key[0], ())):
            if len(self.contents[name]) < MAX_RRSETS and self._has_room(name, size):
                return self._put(name, key, item)
        if self._open is None:
            self._open = list(self.contents)
        self._open = [name for name in self._open if len(self.contents[name]) < NEW_RRSETS]
        for name in self._open:
            if self._has_room(name, size):
                return self._put(name, key, item)
        name = named(key)
        self.contents[name], self._sizes[name] = {}, 0
        self._open.append(name)
        return self._put(name, key, item)

    def _has_room(self, name: str, octets: int) -> bool:
        return not self.contents[name] or self._sizes[name] + octets <= MAX_OCTETS

    def _put(self, name: str, key: Key, item: Item) -> None:
        self.contents[name][key] = item
        self._sizes[name] += _octets([item])
        self._where[key] = name
        self._owners.setdefault(key[0], set()).add(name)


def _octets(items: Iterable[Item]) -> int:
    return sum(len(text.encode()) for item in items for text in item["data"])


def new_name(prefix: str, owner: str, taken: Collection[str]) -> str:
    """The name of a new RecordSet whose first owner name is `owner`; none of `taken`."""
    number = 0
    while True:
        digest = hashlib.sha256(f"{owner} {number}".encode()).hexdigest()[:8]
        name = f"{prefix[:NAME_LENGTH].rstrip('-.')}-{digest}"
        if name not in taken:
            return name
        number += 1

"""All objects of one kind: the pages of a list, and the events of a watch.

Objects are kept as the JSON that is sent: so a page only joins them, and 100,000 of them take
little memory. All pages of a list show the moment of its first one, which keeps the objects for the
others. A watch gets the events after its version from a window of the last ones; an older version
is Expired, as after etcd's compaction.
"""

import bisect
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from support.api_server.kinds import Object
from support.api_server.writing import RefusedError

WINDOW = 20_000
"""Events that a watch may be behind: more than happen between the end of one and the next."""
LISTS = 16
"""Lists that may be unfinished at once; one more ends the oldest."""

Key = tuple[str, str]
"""Namespace, empty for none, and name."""


class Event(NamedTuple):
    """One change of one object."""

    version: int
    type: str
    """ADDED, MODIFIED or DELETED."""
    key: Key
    data: bytes
    before: bytes
    """The version before; empty for none."""


class Page(NamedTuple):
    """A part of a list."""

    items: list[bytes]
    version: int
    """The version that the whole list shows."""
    token: str
    """For the next page; empty on the last one."""
    left: int
    """Objects that the next pages have."""
    number: int
    """The same for all pages of one list, and different for each list."""


@dataclass
class _List:
    version: int
    items: list[bytes]


def selects(selector: str, labels: dict[str, str]) -> bool:
    """Whether a labelSelector of the forms `a`, `!a`, `a=b`, `a==b` and `a!=b` takes these labels.

    RefusedError for a set-based one.
    """
    for part in filter(None, selector.split(",")):
        if "(" in part:
            raise RefusedError(400, "BadRequest", f"labelSelector {selector}: no sets here")
        key, equals, value = part.replace("==", "=").partition("=")
        if key.endswith("!") and equals:
            if labels.get(key[:-1]) == value:
                return False
        elif not equals and key.startswith("!"):
            if key[1:] in labels:
                return False
        elif key not in labels or (equals and labels[key] != value):
            return False
    return True


@dataclass
class Storage:
    """Objects by key, and what changed of them."""

    objects: dict[Key, bytes] = field(default_factory=dict)
    listeners: set[Callable[[], None]] = field(default_factory=set)
    """Called after each event."""
    _events: list[Event] = field(default_factory=list)
    _forgotten: int = 0
    """The newest version that the window has forgotten."""
    _lists: dict[int, _List] = field(default_factory=dict)
    _listed: int = 0

    def put(self, key: Key, whole: Object, version: int) -> bytes:
        """Take a version of an object; its JSON."""
        whole["metadata"]["resourceVersion"] = str(version)
        data = json.dumps(whole, separators=(",", ":")).encode()
        before = self.objects.get(key, b"")
        self.objects[key] = data
        self._tell(Event(version, "MODIFIED" if before else "ADDED", key, data, before))
        return data

    def remove(self, key: Key, version: int) -> Object:
        """Delete an object; its last state, with the version of the deletion."""
        before = self.objects.pop(key)
        whole: Object = json.loads(before)
        whole["metadata"]["resourceVersion"] = str(version)
        data = json.dumps(whole, separators=(",", ":")).encode()
        self._tell(Event(version, "DELETED", key, data, before))
        return whole

    def page(self, namespace: str, selector: str, limit: int, token: str, version: int) -> Page:
        """The page that a token names, or the first; `version` is the newest of all."""
        if token:
            number, start = map(int, token.split("."))
            if number not in self._lists:
                raise RefusedError(410, "Expired", "the list is too old to go on; begin it again")
        else:
            self._listed += 1
            number, start = self._listed, 0
            self._lists[number] = _List(version, list(self._listable(namespace, selector)))
            if len(self._lists) > LISTS:
                del self._lists[min(self._lists)]
        listed = self._lists[number]
        end = start + limit if limit else len(listed.items)
        left = max(0, len(listed.items) - end)
        if not left:
            del self._lists[number]
        token = f"{number}.{end}" if left else ""
        return Page(listed.items[start:end], listed.version, token, left, number)

    def since(self, version: int) -> list[Event]:
        """The events after a version; Expired where some of them are forgotten."""
        if version < self._forgotten:
            raise RefusedError(410, "Expired", f"too old resource version: {version}")
        return self._events[bisect.bisect(self._events, version, key=lambda each: each.version) :]

    def _listable(self, namespace: str, selector: str) -> Iterable[bytes]:
        for key, data in sorted(self.objects.items()):
            if namespace in ("", key[0]) and (not selector or selects(selector, labels(data))):
                yield data

    def _tell(self, event: Event) -> None:
        self._events.append(event)
        if len(self._events) > 2 * WINDOW:
            self._forgotten = self._events[-WINDOW - 1].version
            del self._events[:-WINDOW]
        self.wake()

    def wake(self) -> None:
        """Have all watches look."""
        for listener in self.listeners:
            listener()


def told(event: Event, namespace: str, selector: str) -> bytes | None:
    """The line of a watch for an event; None where the watch does not select the object.

    To a watch with a selector, an object that begins to match is ADDED, one that ends is DELETED.
    """
    if namespace not in ("", event.key[0]):
        return None
    kind = event.type
    if selector:
        now = kind != "DELETED" and selects(selector, labels(event.data))
        was = bool(event.before) and selects(selector, labels(event.before))
        if not now and not was:
            return None
        kind = "MODIFIED" if now and was else "ADDED" if now else "DELETED"
    return b'{"type":"%b","object":%b}\n' % (kind.encode(), event.data)


def labels(data: bytes) -> dict[str, str]:
    """The labels of an object in JSON."""
    found: dict[str, str] = json.loads(data)["metadata"].get("labels") or {}
    return found

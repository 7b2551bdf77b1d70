"""The zone as an UPDATE sees it: what is published, and on top what was accepted since."""

from collections.abc import Collection, Mapping
from typing import Protocol

import dns.name
import dns.rdataclass
import dns.rdataset
from dns.rdataset import Rdataset
from dns.rdatatype import RdataType
from dnsfleet import names, rrtypes
from dnsfleet_engine import Zone

Key = tuple[dns.name.Name, RdataType]
"""Absolute owner name and type."""
Changes = Mapping[Key, Rdataset | None]
"""What RRsets become; None for one that goes."""


class RRsets(Protocol):
    """A zone, an RRset at a time."""

    def get(self, key: Key) -> Rdataset | None:
        """An RRset; nobody changes it."""

    def types(self, owner: dns.name.Name) -> Collection[RdataType]:
        """The types that there are at a name."""


class Published:
    """The RRsets of a zone of the engine."""

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._read: dict[Key, Rdataset | None] = {}
        """What was asked for: most is asked for again, and to read rdata takes long."""

    def get(self, key: Key) -> Rdataset | None:
        """See `RRsets`. ValueError where the rdata cannot be read, as of a type of later days."""
        if key not in self._read:
            owner, rtype = key
            found = self._zone.get(text(owner), rrtypes.to_text(rtype))
            self._read[key] = None if found is None else rdataset(rtype, *found)
        return self._read[key]

    def types(self, owner: dns.name.Name) -> Collection[RdataType]:
        """See `RRsets`."""
        found = map(rrtypes.number, self._zone.types(text(owner)))
        return [RdataType.make(each) for each in found if each is not None]


class Layer:
    """A zone with changes."""

    def __init__(self, below: RRsets) -> None:
        self._below = below
        self.changes: dict[Key, Rdataset | None] = {}
        self._types: dict[dns.name.Name, set[RdataType]] = {}
        """Where something changed."""

    def get(self, key: Key) -> Rdataset | None:
        """See `RRsets`."""
        return self.changes[key] if key in self.changes else self._below.get(key)

    def types(self, owner: dns.name.Name) -> Collection[RdataType]:
        """See `RRsets`."""
        found = self._types.get(owner)
        return self._below.types(owner) if found is None else tuple(found)

    def put(self, key: Key, value: Rdataset | None) -> None:
        """Have an RRset, or have none."""
        owner, rtype = key
        if owner not in self._types:
            self._types[owner] = set(self._below.types(owner))
        (self._types[owner].discard if value is None else self._types[owner].add)(rtype)
        self.changes[key] = value


def rdataset(rtype: RdataType, ttl: int, texts: Collection[str]) -> Rdataset:
    """An RRset of rdata in presentation form with absolute names; ValueError where one is none."""
    try:
        return dns.rdataset.from_text(dns.rdataclass.IN, rtype, ttl, *texts)
    except dns.exception.DNSException as error:
        raise ValueError(
            f"{rrtypes.to_text(rtype)} rdata that is not understood: {error}"
        ) from None


def text(owner: dns.name.Name) -> str:
    """An absolute name in normal spelling."""
    return names.normalise(owner.to_text())


def same(one: Rdataset | None, other: Rdataset | None) -> bool:
    """Whether both have the same records, and one TTL."""
    if one is None or other is None:
        return one is other
    return one.ttl == other.ttl and set(one) == set(other)

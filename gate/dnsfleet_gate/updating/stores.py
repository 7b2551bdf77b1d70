"""Where what update keys have is kept: for each key and zone a RecordSet."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from dnsfleet.resources import Reference
from dnsfleet.zones.sharing import RRsetKey


class Claim(NamedTuple):
    """An RRset that a key has."""

    ttl: int
    """Seconds."""
    data: tuple[str, ...]
    """Rdata in presentation form with absolute names."""
    since: str
    """When the key came to have it, RFC 3339 in UTC."""


Claims = Mapping[RRsetKey, Claim]
"""By absolute owner name and type in normal spelling."""


class Stored(NamedTuple):
    """What a key has of a zone, as the store knows it, and what became of that."""

    claims: Claims
    version: str = ""
    """What a write names, so that it meets no RRsets that it does not know; empty where there is no
    object yet. Another status is no other version."""
    generation: int = 0
    programmed: int = 0
    """The generation that is published; 0 where none is."""
    propagated: int = 0
    """The generation that all edges have."""
    refusal: str = ""
    """Why the operator does not take this generation; empty where it does, or did not look yet."""


class UnavailableError(Exception):
    """The store does not do anything now."""


class ConflictError(Exception):
    """Somebody else wrote meanwhile."""


class RefusedError(Exception):
    """The store does not take what is written; the text says why."""


class Store(Protocol):
    """Called in threads, one call at a time for one key and zone. All raise UnavailableError."""

    def read(self, key: str, zone: Reference) -> Stored:
        """What a key has; nothing where there is no object. RefusedError where it is not ours."""

    def write(self, key: str, zone: Reference, claims: Claims, version: str) -> Stored:
        """Have these in place of those of `version`. ConflictError, RefusedError."""


def text(claims: Claims) -> int:
    """Characters of names and data, by the measure of `MAX_DYNAMIC_TEXT`."""
    return sum(len(owner) + sum(map(len, claim.data)) for (owner, _), claim in claims.items())

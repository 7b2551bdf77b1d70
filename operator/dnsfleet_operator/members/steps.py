"""What is to be done for the members of catalogs of primaries, and what became of them."""

from typing import Literal, NamedTuple

from dnsfleet.resources import Reference
from dnsfleet.zones.member_zones import Object

WRITE_FAILED = "WriteFailed"
"""The reason of a member whose Zone the API server did not take."""


class Refusal(NamedTuple):
    """Why a member has no Zone as it is to be."""

    reason: str
    message: str
    blocker: Reference | None = None
    """The Zone that is in its way."""


class Standing(NamedTuple):
    """What became of the members of a catalog."""

    members: int
    """It lists so many."""
    synced: int
    """So many of these have their Zone as it is to be."""
    waiting: int
    """So many have not yet, or not any more."""
    refused: int
    named: tuple[tuple[str, Refusal], ...]
    """The refused ones by origin, `MAX_REFUSED` at most."""


class Step(NamedTuple):
    """One write."""

    kind: Literal["create", "change", "delete"]
    catalog: Reference
    origin: str
    zone: Reference
    uid: str
    """Of the Zone; empty for one that is made."""
    wanted: Object
    """The Zone as it is to be; empty for one that is deleted."""

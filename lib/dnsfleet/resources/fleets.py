"""The Fleet: what is true of a whole fleet, and what of it waits for an approval.

The operator makes one for each release, named after it. People write nothing in it but the
annotation `dnsfleet.io/approve`: what has lost its own object, and what one cause does to many
objects, has no other place to be approved.
"""

from typing import Annotated, Literal

from pydantic import Field

from dnsfleet.resources.base import API_VERSION, Model, Tolerant
from dnsfleet.resources.kubernetes_types import Conditions, Metadata

MAX_HELD = 50
"""Entries in a status; each may stand for any number of zones."""
MAX_NAMED = 10
"""Zones that one entry names, and lines of its diff."""
MAX_ORPHANS = 50
"""Orphans in a status."""
MAX_TEXT = 500
"""Characters of what an entry says."""
MAX_LINE = 200
"""Characters of a record in a diff."""

Names = Annotated[tuple[str, ...], Field(strict=False, max_length=MAX_NAMED)]


class Core(Tolerant):
    """The core, as the operator that leads knows it."""

    fence: int
    """The number under which it publishes; it rises with each new leader and each lost core."""
    position: int
    """Of the log, a minute ago at most."""


class Held(Tolerant):
    """A change that waits for an approval."""

    kind: Literal["Plan", "Placement", "PopDeletion", "Removal"]
    """Plan: the records of a Zone or a RecordSet; Placement: the Pops of zones; PopDeletion: a Pop
    without an object, which is the last one of a zone; Removal: zones that leave the fleet."""
    hash: Annotated[str, Field(max_length=64)]
    """What approves it: of a Plan on the Zone, and of a RecordSet there, on itself or on the Fleet;
    of the others on the Fleet."""
    object: Annotated[str, Field(max_length=MAX_TEXT)] = ""
    """The one object that it is about: NAMESPACE/NAME of a Zone, the name of a Pop, or
    `RecordSet NAMESPACE/NAME`, which may be deleted."""
    message: Annotated[str, Field(max_length=MAX_TEXT)]
    """What it does, and why it is held."""
    diff: Annotated[
        tuple[Annotated[str, Field(max_length=MAX_LINE)], ...],
        Field(strict=False, max_length=MAX_NAMED),
    ] = ()
    """The first few records that a Plan removes (`- …`), adds (`+ …`) or changes; or the Pops that
    a Placement takes away."""
    zones: Names = ()
    """Origins of the zones that it is about, the first few."""
    zone_count: int
    """How many zones that is."""
    since: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    """When it was held first."""


class Orphan(Tolerant):
    """A published zone that no Zone object names."""

    origin: Annotated[str, Field(max_length=255)]
    since: Annotated[str, Field(json_schema_extra={"format": "date-time"})] | None = None
    """Since when it is missed; without a time it stays, whatever comes."""
    removed_after: Annotated[str, Field(json_schema_extra={"format": "date-time"})] | None = None
    """When it may be removed at the earliest, if no Zone object comes until then."""
    hash: Annotated[str, Field(max_length=64)] | None = None
    """What ends it now, where the Fleet approves it: of this zone, missed since this time."""


class FleetStatus(Tolerant):
    """What the operator knows about the whole fleet."""

    observed_generation: int | None = None
    """Generation of the object that this status is about."""
    core: Core | None = None
    held_count: int = 0
    """How many changes wait."""
    held: Annotated[tuple[Held, ...], Field(strict=False, max_length=MAX_HELD)] = ()
    """The first of them by kind, then by hash."""
    orphan_count: int = 0
    """How many published zones no Zone object names."""
    orphans: Annotated[tuple[Orphan, ...], Field(strict=False, max_length=MAX_ORPHANS)] = ()
    """The first of them by origin."""
    conditions: Conditions = ()
    """CoreAvailable, KeysReady, Held, Ready."""


class Fleet(Model):
    """A fleet as a whole; the operator makes it."""

    api_version: Literal["dnsfleet.io/v1alpha1"] = API_VERSION
    kind: Literal["Fleet"] = "Fleet"
    metadata: Metadata
    status: FleetStatus | None = None

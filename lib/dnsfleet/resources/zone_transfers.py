"""Zones that are kept somewhere else: who has them, and who may say so."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from dnsfleet.resources.base import Labels, Model, ObjectName
from dnsfleet.resources.catalogs import LabelKey
from dnsfleet.resources.name_servers import NameServer, check_distinct
from dnsfleet.resources.zone_placements import Placement

MAX_PRIMARIES = 8
"""Name servers that one zone comes from: each that is away costs a time-out."""


class KeyReference(Model):
    """A TsigKey in the namespace of the release."""

    name: ObjectName


class Primaries(Model):
    """Name servers that have the zone, as a secondary asks them (RFC 5936, RFC 1995)."""

    primaries: Annotated[
        tuple[NameServer, ...], Field(strict=False, min_length=1, max_length=MAX_PRIMARIES)
    ]
    """In the order in which they are asked."""
    tsig_key: KeyReference
    """What signs each message, both ways; the TsigKey says for which zones and primaries it is."""

    @model_validator(mode="after")
    def _primaries_differ(self) -> Self:
        check_distinct("primaries", self.primaries)
        return self


class ZoneTemplateMetadata(Model):
    """Metadata of each Zone."""

    labels: Labels = Field({})


class ZoneTemplateSource(Model):
    """Where each Zone comes from."""

    transfer: Primaries


class ZoneTemplateSpec(Model):
    """What each Zone says beside its origin."""

    source: ZoneTemplateSource | None = None
    """Default: the primaries and the key of the catalog."""
    placement: Placement | None = None
    """Which Pops serve each zone; default: that of its ZoneClass, or every Pop."""


class ZoneTemplate(Model):
    """What the Zones that are made have in common."""

    metadata: ZoneTemplateMetadata = ZoneTemplateMetadata()
    spec: ZoneTemplateSpec = ZoneTemplateSpec()


class ConsumedCatalog(Model):
    """What is made of the zones that a catalog (RFC 9432) of the primaries lists."""

    zone_template: ZoneTemplate = ZoneTemplate()
    """Each of them becomes such a Zone in the namespace of the catalog."""
    group_label: LabelKey | None = None
    """A label of these Zones that gets their `group` (RFC 9432 section 4.4.2) as its value."""


class ZoneTransfer(Primaries):
    """Name servers that have the zone, as a secondary asks them (RFC 5936, RFC 1995)."""

    catalog: ConsumedCatalog | None = None
    """The zone is a catalog (RFC 9432), and the zones that it lists are to be served. No Pop serves
    the catalog itself."""

"""Catalog zones (RFC 9432), as people say it in a Zone and in a ZoneClass, and what is told."""

from typing import Annotated, Literal

from pydantic import Field

from dnsfleet.resources.base import Model, Tolerant
from dnsfleet.resources.kubernetes_types import LabelSelector

MAX_LABEL_KEY = 317
"""Characters of the key of a label: 253 of the prefix, the slash, 63 of the name."""

MAX_REFUSED = 16
"""Members that a status names: its size must not grow with the catalog."""

From = Literal["Same", "All"]
LabelKey = Annotated[
    str,
    Field(
        max_length=MAX_LABEL_KEY,
        pattern=r"^([-a-z0-9.]+/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$",
    ),
]


class CatalogSource(Model):
    """Which Zones a catalog lists: those that are published, and have these labels."""

    from_: From = Field(default="Same", alias="from")
    """Same: Zones of the catalog's own namespace; All: of every one, which the ZoneClass of the
    catalog has to allow."""
    zone_selector: LabelSelector = LabelSelector()
    """Zones with these labels; an empty selector takes every Zone."""
    group_label: LabelKey | None = None
    """A label of the listed Zones whose value is their `group` (RFC 9432 section 4.4.2)."""


class ClassCatalogs(Model):
    """What catalogs of a class may list."""

    from_: From = Field(default="Same", alias="from")
    """Same: Zones of their own namespace; All: those of every namespace."""


class RefusedMember(Tolerant):
    """A zone that a catalog of primaries lists, and of which no Zone is made."""

    origin: str
    reason: str
    """CamelCase."""
    message: str


class CatalogStatus(Tolerant):
    """What became of the zones that a catalog of primaries lists."""

    members: int
    """Zones that it lists, as it was taken last."""
    synced: int
    """Those of them that have their Zone as it is to be."""
    refused: Annotated[tuple[RefusedMember, ...], Field(strict=False, max_length=MAX_REFUSED)] = ()
    """Those that have none, at most sixteen."""

"""What a catalog zone (RFC 9432) lists, as people say it in a Zone and in a ZoneClass."""

from typing import Annotated, Literal

from pydantic import Field

from dnsfleet.resources.base import Model
from dnsfleet.resources.kubernetes_types import LabelSelector

MAX_LABEL_KEY = 317
"""Characters of the key of a label: 253 of the prefix, the slash, 63 of the name."""

From = Literal["Same", "All"]


class CatalogSource(Model):
    """Which Zones a catalog lists: those that are published, and have these labels."""

    from_: From = Field(default="Same", alias="from")
    """Same: Zones of the catalog's own namespace; All: of every one, which the ZoneClass of the
    catalog has to allow."""
    zone_selector: LabelSelector = LabelSelector()
    """Zones with these labels; an empty selector takes every Zone."""
    group_label: (
        Annotated[
            str,
            Field(
                max_length=MAX_LABEL_KEY,
                pattern=r"^([-a-z0-9.]+/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$",
            ),
        ]
        | None
    ) = None
    """A label of the listed Zones whose value is their `group` (RFC 9432 section 4.4.2)."""


class ClassCatalogs(Model):
    """What catalogs of a class may list."""

    from_: From = Field(default="Same", alias="from")
    """Same: Zones of their own namespace; All: those of every namespace."""

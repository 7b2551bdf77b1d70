"""Consents: what the owner of a Zone allows to the objects of other teams.

    recordSets    who may add which records to the zone
    nestedZones   who may have a Zone of a name below or above

`dnsfleet.zones.ownership` decides by them.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from dnsfleet import names
from dnsfleet.resources.base import Model
from dnsfleet.resources.kubernetes_types import LabelSelector
from dnsfleet.resources.zone_contents import NameText, TypeText

MAX_PATTERNS = 64
"""Names or types in a consent; bounds the cost of validation."""


def _name_pattern(text: str) -> str:
    if text != "*":
        names.normalise(text.removeprefix("*."), names.ROOT)
    return text


NamePattern = Annotated[NameText, AfterValidator(_name_pattern)]
"""`*` for every name, `*.dev` for every name below dev, or one name; relative to the origin."""


class NamespaceConsent(Model):
    """Which namespaces are allowed."""

    from_: Literal["Same", "Selector", "All"] = Field(default="Same", alias="from")
    """Same: the Zone's own; Selector: those whose labels match; All: any."""
    selector: LabelSelector | None = None
    """Labels of namespaces, with `from: Selector`."""

    @model_validator(mode="after")
    def _selector_fits(self) -> Self:
        if (self.from_ == "Selector") != (self.selector is not None):
            raise ValueError("give selector with from: Selector, and only then")
        return self

    def allows(self, namespace: str, labels: Mapping[str, str], own: str) -> bool:
        """Whether `namespace`, which has `labels`, is allowed by an object in namespace `own`."""
        match self.from_:
            case "Same":
                return namespace == own
            case "Selector":
                return self.selector is not None and self.selector.matches(labels)
            case "All":
                return True


class RecordSetConsent(Model):
    """Whose RecordSets may add which records to the zone."""

    namespaces: NamespaceConsent = NamespaceConsent()
    names: Annotated[
        tuple[NamePattern, ...], Field(strict=False, min_length=1, max_length=MAX_PATTERNS)
    ] = ("*",)
    """Owner names, relative to the origin: `*` is every name, `*.dev` every name below dev."""
    types: (
        Annotated[
            tuple[TypeText, ...],
            Field(strict=False, min_length=1, max_length=MAX_PATTERNS),
        ]
        | None
    ) = None
    """Types that may be added; default: all but NS, DNAME and DS, which decide about other names.
    They hide nothing of an older owner, unless `names` has just their name."""
    merge: (
        Annotated[tuple[Literal["TXT"], ...], Field(strict=False, min_length=1, max_length=1)]
        | None
    ) = None
    """Types of which several RecordSets may add values to one RRset: TXT. At an _acme-challenge
    name they always may within one namespace, and never across namespaces."""


class NestedZoneConsent(Model):
    """Whose Zones may have an origin below or above this one's.

    A Zone below takes its names out of this one, a Zone above decides about the delegation to it.
    """

    namespaces: NamespaceConsent = NamespaceConsent()
    """Namespaces of those Zones; the Zone's own is always allowed."""

"""The ZoneClass: what the namespaces of a cluster may have of a part of the DNS.

A platform team writes it; it is cluster-scoped, so that no team can write its own. How a Zone is
matched with a class is in `dnsfleet.zones.classes`, what a class says to records in
`dnsfleet.zones.class_rules`.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from dnsfleet import names
from dnsfleet.resources.base import API_VERSION, Model, ObjectName, Reference, fault
from dnsfleet.resources.catalogs import ClassCatalogs
from dnsfleet.resources.consents import MAX_PATTERNS
from dnsfleet.resources.kubernetes_types import LabelSelector, Metadata
from dnsfleet.resources.zone_contents import NameText, Ttl, TypeText
from dnsfleet.resources.zones import MAX_NAME_SERVERS, Soa, WholeName

MAX_SUFFIXES = 64
"""Suffixes of one class; more classes may follow."""
MAX_NAMESPACES = 256
"""Namespaces that one class names; more have a label in common."""
MAX_COUNT = 2**53 - 1
"""The largest whole number that every JSON reader takes."""


def _suffix(text: str) -> str:
    names.normalise(text)
    return text


Suffix = Annotated[NameText, AfterValidator(_suffix)]
"""A whole name, with and without a dot at its end; `.` is the root."""
Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]


class ClassNamespaces(Model):
    """Namespaces by name, by label, or both: what fits one of them is taken."""

    names: Annotated[tuple[ObjectName, ...], Field(strict=False, max_length=MAX_NAMESPACES)] = ()
    """Names of namespaces."""
    selector: LabelSelector | None = None
    """Labels of namespaces."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.names and self.selector is None:
            raise ValueError("give names, a selector, or both")
        return self

    def allows(self, namespace: str, labels: Mapping[str, str]) -> bool:
        """Whether a namespace with these labels is one of them."""
        by_label = self.selector is not None and self.selector.matches(labels)
        return namespace in self.names or by_label


class Quota(Model):
    """What one namespace may have at most under the class; without a number there is no bound."""

    zones: Count | None = None
    """Zones."""
    record_sets: Count | None = None
    """RecordSets that add to zones of the class, whosever these are."""
    rrsets: Count | None = None
    """RRsets, of Zones and RecordSets together."""
    octets: Count | None = None
    """Octets of their data: of the texts in objects, and of whole zone files as they are read."""


class TtlBounds(Model):
    """The lowest and the highest TTL of a record, in seconds."""

    minimum: Ttl = 0
    maximum: Ttl = 2**31 - 1

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.minimum > self.maximum:
            raise fault(("minimum",), "minimum is above maximum")
        return self


class ClassDefaults(Model):
    """What a Zone gets that does not say it itself; its status shows what it got."""

    ttl: Ttl | None = None
    """Seconds for records without their own TTL."""
    name_servers: (
        Annotated[
            tuple[WholeName, ...], Field(strict=False, min_length=1, max_length=MAX_NAME_SERVERS)
        ]
        | None
    ) = None
    """Whole names of the servers; not for a Zone with a zone file."""
    soa: Soa | None = None
    """The whole SOA; not for a Zone with a zone file."""
    pop_selector: LabelSelector | None = None
    """Pops that serve the zone."""


class ZoneClassSpec(Model):
    """Which part of the DNS, who may have zones there, and what these may contain."""

    suffixes: Annotated[
        tuple[Suffix, ...], Field(strict=False, min_length=1, max_length=MAX_SUFFIXES)
    ]
    """Zones at or below these names are of this class, unless a class names a longer suffix."""
    namespaces: ClassNamespaces | None = None
    """Whose Zones; default: those of every namespace."""
    types: (
        Annotated[tuple[TypeText, ...], Field(strict=False, min_length=1, max_length=MAX_PATTERNS)]
        | None
    ) = None
    """Types of records beside the SOA and the name servers of a zone; default: all."""
    ttl: TtlBounds | None = None
    quota: Quota | None = None
    catalogs: ClassCatalogs = ClassCatalogs()
    """What Zones of the class that are catalogs (RFC 9432) may list."""
    defaults: ClassDefaults = ClassDefaults()

    @model_validator(mode="after")
    def _defaults_fit(self) -> Self:
        given, bounds = self.defaults.ttl, self.ttl
        if given is not None and bounds and not bounds.minimum <= given <= bounds.maximum:
            raise fault(("defaults", "ttl"), "the default is not within the bounds in spec.ttl")
        return self


class ZoneClass(Model):
    """What namespaces may have of a part of the DNS."""

    api_version: Literal["dnsfleet.io/v1alpha1"] = API_VERSION
    kind: Literal["ZoneClass"] = "ZoneClass"
    metadata: Metadata
    spec: ZoneClassSpec

    @property
    def reference(self) -> Reference:
        """Kind and name; a ZoneClass has no namespace."""
        return Reference("ZoneClass", "", self.metadata.name)

    @property
    def suffixes(self) -> set[str]:
        """Its suffixes in normal spelling."""
        return {names.normalise(each) for each in self.spec.suffixes}

"""The RecordSet: records that one team adds to a zone that another team owns.

Mostly it is taken or refused as a whole. The RRsets of a dynamic one come from dynamic updates
(RFC 2136), one after the other, so each of them claims for itself from its own moment on.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from dnsfleet.resources.base import (
    API_VERSION,
    DEFAULT_NAMESPACE,
    Model,
    ObjectName,
    Reference,
    Tolerant,
    fault,
)
from dnsfleet.resources.kubernetes_types import Conditions, Metadata
from dnsfleet.resources.zone_contents import Record, Ttl, check_distinct

MAX_RECORD_SET_RECORDS = 100
"""RRsets in one RecordSet: it is accepted or refused as a whole, so it stays small to review."""
MAX_DYNAMIC_RECORDS = 1000
"""RRsets in a dynamic one, which nobody reviews: all that one key added to a zone, and a claim in
the core names each of them."""
MAX_DYNAMIC_TEXT = 256 * 1024
"""Characters of names and data in a dynamic one: it is written anew for every few updates, and the
API server and each of its watchers read all of it."""
GATE = "dnsfleet-gate"
"""Who writes dynamic ones: the value of the label app.kubernetes.io/managed-by on them."""
MAX_SINCE = 20
"""Characters of a time such as 2026-01-01T00:00:00Z."""


class ZoneReference(Model):
    """A Zone, by the name of its object."""

    name: ObjectName
    namespace: ObjectName | None = None
    """Default: the namespace of the RecordSet."""


def _time(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text} is no time; write one such as 2026-01-01T00:00:00Z") from None
    return text


Time = Annotated[
    str,
    Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", max_length=MAX_SINCE),
    AfterValidator(_time),
]
"""RFC 3339, UTC, whole seconds as in a creationTimestamp: text order is time order."""


class DynamicRecord(Record):
    """One RRset that came by dynamic updates."""

    ttl: Ttl
    """Seconds that caches may keep it."""
    since: Time
    """When it was claimed; its age goes by that."""


class RecordSetSpec(Model):
    """What a team adds, and to which zone: records that people write, or those of updates."""

    zone_ref: ZoneReference
    records: (
        Annotated[
            tuple[Record, ...],
            Field(strict=False, min_length=1, max_length=MAX_RECORD_SET_RECORDS),
        ]
        | None
    ) = None
    """RRsets, 1 to 100; the oldest RecordSet with a name and type owns it."""
    dynamic_records: (
        Annotated[tuple[DynamicRecord, ...], Field(strict=False, max_length=MAX_DYNAMIC_RECORDS)]
        | None
    ) = None
    """In place of records: RRsets, up to 1,000, that come from dynamic updates (RFC 2136). Each
    claims for itself, and one that may not be is left out alone."""

    @property
    def dynamic(self) -> bool:
        """Whether its RRsets come from dynamic updates."""
        return self.dynamic_records is not None

    @property
    def rrsets(self) -> Sequence[Record]:
        """Its RRsets, of either field."""
        return self.records or self.dynamic_records or ()

    @property
    def rrsets_field(self) -> str:
        """Where they are written."""
        return "dynamicRecords" if self.dynamic else "records"

    def with_rrsets(self, rrsets: Iterable[Record]) -> Self:
        """The same with these in the place of its own."""
        field = "dynamic_records" if self.dynamic else "records"
        return self.model_copy(update={field: tuple(rrsets)})

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> Self:
        if (self.records is None) == (self.dynamic_records is None):
            raise fault((), "give records; or dynamicRecords, where they come from updates")
        text = sum(len(each.name) + sum(map(len, each.data)) for each in self.dynamic_records or ())
        if text > MAX_DYNAMIC_TEXT:
            raise fault(
                ("dynamicRecords",),
                f"{text} characters of names and data, at most {MAX_DYNAMIC_TEXT} are allowed; "
                "remove some",
            )
        return self

    @model_validator(mode="after")
    def _leaves_the_apex(self) -> Self:
        field = self.rrsets_field
        check_distinct(self.rrsets, field)
        for index, record in enumerate(self.rrsets):
            if record.type == "SOA":
                raise fault((field, index), "the SOA comes from the Zone only; remove it here")
        return self


class RecordSetStatus(Tolerant):
    """What dnsfleet knows about a RecordSet."""

    observed_generation: int | None = None
    """Generation of the spec that this status is about."""
    records: int | None = None
    """Records that it adds."""
    conditions: Conditions = ()
    """Accepted (or why not), Programmed, Propagated, Ready."""


class RecordSet(Model):
    """Records added to a zone that another team may own."""

    api_version: Literal["dnsfleet.io/v1alpha1"] = API_VERSION
    kind: Literal["RecordSet"] = "RecordSet"
    metadata: Metadata
    spec: RecordSetSpec
    status: RecordSetStatus | None = None

    @property
    def reference(self) -> Reference:
        """Kind, namespace and name."""
        return Reference(
            "RecordSet", self.metadata.namespace or DEFAULT_NAMESPACE, self.metadata.name
        )

    @property
    def rrsets_place(self) -> str:
        """Where its RRsets are written, as a violation tells it."""
        return f"{self.reference}: spec.{self.spec.rrsets_field}"

    @property
    def zone_reference(self) -> Reference:
        """The Zone that it adds to."""
        zone = self.spec.zone_ref
        return Reference("Zone", zone.namespace or self.reference.namespace, zone.name)

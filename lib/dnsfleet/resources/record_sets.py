"""The RecordSet: records that one team adds to a zone that another team owns."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

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
from dnsfleet.resources.zone_contents import Record, check_distinct

MAX_RECORD_SET_RECORDS = 100
"""RRsets in one RecordSet: it is accepted or refused as a whole, so it stays small to review."""


class ZoneReference(Model):
    """A Zone, by the name of its object."""

    name: ObjectName
    namespace: ObjectName | None = None
    """Default: the namespace of the RecordSet."""


class RecordSetSpec(Model):
    """What a team adds, and to which zone."""

    zone_ref: ZoneReference
    records: Annotated[
        tuple[Record, ...],
        Field(strict=False, min_length=1, max_length=MAX_RECORD_SET_RECORDS),
    ]
    """RRsets; the oldest RecordSet with a name and type owns it."""

    @model_validator(mode="after")
    def _leaves_the_apex(self) -> Self:
        check_distinct(self.records)
        for index, record in enumerate(self.records):
            if record.type == "SOA":
                raise fault(("records", index), "the SOA comes from the Zone only; remove it here")
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
    def zone_reference(self) -> Reference:
        """The Zone that it adds to."""
        zone = self.spec.zone_ref
        return Reference("Zone", zone.namespace or self.reference.namespace, zone.name)

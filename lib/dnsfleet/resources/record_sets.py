"""The RecordSet: records that one team adds to a zone that another team owns.

Mostly it is taken or refused as a whole. The RRsets of a dynamic one come from dynamic updates
(RFC 2136), one after the other, so each of them claims for itself from its own moment on.
"""

from collections.abc import Sequence
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
from dnsfleet.resources.zone_contents import Record, check_distinct

MAX_RECORD_SET_RECORDS = 100
"""RRsets in one RecordSet: it is accepted or refused as a whole, so it stays small to review."""
MAX_DYNAMIC_RECORDS = 1000
"""RRsets in a dynamic one, which nobody reviews: all that one key added to a zone, and a claim in
the core names each of them."""
MAX_DYNAMIC_TEXT = 256 * 1024
"""Characters of names and data in a dynamic one: it is written anew for every few updates, and the
API server and each of its watchers read all of it."""
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


class AddedRecord(Record):
    """One RRset of a RecordSet."""

    since: Time | None = None
    """When it was claimed, in a dynamic RecordSet and only there; its age goes by that."""


class RecordSetSpec(Model):
    """What a team adds, and to which zone."""

    zone_ref: ZoneReference
    dynamic: bool = False
    """Whether its RRsets come from dynamic updates (RFC 2136): each claims for itself, and one
    that may not be is left out alone."""
    records: Annotated[tuple[AddedRecord, ...], Field(strict=False, max_length=MAX_DYNAMIC_RECORDS)]
    """RRsets, 1 to 100, in a dynamic RecordSet up to 1,000; the oldest RecordSet with a name and
    type owns it."""

    @model_validator(mode="after")
    def _is_of_its_kind(self) -> Self:
        if self.dynamic:
            _check_dynamic(self.records)
        else:
            _check_plain(self.records)
        return self

    @model_validator(mode="after")
    def _leaves_the_apex(self) -> Self:
        check_distinct(self.records)
        for index, record in enumerate(self.records):
            if record.type == "SOA":
                raise fault(("records", index), "the SOA comes from the Zone only; remove it here")
        return self


def _check_plain(records: Sequence[AddedRecord]) -> None:
    if not records:
        raise fault(("records",), "give at least one; only a dynamic RecordSet may have none")
    if len(records) > MAX_RECORD_SET_RECORDS:
        raise fault(
            ("records",),
            f"found {len(records)} RRsets, at most {MAX_RECORD_SET_RECORDS} are allowed; make "
            "several RecordSets",
        )
    for index, record in enumerate(records):
        if record.since is not None:
            message = "only the RRsets of a dynamic RecordSet have a time; remove it"
            raise fault(("records", index, "since"), message)


def _check_dynamic(records: Sequence[AddedRecord]) -> None:
    for index, record in enumerate(records):
        if record.since is None:
            message = "in a dynamic RecordSet each RRset says since when it is claimed; give it"
            raise fault(("records", index, "since"), message)
    text = sum(len(each.name) + sum(map(len, each.data)) for each in records)
    if text > MAX_DYNAMIC_TEXT:
        raise fault(
            ("records",),
            f"{text} characters of names and data, at most {MAX_DYNAMIC_TEXT} are allowed in a "
            "dynamic RecordSet; remove some",
        )


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

"""Zones that are kept somewhere else: who has them, and who may say so."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from dnsfleet.resources.base import Model, ObjectName
from dnsfleet.resources.name_servers import NameServer, check_distinct

MAX_PRIMARIES = 8
"""Name servers that one zone comes from: each that is away costs a time-out."""


class KeyReference(Model):
    """A TsigKey in the namespace of the release."""

    name: ObjectName


class ZoneTransfer(Model):
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

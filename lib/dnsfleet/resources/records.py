"""RRsets as manifests write them, and the limits that Zone and RecordSet share."""

from collections.abc import Iterable
from typing import Annotated, Self

import dns.rdatatype
from pydantic import Field, model_validator

from dnsfleet import names
from dnsfleet.resources.base import Model, fault

MAX_TTL = 2**31 - 1
"""Seconds; the top bit of a TTL is not used (RFC 2181 section 8)."""
DEFAULT_TTL = 300
"""Seconds, where neither a record nor its zone says: a change is out in five minutes."""
MAX_DATA = 1000
"""Rdata in an RRset: 1,000 AAAA fill 28 KB of the 64 KiB that one DNS message can carry."""
MAX_DATA_TEXT = 65536
"""Characters in one rdata: more would not fit one DNS message in most types."""

Ttl = Annotated[int, Field(ge=0, le=MAX_TTL)]
NameText = Annotated[str, Field(min_length=1, max_length=names.MAX_TEXT)]
DataText = Annotated[str, Field(min_length=1, max_length=MAX_DATA_TEXT)]


TypeText = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9-]*$", max_length=24)]


class Record(Model):
    """One RRset: all the data of a name and type."""

    name: NameText
    """Owner name, relative to the origin unless it ends in a dot; `@` is the origin."""
    type: TypeText
    """A mnemonic such as AAAA, or TYPE65280 (RFC 3597)."""
    ttl: Ttl | None = None
    """Seconds that caches may keep it; default: the zone's."""
    data: Annotated[tuple[DataText, ...], Field(strict=False, min_length=1, max_length=MAX_DATA)]
    """Rdata in presentation form (RFC 1035 section 5), one an item, names relative to the
    origin."""

    @model_validator(mode="after")
    def _on_one_line(self) -> Self:
        for index, text in enumerate(self.data):
            if "\n" in text or "\r" in text:
                raise fault(("data", index), "the rdata has a line break; write it on one line")
        return self

    def key(self, origin: str) -> tuple[str, str]:
        """(owner name in normal spelling, type) with TYPE1 as A; ValueError on a bad name."""
        return names.normalise(self.name, origin), canonical_type(self.type)


def canonical_type(mnemonic: str) -> str:
    """The one spelling of a type: TYPE1 is A; types without a known mnemonic stay TYPEnnn."""
    try:
        return dns.rdatatype.to_text(dns.rdatatype.from_text(mnemonic))
    except (dns.rdatatype.UnknownRdatatype, ValueError):
        return mnemonic


def check_distinct(records: Iterable[Record]) -> None:
    """Refuse two entries for one name and type: the second would hide or extend the first."""
    seen: dict[tuple[str, str], int] = {}
    for index, record in enumerate(records):
        key = (record.name.lower(), record.type)
        if key in seen:
            raise fault(
                ("records", index),
                f"{record.name} {record.type} is already records[{seen[key]}]; "
                "put all of its data there",
            )
        seen[key] = index

"""What a zone contains, as people write it in an object: RRsets, or one zone file.

The limits of RRsets are here too, because Zone and RecordSet share them.
"""

from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import Field, model_validator

from dnsfleet import names, rrtypes
from dnsfleet.resources.base import Model, ObjectName, fault

MAX_TTL = 2**31 - 1
"""Seconds; the top bit of a TTL is not used (RFC 2181 section 8)."""
DEFAULT_TTL = 300
"""Seconds, where neither a record nor its zone gives one: caches see a change in five minutes."""
MAX_DATA = 1000
"""Rdata in an RRset: 1,000 AAAA fill 28 KB of the 64 KiB that one DNS message can carry."""
MAX_DATA_TEXT = 65536
"""Characters in one rdata: more would not fit one DNS message in most types."""
MAX_INLINE = 512 * 1024
"""Characters of an inline zone file: a third of what etcd takes in one object."""
MAX_CONFIG_MAPS = 16
"""Parts of a zone file, 1 MiB each; bigger files come by URL."""

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
    """Rdata in presentation form (RFC 1035 section 5), one per item, names relative to the
    origin."""

    @model_validator(mode="after")
    def _on_one_line(self) -> Self:
        for index, text in enumerate(self.data):
            if "\n" in text or "\r" in text:
                raise fault(("data", index), "the rdata has a line break; write it on one line")
        return self

    def key(self, origin: str) -> tuple[str, str]:
        """The RRset: owner name and type, each in normal spelling; equal keys are one RRset.

        ValueError on a bad name, UnknownTypeError on a type that there is not.
        """
        return names.normalise(self.name, origin), rrtypes.normalise(self.type)


def check_distinct(records: Iterable[Record], field: str = "records") -> None:
    """Refuse two entries for one RRset in any spelling: the second would hide or extend the first.

    A relative name and an absolute one may be the same, too. That is told once the origin is known:
    where the zone is built. The API server compares what is written and nothing else. `field` has
    them.
    """
    seen: dict[tuple[str, bool, str], tuple[int, Record]] = {}
    for index, record in enumerate(records):
        number, first = seen.setdefault(_identity(record), (index, record))
        if number == index:
            continue
        same = (first.name, first.type) == (record.name, record.type)
        spelled = "" if same else f", spelled {first.name} {first.type}"
        raise fault(
            (field, index),
            f"{record.name} {record.type} is already {field}[{number}]{spelled}; put all of its "
            "data there",
        )


def _identity(record: Record) -> tuple[str, bool, str]:
    """Equal for one RRset, whatever the origin is; a bad one is as it stands."""
    try:
        name, rtype = record.key(names.ROOT)
    except ValueError:
        name, rtype = record.name, record.type
    return name, names.is_absolute(record.name), rtype


class ConfigMapKey(Model):
    """A key of a ConfigMap in the Zone's namespace."""

    name: ObjectName
    key: Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[-._a-zA-Z0-9]+$")]


class ZoneFile(Model):
    """Where a master file (RFC 1035 section 5) comes from: exactly one source; gzip is read too."""

    inline: Annotated[str, Field(min_length=1, max_length=MAX_INLINE)] | None = None
    """The text itself."""
    config_maps: (
        Annotated[
            tuple[ConfigMapKey, ...],
            Field(strict=False, min_length=1, max_length=MAX_CONFIG_MAPS),
        ]
        | None
    ) = None
    """Keys whose texts make up the file in this order."""
    url: Annotated[str, Field(pattern=r"^https://[^\s]+$", max_length=2048)] | None = None
    """An https address; the content must have the digest `sha256`."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", max_length=64)] | None = None
    """SHA-256 of what `url` returns, 64 hexadecimal digits."""
    path: Annotated[str, Field(min_length=1, max_length=4096)] | None = None
    """A file relative to the manifest; for `dnsfleet up` only."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        sources = {
            "inline": self.inline,
            "configMaps": self.config_maps,
            "url": self.url,
            "path": self.path,
        }
        given = [name for name, value in sources.items() if value is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise ValueError(f"found {found}; give exactly one of {', '.join(sources)}")
        if (self.url is None) != (self.sha256 is None):
            raise ValueError(
                "give url and sha256 together: the digest pins what the address returns"
            )
        return self

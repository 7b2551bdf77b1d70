"""The zoneFile of a Zone: one source of a master file, in the object or named by it."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from dnsfleet.resources.base import Model, ObjectName

MAX_INLINE = 512 * 1024
"""Characters of an inline zone file: a third of what etcd takes in one object."""
MAX_CONFIG_MAPS = 16
"""Parts of a zone file, 1 MiB each; bigger files come by URL."""


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

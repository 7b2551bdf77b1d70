"""What ExternalDNS says and hears: endpoints and changes, as its Go types become JSON.

The shapes are those of `endpoint.Endpoint` and `plan.Changes` of ExternalDNS v0.23, and of its
`api/webhook.yaml`. Fields that are not known here are ignored: a later ExternalDNS may have more.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from dnsfleet.resources.base import Tolerant
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

MEDIA_TYPE = "application/external.dns.webhook+json;version=1"

OWNED_RECORD = "ownedRecord"
"""Label of an endpoint of the TXT registry: the name of the record whose owner it tells."""


class ProviderSpecific(Tolerant):
    """A setting of one endpoint that is meant for a provider."""

    name: str = ""
    value: str = ""


class Endpoint(Tolerant):
    """An RRset, or a part of one where it has a set identifier."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    dns_name: str = ""
    """Without a dot at its end; may have U-labels."""
    targets: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """Rdata as ExternalDNS writes it, which differs from presentation form (see `targets`)."""
    record_type: str = ""
    set_identifier: str = ""
    record_ttl: int = Field(default=0, alias="recordTTL")
    """Seconds; 0 where nobody asked for one."""
    labels: dict[str, str] = Field(default_factory=dict)
    """What the source and the registry of ExternalDNS know of it."""
    provider_specific: Annotated[tuple[ProviderSpecific, ...], Field(strict=False)] = ()

    def to_json(self) -> dict[str, Any]:
        """As Go writes it: what is empty is left out."""
        return self.model_dump(exclude_defaults=True)


class Changes(Tolerant):
    """What a plan of ExternalDNS asks for."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    create: Annotated[tuple[Endpoint, ...], Field(strict=False)] | None = None
    update_old: Annotated[tuple[Endpoint, ...], Field(strict=False)] | None = None
    """What the endpoints of `update_new` are now."""
    update_new: Annotated[tuple[Endpoint, ...], Field(strict=False)] | None = None
    delete: Annotated[tuple[Endpoint, ...], Field(strict=False)] | None = None


class BodyError(ValueError):
    """The body of a request is not what the protocol says; the text says where and why."""


_ENDPOINTS: TypeAdapter[list[Endpoint] | None] = TypeAdapter(list[Endpoint] | None)


def endpoints(body: bytes) -> list[Endpoint]:
    """The endpoints of a request; Go writes an empty list as `null`. BodyError."""
    try:
        return _ENDPOINTS.validate_json(body) or []
    except ValidationError as error:
        raise BodyError(_first(error)) from None


def changes(body: bytes) -> Changes:
    """The changes of a request; BodyError."""
    try:
        return Changes.model_validate_json(body)
    except ValidationError as error:
        raise BodyError(_first(error)) from None


def to_json(found: Iterable[Endpoint]) -> list[dict[str, Any]]:
    """Endpoints as the body of an answer has them."""
    return [each.to_json() for each in found]


def properties(of: Mapping[str, str]) -> tuple[ProviderSpecific, ...]:
    """Settings by name, in the order in which ExternalDNS sorts them."""
    return tuple(ProviderSpecific(name=name, value=of[name]) for name in sorted(of))


def _first(error: ValidationError) -> str:
    found = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in found["loc"]) or "body"
    return f"{place}: {found['msg']}"

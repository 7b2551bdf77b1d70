"""The TsigKey: who may do what with which zones, by a shared secret (RFC 8945)."""

import base64
import binascii
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from dnsfleet import names, prefixes, rrtypes
from dnsfleet.prefixes import MAX_PREFIX, MAX_PREFIXES, PREFIX
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
from dnsfleet.resources.name_servers import NameServer, check_distinct
from dnsfleet.resources.update_patterns import UpdatePattern
from dnsfleet.resources.zone_contents import NameText, TypeText

ALL_ZONES = "*"
"""In place of an origin: every zone of the fleet."""
MAX_ZONES = 1000
"""Zones that one key names; a key for more of them is for all."""
MAX_SECONDARIES = 64
"""Name servers that one key tells of changes: each is told of every change of its zones."""
MAX_KEY_PRIMARIES = 64
"""Name servers that one key is for: one has the zones of many Zones."""
MAX_UPDATE_NAMES = 100
"""Patterns of a key: each is compared with each name of each update."""
MAX_UPDATE_TYPES = 64
"""Types of a key: more than a zone has."""
MAX_SECRET_KEY = 253
"""Characters of a key in a Secret (Kubernetes)."""


def _zone(text: str) -> str:
    if text != ALL_ZONES:
        names.normalise(text)
    return text


def _name(text: str) -> str:
    names.normalise(text)
    return text


def _update_type(text: str) -> str:
    if rrtypes.normalise(text) == "SOA":
        raise ValueError("no update changes a SOA, which comes from the Zone; remove it here")
    return text


Prefix = Annotated[
    str, Field(pattern=PREFIX, max_length=MAX_PREFIX), AfterValidator(prefixes.normalise)
]


class SecretKeyReference(Model):
    """A key of a Secret in the namespace of the TsigKey."""

    name: ObjectName
    key: Annotated[str, Field(pattern=r"^[-._a-zA-Z0-9]+$", max_length=MAX_SECRET_KEY)] = "secret"
    """What it holds is the secret in Base64, as `tsig-keygen` and `keymgr` print it."""


class Secondary(NameServer):
    """A name server that transfers zones, and is told when they change (RFC 1996)."""


class TsigKeySpec(Model):
    """A key as it is on the wire, and what it is good for."""

    key_name: Annotated[NameText, AfterValidator(_name)] | None = None
    """The name on the wire, which no other key has; default: the name of the object."""
    algorithm: Literal["hmac-sha256", "hmac-sha384", "hmac-sha512"] = "hmac-sha256"
    secret_ref: SecretKeyReference
    zones: Annotated[
        tuple[Annotated[NameText, AfterValidator(_zone)], ...],
        Field(strict=False, min_length=1, max_length=MAX_ZONES),
    ]
    """Origins, or `*` for all zones."""
    uses: Annotated[
        tuple[Literal["transfer", "primary", "update"], ...],
        Field(alias="for", strict=False, min_length=1, max_length=3),
    ]
    """What it allows: `transfer` is to have whole zones (RFC 5936), `primary` is to be asked for
    them, as a Zone with `source.transfer` says, and `update` is to change records (RFC 2136)."""
    names: (
        Annotated[
            tuple[UpdatePattern, ...],
            Field(strict=False, min_length=1, max_length=MAX_UPDATE_NAMES),
        ]
        | None
    ) = None
    """Owner names that updates may change: `*` is every name (the default), `*.dev` every name
    below dev, `_acme-challenge.*` every name that begins with this label, else one name; relative
    to each of the zones unless absolute."""
    types: (
        Annotated[
            tuple[Annotated[TypeText, AfterValidator(_update_type)], ...],
            Field(strict=False, min_length=1, max_length=MAX_UPDATE_TYPES),
        ]
        | None
    ) = None
    """Types that updates may change; default: all but NS, DNAME and DS, which decide about other
    names. The SOA and the NS of the apex come from the Zone."""
    wait: Literal["Programmed", "Propagated"] | None = None
    """What has to be true of an update before its sender is told so; default: Programmed.
    Propagated: the edges answer it, too."""
    secondaries: Annotated[
        tuple[Secondary, ...], Field(strict=False, max_length=MAX_SECONDARIES)
    ] = ()
    """Who is told of each change by a NOTIFY that this key signs."""
    primaries: Annotated[
        tuple[NameServer, ...], Field(strict=False, max_length=MAX_KEY_PRIMARIES)
    ] = ()
    """Who may be asked for zones with this key; default: whoever has a public address."""
    addresses: Annotated[tuple[Prefix, ...], Field(strict=False, max_length=MAX_PREFIXES)] = ()
    """From where the key may be used, by address prefix; default: from everywhere."""

    @model_validator(mode="after")
    def _secondaries_differ(self) -> Self:
        check_distinct("secondaries", self.secondaries)
        return self

    @model_validator(mode="after")
    def _updates_are_of_named_zones(self) -> Self:
        """An update goes into an object beside the Zone, so the zones have to be known."""
        if "update" in self.uses:
            if ALL_ZONES in self.zones:
                raise fault(
                    ("zones", self.zones.index(ALL_ZONES)),
                    "a key for updates names its zones; write their origins",
                )
            return self
        for field in ("names", "types", "wait"):
            if getattr(self, field) is not None:
                raise fault((field,), "this is about updates; add update to for, or remove it")
        return self


class TsigKeyStatus(Tolerant):
    """What dnsfleet knows about a key."""

    observed_generation: int | None = None
    """Generation of the spec that this status is about."""
    key_name: Annotated[str, Field(max_length=1024)] | None = None
    """The name on the wire."""
    conditions: Conditions = ()
    """Ready: gates are given the key as it is."""


class TsigKey(Model):
    """A key that signs messages between name servers."""

    api_version: Literal["dnsfleet.io/v1alpha1"] = API_VERSION
    kind: Literal["TsigKey"] = "TsigKey"
    metadata: Metadata
    spec: TsigKeySpec
    status: TsigKeyStatus | None = None

    @property
    def reference(self) -> Reference:
        """Kind, namespace and name."""
        return Reference(
            "TsigKey", self.metadata.namespace or DEFAULT_NAMESPACE, self.metadata.name
        )

    @property
    def is_for_gates(self) -> bool:
        """Whether gates accept it; one that is for primaries only is none of theirs."""
        return set(self.spec.uses) != {"primary"}

    @property
    def name(self) -> str:
        """On the wire: absolute, lower case, presentation form."""
        return names.normalise(self.spec.key_name or self.metadata.name)

    @property
    def secret_reference(self) -> Reference:
        """The Secret."""
        return Reference("Secret", self.reference.namespace, self.spec.secret_ref.name)


class Secret(Tolerant):
    """A Secret; no message and no log shows a value of it."""

    api_version: Literal["v1"] = "v1"
    kind: Literal["Secret"] = "Secret"
    metadata: Metadata
    data: dict[str, str] = Field({}, repr=False)
    """Base64."""
    string_data: dict[str, str] = Field({}, repr=False)
    """As it is; it goes before `data`."""

    @field_validator("data", "string_data", mode="before")
    @classmethod
    def _all_is_text(cls, found: object) -> object:
        """The usual messages would show what was found."""
        if not isinstance(found, dict):
            raise ValueError("a mapping is wanted")  # noqa: TRY004 - pydantic wants a ValueError
        for key, value in found.items():
            if not isinstance(value, str):
                raise fault((str(key),), "text is wanted; put it in quotes")
        return found

    @field_validator("data")
    @classmethod
    def _is_base64(cls, found: dict[str, str]) -> dict[str, str]:
        for key, value in found.items():
            try:
                base64.b64decode("".join(value.split()), validate=True)
            except binascii.Error:
                raise fault(
                    (key,), "this is not Base64; write the value as it is under stringData"
                ) from None
        return found

    @property
    def reference(self) -> Reference:
        """Kind, namespace and name."""
        return Reference("Secret", self.metadata.namespace or DEFAULT_NAMESPACE, self.metadata.name)

    def value(self, key: str) -> bytes | None:
        """What is under a key."""
        if key in self.string_data:
            return self.string_data[key].encode()
        if key in self.data:
            return base64.b64decode("".join(self.data[key].split()))
        return None

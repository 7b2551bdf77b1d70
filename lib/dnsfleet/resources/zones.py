"""The Zone: one zone of the DNS, where its records come from and which Pops serve it."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from dnsfleet import names
from dnsfleet.resources.base import (
    API_VERSION,
    DEFAULT_NAMESPACE,
    Model,
    ObjectName,
    Reference,
    Tolerant,
    fault,
)
from dnsfleet.resources.metadata import Conditions, LabelSelector, Metadata
from dnsfleet.resources.records import DEFAULT_TTL, NameText, Record, Ttl, TypeText, check_distinct

MAX_RECORDS = 500
"""RRsets inline: keeps the object well below etcd's 1.5 MiB; more go into a zone file."""
MAX_NAME_SERVERS = 13
"""As many as the root has: a referral with their addresses still fits one UDP reply."""
MAX_INLINE = 512 * 1024
"""Characters of an inline zone file: a third of what etcd takes in one object."""
MAX_CONFIG_MAPS = 16
"""Parts of a zone file, 1 MiB each; bigger files come by URL."""
MAX_SLOWEST = 5
"""Pops named in a status: its size must not grow with the fleet."""
MAX_PATTERNS = 64
"""Names or types in a consent; bounds the cost of validation."""
MAX_SECONDS = 2**31 - 1
"""SOA timers are 32-bit seconds (RFC 1035 section 3.3.13); the top bit stays unused as in TTLs."""

Seconds = Annotated[int, Field(ge=0, le=MAX_SECONDS)]


def _whole_name(text: str) -> str:
    """Refuse a name of one label: here names are whole, and `ns1` was surely meant as relative."""
    if names.labels(names.normalise(text)) < 2:
        raise ValueError(
            f'"{text}" has only one label; write the whole name, such as ns1.example.com'
        )
    return text


WholeName = Annotated[NameText, AfterValidator(_whole_name)]
"""A name that is absolute with and without a dot at its end."""


def _name_pattern(text: str) -> str:
    if text != "*":
        names.normalise(text.removeprefix("*."), names.ROOT)
    return text


NamePattern = Annotated[NameText, AfterValidator(_name_pattern)]
"""`*` for every name, `*.dev` for every name below dev, or one name; relative to the origin."""


class Soa(Model):
    """The SOA of a zone; its MNAME is the first name server, its serial is given by dnsfleet."""

    rname: WholeName | None = None
    """Mailbox of the person responsible, a dot for the @; default: hostmaster at the origin."""
    refresh: Seconds = 7200
    """Seconds between checks by secondaries; two hours, as NOTIFY makes polling a fallback."""
    retry: Seconds = 900
    """Seconds until a secondary tries again."""
    expire: Seconds = 1209600
    """Seconds a cut-off secondary goes on serving: two weeks (RFC 1912 section 2.2)."""
    minimum: Seconds = 300
    """Seconds that resolvers keep a negative answer (RFC 2308)."""

    @field_validator("rname", mode="before")
    @classmethod
    def _dot_for_the_at(cls, text: object) -> object:
        if isinstance(text, str) and "@" in text:
            dotted = text.replace("@", ".")
            raise ValueError(f'"{text}" has an @; write a dot in its place: {dotted}')
        return text


class Placement(Model):
    """Which Pops serve the zone."""

    pop_selector: LabelSelector = LabelSelector()
    """Pops with these labels; an empty selector takes every Pop."""


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


class NamespaceConsent(Model):
    """Which namespaces are allowed."""

    from_: Literal["Same", "Selector", "All"] = Field(default="Same", alias="from")
    """Same: the Zone's own; Selector: those whose labels match; All: any."""
    selector: LabelSelector | None = None
    """Labels of namespaces, with `from: Selector`."""

    @model_validator(mode="after")
    def _selector_fits(self) -> Self:
        if (self.from_ == "Selector") != (self.selector is not None):
            raise ValueError("give selector with from: Selector, and only then")
        return self

    def allows(self, namespace: str, labels: Mapping[str, str], own: str) -> bool:
        """Whether `namespace`, which has `labels`, is allowed by an object in namespace `own`."""
        match self.from_:
            case "Same":
                return namespace == own
            case "Selector":
                return self.selector is not None and self.selector.matches(labels)
            case "All":
                return True


class RecordSetConsent(Model):
    """Whose RecordSets may add which records to the zone."""

    namespaces: NamespaceConsent = NamespaceConsent()
    names: Annotated[
        tuple[NamePattern, ...], Field(strict=False, min_length=1, max_length=MAX_PATTERNS)
    ] = ("*",)
    """Owner names, relative to the origin: `*` is every name, `*.dev` every name below dev."""
    types: (
        Annotated[
            tuple[TypeText, ...],
            Field(strict=False, min_length=1, max_length=MAX_PATTERNS),
        ]
        | None
    ) = None
    """Types that may be added; default: all."""


class NestedZoneConsent(Model):
    """Whose Zones may have an origin below or above this one's.

    A Zone below takes its names out of this one, a Zone above decides about the delegation to it.
    """

    namespaces: NamespaceConsent = NamespaceConsent()
    """Namespaces of those Zones; the Zone's own is always allowed."""


class ZoneSpec(Model):
    """What people say about a zone."""

    origin: Annotated[str, Field(min_length=1, max_length=names.MAX_TEXT)]
    """The apex of the zone, in A-label form; immutable."""
    ttl: Ttl = DEFAULT_TTL
    """Seconds for records without their own TTL."""
    name_servers: (
        Annotated[
            tuple[WholeName, ...], Field(strict=False, min_length=1, max_length=MAX_NAME_SERVERS)
        ]
        | None
    ) = None
    """Whole names of the servers in the apex NS RRset."""
    soa: Soa | None = None
    """The SOA; with a zone file only where the file has none."""
    placement: Placement = Placement()
    records: Annotated[tuple[Record, ...], Field(strict=False, max_length=MAX_RECORDS)] | None = (
        None
    )
    """RRsets of the zone, or give zoneFile."""
    zone_file: ZoneFile | None = None
    """A master file in place of `records`."""
    record_sets: RecordSetConsent = RecordSetConsent()
    nested_zones: NestedZoneConsent = NestedZoneConsent()
    """Which other Zones may have an origin below or above this one's."""
    protect: bool = False
    """Refuse the deletion of this Zone while true."""

    @field_validator("origin")
    @classmethod
    def _origin_is_a_name(cls, text: str) -> str:
        names.normalise(text)
        return text

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.records is not None and self.zone_file is not None:
            raise ValueError("found records and zoneFile; give one of them")
        if self.zone_file is None and self.name_servers is None:
            raise fault(
                ("nameServers",), "name the servers of the zone, or give a zoneFile with them"
            )
        if self.soa is not None and self.name_servers is None:
            raise fault(("soa",), "give nameServers too: the first is the MNAME of the SOA")
        check_distinct(self.records or ())
        for index, record in enumerate(self.records or ()):
            if record.type == "SOA":
                raise fault(
                    ("records", index), "the SOA is not a record here; write it in spec.soa"
                )
            if record.type == "NS" and record.name == "@":
                raise fault(
                    ("records", index),
                    "the name servers of the zone are no record here; write spec.nameServers",
                )
        return self


class Revision(Tolerant):
    """Which version of the zone the core has published."""

    epoch: int
    """Fence of the writer that published it."""
    seq: int
    """Counts the publishes of the zone."""


class SlowPop(Tolerant):
    """A Pop that does not answer from the newest revision yet."""

    name: str
    """Name of the Pop."""
    seconds: float
    """Seconds behind."""
    message: str = ""
    """What keeps it."""


class Propagation(Tolerant):
    """How far the newest revision has come."""

    pops: int
    """Active Pops that are to serve the zone."""
    current: int
    """Pops whose ready edges all answer from the newest revision."""
    text: str
    """`current/pops`, for the table of kubectl."""
    seconds: float | None = None
    """Seconds from publish to the last Pop."""
    slowest: Annotated[tuple[SlowPop, ...], Field(strict=False, max_length=MAX_SLOWEST)] = ()
    """The Pops that are furthest behind, at most five."""


class ZoneStatus(Tolerant):
    """What dnsfleet knows about a zone."""

    observed_generation: int | None = None
    """Generation of the spec that this status is about."""
    serial: int | None = None
    """SOA serial of the published revision."""
    revision: Revision | None = None
    records: int | None = None
    """Records in the zone, the SOA included."""
    propagation: Propagation | None = None
    conditions: Conditions = ()
    """Accepted, Programmed (committed at the core), Propagated (every edge answers it), Ready."""


class Zone(Model):
    """A zone of the DNS that the fleet serves."""

    api_version: Literal["dnsfleet.io/v1alpha1"] = API_VERSION
    kind: Literal["Zone"] = "Zone"
    metadata: Metadata
    spec: ZoneSpec
    status: ZoneStatus | None = None

    @property
    def reference(self) -> Reference:
        """Kind, namespace and name."""
        return Reference("Zone", self.metadata.namespace or DEFAULT_NAMESPACE, self.metadata.name)

    @property
    def origin(self) -> str:
        """The origin in normal spelling: absolute, lower case."""
        return names.normalise(self.spec.origin)

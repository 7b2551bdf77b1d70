"""The Zone: one zone of the DNS, where its records come from and which Pops serve it."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator
from pydantic.alias_generators import to_camel

from dnsfleet import names
from dnsfleet.resources.base import (
    API_VERSION,
    DEFAULT_NAMESPACE,
    MAX_WORD,
    Model,
    Reference,
    Tolerant,
    fault,
)
from dnsfleet.resources.catalogs import CatalogSource, CatalogStatus
from dnsfleet.resources.consents import NestedZoneConsent, RecordSetConsent
from dnsfleet.resources.kubernetes_types import Conditions, LabelSelector, Metadata
from dnsfleet.resources.zone_contents import (
    DEFAULT_TTL,
    NameText,
    Record,
    Ttl,
    ZoneFile,
    check_distinct,
)
from dnsfleet.resources.zone_placements import Placement
from dnsfleet.resources.zone_secondaries import SecondariesStatus
from dnsfleet.resources.zone_transfers import ConsumedCatalog, ZoneTransfer

MAX_RECORDS = 500
"""RRsets inline: keeps the object well below etcd's 1.5 MiB; more go into a zone file."""
MAX_NAME_SERVERS = 13
"""As many as the root has: a referral with their addresses still fits one UDP reply."""
MAX_SLOWEST = 5
"""Pops named in a status: its size must not grow with the fleet."""
MAX_SHARED = 20
"""RRsets that several RecordSets share, named in a status, for the same reason."""
MAX_SHARED_VALUES = 10
"""Values named of each: there is one for each certificate that is validated at the moment."""
MAX_SHARERS = 5
"""RecordSets named for one value."""
MAX_SHOWN_DATA = 255
"""Characters shown of one value: more than any that a CA asks for has."""
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


def _as_name(address: str) -> str:
    """A mail address as a name, whose first label is what is before the @ (RFC 1035 section 8)."""
    local, _, domain = address.rpartition("@")
    escaped = local.replace(r"\.", ".").replace(".", r"\.")
    return f"{escaped}.{domain}"


class Soa(Model):
    """The SOA of a zone; its MNAME is the first name server, its serial is given by dnsfleet."""

    rname: WholeName | None = None
    """Mailbox of the person responsible, a dot for the @; default: hostmaster at the origin."""
    refresh: Seconds = 7200
    """Seconds between checks by secondaries; two hours, as NOTIFY makes polling a fallback."""
    retry: Seconds = 900
    """Seconds until a secondary tries again."""
    expire: Seconds = 1209600
    """Seconds that a secondary serves on without its primary: two weeks (RFC 1912 section 2.2)."""
    minimum: Seconds = 300
    """Seconds that resolvers keep a negative answer (RFC 2308)."""

    @field_validator("rname", mode="before")
    @classmethod
    def _mailbox_as_a_name(cls, text: object) -> object:
        if isinstance(text, str) and "@" in text:
            raise ValueError(f'"{text}" has an @; write a dot in its place: {_as_name(text)}')
        if isinstance(text, str) and not text.partition(".")[0].isascii():
            raise ValueError(
                f'"{text}" begins with a mailbox that has letters outside ASCII, for which the SOA '
                "has no form; write another one"
            )
        return text


class ZoneSource(Model):
    """Where a zone comes from that nobody writes down."""

    transfer: ZoneTransfer | None = None
    """From its primaries, by zone transfer, as a whole and with its serials."""
    catalog: CatalogSource | None = None
    """The zone is a catalog (RFC 9432) of other Zones. No Pop serves it; gates transfer it."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.transfer is None) == (self.catalog is None):
            raise ValueError("give exactly one of transfer, catalog")
        return self

    @property
    def consumed(self) -> ConsumedCatalog | None:
        """What is made of the zones that it lists, where it is a catalog of its primaries."""
        return None if self.transfer is None else self.transfer.catalog

    @property
    def is_catalog(self) -> bool:
        """Whether it is a catalog (RFC 9432), made here or by its primaries."""
        return self.catalog is not None or self.consumed is not None


_NOT_IN_A_CATALOG = ("ttl", "name_servers", "placement", "record_sets")
"""Fields that say nothing about a catalog."""


class ZoneSpec(Model):
    """What people say about a zone."""

    origin: Annotated[str, Field(min_length=1, max_length=names.MAX_TEXT)]
    """The apex of the zone, in letters of any script or A-labels; immutable."""
    ttl: Ttl = DEFAULT_TTL
    """Seconds for records without their own TTL; default: that of the ZoneClass, or 300."""
    name_servers: (
        Annotated[
            tuple[WholeName, ...], Field(strict=False, min_length=1, max_length=MAX_NAME_SERVERS)
        ]
        | None
    ) = None
    """Whole names of the servers in the apex NS RRset; default: those of the ZoneClass. A zone
    file has its own."""
    soa: Soa | None = None
    """The SOA; with a zone file only where the file has none."""
    placement: Placement = Placement()
    records: Annotated[tuple[Record, ...], Field(strict=False, max_length=MAX_RECORDS)] | None = (
        None
    )
    """RRsets of the zone, or give zoneFile."""
    zone_file: ZoneFile | None = None
    """A master file in place of `records`."""
    source: ZoneSource | None = None
    """What the zone is made from, in place of `records` and `zoneFile`."""
    record_sets: RecordSetConsent = RecordSetConsent()
    nested_zones: NestedZoneConsent = NestedZoneConsent()
    """Which other Zones may have an origin below or above this one's."""
    protect: bool = False
    """Refuse the deletion of this Zone while true."""

    @property
    def has_file(self) -> bool:
        """Whether the records come as a master file: one that is named, or by transfer."""
        return self.zone_file is not None or self.transfer is not None

    @property
    def transfer(self) -> ZoneTransfer | None:
        """Its primaries, where it comes from such."""
        return None if self.source is None else self.source.transfer

    @property
    def catalog(self) -> CatalogSource | None:
        """What it lists, where it is a catalog that is made here."""
        return None if self.source is None else self.source.catalog

    @property
    def consumed(self) -> ConsumedCatalog | None:
        """What is made of the zones that it lists, where it is a catalog of its primaries."""
        return None if self.source is None else self.source.consumed

    @property
    def is_catalog(self) -> bool:
        """Whether it is a catalog (RFC 9432), made here or by its primaries."""
        return self.source is not None and self.source.is_catalog

    @field_validator("origin")
    @classmethod
    def _origin_is_a_name(cls, text: str) -> str:
        names.normalise(text)
        return text

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        fields = {"records": self.records, "zoneFile": self.zone_file, "source": self.source}
        given = [name for name, value in fields.items() if value is not None]
        if len(given) > 1:
            raise ValueError(f"found {' and '.join(given)}; give one of them")
        if self.transfer is not None and (self.soa is not None or self.name_servers is not None):
            field = "soa" if self.soa is not None else "nameServers"
            raise fault((field,), "its primaries say this; remove it here, or source")
        if self.is_catalog:
            self._is_a_catalog()
        if self.soa is not None and self.zone_file is not None and self.name_servers is None:
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

    def _is_a_catalog(self) -> None:
        for field in _NOT_IN_A_CATALOG:
            if field in self.model_fields_set:
                raise fault((to_camel(field),), "a catalog zone has none of its own; remove it")


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
    """What it waits for."""


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


class SharedValue(Tolerant):
    """One value of an RRset that several RecordSets share."""

    data: str
    """The rdata as the zone has it, 255 characters at most."""
    record_sets: Annotated[tuple[str, ...], Field(strict=False, max_length=MAX_SHARERS)]
    """NAMESPACE/NAME of the RecordSets that give it, the oldest first, at most five."""


class SharedRRset(Tolerant):
    """An RRset to which several RecordSets add values."""

    name: str
    """Owner name, absolute."""
    type: str
    values: Annotated[tuple[SharedValue, ...], Field(strict=False, max_length=MAX_SHARED_VALUES)]
    """At most ten."""


class GivenByClass(Tolerant):
    """The ZoneClass of a zone, and what the zone has of it because its spec does not say it."""

    name: str
    """Of the ZoneClass."""
    ttl: int | None = None
    """Seconds for records without their own TTL."""
    name_servers: Annotated[tuple[str, ...], Field(strict=False, max_length=MAX_NAME_SERVERS)] = ()
    soa: Soa | None = None
    pop_selector: LabelSelector | None = None


class TransferStatus(Tolerant):
    """How the fleet has the zone from its primaries."""

    serial: int | None = None
    """Of the primary, when it was asked last and said so."""
    primary: str = ""
    """ADDRESS:PORT of the one that said so."""
    last_refresh: str | None = None
    """When that was, RFC 3339."""
    next_refresh: str | None = None
    """When one is asked again, unless something hastens it; RFC 3339."""


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
    zone_class: GivenByClass | None = None
    shared: Annotated[tuple[SharedRRset, ...], Field(strict=False, max_length=MAX_SHARED)] = ()
    """RRsets to which several RecordSets add, and which value is whose; at most twenty."""
    transfer: TransferStatus | None = None
    """Of a zone with `source.transfer`."""
    catalog: CatalogStatus | None = None
    """Of a zone with `source.transfer.catalog`."""
    secondaries: SecondariesStatus | None = None
    """Of a zone that TsigKeys name secondaries for."""
    conditions: Conditions = ()
    """Accepted, Programmed (committed at the core), Propagated (every edge answers it), Ready, and
    for a signed zone SignaturesValid, for a transferred one Refreshed, for a catalog of primaries
    MembersSynced."""


class Zone(Model):
    """A zone of the DNS that the fleet serves."""

    api_version: Literal["dnsfleet.io/v1alpha1"] = API_VERSION
    kind: Literal["Zone"] = "Zone"
    metadata: Metadata
    spec: ZoneSpec
    status: ZoneStatus | None = None

    @model_validator(mode="after")
    def _name_fits_a_label(self) -> Self:
        if self.spec.consumed is not None and len(self.metadata.name) > MAX_WORD:
            raise fault(
                ("metadata", "name"),
                f"the Zones of a catalog have its name as a label, which takes {MAX_WORD} "
                "characters; choose a shorter one",
            )
        return self

    @property
    def reference(self) -> Reference:
        """Kind, namespace and name."""
        return Reference("Zone", self.metadata.namespace or DEFAULT_NAMESPACE, self.metadata.name)

    @property
    def is_catalog(self) -> bool:
        """Whether it is a catalog (RFC 9432), made here or by its primaries."""
        return self.spec.is_catalog

    @property
    def origin(self) -> str:
        """The origin in normal spelling: absolute, lower case."""
        return names.normalise(self.spec.origin)

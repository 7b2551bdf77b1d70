"""The Pop: a point of presence with one replica and its edges."""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from dnsfleet import prefixes
from dnsfleet.prefixes import MAX_PREFIX, MAX_PREFIXES, PREFIX
from dnsfleet.replication.pop_commands import MAX_KEPT, MAX_TEXT
from dnsfleet.resources.base import (
    API_VERSION,
    MAX_LABELS,
    Labels,
    Model,
    ObjectName,
    Reference,
    Tolerant,
    Word,
    fault,
)
from dnsfleet.resources.kubernetes_types import Conditions, Metadata

MAX_POP_NAME = 40
"""Characters in a Pop's name: it begins the names of its objects, which may have 63."""
MAX_REPLICAS = 100
"""Edge pods in one Pop; a typing error must not start thousands."""
DEFAULT_REPLICAS = 2
"""Two, so that one still answers when a node is lost, or while edges are replaced one by one."""
MAX_SHARDS = 64
"""Threads of one edge: the program that picks a shard must fit the kernel's 4,096 instructions."""
DEFAULT_SHARDS = 2
"""Two threads, so that one slow shard does not stop an edge."""
DEFAULT_RESPONSES = 200
"""Responses a second, the default of NSD: far above what a resolver asks about one thing."""
MAX_RESPONSES = 1_000_000
"""More than one shard can answer."""
MAX_TOLERATIONS = 16
"""Tolerations of the edge pods; bounds the cost of validation."""
MAX_ANNOTATION = 4096
"""Characters in an annotation of a Service; those of cloud load balancers are far shorter."""
MAX_ADDRESSES = 16
"""Addresses in a status."""
MAX_DRAIN_SECONDS = 300
"""A rollout waits so long for each edge; Kubernetes gives one up that stands still for 600 s."""
DEFAULT_DRAIN_SECONDS = 40
"""Load balancers look at a node every 10 s and give it up after three failures: 30 s. They get 10 s
more to do what follows from that."""
MAX_COMMANDS = MAX_KEPT
"""Commands in a status."""
DRAIN_ANNOTATION = "dnsfleet.io/drain"
"""Where it is "true" the Pop is to be out of service, whatever its spec says: a tool that applies
manifests from Git puts spec.state back, and leaves an annotation that is not in Git."""

POP_NAME = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
"""One label, as the names of Services are host names (RFC 1123)."""
QUANTITY = r"^([0-9]+(\.[0-9]+)?|\.[0-9]+)(Ki|[MGTPE]i|[mkMGTPE]|[eE][-+]?[0-9]+)?$"
"""A non-negative Kubernetes quantity: 100m, 0.5, 1Gi."""


def _quantity_text(value: object) -> object:
    return str(value) if type(value) is int else value


Quantity = Annotated[
    str,
    Field(pattern=QUANTITY, max_length=32, json_schema_extra={"x-kubernetes-int-or-string": True}),
    BeforeValidator(_quantity_text),
]
"""Text such as 100m or 1Gi; a bare whole number is read as text."""
Quantities = Annotated[dict[str, Quantity], Field(max_length=8)]


Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""RFC 3339."""
Prefix = Annotated[
    str, Field(pattern=PREFIX, max_length=MAX_PREFIX), AfterValidator(prefixes.normalise)
]
"""An address prefix: 192.0.2.0/24."""


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        message = f"{text!r} is not an IP address, write one such as 192.0.2.1 or 2001:db8::1"
        raise ValueError(message) from None


Annotations = Annotated[
    dict[str, Annotated[str, Field(max_length=MAX_ANNOTATION)]], Field(max_length=MAX_LABELS)
]


class Location(Model):
    """Where the Pop is, for people and for choosing Pops by distance later."""

    region: Word | None = None
    """A name such as eu-central."""
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$", max_length=2)] | None = None
    """ISO 3166-1 code of two letters."""
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    """Degrees north."""
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    """Degrees east."""


class Resources(Model):
    """Requests and limits of a container."""

    requests: Quantities = Field({})
    """By resource name: cpu, memory."""
    limits: Quantities = Field({})
    """By resource name: cpu, memory."""


class Toleration(Model):
    """A taint that edge pods tolerate (Kubernetes)."""

    key: Annotated[str, Field(max_length=317)] | None = None
    operator: Literal["Exists", "Equal"] = "Equal"
    value: Annotated[str, Field(max_length=63)] | None = None
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    toleration_seconds: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None


class ClientLimits(Model):
    """What one client may take of the edges."""

    responses_per_second: Annotated[int, Field(ge=0, le=MAX_RESPONSES)] = DEFAULT_RESPONSES
    """UDP responses of one edge to a /24 or /56 about one thing; 0: no limit."""
    exempt: Annotated[tuple[Prefix, ...], Field(strict=False, max_length=MAX_PREFIXES)] = ()
    """Clients without limits, by address prefix: your own resolvers and probes."""


class Edge(Model):
    """The edge pods of the Pop."""

    replicas: Annotated[int, Field(ge=0, le=MAX_REPLICAS)] = DEFAULT_REPLICAS
    """Edge pods; with HostNetwork it is one on each node, and only 0 counts: none."""
    exposure: Literal["Service", "HostNetwork"] = "Service"
    """How clients reach the edges: by the Service of the Pop, or at port 53 of the nodes that
    nodeSelector selects."""
    spread: Literal["Preferred", "Required"] = "Preferred"
    """With Service: whether edges are on nodes of their own where that is possible, or always. With
    Required a new edge comes after the one that it replaces has ended, and one that has no node of
    its own waits for one."""
    host_prefixes: Annotated[tuple[Prefix, ...], Field(strict=False, max_length=MAX_PREFIXES)] = ()
    """With HostNetwork: edges answer at the addresses of their node that are within one of these
    prefixes; default: the addresses by which Kubernetes knows the node."""
    drain_seconds: Annotated[int, Field(ge=0, le=MAX_DRAIN_SECONDS)] = DEFAULT_DRAIN_SECONDS
    """How long an edge that was told to stop stays ready and answers. Then it is not ready, answers
    for 5 seconds more, and ends."""
    shards: Annotated[int, Field(ge=1, le=MAX_SHARDS)] = DEFAULT_SHARDS
    """Answering threads in each edge."""
    identity: Literal["Pop", "Edge"] | None = None
    """Which name clients may ask for by NSID and id.server: of the Pop or of the edge pod; default:
    none."""
    client_limits: ClientLimits = ClientLimits()
    proxy_protocol_from: Annotated[
        tuple[Prefix, ...], Field(strict=False, max_length=MAX_PREFIXES)
    ] = ()
    """Load balancers that must send PROXY headers, version 2, by address prefix."""
    zone_series: Literal["Limited", "Always"] = "Limited"
    """Whether edges have metrics of each zone however many they serve; default: up to 1,000."""
    resources: Resources = Resources()
    node_selector: Labels = Field({})
    """Labels of the nodes that edges may run on."""
    tolerations: Annotated[
        tuple[Toleration, ...], Field(strict=False, max_length=MAX_TOLERATIONS)
    ] = ()
    cache_host_path: Annotated[str, Field(pattern=r"^/.+$", max_length=1024)] | None = None
    """Folder on the node for snapshots, so that they outlive the pod; default: with the pod."""
    cache_claim_name: ObjectName | None = None
    """PersistentVolumeClaim in the namespace of the release, in place of such a folder; where edges
    run on several nodes its access mode is ReadWriteMany."""
    priority_class_name: ObjectName | None = None
    """PriorityClass of the edge pods; default: that of the release."""

    @model_validator(mode="after")
    def _caches_in_one_place(self) -> Self:
        if self.cache_host_path is not None and self.cache_claim_name is not None:
            raise ValueError("found cacheHostPath and cacheClaimName; give one of them")
        return self

    @model_validator(mode="after")
    def _host_network_is_whole(self) -> Self:
        if self.exposure == "HostNetwork" and not self.node_selector:
            message = (
                "HostNetwork takes port 53 of nodes: give nodeSelector, the labels of those that "
                "answer DNS"
            )
            raise fault(("nodeSelector",), message)
        if self.exposure != "HostNetwork" and self.host_prefixes:
            raise fault(("hostPrefixes",), "give hostPrefixes with exposure: HostNetwork only")
        return self

    def settings(self) -> dict[str, object]:
        """What this says about clients and metrics, under the field names of an edge's
        configuration."""
        return {
            "responses_per_second": self.client_limits.responses_per_second,
            "exempt": self.client_limits.exempt,
            "proxy_protocol_from": self.proxy_protocol_from,
            "identity": self.identity,
            "zone_series": self.zone_series,
        }


class Service(Model):
    """How clients reach the edges."""

    type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = "LoadBalancer"
    annotations: Annotations = Field({})
    """Annotations that the load balancer of the cloud or the site reads."""
    load_balancer_class: Word | None = None
    """Which of several load balancers makes it; it cannot be changed later (Kubernetes)."""
    load_balancer_ip: Annotated[str, Field(max_length=39), AfterValidator(_address)] | None = Field(
        None, alias="loadBalancerIP"
    )
    """The address that the load balancer is to take. Many want an annotation in its place."""
    ip_families: Annotated[
        tuple[Literal["IPv4", "IPv6"], ...], Field(strict=False, max_length=2)
    ] = ()
    """The families of its addresses, the first one first; default: those of the cluster."""
    ip_family_policy: Literal["SingleStack", "PreferDualStack", "RequireDualStack"] | None = None
    """Default: PreferDualStack."""
    external_traffic_policy: Literal["Cluster", "Local"] = "Local"
    """Local keeps the address of the client."""

    @model_validator(mode="after")
    def _fields_fit(self) -> Self:
        if len(set(self.ip_families)) < len(self.ip_families):
            raise fault(("ipFamilies",), "ipFamilies names one family twice")
        if self.ip_family_policy == "SingleStack" and len(self.ip_families) > 1:
            raise fault(("ipFamilies",), "SingleStack takes one family in ipFamilies")
        if self.load_balancer_ip is not None and self.type != "LoadBalancer":
            raise fault(("loadBalancerIP",), "give loadBalancerIP with type: LoadBalancer only")
        return self


class Replica(Model):
    """The Redis replica of the Pop."""

    resources: Resources = Resources()
    priority_class_name: ObjectName | None = None
    """PriorityClass of its pod; default: that of the release."""
    storage: Quantity | None = None
    """Deprecated and without effect: a replica keeps nothing on its disk. Remove it."""


class PopSpec(Model):
    """What people say about a Pop."""

    cluster: Literal["local", "agent"] = "local"
    """local: in this cluster; agent: run by the operator of its own cluster."""
    location: Location = Location()
    state: Literal["Active", "Drained"] = "Active"
    """Drained Pops get no clients and do not count for propagation."""
    edge: Edge = Edge()
    service: Service = Service()
    replica: Replica = Replica()


class EdgeCount(Tolerant):
    """Edges of the Pop."""

    ready: int
    """Edges that answer."""
    desired: int
    """Edges that should."""
    text: str = ""
    """`ready/desired`, for the table of kubectl."""


class ZoneCount(Tolerant):
    """Zones of the Pop."""

    assigned: int
    """Zones placed here."""
    current: int
    """Zones that every ready edge answers from the newest revision."""
    text: str = ""
    """`current/assigned`, for the table of kubectl."""


class CommandStatus(Tolerant):
    """Something that the Pop was told to do once."""

    name: Annotated[str, Field(max_length=MAX_TEXT)]
    """Of the request: the annotation `command.dnsfleet.io/NAME` asks for it."""
    verb: Annotated[str, Field(max_length=MAX_TEXT)] = ""
    """snapshot, restart-replica or forget-edge."""
    argument: Annotated[str, Field(max_length=MAX_TEXT)] = ""
    """What it is about: of forget-edge, the edge."""
    state: Literal["Waiting", "Done", "Failed", "Expired"]
    message: str = ""
    """What was done, or why it was not."""
    given: Time | None = None
    expires: Time | None = None
    """After this it is not begun any more."""
    ended: Time | None = None


class PopStatus(Tolerant):
    """What dnsfleet knows about a Pop."""

    observed_generation: int | None = None
    """Generation of the spec that this status is about."""
    edges: EdgeCount | None = None
    zones: ZoneCount | None = None
    lag_seconds: float | None = None
    """Seconds that the replica is behind the core."""
    addresses: Annotated[tuple[str, ...], Field(strict=False, max_length=MAX_ADDRESSES)] = ()
    """Addresses that clients reach."""
    version: str | None = None
    """Of the operator that runs it."""
    commands: Annotated[
        tuple[CommandStatus, ...], Field(strict=False, max_length=MAX_COMMANDS)
    ] = ()
    """What it was told to do once, and what became of that."""
    conditions: Conditions = ()
    """Progressing, Ready, Synced, Connected, Drained; of a Pop in another cluster also
    SpecApplied."""


class Pop(Model):
    """A point of presence: one replica and the edges that answer from it."""

    api_version: Literal["dnsfleet.io/v1alpha1"] = API_VERSION
    kind: Literal["Pop"] = "Pop"
    metadata: Metadata
    spec: PopSpec = PopSpec()
    status: PopStatus | None = None

    @model_validator(mode="after")
    def _name_is_a_label(self) -> Self:
        name = self.metadata.name
        if len(name) > MAX_POP_NAME or not re.fullmatch(POP_NAME, name):
            message = (
                f"a Pop's name is one label of at most {MAX_POP_NAME} characters, without dots"
            )
            raise fault(("metadata", "name"), message)
        return self

    @property
    def reference(self) -> Reference:
        """Kind and name; a Pop has no namespace."""
        return Reference("Pop", "", self.metadata.name)

    @property
    def drain_asked_by(self) -> str:
        """What asks to take the Pop out of service; empty for nothing."""
        return drain_asked_by(self.spec.state, self.metadata.annotations)


def drain_asked_by(state: str, annotations: Mapping[str, str]) -> str:
    """What asks to take a Pop with this spec.state out of service; empty for nothing."""
    if state == "Drained":
        return "spec.state"
    if annotations.get(DRAIN_ANNOTATION) == "true":
        return f"the annotation {DRAIN_ANNOTATION}"
    return ""

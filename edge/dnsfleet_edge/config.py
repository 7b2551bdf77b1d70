"""The configuration of an edge: one JSON file, checked completely before anything starts.

The environment adds what differs from pod to pod or is secret. So all edges of a Pop can have the
same file, and anybody may read it.
"""

from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self

from dnsfleet import prefixes
from dnsfleet.prefixes import MAX_PREFIXES
from dnsfleet.rings import MAX_SHARDS
from dnsfleet_following import config_files
from dnsfleet_following.config_files import RedisURL
from dnsfleet_io.listen_addresses import EVERY_ADDRESS
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from dnsfleet_edge.node_addresses import NODE

# An orchestrator kills a process that takes longer than its grace period.
MAX_DRAIN_SECONDS = 300.0
# What the engine takes: the largest error with all options must stay below 512 octets.
MAX_IDENTITY = 128
# Names of Pops and edges are in acks and metric labels: DNS labels (RFC 1123), with
# the dots that pod names may have.
_NAME = r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$"


def _address(text: str) -> str:
    if text in (EVERY_ADDRESS, NODE):
        return text
    try:
        return _plain_address(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is not an IP address, write one such as 127.0.0.1, or * for every one"
        ) from None


def _plain_address(text: str) -> str:
    return str(ip_address(text))


Name = Annotated[str, Field(pattern=_NAME)]
Address = Annotated[str, AfterValidator(_address)]
Prefix = Annotated[str, AfterValidator(prefixes.normalise)]
Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(ge=0, le=MAX_DRAIN_SECONDS, allow_inf_nan=False)]


class Config(BaseModel):
    """One edge: its names, its listen addresses, its replica, its state folder and its limits."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pop: Name
    edge: Name
    listen: Annotated[list[tuple[Address, Port]], Field(min_length=1)]
    """Where DNS is answered, UDP and TCP; port 0 takes a free one. `node` stands for addresses of
    the node; they are handed over to the next edge of the Pop there (see `handover`)."""
    http: tuple[Address, Port]
    """Where /metrics, /healthz and /readyz are served. `node` is the first of `host_ips`; it is
    served there once an edge before this one has gone."""
    state_file: Path | None = None
    """Tells probes that run beside the edge what those pages say (see `state_file`)."""
    host_ips: list[Annotated[str, AfterValidator(_plain_address)]] = []
    """The addresses by which Kubernetes knows the node."""
    host_prefixes: Annotated[list[Prefix], Field(max_length=MAX_PREFIXES)] = []
    """`node` in `listen` is every address of the machine within one of these; none: `host_ips`."""
    replica_url: RedisURL
    """The Pop's replica, from which zones come."""
    core_url: RedisURL | None = None
    """The core, to which acks go; None sends none."""
    public_key: Path
    """A PEM file with the publisher's Ed25519 public key, or two while that is rotated; read again
    when it changes."""
    state_dir: Path
    """The folder that keeps the last good zones."""
    shards: Annotated[int, Field(ge=1, le=MAX_SHARDS)] = 1
    responses_per_second: Annotated[int, Field(ge=0)] = 200
    """UDP responses to a /24 or /56 about one thing; 0 limits nothing."""
    exempt: Annotated[list[Prefix], Field(max_length=MAX_PREFIXES)] = []
    """Clients without limits."""
    proxy_protocol_from: Annotated[list[Prefix], Field(max_length=MAX_PREFIXES)] = []
    """Who must begin with a PROXY header, which tells the client."""
    identity: Literal["Pop", "Edge"] | None = None
    """Which of its names clients get by NSID (RFC 5001) and `id.server.`; None is none."""
    cookie_secrets: Path | None = None
    """The file with the secrets of DNS cookies, read again when it changes; None has no cookies."""
    zone_series: Literal["Limited", "Always"] = "Limited"
    """Whether /metrics has series for each zone however many there are (see `zone_metrics`)."""
    drain_seconds: Seconds = 0.0
    """How long /readyz still says yes after SIGTERM."""
    unready_seconds: Seconds = 5.0
    """How long queries are answered after that, while /readyz says no; up to three times as long
    while some still come."""

    @property
    def identity_text(self) -> str | None:
        """What clients get as the name of this edge; None for nothing."""
        texts = {"Pop": self.pop, "Edge": f"{self.edge}.{self.pop}"}
        return texts[self.identity] if self.identity is not None else None

    @property
    def is_on_node(self) -> bool:
        """Whether it answers at addresses of the node, which edges hand over to each other."""
        return any(host == NODE for host, _ in self.listen)

    @model_validator(mode="after")
    def _node_is_known(self) -> Self:
        if (self.is_on_node or self.http[0] == NODE) and not self.host_ips:
            raise ValueError(f"{NODE!r} needs host_ips: set {HOST_IPS_VARIABLE}")
        return self

    @model_validator(mode="after")
    def _identity_fits(self) -> Self:
        if len(self.identity_text or "") > MAX_IDENTITY:
            raise ValueError(
                f"identity {self.identity_text!r} has more than {MAX_IDENTITY} characters, "
                "use shorter names"
            )
        return self


HOST_IPS_VARIABLE = "DNSFLEET_HOST_IPS"
"""Environment variable with `host_ips`, with commas between them."""
NAME_VARIABLE = "DNSFLEET_EDGE"
"""Environment variable with the name of this edge, in place of the field `edge`."""
PASSWORD_VARIABLES = {
    "replica_url": "DNSFLEET_REPLICA_PASSWORD",
    "core_url": "DNSFLEET_CORE_PASSWORD",
}
"""Field with a URL to environment variable with the password of its user."""


def read(path: Path, environ: Mapping[str, str]) -> Config:
    """The config in a JSON file; ConfigError names the file and each bad field."""
    return config_files.read(path, Config, lambda values: _with_environment(values, environ))


def _with_environment(
    values: Mapping[str, object], environ: Mapping[str, str]
) -> dict[str, object]:
    whole = dict(values)
    if NAME_VARIABLE in environ:
        whole["edge"] = environ[NAME_VARIABLE]
    if HOST_IPS_VARIABLE in environ:
        whole["host_ips"] = [each for each in environ[HOST_IPS_VARIABLE].split(",") if each]
    for field, variable in PASSWORD_VARIABLES.items():
        url = whole.get(field)
        if variable in environ and isinstance(url, str):
            whole[field] = config_files.with_password(url, environ[variable])
    return whole

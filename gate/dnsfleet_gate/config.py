"""What a gate is told, as one JSON file."""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

from dnsfleet_following.config_files import RedisURL
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

CONNECTIONS = 1000
"""Open at a time: each takes up to 600 KiB while it transfers, most of it in the kernel."""
CONNECTIONS_OF_ONE = 100
"""Of them from one address: a secondary of many zones opens dozens, and one is not to have all."""
IDLE_SECONDS = 30.0
"""How long a client may send nothing, or take nothing of what it is sent."""


def _address(text: str) -> str:
    return str(ip_address(text))


Address = tuple[Annotated[str, AfterValidator(_address)], Annotated[int, Field(ge=0, le=65535)]]


class Config(BaseModel):
    """One gate: its addresses, its replica and its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    listen: Annotated[list[Address], Field(min_length=1)]
    """Where it answers, UDP and TCP."""
    http: Address
    """Where /metrics, /healthz and /readyz are served."""
    replica_url: RedisURL
    """The replica from which zones come."""
    public_key: Path
    """A PEM file with the publisher's Ed25519 public key, or two while that is rotated; read again
    when it changes."""
    tsig_keys: Path
    """The table of keys (see `dnsfleet.tsig_keys`); read again when it changes."""
    connections: Annotated[int, Field(ge=1)] = CONNECTIONS
    """Open at a time."""
    connections_of_one: Annotated[int, Field(ge=1)] = CONNECTIONS_OF_ONE
    """Open at a time from one address."""
    idle_seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] = IDLE_SECONDS
    """How long a connection may stand still."""

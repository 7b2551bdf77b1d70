"""What a gate is told, as one JSON file.

The password of its replica, and which pod it is, may be in the environment.
"""

from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

from dnsfleet_following import config_files
from dnsfleet_following.config_files import RedisURL
from dnsfleet_io.listen_addresses import EVERY_ADDRESS
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

CONNECTIONS = 1000
"""Open at a time: each takes up to 600 KiB while it transfers, most of it in the kernel."""
CONNECTIONS_OF_ONE = 100
"""Of them from one address, or one /64 of IPv6: a secondary of many zones opens dozens, and one is
not to have all."""
PASSWORD_VARIABLE = "DNSFLEET_REPLICA_PASSWORD"  # noqa: S105 - its name
"""Environment variable with the password of the user in `replica_url`."""
POD_VARIABLES = {"pod_name": "POD_NAME", "pod_ip": "POD_IP", "node_name": "NODE_NAME"}
"""Environment variables with what differs from pod to pod of `updates`."""
IDLE_SECONDS = 30.0
"""How long a client may send nothing, or take nothing of what it is sent."""
DRAIN_SECONDS = 3.0
"""How long transfers and updates may go on after a stop: below the five after which `dnsfleet up`
kills a process. A cluster leaves more time."""


def _address(text: str) -> str:
    return text if text == EVERY_ADDRESS else str(ip_address(text))


Address = tuple[Annotated[str, AfterValidator(_address)], Annotated[int, Field(ge=0, le=65535)]]


class UpdateSettings(BaseModel):
    """Where a gate of a cluster takes updates, and who it is there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    namespace: Annotated[str, Field(min_length=1)]
    """That of the release."""
    name: Annotated[str, Field(min_length=1)]
    """Of the Lease by which one gate leads, and of the Service that leads to that gate."""
    pod_name: Annotated[str, Field(min_length=1)]
    """No other gate has it."""
    pod_ip: Annotated[str, AfterValidator(lambda text: str(ip_address(text)))]
    """Where the Service leads to."""
    node_name: Annotated[str, Field(min_length=1)]
    """A Service with `externalTrafficPolicy: Local` has to know it."""


class Config(BaseModel):
    """One gate: its addresses, its replica and its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    listen: Annotated[list[Address], Field(min_length=1)]
    """Where it answers, UDP and TCP; `*` is every address of the machine."""
    http: Address
    """Where /metrics, /healthz and /readyz are served."""
    replica_url: RedisURL
    """The replica from which zones come."""
    public_key: Path
    """A PEM file with the publisher's Ed25519 public key, or two while that is rotated; read again
    when it changes."""
    tsig_keys: Path
    """The table of keys (see `dnsfleet.tsig_keys`); read again when it changes."""
    notify: tuple[str, Annotated[int, Field(ge=1, le=65535)]] | None = None
    """Where NOTIFY of primaries is passed on to, a host and its port; None for nowhere."""
    connections: Annotated[int, Field(ge=1)] = CONNECTIONS
    """Open at a time."""
    connections_of_one: Annotated[int, Field(ge=1)] = CONNECTIONS_OF_ONE
    """Open at a time from one address, or one /64 of IPv6."""
    idle_seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] = IDLE_SECONDS
    """How long a connection may stand still."""
    drain_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = DRAIN_SECONDS
    """How long transfers and updates under way may go on after a stop."""
    updates_folder: Path | None = None
    """On one machine: where the RecordSets of updates are kept."""
    updates: UpdateSettings | None = None
    """Without them it refuses updates, and needs no API server."""


def read(path: Path, environ: Mapping[str, str]) -> Config:
    """The config in a JSON file; ConfigError names the file and each bad field."""
    return config_files.read(path, Config, lambda values: completed(values, environ))


def completed(values: Mapping[str, object], environ: Mapping[str, str]) -> Mapping[str, object]:
    """What the file says, with what is in the environment."""
    url, updates = values.get("replica_url"), values.get("updates")
    if PASSWORD_VARIABLE in environ and isinstance(url, str):
        values = {
            **values,
            "replica_url": config_files.with_password(url, environ[PASSWORD_VARIABLE]),
        }
    if isinstance(updates, dict):
        pod = {field: environ[name] for field, name in POD_VARIABLES.items() if name in environ}
        values = {**values, "updates": {**updates, **pod}}
    return values

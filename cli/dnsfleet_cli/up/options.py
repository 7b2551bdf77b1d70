"""What `dnsfleet up` was told."""

from dataclasses import dataclass
from pathlib import Path

DEFAULT_DNS_PORT = 5301
DEFAULT_STATE_DIR = Path(".dnsfleet")


@dataclass(frozen=True)
class Options:
    """The command line; only the types are checked."""

    paths: tuple[Path, ...]
    dns_port: int
    """Port of the first Pop."""
    shards: int
    """Threads of each edge."""
    state_dir: Path
    redis_url: str | None
    """None: an embedded core."""
    watch: bool
    json: bool

"""The sockets of a gate in this process, without the link to a replica."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from dnsfleet_engine import Engine
from dnsfleet_gate.answering import Update, Zones
from dnsfleet_gate.config import Config
from dnsfleet_gate.metrics import Metrics
from dnsfleet_gate.serving import Server
from dnsfleet_gate.signing import Keys
from dnsfleet_gate.updating.outcomes import Outcome


async def no_updates(_: Update) -> Outcome:
    """For a gate of which no key is for updates."""
    raise AssertionError("no key is for updates")


def server(
    engine: Engine,
    keys: Callable[[], Keys],
    metrics: Metrics,
    port: int,
    outcome: Callable[[Update], Awaitable[Outcome]] = no_updates,
    host: str = "127.0.0.1",
    **config: Any,
) -> Server:
    """One that answers from an engine at a port, of loopback; `config` has further fields."""
    settings = Config(
        listen=[(host, port)],
        http=("127.0.0.1", 0),
        replica_url="redis://127.0.0.1",
        public_key=Path("none"),
        tsig_keys=Path("none"),
        **config,
    )
    zones = Zones(engine.zone, lambda _: False, lambda *_: None, engine.respond)
    return Server(settings, keys, zones, metrics, outcome)

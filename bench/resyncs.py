"""What many replicas that copy the core at once cost: `python -m bench.resyncs REPLICAS [SLOW]`.

Each replica has an end of the tunnel and a link of its own; SLOW of the links, one without it,
are twenty times as slow as the others. Meanwhile the core is changed. It is done once with a copy
that is streamed to all who wait (`repl-diskless-sync yes`), and once with one from a file, as the
cores of a fleet have it.
"""

import random
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import redis
from dnsfleet_publisher import redis_settings
from support import tunnels
from support.relays import Relay
from support.tunnels import NAME, End
from support.valkey import Valkey

DATA_OCTETS = 30_000_000
VALUE_OCTETS = 50_000
FAST, SLOW = 20e6, 1e6
"""Octets a second of a link."""
CHANGE_OCTETS = 1300
PAUSE_SECONDS = 0.01
SECONDS = 300.0


def main() -> None:
    """Measure both ways, and print a line of each."""
    replicas = int(sys.argv[1])
    slow = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    for diskless in ("yes", "no"):
        with tempfile.TemporaryDirectory() as folder:
            print(f"repl-diskless-sync {diskless}: {measure(diskless, replicas, slow, folder)}")


def measure(diskless: str, replicas: int, slow: int, folder: str) -> str:
    """When the replicas had their copies, and what the core needed for that."""
    place = Path(folder)
    with ExitStack() as stack:
        core = Valkey(place / "core")
        stack.callback(core.kill)
        core.start()
        client = stack.enter_context(core.client())
        configure(client, redis_settings.CORE)
        client.config_set("repl-diskless-sync", diskless)
        for number in range(DATA_OCTETS // VALUE_OCTETS):
            client.set(f"data{number}", random.randbytes(VALUE_OCTETS))
        signer = tunnels.authority()
        files = tunnels.write(place / "server", tunnels.server(signer), signer)
        server = stack.enter_context(End(files, core.port))
        copies = []
        for number in range(replicas):
            link = stack.enter_context(Relay(server.port, SLOW if number < slow else FAST))
            pair = tunnels.client(signer, f"pop{number}")
            files = tunnels.write(place / f"client{number}", pair, signer)
            end = stack.enter_context(End(files, link.port, NAME))
            replica = Valkey(place / f"replica{number}")
            stack.callback(replica.kill)
            replica.start()
            copy = stack.enter_context(replica.client())
            configure(copy, redis_settings.REPLICA)
            copies.append((copy, end.port))
        return watched(client, copies, slow)


def watched(core: redis.Redis, copies: list[tuple[redis.Redis, int]], slow: int) -> str:
    """Let all replicas begin, change the core until they follow, and say what was seen."""
    before = core.info("memory")["used_memory_rss"]
    began, done, most = time.monotonic(), dict[int, float](), before
    for copy, port in copies:
        copy.execute_command("REPLICAOF", "127.0.0.1", port)  # type: ignore[no-untyped-call]
    while len(done) < len(copies) and time.monotonic() - began < SECONDS:
        for number, (copy, _) in enumerate(copies):
            core.set(f"changed{number}", b"x" * CHANGE_OCTETS)
            if number not in done and copy.info("replication")["master_link_status"] == "up":
                done[number] = time.monotonic() - began
        most = max(most, core.info("memory")["used_memory_rss"])
        time.sleep(PAUSE_SECONDS)
    fast = sorted(seconds for number, seconds in done.items() if number >= slow)
    late = sorted(seconds for number, seconds in done.items() if number < slow)
    copied = core.info("stats")["sync_full"]
    return (
        f"fast links {fast[0]:.1f} to {fast[-1]:.1f} s, slow {late[0]:.1f} to {late[-1]:.1f} s; "
        f"{copied} copies for {len(copies)} replicas; "
        f"the core grew by {(most - before) / 1e6:.1f} MB"
    )


def configure(client: redis.Redis, settings: str) -> None:
    """Set what a file of settings says."""
    for setting in settings.splitlines():
        client.config_set(*setting.split(" ", 1))


if __name__ == "__main__":
    main()

"""The streams of Pop commands, in the core and in each replica of it (see `pop_commands`).

An entry is one signed command under the id of its number. The core refuses an id that is not above
all that were in the stream, so no writer puts one before another.
"""

from collections.abc import Sequence
from importlib import resources
from typing import cast

import redis
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet.replication import keys, pop_commands
from dnsfleet.replication.pop_commands import MAX_LIFETIME_MS, STREAM_ENTRIES, PopCommand
from redis.typing import EncodableT

from dnsfleet_publisher.store_errors import StoreResetError, place, reporting


class CommandStreams:
    """The streams in one Redis. Every method may raise StoreError."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        script = resources.files("dnsfleet_publisher").joinpath("command.lua").read_text()
        self._write = client.register_script(script)

    def read(self, pops: Sequence[str]) -> dict[str, list[bytes]]:
        """The newest STREAM_ENTRIES signed commands of each of these Pops, the oldest first."""
        pipeline = self._client.pipeline(transaction=False)
        for pop in pops:
            pipeline.xrevrange(pop_commands.stream(pop), count=STREAM_ENTRIES)
        with reporting(self._client):
            found = cast(
                list[list[tuple[bytes, dict[bytes, bytes]]]], pipeline.execute() if pops else []
            )
        field = pop_commands.FIELD.encode()
        return {
            pop: [fields.get(field, b"") for _, fields in reversed(entries)]
            for pop, entries in zip(pops, found, strict=True)
        }

    def write(
        self, fence: int, pop: str, commands: Sequence[PopCommand], key: Ed25519PrivateKey
    ) -> None:
        """Add these commands, in this order; StoreResetError where the fence is another one."""
        seconds = MAX_LIFETIME_MS // 1000
        args: list[EncodableT] = [fence, STREAM_ENTRIES, seconds, pop_commands.FIELD]
        for command in commands:
            epoch, seq = command.sequence
            args += [f"{epoch}-{seq}", pop_commands.sign(command, key)]
        with reporting(self._client):
            said = self._write(keys=[keys.FENCE, pop_commands.stream(pop)], args=args)
        stored = cast(bytes, said).decode()
        if stored != str(fence):
            where = place(self._client)
            raise StoreResetError(f"{where}: its fence is {stored or 'gone'}, not {fence}")

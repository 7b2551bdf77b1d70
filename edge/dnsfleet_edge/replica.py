"""Reads from the replica, in bounded pieces."""

from collections.abc import Mapping, Sequence
from typing import cast

from dnsfleet.replication import keys
from dnsfleet_io.redis_clients import redis_client

# A replica is near: one that does not answer for so long is not available.
TIMEOUT_SECONDS = 3.0
# How long one read of the log waits for entries. An entry ends the wait at once, so this only
# limits how long a stop, or a dead connection, is not noticed.
LOG_BLOCK_MS = 250
# Entries are about 100 octets; after a full read the next goes on where it ended.
LOG_ENTRIES_PER_READ = 1000
# Values are at most 64 KiB, so one reply stays below 1 MiB.
VALUES_PER_READ = 16


class Replica:
    """One connection to the replica at `url`, made on first use; a failure is `redis.RedisError`.

    The client does not decode replies, so they are bytes, which its types do not show.
    """

    def __init__(self, url: str) -> None:
        self._client = redis_client(url, TIMEOUT_SECONDS)

    def connect(self) -> None:
        self._client.ping()

    def disconnect(self) -> None:
        self._client.connection_pool.disconnect()

    def index(self) -> tuple[Mapping[bytes, bytes], int]:
        """The index, and the position of the log before it was read."""
        pipeline = self._client.pipeline(transaction=False)
        pipeline.get(keys.LSN)
        pipeline.hgetall(keys.ZONES)
        position, zones = pipeline.execute()
        return zones, _position(position)

    def fleet(self) -> bytes | None:
        return cast(bytes | None, self._client.get(keys.FLEET))

    def values(self, names: Sequence[str]) -> list[bytes | None]:
        """A value for each key, in order; None where there is none."""
        values: list[bytes | None] = []
        for start in range(0, len(names), VALUES_PER_READ):
            read = self._client.mget(names[start : start + VALUES_PER_READ])
            values += cast(list[bytes | None], read)
        return values

    def log(self, after: int) -> tuple[list[tuple[bytes, dict[bytes, bytes]]], int]:
        """The entries after a position, and the position of the log before the wait for them."""
        pipeline = self._client.pipeline(transaction=False)
        pipeline.get(keys.LSN)
        pipeline.xread({keys.LOG: f"{after}-0"}, count=LOG_ENTRIES_PER_READ, block=LOG_BLOCK_MS)
        position, read = pipeline.execute()
        return [entry for _, entries in read for entry in entries], _position(position)


def _position(value: bytes | None) -> int:
    return int(value) if value is not None and value.isdigit() else 0
